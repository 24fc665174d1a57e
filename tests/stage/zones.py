# SPDX-License-Identifier: Apache-2.0
"""Name servers as customers have them: Knot and NSD with any zones, signed well or badly, and one that never answers."""
import datetime
import socket
import subprocess
import threading

from stage.peers import Peer, free_port_both, wait_for

HEAD = "$ORIGIN {zone}.\n$TTL {ttl}\n@ SOA ns1 hostmaster 1 3600 600 86400 {negative}\n@ NS ns1\nns1 A 127.0.0.1\n"


def head(zone, ttl=300, negative=120):
    return HEAD.format(zone=zone, ttl=ttl, negative=negative)


class Key:
    """A zone's key, and what its parent says of it (DS)."""

    def __init__(self, folder, zone):
        folder.mkdir(parents=True, exist_ok=True)
        r = subprocess.run(["/usr/bin/ldns-keygen", "-k", "-a", "ECDSAP256SHA256", zone], cwd=folder, capture_output=True, text=True, check=True)
        self.zone, self.base = zone, folder / r.stdout.strip()
        self.ds = self.base.with_name(self.base.name + ".ds").read_text().strip()
        self.public = self.base.with_name(self.base.name + ".key").read_text().strip()

    def sign(self, zone_file, begin_days=-1, end_days=30):
        """The zone file with signatures, valid between those days from today; beside it."""
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = ((now + datetime.timedelta(days=d)).strftime("%Y%m%d%H%M%S") for d in (begin_days, end_days))
        subprocess.run(["/usr/bin/ldns-signzone", "-i", begin, "-e", end, "-f", f"{zone_file}.signed", zone_file, self.base],
                       capture_output=True, text=True, check=True)
        return zone_file.with_name(zone_file.name + ".signed")


class Server(Peer):
    """Serves zones: a mapping from their names to files; a file that is not there makes its zone fail (SERVFAIL)."""

    def __init__(self, name, folder, zones, address="127.0.0.1", port=None):
        super().__init__(name, folder)
        self.zones, self.address, self.port = zones, address, port or free_port_both()

    def ready(self):
        zone = next(z for z, path in self.zones.items() if path.exists())
        r = subprocess.run(["/usr/bin/kdig", "+short", "+time=1", "+retry=0", f"@{self.address}", "-p", str(self.port), zone, "SOA"],
                           capture_output=True, text=True)
        return r.returncode == 0 and r.stdout.strip() and ";;" not in r.stdout

    def start(self):
        self.spawn(*self.command())
        wait_for(self.ready, what=self.name)
        return self


class Knot(Server):
    def __init__(self, folder, zones, also=(), **more):
        """`also`: further addresses that it listens at."""
        super().__init__("knot", folder, zones, **more)
        self.also = also

    def command(self):
        zones = "".join(f"  - domain: {zone}\n    file: {path}\n    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n"
                        for zone, path in self.zones.items())
        conf = self.folder / "knot.conf"
        conf.write_text(f"server:\n    rundir: {self.folder}\n    listen: [ {', '.join(f'{a}@{self.port}' for a in (self.address, *self.also))} ]\n"
                        f"database:\n    storage: {self.folder}\nlog:\n  - target: stderr\n    any: warning\nzone:\n{zones}")
        return "/usr/sbin/knotd", "-c", str(conf)


class Nsd(Server):
    def __init__(self, folder, zones, **more):
        super().__init__("nsd", folder, zones, **more)

    def command(self):
        zones = "".join(f"zone:\n  name: {zone}\n  zonefile: {path}\n" for zone, path in self.zones.items())
        conf = self.folder / "nsd.conf"
        conf.write_text(f"server:\n  ip-address: {self.address}@{self.port}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"\"\n"
                        f"  database: \"\"\n  pidfile: \"\"\n  xfrdfile: \"\"\n  xfrdir: {self.folder}\n  zonelistfile: {self.folder}/zones.list\n"
                        f"  server-count: 1\nremote-control:\n  control-enable: no\n{zones}")
        return "/usr/sbin/nsd", "-d", "-c", str(conf)


class Silent:
    """A port that takes questions and never answers, over UDP and TCP."""

    def __init__(self, address="127.0.0.1"):
        self.address, self.port = address, free_port_both()
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_STREAM)]
        for s in self.sockets:
            s.bind((address, self.port))
        self.sockets[1].listen(16)

    def stop(self):
        for s in self.sockets:
            s.close()


class Told:
    """A server that says what a function makes of each question over UDP, and nothing when that is None."""

    def __init__(self, answer, address="127.0.0.1"):
        self.address, self.port, self.answer = address, free_port_both(), answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, self.port))
        self.socket.settimeout(0.05)
        self.stopping = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while not self.stopping:
            try:
                question, peer = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            said = self.answer(question) if len(question) > 12 else None
            if said is not None:
                self.socket.sendto(said, peer)

    def stop(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()


def stubs(*pairs):
    """The configuration for zones and the servers that they are at."""
    return "".join(f"    - zone: {zone}\n      address: '{server.address}'\n      port: {server.port}\n" for zone, server in pairs)
