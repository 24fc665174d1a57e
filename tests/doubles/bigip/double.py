# SPDX-License-Identifier: Apache-2.0
"""The whole double: a pair of units, their management servers, the data path, and the control server."""
import asyncio
import dataclasses
import ipaddress
import itertools
import ssl
import time
from pathlib import Path

from cryptography import x509

from . import clientssl, pools, sslfiles, subs, virtuals  # noqa: F401  (each registers its hooks)
from .api import Api
from .control import Control
from .datapath import DataPath, Mapping
from .factory import self_signed
from .failures import Rules
from .pair import Pair
from .server import CLIENTS_MOST, Management

JOURNAL_MOST = 100_000


@dataclasses.dataclass
class Options:
    folder: Path  # device certificates are written here
    port: int = 0
    control_port: int = 0
    units: int = 2
    tmos: str = "16.1"
    delay_ms: int = 0
    sync_ms: int = 200
    max_clients: int = CLIENTS_MOST
    rules: list = dataclasses.field(default_factory=list)
    users: dict = dataclasses.field(default_factory=lambda: {"admin": ("admin", "admin")})
    mapping: Mapping = dataclasses.field(default_factory=Mapping)


class Double:
    def __init__(self, options):
        self.options = options
        self.pair = Pair(options.units, options.tmos, options.sync_ms)
        self.pair.users = options.users
        self.api = Api(self.pair, options.users)
        self.rules = Rules()
        self.rules.rules = list(options.rules)
        self.delay_ms = options.delay_ms
        self.connections = itertools.count(1)
        self.journal = []
        self.dropped = 0
        self.released = asyncio.Event()  # ends what hangs
        self.certificates = []
        self.servers = []
        self.datapath = DataPath(self.pair, options.mapping)

    async def start(self):
        for unit in self.pair.units:
            server = Management(self, unit, self.device_context(unit))
            await server.start(self.options.port + unit.number - 1 if self.options.port else 0)
            self.servers.append(server)
        self.control = Control(self)
        await self.control.start(self.options.control_port)

    def device_context(self, unit):
        """The device's own certificate: self-signed, as it ships; its name and addresses are in it so that it can be pinned as a CA."""
        names = [x509.DNSName(unit.name), x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(a)) for a in {"127.0.0.1", unit.address})]
        key, certificate = self_signed(unit.name, names)
        path = self.options.folder / f"device{unit.number}.crt"
        path.write_bytes(certificate)
        self.certificates.append(str(path))
        secret = self.options.folder / f"device{unit.number}.key"
        secret.touch(0o600)
        secret.write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, secret)
        return context

    def stop(self):
        self.released.set()
        for server in self.servers:
            server.stop()
        for key in list(self.datapath.listeners):
            self.datapath.close(key)
        self.control.stop()

    def note(self, unit, request, status, rule, seconds):
        if len(self.journal) >= JOURNAL_MOST:
            self.dropped += len(self.journal) // 2
            del self.journal[:len(self.journal) // 2]
        self.journal.append({"time": round(time.time(), 6), "unit": unit.number, "method": request.method, "path": request.target, "status": status,
                             "connection": request.connection, "user": request.user, "bytes": len(request.body), "ms": round(seconds * 1000, 2),
                             **({"failure": rule.what, "when": rule.when} if rule else {})})

    def addresses(self):
        return {"units": [{"unit": s.unit.number, "name": s.unit.name, "address": "127.0.0.1", "managementIp": s.unit.address, "port": s.port,
                           "certificate": c} for s, c in zip(self.servers, self.certificates)],
                "control": f"http://127.0.0.1:{self.control.port}", "tmos": self.pair.units[0].version,
                "users": {name: word for name, (word, _) in self.options.users.items()}}

    def die(self, unit):
        """No power: what it had not saved is gone, and the other unit takes over. control.change_unit() brings it back."""
        keys = unit.reboot()
        unit.reachable = False
        self.pair.hand_over(unit)
        self.pair.restarted(unit, keys)

    def restart(self, unit, down, starting):
        """A restart of the unit: nothing, then httpd without restjavad, then workers that come up."""
        keys = unit.reboot()
        unit.phase = "restarting"
        self.pair.hand_over(unit)
        self.pair.watch(unit, None)
        loop = asyncio.get_running_loop()

        def ready():
            unit.phase = "running"
            self.pair.restarted(unit, keys)

        def come_up():
            unit.phase = "starting"
            loop.call_later(starting, ready)
        loop.call_later(down, come_up)
