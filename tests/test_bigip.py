# SPDX-License-Identifier: Apache-2.0
"""The BIG-IP driver alone (tests/drive/balancer_drive.c) against the double: certificates come, change and go, and survive failures."""
import hashlib
import json
import socket
import ssl
import subprocess

import pytest

from doubles.bigip import BigIP
from doubles.bigip.client import Client
from stage.ca import CA, openssl
from stage.house import build_folder
from stage.peers import free_port, wait_for

HOST = "owa.contoso.com"
VIP = "127.88.0.1"


class Site:
    """One site on a pair: its leaves from a CA of its own, and the driver's command."""
    vip = VIP
    settings, facts = {}, {}  # more members of the balancer, and of what is told of the site

    def __init__(self, folder, **more):
        self.folder = folder
        self.https, self.http = free_port(), free_port()
        self.double = BigIP(folder / "double", units=2, http=self.http, **more).start()
        self.ca = CA(folder / "ca", "Issuing 1")
        self.serial = 0
        with Client(self.double) as client:
            client.post("ltm/pool", {"name": "exchange"})
            client.post("sys/config", {"command": "save"})
            client.post("cm", {"command": "run", "utilCmdArgs": f"config-sync to-group {self.group(client)}"})

    def group(self, client):
        return next(g["name"] for g in client.get("cm/device-group")["items"] if g["type"] == "sync-failover")

    def stop(self):
        self.double.stop()

    def leaf(self, *kind):
        """Files of a new certificate with a key of its own, P-256 or as told."""
        self.serial += 1
        stem = self.folder / f"leaf{self.serial}"
        key, csr = stem.with_suffix(".key"), stem.with_suffix(".csr")
        openssl("req", "-new", "-newkey", *(kind or ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")), "-nodes", "-keyout", key, "-subj", f"/CN={HOST}", "-out", csr)
        pem = stem.with_suffix(".pem")
        pem.write_text(self.ca.sign(csr.read_text(), [HOST]))
        leaf, chain = stem.with_suffix(".der"), stem.with_suffix(".chain")
        leaf.write_bytes(openssl("x509", "-in", pem, "-outform", "DER"))
        chain.write_bytes(openssl("x509", "-in", self.ca.intermediate, "-outform", "DER"))
        return {"leaf": str(leaf), "chain": str(chain), "key": str(key)}

    def drive(self, op, files, previous=None, **more):
        pin = openssl("x509", "-in", self.double.certificate(1), "-noout", "-pubkey")
        digest = openssl("dgst", "-sha256", "-binary", stdin=openssl("pkey", "-pubin", "-outform", "DER", stdin=pin))
        balancer = {"driver": "bigip", "address": "127.0.0.1", "port": self.double.port(1), "pin": "sha256//" + b64(digest),
                    "partition": "Common", "parent_profile": "/Common/clientssl", "http_profile": "/Common/http", "tcp_profile": "/Common/tcp",
                    "redirect_rule": "/Common/_sys_https_redirect", "snat": "automap", "https_port": self.https, "lock_folder": str(self.folder),
                    **self.settings, **more}
        order = {"op": op, "balancer": balancer, "host": HOST, "vip": self.vip, "backend": "exchange", "site": 7, "trust": str(self.ca.root),
                 "user": self.double.user, "password": self.double.password, **self.facts, **files}
        if previous:
            order["previous"] = previous
        run = subprocess.run([build_folder() / "tests/drive/balancer_drive"], input=json.dumps(order), capture_output=True, text=True, timeout=120)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def served(self):
        """SHA-256 of the leaf on the wire; None: nobody serves."""
        context = ssl.create_default_context(cafile=str(self.ca.root))
        try:
            with socket.create_connection((self.vip, self.https), 5) as raw, context.wrap_socket(raw, server_hostname=HOST) as tls:
                return hashlib.sha256(tls.getpeercert(True)).hexdigest()
        except (ConnectionError, ssl.SSLError, socket.timeout):
            return None

    def until_done(self, op, files, previous=None, tries=5):
        """As the queue does: again, until it says so. Returns what each try said; nobody but the two is ever served."""
        said, good = [], {sha256(one) for f in (files, previous) if f for one in (f, f.get("twin")) if one}
        for _ in range(tries):
            said.append(self.drive(op, files, previous))
            assert self.served() in good | ({None} if not previous or op == "withdraw" else set()), said
            if said[-1]["result"] in ("done", "done before"):
                return said
            assert said[-1]["kind"] == "later", said
            wait_for(lambda: "Syncing" not in {u["sync"] for u in self.double.state()["state"]}, what="the end of a sync")
        raise AssertionError(f"no end: {said}")

    def clean(self, files):
        """Nothing of ours is left but what is in use and what it replaced; both units have the same, saved."""
        with Client(self.double, 1) as one, Client(self.double, 2) as two:
            ours = [[o["name"] for kind in ("sys/file/ssl-key", "sys/file/ssl-cert", "ltm/profile/client-ssl", "ltm/virtual")
                     for o in client.get(kind).get("items", []) if o["name"].startswith("certdesk")] for client in (one, two)]
        state = self.double.state()["state"]
        assert sorted(ours[0]) == sorted(ours[1]) and len(ours[0]) <= files, ours
        assert [u["uploads"] for u in state] == [[], []] and [u["sync"] for u in state] == ["In Sync"] * 2, state
        assert state[0]["saved"]


def b64(data):
    import base64
    return base64.b64encode(data).decode()


def sha256(files):
    with open(files["leaf"], "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.stop()


def test_comes_changes_and_goes(site):
    first, second, third = site.leaf(), site.leaf(), site.leaf()
    assert site.served() is None
    assert site.drive("install", first)["result"] == "done" and site.served() == sha256(first)
    site.clean(files=6)  # certificate, key, chain; profile, two virtual servers
    assert site.drive("install", first)["result"] == "done before"
    for new, old in ((second, first), (third, second)):
        assert site.drive("install", new, previous=old)["result"] == "done" and site.served() == sha256(new)
        site.clean(files=8)  # and the pair it replaced, to go back to
    assert site.drive("rollback", third, previous=second)["result"] == "done" and site.served() == sha256(second)
    site.clean(files=6)
    assert site.drive("withdraw", second)["result"] == "done" and site.served() is None
    site.clean(files=0)
    assert max(u["tokens"] for u in site.double.state()["state"]) == 0


@pytest.mark.parametrize("what,when", [("reset", "after"), ("timeout", "after"), ("mcpd-lost", "before"), ("token-expired", "before")])
def test_each_request_fails(site, what, when):
    """Whatever request of a renewal fails, before or after its effect: it converges, and the old one is served until the new one is."""
    old = site.leaf()
    site.until_done("install", old)
    step, hit = 0, True
    while hit:
        step += 1
        new = site.leaf()
        site.double.control("fail", what=what, when=when, step=step)
        site.until_done("install", new, old)
        hit = site.double.state()["rules"][0]["hits"] > 0
        site.double.control("fail", "DELETE")
        assert site.served() == sha256(new), step
        site.clean(files=8)
        old = new
    assert step > 20
