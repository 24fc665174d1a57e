# SPDX-License-Identifier: Apache-2.0
"""The management servers: HTTPS, one port per unit, requests through the failures to the API, and the journal."""
import asyncio
import socket
import ssl
import struct
import time
import traceback

from . import errors, failures, wire

IDLE_SECONDS = 60
CLIENTS_MOST = 10  # maxClients of the device's Apache


class Management:
    """Serves one unit."""

    def __init__(self, double, unit, context):
        self.double, self.unit, self.context = double, unit, context
        self.clients = asyncio.Semaphore(double.options.max_clients)
        self.servers = []
        self.port = 0

    async def start(self, port):
        """On 127.0.0.1 and on the address the unit calls its own, one port."""
        sockets = []
        for host in dict.fromkeys(("127.0.0.1", self.unit.address)):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((host, port))
            s.listen(64)
            port = s.getsockname()[1]
            sockets.append(s)
        self.servers = [await asyncio.start_server(self.connection, sock=s, ssl=self.context, limit=wire.HEAD_MOST) for s in sockets]
        self.port = port

    def stop(self):
        for server in self.servers:
            server.close()

    async def connection(self, reader, writer):
        number = next(self.double.connections)
        peer = writer.get_extra_info("peername")[0]
        try:
            async with self.clients:
                while await self.one(reader, writer, peer, number):
                    pass
        except (ConnectionError, ssl.SSLError, asyncio.TimeoutError, asyncio.IncompleteReadError, wire.Malformed):
            pass
        finally:
            writer.close()

    async def one(self, reader, writer, peer, number):
        """One request; False when the connection is to end."""
        request = await asyncio.wait_for(wire.read_request(reader, writer, peer, number), IDLE_SECONDS)
        if request is None:
            return False
        if not self.unit.reachable:
            return abort(writer)
        started = time.monotonic()
        rule = self.double.rules.match(self.unit, request)
        if self.double.delay_ms:
            await asyncio.sleep(self.double.delay_ms / 1000)
        status, body = self.answer(request, rule)
        if not self.unit.reachable:  # it died over this request
            self.double.note(self.unit, request, 0, rule, time.monotonic() - started)
            return abort(writer)
        keep = request.headers.get("connection", "").lower() != "close"
        self.double.note(self.unit, request, status, rule, time.monotonic() - started)
        if rule and rule.what in failures.ENDS:
            return await self.end(writer, rule.what, wire.render(status, b"" if body is None else body, False))
        writer.write(wire.render(status, b"" if body is None else body, keep))
        await writer.drain()
        return keep

    def answer(self, request, rule):
        """What is said; with a rule that strikes before the change, nothing is done."""
        if rule and rule.what in failures.EVENTS:
            return self.answer_amid(request, rule)
        done = rule is None or rule.when == "after" or rule.what in failures.SPOKEN
        status, body = self.true_answer(request) if done else (0, b"")
        if rule and rule.what in failures.ANSWERS:
            refusal = failures.ANSWERS[rule.what](self.unit, request)
            return refusal.status, refusal.body
        return status, body

    def answer_amid(self, request, rule):
        """Something happens to the pair just before or just after."""
        if rule.when == "before":
            failures.EVENTS[rule.what](self.double, self.unit)
        said = self.true_answer(request) if self.unit.reachable else (0, b"")
        if rule.when == "after":
            failures.EVENTS[rule.what](self.double, self.unit)
        return said

    def true_answer(self, request):
        try:
            if self.unit.phase == "restarting":
                raise errors.page("restarting")
            if self.unit.phase == "starting":
                raise errors.framework("starting", request)
            return self.double.api.answer(self.unit, request)
        except errors.Refusal as refusal:
            return refusal.status, refusal.body
        except Exception:  # a defect of the double: said aloud on its log, and to the client as a device would
            traceback.print_exc()
            refusal = errors.framework("generic", request)
            return refusal.status, refusal.body

    async def end(self, writer, how, content):
        if how == "reset":
            return abort(writer)
        if how == "hang":
            await self.double.released.wait()
        if how in failures.SPOKEN:
            writer.write(content if how == "answer" else content[:len(content) // 2])
            await writer.drain()
        return False


def abort(writer):
    """A reset instead of an orderly end."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False
