# SPDX-License-Identifier: Apache-2.0
"""The data path: the active unit really listens on its virtual servers and shakes hands with the files and profiles
it was given. What a new handshake shows follows the configuration at that moment; open connections stay."""
import asyncio
import os
import socket
import ssl
import tempfile

from . import clientssl, files, kinds, traffic
from .virtuals import destination_of

HANDSHAKE_SECONDS = 10
NO_13 = "no-tlsv1.3"


class Mapping:
    """Where a destination is really served. Only loopback is listened on; low ports are moved up by base."""

    def __init__(self, addresses=(), ports=(), base=8000):
        self.addresses, self.ports, self.base = dict(addresses), dict(ports), base

    def place(self, address, port):
        address = self.addresses.get(f"{address}:{port}", self.addresses.get(address, address))
        if ":" in address and address.count(":") == 1:
            address, _, text = address.partition(":")
            return address, int(text)
        if not (address.startswith("127.") or address == "::1"):
            return None
        return address, self.ports.get(port, port + self.base if port < 1024 else port)


class Listener:
    def __init__(self, path, unit, virtual, sock):
        self.path, self.unit, self.virtual, self.sock = path, unit, virtual, sock
        self.server = None
        self.base = (None, None)

    def now(self):
        """The virtual server as configured at this moment."""
        return self.unit.store.get(kinds.VIRTUAL, self.virtual)

    def profiles(self, thing):
        store = self.unit.store
        return [store.get(e["kind"], e["path"]) for e in thing.own["profiles"] if e["kind"] == kinds.CLIENT_SSL]

    def default(self, thing):
        found = self.profiles(thing)
        return next((p for p in found if self.unit.own(p).get("sniDefault") == "true"), found[0] if found else None)

    def context(self):
        """The context a handshake starts with: versions of the default profile; the name decides the rest."""
        thing = self.now()
        default = self.default(thing) if thing else None
        if default is None:
            return None
        words = clientssl.options_of(self.unit.own(default).get("tmOptions", kinds.defaults("client-ssl", self.unit.tmos)["tmOptions"]))
        latest = ssl.TLSVersion.TLSv1_2 if NO_13 in words else ssl.TLSVersion.TLSv1_3
        if self.base[0] != latest:
            base = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            base.maximum_version = latest
            base.options |= ssl.OP_NO_TICKET  # sessionTicket disabled, the default
            base.sni_callback = self.choose
            self.base = latest, base
        return self.base[1]

    def choose(self, connection, name, _):
        thing = self.now()
        if thing is None:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        profile = self.match(thing, (name or "").lower())
        if profile is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        chosen = CONTEXTS.of(self.unit, profile)
        if chosen is None:
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        connection.context = chosen
        return None

    def match(self, thing, name):
        """serverName, then its wildcard, then the names of a certificate whose profile has none, then the default."""
        found = [(self.unit.own(p), p) for p in self.profiles(thing)]
        wild = "*." + name.partition(".")[2]
        for wanted in (name, wild) if name else ():
            for own, profile in found:
                if own.get("serverName", "none").lower() == wanted:
                    return profile
        if name and len(found) > 1:
            for own, profile in found:
                if own.get("serverName", "none") in clientssl.NONE and {name, wild} & set(names_of(self.unit, profile)):
                    return profile
        default = self.default(thing)
        strict = self.unit.own(default).get("sniRequire") == "true" and len(found) > 0
        return None if strict and (not name or self.unit.own(default).get("serverName", "none") not in clientssl.NONE) else default


def names_of(unit, profile):
    for entry in clientssl.pairs(unit, profile):
        cert = unit.store.get(kinds.SSL_CERT, entry["cert"])
        if cert is not None:
            return cert.file.names
    return ()


class Contexts:
    """Server contexts by the bytes they were made of."""

    def __init__(self):
        self.known = {}

    def of(self, unit, profile):
        parts = []
        for entry in clientssl.pairs(unit, profile):
            cert, key, chain = (unit.store.get(kind, entry[m]) for kind, m in
                                ((kinds.SSL_CERT, "cert"), (kinds.SSL_KEY, "key"), (kinds.SSL_CERT, "chain")))
            if cert and key:
                parts.append((cert.file.data, key.file.data, chain.file.data if chain else b"", key.file.passphrase))
        parts = tuple(parts)
        if parts and parts not in self.known:
            if len(self.known) > 1000:
                self.known.clear()
            self.known[parts] = self.make(parts)
        return self.known.get(parts)

    def make(self, parts):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for cert, key, chain, passphrase in parts:
            descriptor, name = tempfile.mkstemp()  # the ssl module reads files only
            try:
                leaf = files.CERTIFICATE.findall(cert)[0]
                os.write(descriptor, b"\n".join([leaf, *files.CERTIFICATE.findall(chain), key]))
                context.load_cert_chain(name, password=passphrase or None)
            finally:
                os.close(descriptor)
                os.unlink(name)
        return context


CONTEXTS = Contexts()


class DataPath:
    def __init__(self, pair, mapping):
        self.pair, self.mapping = pair, mapping
        self.listeners = {}  # (unit number, virtual server) -> Listener
        self.problems = {}
        self.loop = asyncio.get_running_loop()
        pair.watch = self.watch

    def watch(self, unit, keys):
        """A change on a unit: looks at the virtual servers it touched; keys None looks at all."""
        if keys is None:
            paths = {v.path for v in unit.store.all(kinds.VIRTUAL)} | {path for number, path in self.listeners if number == unit.number}
        else:
            paths = set()
            for key in keys:
                if key[0] == kinds.VIRTUAL:
                    paths.add(key[1])
                elif key[0] in (kinds.ADDRESS, kinds.TRAFFIC):
                    paths |= {path for kind, path in unit.store.using(*key) if kind == kinds.VIRTUAL}
        for path in sorted(paths):
            self.settle(unit, path)

    def wanted(self, unit, path):
        """Where this unit should listen for a virtual server, or None."""
        thing = unit.store.get(kinds.VIRTUAL, path)
        if thing is None or thing.own.get("disabled") or unit.phase != "running" or unit.number in self.pair.offline:
            return None
        address, _, port = destination_of(thing)
        found = next((unit.store.get(*key) for key in thing.refs if key[0] == kinds.ADDRESS), None)
        if found is None or found.own.get("enabled", "yes") == "no":
            return None
        group = unit.store.get(kinds.TRAFFIC, found.own.get("trafficGroup", ""))
        if group is not None and group.own.get("isFloating") != "false" and self.pair.active != unit.number:
            return None
        return self.mapping.place(address, port)

    def settle(self, unit, path):
        key = unit.number, path
        place, old = self.wanted(unit, path), self.listeners.get(key)
        if old and old.path == place:
            return
        if old:
            self.close(key)
        self.problems.pop(key, None)
        if place:
            self.open(key, unit, path, place)

    def open(self, key, unit, path, place):
        sock = socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(place)
            sock.listen(128)
        except OSError as error:
            sock.close()
            self.problems[key] = f"{place[0]}:{place[1]}: {error.strerror}"
            return
        listener = self.listeners[key] = Listener(place, unit, path, sock)
        self.loop.create_task(self.serve(listener))

    async def serve(self, listener):
        async def accept(reader, writer):
            try:
                context = listener.context()
                if context is not None:
                    await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE_SECONDS)
                await traffic.talk(listener, reader, writer)
            except (ConnectionError, ssl.SSLError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError):
                pass
            finally:
                writer.close()
        server = await asyncio.start_server(accept, sock=listener.sock)
        if self.listeners.get((listener.unit.number, listener.virtual)) is not listener:
            server.close()
        listener.server = server

    def close(self, key):
        listener = self.listeners.pop(key)
        if listener.server:
            listener.server.close()
        else:
            listener.sock.close()

    def show(self):
        served = [{"unit": number, "virtual": path, "address": one.path[0], "port": one.path[1]} for (number, path), one in sorted(self.listeners.items())]
        return {"served": served, "problems": [{"unit": n, "virtual": p, "why": why} for (n, p), why in sorted(self.problems.items())]}
