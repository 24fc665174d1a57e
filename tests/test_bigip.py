# SPDX-License-Identifier: Apache-2.0
"""The BIG-IP driver alone (tests/drive/balancer_drive.c) against the double: certificates come, change and go, and survive failures."""
import pytest

from doubles.bigip.client import Client
from stage import rigs
from stage.peers import wait_for
from stage.rigs import sha256

HOST = "owa.contoso.com"
VIP = "127.88.0.1"


class Site(rigs.Site):
    """One site on a pair of its own; what more is said to drive() are members of the balancer."""
    settings, facts = {}, {}  # more members of the balancer, and of what is told of the site

    def __init__(self, folder, **more):
        super().__init__(rigs.BigIPRig(folder, **more).start(), HOST, VIP, 7)
        self.double = self.rig.peer
        self.folder, self.ca, self.https, self.http = self.rig.folder, self.rig.ca, self.double.https, self.double.http

    def stop(self):
        self.rig.stop()

    def drive(self, op, files, previous=None, **more):
        return self.rig.drive(op, self, files, previous, balancer={**self.settings, **more}, **self.facts)

    def served(self):
        return self.rig.served(self)

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


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.stop()


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
