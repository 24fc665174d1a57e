# SPDX-License-Identifier: Apache-2.0
"""Surveys: what certdesk says of a load balancer that was touched by hand, or was there before; and that it touches nothing itself."""
import json
import os
import uuid
from pathlib import Path

import pytest

from doubles.bigip.client import Client
from stage.bigip import Pair, synchronize
from stage.ca import openssl
from stage.contract import CheckedApi
from stage.house import Stage
from stage.peers import wait_for

MARK = "certdesk site "


class SurveyStage(Stage):
    """A provider with sites that are live."""

    def live(self, host, kind="first"):
        """The order, live; its certificate's SHA-256 is what the record has. What people did by hand is synchronized: nothing is installed else."""
        if isinstance(self.balancer, Pair):
            synchronize(self.balancer)
        made = self.order(self.service, host, kind=kind, key="p256")
        self.deliver(made, self.ca.as_pem(self.ca.sign(self.csr(made), [host])))
        if kind == "first":
            self.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
            self.point(made)
        return self.until(made, lambda o: o["stage"] == "live", 40, "live")

    def ask(self, kind, *more):
        """(exit status, survey with its rows) by the command."""
        r = self.house.cli("balancer", kind, "edge", "--json", *more, check=False)
        return r.returncode, json.loads(r.stdout)

    def drift(self):
        """{host: {code: difference}} of what differs."""
        status, survey = self.ask("drift")
        assert survey["state"] == "done", survey
        assert status == (1 if survey["result"]["different"] or survey["result"]["left_over"] else 0), survey
        found = {}
        for row in survey["items"]:
            found.setdefault(row["host"], {}).update({d["code"]: d for d in row["differences"]})
        return found

    def proposals(self):
        status, survey = self.ask("import")
        assert status == 0 and survey["state"] == "done" and survey["result"]["proposed"] == len(survey["items"])
        return survey["items"]

    def leaf(self, names, days=90):
        """PEM of a certificate that certdesk has nothing to do with, and of its key."""
        key, csr = self.ca.request("P-256")
        return self.ca.sign(csr, names, days), key


def staged(folder, **more):
    stage = SurveyStage(folder, pool="127.77.0.0/24", stock=2, **more)
    stage.__enter__()
    stage.customer, stage.service = stage.furnish()
    return stage


def played(folder, **more):
    stage = staged(folder, **more)
    try:
        yield stage
        log = stage.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]
    finally:
        stage.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    yield from played(tmp_path_factory.mktemp("pair"), balancer=Pair)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    yield from played(tmp_path_factory.mktemp("proxy"))


def profile(host):
    return f"ltm/profile/client-ssl/~Common~certdesk_{host}"


def virtual(host, port=443):
    return f"ltm/virtual/~Common~certdesk_{host}_{port}"


def test_a_pair_touched_by_hand(pair):
    hosts = [f"{name}.contoso.com" for name in ("same", "swapped", "back", "deleted", "disabled", "moved", "taken", "chainless")]
    same, swapped, back, deleted, disabled, moved, taken, chainless = hosts
    for host in hosts:
        pair.live(host)
    assert pair.drift() == {} and pair.proposals() == []
    with Client(pair.balancer) as client:
        before = client.get(profile(back))["certKeyChain"]
        pair.live(back, kind="renewal")
        assert pair.drift() == {}
        other = client.pair("byhand", *reversed([part.encode() for part in pair.leaf([swapped])]))
        client.patch(profile(swapped), {"certKeyChain": [other]})
        client.patch(profile(back), {"certKeyChain": [{k: e[k] for k in ("name", "cert", "key", "chain")} for e in before]})
        client.delete(virtual(deleted))
        client.patch(virtual(disabled), {"disabled": True})
        client.post("ltm/pool", {"name": "elsewhere"})
        client.patch(virtual(moved), {"pool": "/Common/elsewhere"})
        client.delete(virtual(moved, 80))
        client.patch(profile(taken), {"description": "mine now"})
        entry = client.get(profile(chainless))["certKeyChain"][0]
        client.patch(profile(chainless), {"serverName": "other.contoso.com", "certKeyChain": [
            {"name": "site", "cert": entry["cert"], "key": entry["key"], "chain": "none"}]})
        lost = f"{MARK}{uuid.uuid4()}"
        client.post("ltm/profile/client-ssl", {"name": "certdesk_lost.contoso.com", "serverName": "lost.contoso.com", "description": lost})
        pair.balancer.forget_requests()
        found = pair.drift()
    assert {host: sorted(differences) for host, differences in found.items()} == {
        swapped: ["other_certificate"], back: ["other_certificate"], deleted: ["not_routed"], disabled: ["disabled"],
        moved: ["no_redirect", "other_backend"], taken: ["foreign", "missing"], "lost.contoso.com": ["left_over"], chainless: ["other_chain", "other_name"]}
    assert found[swapped]["other_certificate"]["differs"] == "device" and "never had" in found[swapped]["other_certificate"]["words"]
    assert found[back]["other_certificate"]["differs"] == "record" and "earlier" in found[back]["other_certificate"]["words"]
    assert "/Common/elsewhere" in found[moved]["other_backend"]["words"]
    asked = {(r["method"], r["path"].split("?")[0]) for r in pair.balancer.requests()}
    assert {path for method, path in asked if method != "GET"} <= {"/mgmt/shared/authn/login", *(
        path for _, path in asked if path.startswith("/mgmt/shared/authz/tokens/"))}, asked
    words = " ".join(pair.house.cli("balancer", "drift", "edge", check=False).stdout.split())
    assert words.startswith("Sites that differ: 7 of 8;") and swapped in words and "somebody changed it there" in words and same not in words


def test_what_was_there_before(pair):
    """Foreign sites are proposed with customer, service and what speaks against them; nothing is written but the proposal."""
    host = f"known{uuid.uuid4().hex[:6]}.contoso.com"
    pair.live(host)
    customers, sites = (len(list(pair.api.all(path))) for path in ("/customers", "/sites"))
    with Client(pair.balancer) as client:
        cert, key = (part.encode() for part in pair.leaf(["owa.fabrikam.at", "autodiscover.fabrikam.at"]))
        client.post("ltm/profile/client-ssl", {"name": "fabrikam", "certKeyChain": [client.pair("fabrikam", key, cert)]})
        client.post("ltm/pool", {"name": "pool_exchange_7"})
        client.post("ltm/virtual", {"name": "vs_fabrikam", "destination": "/Common/127.77.0.200:443", "pool": "/Common/pool_exchange_7",
                                    "profiles": ["/Common/tcp", "/Common/http", {"name": "/Common/fabrikam", "context": "clientside"}]})
        found = {p["site"]["host"]: p for p in pair.proposals()}
    assert host not in found
    made = found["owa.fabrikam.at"]
    assert made["customer"]["name"] == "fabrikam.at" and made["service"] == {"name": "pool_exchange_7", "kind": "owa", "backend": "/Common/pool_exchange_7"}
    assert made["site"] == {"host": "owa.fabrikam.at", "address": "127.77.0.200", "port": 443}
    assert made["found"]["names"] == "owa.fabrikam.at autodiscover.fabrikam.at" and made["found"]["state"] == "live"
    assert made["found"]["virtual"] == "/Common/vs_fabrikam" and made["found"]["not_after"] and "Issuing 1" in made["found"]["issuer"]
    digest = openssl("dgst", "-sha256", "-r", stdin=openssl("x509", "-outform", "DER", stdin=cert)).decode().split()[0]
    assert made["found"]["sha256"] == digest
    assert any("2 names" in remark for remark in made["remarks"])
    assert any("127.77.0.200 is in the pool edge-1" in remark for remark in made["remarks"])  # or the next order gets it
    words = pair.house.cli("balancer", "import", "edge").stdout
    assert "fabrikam.at" in words and "pool_exchange_7" in words
    assert (customers, sites) == tuple(len(list(pair.api.all(path))) for path in ("/customers", "/sites"))


def test_probe_of_a_pair(pair):
    """It is told as it is, also when its units do not agree: then nothing may be installed, and one wants to look."""
    status, survey = pair.ask("probe")
    assert status == 0 and survey["result"]["version"].startswith("16.1") and survey["result"]["driver"] == "bigip", survey
    with Client(pair.balancer, 2) as standby, Client(pair.balancer) as active:
        standby.post("ltm/pool", {"name": "made-on-the-standby"})
        state = {u["sync"] for u in pair.balancer.state()["state"]}
        assert state != {"In Sync"}
        status, survey = pair.ask("probe")
        assert status == 0 and "Changes Pending" in survey["words"]
        assert "the role" not in survey["words"]  # ours may all that it needs
        held = {kind: len(active.get(path).get("items", [])) for kind, path in (
            ("keys", "sys/file/ssl-key"), ("certificates", "sys/file/ssl-cert"), ("client-ssl profiles", "ltm/profile/client-ssl"), ("virtual servers", "ltm/virtual"))}
        assert survey["result"]["holds"] == held
        assert f"It holds: keys {held['keys']}, certificates {held['certificates']}" in pair.house.cli("balancer", "survey", survey["id"]).stdout.replace("\n", " ")
        assert "Changes Pending" in pair.ask("drift")[1]["result"]["device"]
        standby.delete("ltm/pool/~Common~made-on-the-standby")


def test_the_api_as_described(pair):
    """Every answer is as docs/openapi.yaml has it; what is asked twice is one survey."""
    api = CheckedApi(f"http://127.0.0.1:{pair.house.port}", pair.house.token)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with Client(pair.balancer) as client:
        for name in ("one", "two"):
            client.file("ssl-cert", f"{name}.crt", pair.leaf([f"{name}.fabrikam.at"])[0].encode())
    status, headers, asked = api.ask("POST", "/balancers/edge/surveys", {"kind": "import"}, key)
    assert status in (200, 201) and asked["balancer"] == "edge"
    assert api.ask("POST", "/balancers/edge/surveys", {"kind": "import"}, key)[2]["id"] == asked["id"]
    wait_for(lambda: api.ask("GET", f"/surveys/{asked['id']}")[2]["state"] == "done", what="the survey")
    status, _, rows = api.ask("GET", f"/surveys/{asked['id']}/rows?limit=1")
    assert status == 200 and len(rows["items"]) == 1 and rows["next"] == 1
    status, _, rows = api.ask("GET", f"/surveys/{asked['id']}/rows?cursor=1")
    assert status == 200 and rows["items"][0]["number"] == 2
    assert asked["id"] in {s["id"] for s in api.ask("GET", "/balancers/edge/surveys?limit=200")[2]["items"]}
    assert [api.ask("GET", path)[0] for path in ("/balancers/nobody/surveys", f"/surveys/{uuid.uuid4()}", "/surveys/x/rows")] == [404] * 3
    assert "survey.asked" in {e["action"] for e in pair.api.all("/events")}


def test_a_device_that_is_away(pair):
    """One of two is told; of both it is tried again for somebody who waits, then told why not."""
    pair.balancer.control("unit", unit=1, reachable=False)
    try:
        status, survey = pair.ask("probe")
        assert status == 0 and "bigip2.double.test is standby" in survey["words"] and f"127.0.0.1 port {pair.balancer.port(1)}" in survey["words"]
        pair.balancer.control("unit", unit=2, reachable=False)
        status, survey = pair.ask("probe")
    finally:
        for unit in (1, 2):
            pair.balancer.control("unit", unit=unit, reachable=True)
    assert status == 1 and survey["state"] == "failed" and survey["attempts"] == 3 and "edge" in survey["words"]
    status, survey = pair.ask("probe")
    assert status == 0 and survey["state"] == "done"


class Older(Pair):
    """Its version tells no fingerprint of a certificate."""

    def __init__(self, folder, backend_port):
        super().__init__(folder, backend_port, tmos="13.1")


def test_a_device_that_tells_no_fingerprint(tmp_path):
    """What it has is known by the checksum of the file we uploaded."""
    host = "owa.contoso.com"
    stage = staged(tmp_path, balancer=Older)
    try:
        stage.live(host)
        assert stage.drift() == {}
        with Client(stage.balancer) as client:
            assert "fingerprint" not in client.get("sys/file/ssl-cert")["items"][0]
            other = client.pair("byhand", *reversed([part.encode() for part in stage.leaf([host])]))
            client.patch(profile(host), {"certKeyChain": [other]})
        assert stage.drift()[host]["other_certificate"]["differs"] == "device"
    finally:
        stage.stop()


def worker_kilobytes(stage):
    text = Path(f"/proc/{stage.house.pids()['certdesk-worker']}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])


def test_a_large_device(tmp_path, monkeypatch):
    """2,000 profiles and virtual servers: few requests, and memory that does not follow them."""
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")  # counts what is free, too
    stage = staged(tmp_path, balancer=Pair, worker_threads=1)  # each hand has memory of its own
    try:
        stage.live("owa.contoso.com")
        stage.balancer.control("populate", sites=2000)
        kilobytes = []
        for _ in range(4):
            stage.balancer.forget_requests()
            status, survey = stage.ask("import", "--timeout", "120")
            assert status == 0 and survey["result"]["proposed"] == 2000 and survey["looked"] >= 2001
            kilobytes.append(worker_kilobytes(stage))
        assert len(stage.balancer.requests()) <= 40
        assert kilobytes[-1] < kilobytes[0] + 4096, kilobytes
        assert stage.drift() == {}
    finally:
        stage.stop()


def test_a_proxy_touched_by_hand(proxy):
    """What runs, what its map says and what its disk holds; it marks nothing, so names tell whose it is."""
    hosts = [f"{name}.contoso.com" for name in ("same", "swapped", "unmapped", "ondisk", "gone")]
    same, swapped, unmapped, ondisk, gone = hosts
    for host in hosts:
        proxy.live(host)
    assert proxy.drift() == {} and proxy.proposals() == []
    balancer = proxy.balancer

    def pem(host):
        return balancer.certificates / f"{host}.pem"

    leaf, key = proxy.leaf([swapped])
    assert "created" in balancer.command(f"set ssl cert {pem(swapped)} <<\n{leaf}{key}")
    assert "Success" in balancer.command(f"commit ssl cert {pem(swapped)}")
    balancer.command(f"del map {balancer.hosts_map} {unmapped}")
    other, key = proxy.leaf([ondisk])
    pem(ondisk).write_text(other + key)
    assert "deleted" in balancer.command(f"del ssl crt-list {balancer.crt_list} {pem(gone)}")
    assert "deleted" in balancer.command(f"del ssl cert {pem(gone)}")
    foreign = proxy.folder / "byhand.pem"
    for command in (f"new ssl cert {foreign}", f"set ssl cert {foreign} <<\n{''.join(proxy.leaf(['www.fabrikam.at']))}", f"commit ssl cert {foreign}",
                    f"add ssl crt-list {balancer.crt_list} {foreign}"):
        assert balancer.command(command).strip()
    found = proxy.drift()
    assert {host: sorted(differences) for host, differences in found.items()} == {
        swapped: ["other_certificate"], unmapped: ["not_routed"], ondisk: ["other_on_disk"], gone: ["missing"]}
    assert found[swapped]["other_certificate"]["differs"] == "device"
    (made,) = proxy.proposals()
    assert made["site"]["host"] == "www.fabrikam.at" and made["found"]["certificate"] == str(foreign) and made["found"]["state"] == "live"
    status, survey = proxy.ask("probe")
    assert status == 0 and survey["result"]["version"].startswith("2.") and survey["result"]["driver"] == "haproxy"
    assert openssl("x509", "-noout", "-subject", "-in", pem(ondisk)) and pem(ondisk).read_text() == other + key  # nothing was mended
