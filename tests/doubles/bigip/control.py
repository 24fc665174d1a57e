# SPDX-License-Identifier: Apache-2.0
"""The control server: what only a test may do to a device. Plain HTTP on loopback, JSON in and out."""
import asyncio
import dataclasses
import json

from . import failures, kinds, wire
from .objects import replaced
from .populate import populate


def state(double, body):
    pair = double.pair
    units = []
    for unit in pair.units:
        status, _, _, summary, _ = pair.sync_status(unit)
        units.append({"unit": unit.number, "name": unit.name, "role": pair.state(unit), "phase": unit.phase, "reachable": unit.reachable,
                      "tokens": len(unit.tokens), "uploads": sorted(unit.uploads), "partial": sorted(unit.partial),
                      "transactions": len(unit.transactions), "sync": status, "summary": summary, "changeId": unit.change_id,
                      "saved": unit.saved == unit.store.snapshot(),
                      "objects": {kind: len(table) for kind, table in sorted(unit.store.kinds.items()) if table}})
    return {**double.addresses(), "state": units, "dataPath": double.datapath.show(), "delayMs": double.delay_ms,
            "rules": [dataclasses.asdict(rule) for rule in double.rules.rules]}


def fail(double, body):
    """A rule as an object, or as text under "rule"."""
    rule = failures.parse(body["rule"]) if "rule" in body else failures.make(body)
    double.rules.rules.append(rule)
    return {"rules": [dataclasses.asdict(rule) for rule in double.rules.rules]}


def heal(double, body):
    """No rules any more; what hangs is let go."""
    double.rules.rules = []
    double.released.set()
    double.released = asyncio.Event()
    return {"rules": []}


def failover(double, body):
    """{"to": n}, or to the other unit; 0 is nobody."""
    pair = double.pair
    to = int(body.get("to", next((u.number for u in pair.units if u.number != pair.active), 1)))
    if not 0 <= to <= len(pair.units):
        raise ValueError("no such unit")
    pair.failover(to)
    return {"active": to}


def change_unit(double, body):
    """{"unit": n, "reachable": bool, "offline": bool}"""
    unit = double.pair.unit(int(body["unit"]))
    if "reachable" in body:
        unit.reachable = bool(body["reachable"])
    if "offline" in body:
        double.pair.set_offline(unit, bool(body["offline"]))
    return {"unit": unit.number, "reachable": unit.reachable, "offline": unit.number in double.pair.offline}


def restart(double, body):
    """{"unit": n, "seconds": with 503, "starting": seconds with 404}"""
    double.restart(double.pair.unit(int(body["unit"])), float(body.get("seconds", 0.5)), float(body.get("starting", 0.5)))
    return {"unit": body["unit"]}


def delay(double, body):
    double.delay_ms = int(body["ms"])
    return {"delayMs": double.delay_ms}


def requests(double, body):
    return {"requests": double.journal, "dropped": double.dropped}


def forget(double, body):
    double.journal.clear()
    double.dropped = 0
    return {"requests": []}


def tokens(double, body):
    """{"unit": n, "expire": true} ends all tokens; {"unit": n, "fill": user} takes all that are free."""
    unit = double.pair.unit(int(body["unit"]))
    if body.get("expire"):
        for token in unit.tokens.values():
            token["ends"] = 0
    if body.get("fill"):
        double.api.sessions.fill(unit, body["fill"])
    return {"unit": unit.number, "tokens": len(unit.tokens)}


def existing(double, body):
    """{"unit": n, "sites": how many}: profiles and virtual servers that were there before."""
    return {"made": populate(double.pair, int(body.get("sites", 1000)), body.get("address"))}


def objects(double, body):
    """The full paths of one collection of one unit, with what was given to each."""
    unit = double.pair.unit(int(body.get("unit", 1)))
    if body["kind"] not in kinds.KINDS:
        raise ValueError("no such collection")
    return {"objects": {thing.path: thing.own for thing in unit.store.all(body["kind"])}}


def own(double, body):
    """{"unit", "kind", "path", "service"}: an application service has the object from now on."""
    unit = double.pair.unit(int(body.get("unit", 1)))
    thing = unit.store.kinds[body["kind"]][body["path"]]
    with unit.store.change():
        unit.store.put(replaced(thing, appService=str(body["service"])))
    return {"path": body["path"]}


CALLS = {
    ("GET", "state"): state, ("POST", "state"): state, ("POST", "fail"): fail, ("DELETE", "fail"): heal, ("POST", "failover"): failover,
    ("POST", "unit"): change_unit, ("POST", "restart"): restart, ("POST", "delay"): delay, ("GET", "requests"): requests,
    ("POST", "requests"): requests, ("DELETE", "requests"): forget, ("POST", "tokens"): tokens, ("POST", "populate"): existing,
    ("POST", "objects"): objects, ("POST", "own"): own,
}


class Control:
    def __init__(self, double):
        self.double = double
        self.server = None
        self.port = 0

    async def start(self, port):
        self.server = await asyncio.start_server(self.connection, "127.0.0.1", port, limit=wire.HEAD_MOST)
        self.port = self.server.sockets[0].getsockname()[1]

    def stop(self):
        self.server.close()

    async def connection(self, reader, writer):
        try:
            while request := await wire.read_request(reader, writer, "127.0.0.1", 0):
                status, body = self.answer(request)
                writer.write(wire.render(status, body))
                await writer.drain()
        except (ConnectionError, wire.Malformed):
            pass
        finally:
            writer.close()

    def answer(self, request):
        call = CALLS.get((request.method, request.path.removeprefix("/double/").strip("/")))
        if call is None:
            return 404, {"error": f"one of {', '.join(sorted(f'{m} /double/{p}' for m, p in CALLS))}"}
        try:
            return 200, call(self.double, request.json())
        except (ValueError, KeyError, TypeError, IndexError, json.JSONDecodeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}
