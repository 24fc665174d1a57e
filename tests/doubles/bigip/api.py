# SPDX-License-Identifier: Apache-2.0
"""From a request to an answer: the endpoint tables, read in one place."""
import urllib.parse

from . import commands, errors, kinds, objects, query, sessions, system, transactions
from .objects import SUBS, link

MODULES = ("analytics", "apm", "asm", "auth", "cli", "cm", "gtm", "ltm", "net", "pem", "security", "sys", "util", "vcmp", "wom")


class Api:
    def __init__(self, pair, users):
        self.pair = pair
        self.sessions = sessions.Sessions(users)

    def answer(self, unit, request):
        """(status, body); whatever goes wrong is a Refusal."""
        if request.path.rstrip("/") == sessions.LOGIN and request.method == "POST":
            return 200, self.sessions.login(unit, request)
        self.sessions.check(unit, request)
        path = request.path.rstrip("/")
        if path.startswith(sessions.TOKENS):
            return 200, self.sessions.tokens(unit, request)
        if path.startswith(commands.UPLOADS) and request.method == "POST":
            return 200, commands.upload(unit, request)
        if path.startswith("/mgmt/shared/identified-devices/config/device-info") and request.method == "GET":
            return 200, system.device_info(self.pair, unit)
        if path.endswith("/available") and request.method == "GET":
            return 200, {}
        if path != "/mgmt/tm" and not path.startswith("/mgmt/tm/"):
            raise errors.framework("public-absent", request, path=path.removeprefix("/mgmt"))
        return 200, self.tm(unit, request)

    def tm(self, unit, request):
        segments = [urllib.parse.unquote(s) for s in request.raw_path.rstrip("/").split("/")[3:]]
        body = self.body(request)
        ticket = request.headers.get(transactions.HEADER)
        if ticket is not None and request.method != "GET":
            return transactions.queue(unit, ticket, request, body)
        if segments[:1] == ["transaction"]:
            return transactions.handle(unit, request, segments[1:], body, lambda m, p, b: self.run(unit, request, m, p, b))
        return self.route(unit, request, segments, body)

    def body(self, request):
        if request.method in ("GET", "DELETE"):
            return {}
        try:
            return request.json()
        except ValueError as error:
            raise errors.framework("json", request) from error

    def run(self, unit, request, method, path, body):
        """One command of a transaction."""
        inner = type(request)(method, path, {}, b"", request.peer, request.connection, request.user, request.role)
        return self.route(unit, inner, [urllib.parse.unquote(s) for s in path.rstrip("/").split("/")[3:]], body)

    def route(self, unit, request, segments, body):
        whole = "/".join(segments)
        if request.method == "POST" and whole in commands.RUN:
            return commands.RUN[whole](self.pair, unit, request, body)
        if request.method == "GET" and whole in system.PAGES and unit.at_least(system.PAGES[whole][1]):
            return system.PAGES[whole][0](self.pair, unit)
        if request.method == "GET" and whole in kinds.data("singles"):
            return query.select(request.query, system.single(unit, whole))
        for cut in range(len(segments), 0, -1):
            prefix = "/".join(segments[:cut])
            if prefix in system.LISTS:
                return self.made_up(unit, request, prefix, segments[cut:])
            if prefix in kinds.KINDS:
                return self.collection(unit, request, kinds.KINDS[prefix], segments[cut:], body)
            if prefix in kinds.data("empty"):
                return self.made_up(unit, request, prefix, segments[cut:])
        below = sorted({k[len(whole) + 1 if whole else 0:].split("/")[0] for k in (*kinds.KINDS, *system.LISTS, *system.PAGES, *kinds.data("empty"))
                        if not whole or k.startswith(whole + "/")})
        if below and request.method == "GET":
            return self.organizing(unit, whole, below)
        if segments and segments[0] in MODULES and len(segments) > 1 and whole not in system.PAGES:
            raise errors.rest("unexpected-uri", path=whole)
        raise errors.framework("public-absent", request, path="/tm/" + whole)

    def organizing(self, unit, path, below):
        """A folder of collections: links only."""
        name = path.rsplit("/", 1)[-1]
        state = f"tm:{path.replace('/', ':')}:{name}collectionstate" if path else "tm:restgroupresolverviewstate"
        return {"kind": state, "selfLink": link(unit, path) if path else "https://localhost/mgmt/tm",
                "items": [{"reference": {"link": link(unit, f"{path}/{leaf}".lstrip("/"))}} for leaf in below]}

    def made_up(self, unit, request, path, rest):
        items = system.LISTS[path](self.pair, unit) if path in system.LISTS else []
        if request.method != "GET":
            raise errors.rest("unsupported", method=request.method, path=path)
        if not rest:
            leaf = path.rsplit("/", 1)[1]
            return {"kind": f"tm:{path.replace('/', ':')}:{leaf}collectionstate", "selfLink": link(unit, path, query=query.text_of(request.query)),
                    **query.listed(request.query, items, path, unit.version)}
        wanted = rest[0].replace("~", "/")
        for item in items:
            if wanted in (item["name"], item["fullPath"]):
                return query.select(request.query, item)
        raise errors.mcpd("absent", title=path.rsplit("/", 1)[1], path=wanted)

    def collection(self, unit, request, kind, rest, body):
        if not rest:
            return self.whole(unit, request, kind, body)
        if rest == ["stats"]:
            if kind.path == kinds.TRAFFIC:
                return system.traffic_stats(self.pair, unit)
            return system.object_stats(self.pair, unit, kind)
        path = rest[0].strip("~") if kind.bare else unit.path_of(rest[0]) if rest[0] != "~" else "/"
        if len(rest) == 1:
            return self.single(unit, request, kind, path, body)
        thing = objects.fetch(unit, kind, path)
        if rest[1] == "stats" and kind.path == kinds.TRAFFIC:
            return system.traffic_stats(self.pair, unit, thing)
        if rest[1] == "stats":
            return system.object_stats(self.pair, unit, kind, thing)
        sub = SUBS.get((kind.path, rest[1]))
        if sub is None:
            raise errors.rest("unexpected-uri", path="/".join([kind.path, *rest]))
        return self.inside(unit, request, sub, thing, rest[2:], body)

    def whole(self, unit, request, kind, body):
        if request.method == "POST":
            return objects.mutate(unit, lambda: objects.show(unit, objects.create(unit, kind, body)))
        if request.method != "GET":
            raise errors.rest("unsupported", method=request.method, path=kind.path)
        keep = query.matches(request.query)
        things = [thing for _, thing in sorted((t.path, t) for t in unit.store.all(kind.path) if keep(t))] if request.query else list(
            unit.store.all(kind.path))
        cut, paging = query.page(request.query, things, kind.path, unit.version)
        expand = request.query.get("expandSubcollections") == "true"
        text = query.text_of(request.query)
        return {"kind": kind.state[:-5] + "collectionstate", "selfLink": link(unit, kind.path, query=text), **paging,
                "items": [query.select(request.query, objects.show(unit, thing, "", expand)) for thing in cut]}

    def single(self, unit, request, kind, path, body):
        expand = request.query.get("expandSubcollections") == "true"
        if request.method == "GET":
            thing = objects.fetch(unit, kind, path)
            return query.select(request.query, objects.show(unit, thing, query.text_of(request.query), expand))
        if request.method in ("PATCH", "PUT"):
            put = request.method == "PUT"
            return objects.mutate(unit, lambda: objects.show(unit, objects.modify(unit, kind, path, body, put)))
        if request.method == "DELETE":
            objects.mutate(unit, lambda: objects.delete(unit, kind, path))
            return None
        raise errors.rest("unsupported", method=request.method, path=kind.path)

    def inside(self, unit, request, sub, thing, rest, body):
        if not rest:
            if request.method == "POST":
                return objects.mutate(unit, lambda: sub.add(unit, thing, body))
            base = f"{sub.kind}/{objects.encode(thing.path)}/{sub.leaf}"
            return {"kind": sub.state(True), "selfLink": link(unit, base, query=query.text_of(request.query)),
                    **query.listed(request.query, sub.items(unit, thing), base, unit.version)}
        path = unit.path_of(rest[0])
        if request.method in ("PATCH", "PUT"):
            return objects.mutate(unit, lambda: sub.change(unit, thing, path, body))
        if request.method == "DELETE":
            objects.mutate(unit, lambda: sub.drop(unit, thing, path))
            return None
        return query.select(request.query, sub.show(unit, thing, sub.find(unit, thing, path)))
