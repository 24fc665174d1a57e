# SPDX-License-Identifier: Apache-2.0
"""The drivers of load balancers alone (tests/drive/balancer_drive.c), each with what it drives: a real HAProxy, a pair of BIG-IP
(played), people (played), nothing. A rig is one load balancer; its sites have a host name and an address of their own."""
import hashlib
import json
import signal
import socket
import ssl
import subprocess

from doubles.bigip import BigIP
from doubles.bigip.client import Client

from .bigip import PARENT, Pair
from .ca import CA, openssl
from .hands import Hands
from .house import build_folder
from .peers import HAProxy, free_port, wait_for

DRIVE = "tests/drive/balancer_drive"
DONE = ("done", "done before")


def sha256(files):
    with open(files["leaf"], "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def failpoints():
    """The places where the drivers can be told to die; none in a build without them."""
    return subprocess.run([build_folder() / DRIVE], env={"CERTDESK_FAILPOINT": "list"}, capture_output=True, text=True, check=True).stdout.split()


class Rig:
    """What all have in common: certificates from a CA of its own, and the driver's command."""

    routes = True    # where requests go is a step of its own
    proves = True    # what it serves is seen by a handshake alone, and what is not goes back
    has_keys = True

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.ca = CA(folder / "ca", "Issuing 1")

    def start(self):
        self.peer.start()
        return self

    def stop(self):
        self.peer.stop()

    def site(self):
        self.count += 1
        return Site(self, f"owa{self.count}.contoso.com", f"127.88.0.{self.count}", self.count)

    def leaf(self, host, *kind):
        """Files of a new certificate with a key of its own, P-256 or as told."""
        self.count += 1
        stem = self.folder / f"leaf{self.count}"
        key, csr = stem.with_suffix(".key"), stem.with_suffix(".csr")
        openssl("req", "-new", "-newkey", *(kind or ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")), "-nodes", "-keyout", key, "-subj", f"/CN={host}", "-out", csr)
        pem = stem.with_suffix(".pem")
        pem.write_text(self.ca.sign(csr.read_text(), [host]))
        leaf, chain = stem.with_suffix(".der"), stem.with_suffix(".chain")
        leaf.write_bytes(openssl("x509", "-in", pem, "-outform", "DER"))
        chain.write_bytes(openssl("x509", "-in", self.ca.intermediate, "-outform", "DER"))
        return {"leaf": str(leaf), "chain": str(chain), "key": str(key)}

    def longer(self, files):
        """The same certificate, with one more behind its chain."""
        self.count += 1
        chain = self.folder / f"longer{self.count}.chain"
        other = openssl("x509", "-in", CA(self.folder / f"ca{self.count}", "Issuing 2").intermediate, "-outform", "DER")
        with open(files["chain"], "rb") as f:
            chain.write_bytes(f.read() + other)
        return {**files, "chain": str(chain)}

    def order(self):
        """Members of the driver's order that are this load balancer's own."""
        return {}

    def drive(self, op, site, files, previous=None, failpoint=None, balancer=None, **more):
        """What the driver said; None: it died at the failpoint."""
        order = {"op": op, "balancer": {"lock_folder": str(self.folder), **self.peer.settings(), **(balancer or {})}, "host": site.host, "vip": site.vip,
                 "backend": "exchange", "site": site.number, "trust": str(self.ca.root), **self.order(), **files, **more}
        if previous:
            order["previous"] = previous
        run = subprocess.run([build_folder() / DRIVE], input=json.dumps(order, default=str), capture_output=True, text=True, timeout=120,
                             env={"CERTDESK_FAILPOINT": failpoint} if failpoint else None)
        if failpoint and run.returncode == -signal.SIGKILL:
            return None
        assert run.returncode == 0, run.stderr
        for part in (files, previous):
            if part and not more.get("key"):
                with open(part["key"]) as key:
                    assert not any(line in run.stdout + run.stderr for line in key.read().splitlines() if not line.startswith("-"))
        return json.loads(run.stdout)

    def served(self, site):
        """SHA-256 of the leaf on the wire; None: nobody serves."""
        context = ssl.create_default_context(cafile=str(self.ca.root))
        try:
            with socket.create_connection((site.vip, self.peer.https), 5) as raw, context.wrap_socket(raw, server_hostname=site.host) as tls:
                return hashlib.sha256(tls.getpeercert(True)).hexdigest()
        except (ConnectionError, ssl.SSLError, socket.timeout):
            return None

    def serves(self, site, files):
        """Exactly this certificate; None: nothing at all."""
        return self.served(site) == (sha256(files) if files else None)

    def help(self, op, site):
        """What people do when they are asked to."""
        raise AssertionError("nobody works by hand here")

    def settle(self):
        """Waits until the load balancer has digested what it was told."""

    def restart(self):
        """Of one that can be: it has only what was kept then."""

    def sessions(self):
        """How many of ours are open."""
        return 0

    def has(self, site):
        """{object, by the name that a plan calls it: what changes with it}"""
        return {}


class Site:
    def __init__(self, rig, host, vip, number):
        self.rig, self.host, self.vip, self.number = rig, host, vip, number

    def leaf(self, *kind):
        return self.rig.leaf(self.host, *kind)

    def drive(self, op, files, previous=None, **more):
        return self.rig.drive(op, self, files, previous, **more)

    def serves(self, files):
        return self.rig.serves(self, files)

    def until_done(self, op, files, previous=None, tries=6, **more):
        """As queue and people do: again, until it is done or refused, or it died. What it said last, and all steps taken."""
        steps = []
        for _ in range(tries):
            said = self.drive(op, files, previous, **more)
            if not said:
                return None, steps
            steps += [s for s in said["steps"] if s not in steps]
            if said["result"] == "to be done by hand":
                self.rig.help("withdraw" if op == "rollback" and not previous else op, self)
            elif said["kind"] != "later":
                return said, steps
            else:
                self.rig.settle()
        raise AssertionError(f"no end: {said}")


class HAProxyRig(Rig):
    def __init__(self, folder):
        super().__init__(folder)
        self.peer = HAProxy(folder / "haproxy", free_port())

    def mark(self):
        """Changes with every write."""
        paths = [self.peer.crt_list, self.peer.hosts_map, *sorted(p for p in self.peer.certificates.iterdir() if p.suffix != ".lock")]
        return [(str(p), p.stat().st_ino, p.stat().st_mtime_ns, p.stat().st_size) for p in paths], self.peer.command("show ssl cert")

    def has(self, site):
        return {path: stamps for path, *stamps in self.mark()[0]}

    def left(self, site):
        """What should not lie there any more."""
        transaction = [line for line in self.peer.command("show ssl cert").splitlines() if line.startswith("# transaction")]
        return transaction + [p.name for p in self.peer.certificates.iterdir() if p.suffix in (".next", ".new")]

    def belongings(self, site):
        """All that the site has on the device, for a look whether it is gone."""
        return [p.name for p in self.peer.certificates.iterdir() if p.name.startswith(site.host)] + [
            line for text in (self.peer.crt_list.read_text(), self.peer.hosts_map.read_text(), self.peer.command("show ssl cert"))
            for line in text.splitlines() if f"{site.host}" in line and not line.startswith("#")]

    def restart(self):
        self.peer.kill()
        self.peer.start()


class BigIPRig(Rig):
    def __init__(self, folder, **more):
        super().__init__(folder)
        self.peer = Pair(folder / "pair", 9, users=("admin:admin", "certs:word:certificate-manager"), **more)

    def order(self):
        return {"user": self.peer.user, "password": self.peer.password}

    made_from = {"http_profile": "/Common/http", "tcp_profile": "/Common/tcp", "redirect_rule": "/Common/_sys_https_redirect"}

    def drive(self, op, site, files, previous=None, balancer=None, **more):
        own = {"user": self.peer.user, "partition": "Common", "parent_profile": f"/Common/{PARENT}", "snat": "automap", **self.made_from, **(balancer or {})}
        return super().drive(op, site, files, previous, balancer=own, **more)

    def settle(self):
        wait_for(lambda: "Syncing" not in {u["sync"] for u in self.peer.state()["state"]}, what="the end of a sync")

    def mark(self):
        """The writes so far, but for signing in and out, saving and synchronizing."""
        return [(r["method"], r["path"]) for r in self.peer.requests() if r["method"] != "GET" and r["path"] not in
                ("/mgmt/shared/authn/login", "/mgmt/tm/sys/config", "/mgmt/tm/cm", "/mgmt/tm/util/unix-ls") and "/authz/tokens/" not in r["path"]]

    def has(self, site):
        with Client(self.peer, 1) as client:
            return {o["fullPath"]: json.dumps({k: v for k, v in o.items() if k not in ("lastUpdateTime", "profilesReference")}, sort_keys=True)
                    for kind in ("sys/file/ssl-key", "sys/file/ssl-cert", "ltm/profile/client-ssl", "ltm/virtual", "ltm/rule", "ltm/profile/http",
                                 "ltm/profile/tcp", "ltm/pool")
                    for o in client.get(kind).get("items", []) if o["name"].startswith("certdesk_")}

    def sessions(self):
        return max(u["tokens"] for u in self.peer.state()["state"])

    def left(self, site):
        """Files but for what is in use and what that replaced; what only one of the units has."""
        state, has = self.peer.state()["state"], self.belongings(site)
        found = [name for unit in state for name in unit["uploads"]] + [name for name in set(has) if has.count(name) != len(state)]
        found += [f"not in sync: {u['sync']}" for u in state if u["sync"] != "In Sync"] + ([] if state[0]["saved"] else ["not saved"])
        files = [name for name in set(has) if name.endswith((".crt", ".key"))]
        return found + (files if len(files) > 4 else [])

    def belongings(self, site):
        found = []
        for unit in (1, 2):
            with Client(self.peer, unit) as client:
                found += [o["name"] for kind in ("sys/file/ssl-key", "sys/file/ssl-cert", "ltm/profile/client-ssl", "ltm/virtual")
                          for o in client.get(kind).get("items", []) if o["name"].startswith(f"certdesk_{site.host}")]
        return found


class OwaRig(BigIPRig):
    """A site of Exchange there, of what is built in: certdesk's own rule and profiles."""

    made_from = {"redirect_rule": "certdesk"}

    def drive(self, *args, **more):
        return super().drive(*args, **{"service": "owa", **more})


class HandsRig(Rig):
    routes = proves = False

    def __init__(self, folder):
        super().__init__(folder)
        self.peer = Hands(folder / "hands")

    def help(self, op, site):
        if op == "withdraw":
            self.peer.take_off(site.host)
            return
        try:
            self.peer.install(site.host, site.vip)
        except ssl.SSLError:  # the load balancer takes no key that is not the certificate's; whoever sees that throws it away
            (self.peer.papers / f"{site.host}.key").unlink()

    def mark(self):
        return [(p.name, p.stat().st_ino, p.stat().st_mtime_ns) for p in sorted(self.peer.papers.iterdir())]

    def left(self, site):
        return [name for name in self.peer.laid() if name.startswith(site.host)]

    belongings = left


class DryRig(Rig):
    proves = has_keys = False

    class Peer:
        def settings(self):
            return {"driver": "dryrun", "https_port": 443}

        def start(self):
            pass

        stop = start

    def __init__(self, folder):
        super().__init__(folder)
        self.peer = self.Peer()

    def serves(self, site, files):
        seen = self.drive("observe", site, files or self.leaf(site.host))["seen"]
        return seen["active"] and seen["same"] if files else not seen["active"]

    def mark(self):
        journal = self.folder / "dryrun-edge.journal"
        return journal.read_text() if journal.exists() else ""

    def left(self, site):
        return []

    def belongings(self, site):
        return [] if self.serves(site, None) else [site.host]


RIGS = {"haproxy": HAProxyRig, "bigip": OwaRig, "manual": HandsRig, "dryrun": DryRig}
