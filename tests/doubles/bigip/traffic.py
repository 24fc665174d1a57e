# SPDX-License-Identifier: Apache-2.0
"""What a virtual server does with HTTP once the handshake is done: answer by its rules (irule.py), proxy to its pool's
first member that is up, or a 200 of its own."""
import asyncio
import ssl

from . import irule, kinds, wire
from .virtuals import split_destination

REASONS = {301: "Moved Permanently", 302: "Found", 308: "Permanent Redirect"}
LIMIT = 64 * 1024


def rules_of(unit, thing):
    found = (unit.store.get("ltm/rule", name) for name in thing.own.get("rules") or ())
    return [rule.own["apiAnonymous"] for rule in found if rule]


def decide(unit, thing, method, target, host):
    """((status, location), None) where a rule answers, (None, pool) else. A rule that is not understood does nothing."""
    pool = thing.own.get("pool")
    for text in rules_of(unit, thing):
        try:
            said = irule.answer(text, method, target, host)
        except irule.Unknown:
            continue
        if said and said[0] == "respond":
            return said[1:], None
        if said:
            pool = unit.path_of(said[1])
    return None, pool


def member_of(unit, pool):
    """Address and port of the first member that takes connections."""
    thing = unit.store.get(kinds.POOL, pool) if pool else None
    for member in thing.own["members"] if thing else ():
        if member.get("session") != "user-disabled" and member.get("state") != "user-down":
            return member["address"].split("%")[0], split_destination(member["name"])[1]
    return None


def has(thing, leaf):
    return next((e for e in thing.own["profiles"] if e["kind"] == kinds.PROFILES + leaf), None)


def forwarded(unit, thing, head, peer):
    """The request head as it goes on, with X-Forwarded-For and the header that the http profile inserts."""
    entry = has(thing, "http")
    profile = unit.store.get(entry["kind"], entry["path"]) if entry else None
    own = unit.own(profile) if profile else {}
    more = [f"X-Forwarded-For: {peer}"] if own.get("insertXforwardedFor") == "enabled" else []
    more += [own["headerInsert"]] if own.get("headerInsert", "none") not in ("none", "") else []
    return head[:-2] + "".join(line + "\r\n" for line in more).encode() + b"\r\n"


async def pump(reader, writer):
    try:
        while data := await reader.read(LIMIT):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def proxy(unit, thing, place, head, reader, writer):
    context = None
    if has(thing, "server-ssl"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # peerCertMode ignore, the default
    back_reader, back_writer = await asyncio.open_connection(*place, ssl=context)
    back_writer.write(head)
    await asyncio.gather(pump(reader, back_writer), pump(back_reader, writer))


def reply(status, reason, headers, body=b""):
    lines = [f"HTTP/1.1 {status} {reason}", "Server: BigIP", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def talk(listener, reader, writer):
    unit = listener.unit
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, headers = wire.parse_head(head[:-4])
        thing = listener.now()
        if thing is None:
            return
        said, pool = decide(unit, thing, method, target, headers.get("host", ""))
        place = member_of(unit, pool)
        if place:
            await proxy(unit, thing, place, forwarded(unit, thing, head, writer.get_extra_info("peername")[0]), reader, writer)
            return
        await reader.readexactly(int(headers.get("content-length", 0)))
        if said:
            status, location = said
            writer.write(reply(status, REASONS.get(status, "Answered"), [f"Location: {location}"] if location else []))
        else:
            writer.write(reply(200, "OK", ["Content-Type: text/plain"], b"" if method == "HEAD" else f"{thing.path} on {unit.name}\n".encode()))
        await writer.drain()
        if headers.get("connection", "").lower() == "close":
            return
