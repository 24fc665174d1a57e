# SPDX-License-Identifier: Apache-2.0
"""A pair of BIG-IP: whichever unit is active, wherever it changes, an installation is durable when both units have it, and nothing is left on either."""
import pytest

from doubles.bigip import BigIP
from doubles.bigip.client import Client
from stage.bigip import pin_of, synchronize
from stage.peers import wait_for
from test_bigip import Site, sha256

OURS = ("sys/file/ssl-key", "sys/file/ssl-cert", "ltm/profile/client-ssl", "ltm/virtual")
READS = ("GET", "/mgmt/tm/util/", "/mgmt/shared/", "/mgmt/tm/cm", "/mgmt/tm/sys/config")


class PairSite(Site):
    """The same site, both of whose units are configured."""

    def drive(self, op, files, previous=None, **more):
        peer = {"peer_address": "127.0.0.1", "peer_port": self.double.port(2), "peer_pin": pin_of(self.double.certificate(2))}
        return super().drive(op, files, previous, **{**peer, **more})

    def unit(self, number):
        return self.double.state()["state"][number - 1]

    def ours(self, number):
        """What is certdesk's on that unit, with what was given to it."""
        found = {}
        for kind in OURS:
            objects = self.double.control("objects", unit=number, kind=kind)["objects"]
            found.update({path: own for path, own in objects.items() if "/certdesk" in path})
        return found

    def both_have(self, files):
        """Both units serve this one and no other, saved, and nothing is left behind."""
        self.clean(files=8)
        one, two = self.ours(1), self.ours(2)
        assert one == two and one
        worn = [own["certKeyChain"][0]["cert"] for path, own in one.items() if "certKeyChain" in own]
        assert [name.split("_")[-1] for name in worn] == [sha256(files)[:12] + ".crt"]
        state = self.double.state()["state"]
        assert [u["saved"] for u in state] == [True, True] and [u["tokens"] for u in state] == [0, 0], state
        assert not list(self.folder.glob("*.unsynced"))
        assert self.served() == sha256(files)

    def changes(self):
        """The requests that changed the configuration, as (unit, method, path)."""
        return [(r["unit"], r["method"], r["path"]) for r in self.double.requests()
                if r["method"] != READS[0] and not r["path"].startswith(READS[1:])]


@pytest.fixture
def site(tmp_path):
    site = PairSite(tmp_path)
    wait_for(lambda: site.unit(1)["sync"] == "In Sync", what="the pair in sync")
    site.double.forget_requests()
    yield site
    site.stop()


def test_the_second_unit_is_active(site):
    first, second = site.leaf(), site.leaf()
    site.double.control("failover", to=2)
    site.double.forget_requests()
    assert site.drive("install", first)["result"] == "done"
    assert site.drive("install", second, previous=first)["result"] == "done"
    site.both_have(second)
    assert {unit for unit, _, _ in site.changes()} == {2}
    assert site.drive("rollback", second, previous=first)["result"] == "done"
    site.both_have(first)
    assert site.drive("withdraw", first)["result"] == "done"
    assert site.ours(1) == site.ours(2) == {}


def test_failover_at_every_request(site):
    """At whatever request of a renewal the other unit takes over: it ends there, with all of it, and nobody's changes are lost."""
    old = site.leaf()
    site.until_done("install", old)
    step, hit, tries = 0, True, []
    while hit:
        step += 1
        new = site.leaf()
        site.double.control("fail", what="failover", step=step)
        tries.append(len(site.until_done("install", new, old)))
        hit = site.double.state()["rules"][0]["hits"] > 0
        site.double.heal()
        site.both_have(new)
        old = new
    assert step > 30 and max(tries) <= 3, tries


def test_failover_while_a_site_comes_and_goes(site):
    """The same for a site that was not there, and for its end: all of it on both units, or nothing on either."""
    files, step, hit = site.leaf(), 0, True
    while hit:
        step += 1
        site.double.control("fail", what="failover", step=step)
        site.until_done("install", files)
        hit = site.double.state()["rules"][0]["hits"] > 0
        site.double.heal()
        site.both_have(files)
        site.double.control("fail", what="failover", step=step)
        site.until_done("withdraw", files)
        hit |= site.double.state()["rules"][0]["hits"] > 0
        site.double.heal()
        assert site.ours(1) == site.ours(2) == {} and site.served() is None, step
    assert step > 25


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_unit_dies_at_every_request(site, when):
    """Whichever unit loses its power, with what it had not saved: the other one serves it, and both have it once that one is back."""
    old = site.leaf()
    site.until_done("install", old)
    step, hit = 0, True
    while hit:
        step += 1
        new = site.leaf()
        site.double.control("fail", what="die", when=when, step=step)
        said = site.drive("install", new, old)
        hit = site.double.state()["rules"][0]["hits"] > 0
        site.double.heal()
        assert said["kind"] == "later" or said["result"].startswith("done"), (step, said)
        said = site.drive("install", new, old)
        assert site.served() == sha256(new), (step, said)
        if hit:
            assert said["result"] == "not durable" or said["result"].startswith("done"), (step, said)
        for unit in (1, 2):
            site.double.control("unit", unit=unit, reachable=True)
        site.until_done("install", new, old)
        site.both_have(new)
        old = new
    assert step > 30


def test_the_standby_is_away(site):
    first, second = site.leaf(), site.leaf()
    site.until_done("install", first)
    site.double.control("unit", unit=2, reachable=False)
    for _ in range(2):
        said = site.drive("install", second, previous=first)
        assert (said["result"], said["kind"]) == ("not durable", "later") and "Disconnected" in said["words"], said
        assert f"127.0.0.1 port {site.double.port(2)}" in said["words"] and site.served() == sha256(second)
    site.double.control("unit", unit=2, reachable=True)
    assert site.drive("install", second, previous=first)["result"] == "done before"
    site.both_have(second)


def test_nobody_is_active(site):
    site.double.control("failover", to=0)
    said = site.drive("install", site.leaf())
    assert said["result"] == "unreachable" and "bigip1.double.test is standby; bigip2.double.test is standby" in said["words"], said
    site.double.control("failover", to=2)
    said = site.drive("install", site.leaf(), peer_address="")
    assert said["result"] == "unreachable" and "there is no peer_address" in said["words"], said
    assert site.changes() == [] and [u["tokens"] for u in site.double.state()["state"]] == [0, 0]


def test_units_of_two_pairs(site, tmp_path):
    """Who is active at the peer's address is not to be written to when it is somebody else's."""
    with BigIP(tmp_path / "other", units=1) as other:
        said = site.drive("install", site.leaf(), address="127.0.0.1", port=site.double.port(2), pin=pin_of(site.double.certificate(2)),
                          peer_port=other.port(1), peer_pin=pin_of(other.certificate(1)))
        assert said["result"] == "in conflict" and "no pair" in said["words"], said
        assert {r["method"] for r in other.requests() if "/tm/" in r["path"]} == {"GET"}
    assert site.changes() == []


@pytest.mark.parametrize("where", [(1,), (2,), (1, 2)])
def test_somebody_has_not_synchronized(site, where):
    """Changes that are not ours, on either unit or on both: refused with the reason, nothing is written, nothing synchronized."""
    old, new = site.leaf(), site.leaf()
    site.until_done("install", old)
    for unit in where:
        with Client(site.double, unit) as client:
            client.post("ltm/pool", {"name": f"theirs{unit}"})
    before = [site.double.control("objects", unit=u, kind="ltm/pool") for u in (1, 2)]
    site.double.forget_requests()
    for _ in range(2):
        said = site.drive("install", new, previous=old)
        assert (said["result"], said["kind"]) == ("busy", "later") and "Changes Pending" in said["words"], said
        assert "not ours" in said["words"] and site.served() == sha256(old)
    assert site.changes() == [] and not [r for r in site.double.requests() if r["path"] == "/mgmt/tm/cm" or "uploads" in r["path"]]
    assert before == [site.double.control("objects", unit=u, kind="ltm/pool") for u in (1, 2)]
    assert site.drive("observe", old)["result"] == "done"  # a look is no change
    synchronize(site.double, where[0])  # they finish what they began
    site.until_done("install", new, old)
    site.both_have(new)


def test_the_standby_says_something_else(site):
    """In sync by its word, and yet the file is not there: that is told, and looked at again."""
    new = site.leaf()
    site.double.fail("GET */sys/file/ssl-cert/* what=absent unit=2 times=0")
    said = site.drive("install", new)
    assert said["result"] == "not durable" and "bigip2.double.test is not known to have it" in said["words"], said
    site.double.heal()
    assert site.drive("install", new)["result"] == "done before"
    site.both_have(new)


@pytest.mark.parametrize("saves", ["true", "false"])
def test_a_group_that_synchronizes_itself(site, saves):
    old, new = site.leaf(), site.leaf()
    with Client(site.double) as client:
        client.patch("cm/device-group/~Common~dg_pair", {"autoSync": "enabled", "saveOnAutoSync": saves})
    wait_for(lambda: site.unit(1)["sync"] == "In Sync", what="the pair in sync")
    site.until_done("install", old)
    site.double.forget_requests()
    site.until_done("install", new, old)
    site.both_have(new)
    assert not [r for r in site.double.requests() if r["path"] == "/mgmt/tm/cm"]
    assert len([r for r in site.double.requests() if r["path"] == "/mgmt/tm/sys/config" and r["unit"] == 2]) == (saves == "false")


def test_what_a_probe_tells(site):
    told = site.drive("probe", site.leaf(), parent_profile="/Common/clientssl")["words"]
    assert "bigip1.double.test is active (16.1" in told and "bigip2.double.test is standby (16.1" in told and "; In Sync" in told, told
    assert "/Common/clientssl switches TLS 1.3 off" in told, told
    site.double.control("unit", unit=2, reachable=False)
    with Client(site.double) as client:
        client.post("ltm/profile/client-ssl", {"name": "modern", "defaultsFrom": "/Common/clientssl", "tmOptions": ["dont-insert-empty-fragments"]})
    told = site.drive("probe", site.leaf(), parent_profile="/Common/modern")["words"]
    assert "TLS 1.3" not in told and "; Disconnected" in told and f"127.0.0.1 port {site.double.port(2)}" in told, told
    assert "the role" not in told and "cannot be read" not in told, told
    told = site.drive("probe", site.leaf(), parent_profile="/Common/modern", user="certs")["words"]
    assert "the user certs has the role certificate-manager: to upload files it needs admin" in told, told
    told = site.drive("probe", site.leaf(), parent_profile="/Common/modern", user="from-the-directory")["words"]
    assert "what the user from-the-directory may cannot be read" in told, told
    assert "/Common/nowhere is not there" in site.drive("probe", site.leaf(), parent_profile="/Common/nowhere")["words"]
