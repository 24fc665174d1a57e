# SPDX-License-Identifier: Apache-2.0
"""Orders on a pair of BIG-IP: through desk, worker, keeper and courier to a handshake, also when one of them dies on the way."""
import os
import re
import signal

import pytest

from doubles.bigip.client import Client
from stage.bigip import Pair
from stage.peers import wait_for
from test_crash import POINTS, CrashStage

DEATHS = [p for p in POINTS if p.startswith(("balancer.", "worker.installed.")) or p in ("keeper.poured",)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with CrashStage(tmp_path_factory.mktemp("pair"), pool="127.79.0.0/24", stock=2, balancer=Pair) as s:
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


@pytest.fixture(autouse=True)
def the_pair_is_well(stage):
    stage.tokens = tokens(stage)
    yield
    stage.balancer.heal()


def tokens(stage):
    return sum(u["tokens"] for u in stage.balancer.state()["state"])


def go_live(stage, host, **more):
    order = stage.order(stage.service, host, **more)
    leaf = stage.accept(order, host)
    stage.until(order, lambda o: o["facts"].get("tested"), what="the test at the address")
    stage.point(order)
    stage.told(order)
    return order, leaf


def nothing_left_behind(stage, deaths=0):
    """No key in an upload folder, all saved and in sync, no session left open but of those who died with it, one at each unit: those end after
    20 minutes."""
    def clean():
        units = stage.balancer.state()["state"]
        sessions = stage.tokens + deaths * len(units)
        return all(not u["uploads"] and u["saved"] for u in units) and tokens(stage) <= sessions and {u["sync"] for u in units} == {"In Sync"}
    wait_for(clean, what="a clean pair in sync")


def profiles(stage):
    with Client(stage.balancer) as client:
        found = client.get("ltm/profile/client-ssl").get("items", [])
    return {p["serverName"]: p for p in found if p.get("description", "").startswith("certdesk site ")}


def count(stage, kind):
    """How many files of ours are on the active unit."""
    with Client(stage.balancer) as client:
        return sum(f["name"].startswith("certdesk_") for f in client.get(f"sys/file/{kind}").get("items", []))


def test_from_intake_to_live_and_renewed(stage, host):
    order, leaf = go_live(stage, host)
    stage.proof.live(host, order, leaf)
    exports = [e["detail"] for e in stage.api.all(f"/orders/{order['number']}/events") if e["action"] == "key.exported"]
    assert exports == [{"balancer": "edge", "times": 1}]
    before = profiles(stage)[host]
    keys = count(stage, "ssl-key")
    again, leaf = go_live(stage, host, kind="renewal")
    stage.proof.live(host, again, leaf)
    assert count(stage, "ssl-key") == keys + 1  # the one before stays, to go back to
    stage.hurry(again, "purge")
    wait_for(lambda: count(stage, "ssl-key") == keys, what="the end of the replaced key")
    after = profiles(stage)[host]
    assert after["name"] == before["name"] and after["certKeyChain"] != before["certKeyChain"]
    nothing_left_behind(stage)


def test_a_closed_site_is_off_both_units(stage, host):
    order, _ = go_live(stage, host)
    address = stage.show(order)["address"]
    stage.api.post(f"/orders/{order['number']}/cancel", {"reason": "The customer left."})
    wait_for(lambda: host not in profiles(stage), what="the profile's end")
    with pytest.raises(ConnectionError):
        stage.handshake(host, address)
    nothing_left_behind(stage)


@pytest.mark.skipif(not POINTS, reason="this build has no failpoints: meson setup -Dfailpoints=true")
@pytest.mark.parametrize("point", DEATHS)
def test_whoever_dies_the_order_ends_live(stage, host, point):
    stage.again(point)
    order = stage.order(stage.service, host)
    leaf = stage.accept(order, host)
    stage.died_at(point)
    stage.until(order, lambda o: o["facts"].get("tested"), 60, what="the test at the address")
    stage.point(order)
    stage.told(order)
    stage.proof.live(host, order, leaf, copies=2)
    nothing_left_behind(stage, deaths=1)


def test_the_courier_dies_with_a_key_in_its_hands(stage, host):
    """It asks the device and waits; killed there, its successor carries the next one."""
    stage.again()
    stage.balancer.fail("POST */file-transfer/uploads/* what=hang times=1")
    order = stage.order(stage.service, host)
    leaf = stage.accept(order, host)
    wait_for(lambda: any("file-transfer" in r["path"] for r in stage.balancer.requests()), what="the upload")
    os.kill(stage.house.pids()["certdesk-courier"], signal.SIGKILL)
    stage.balancer.heal()
    stage.until(order, lambda o: o["facts"].get("tested"), 60, what="the test at the address")
    stage.point(order)
    stage.told(order)
    stage.proof.live(host, order, leaf, copies=2)
    nothing_left_behind(stage)


def test_the_standby_is_away_for_a_while(stage, host):
    """Served at once by the unit that is there, here the second one; ready when the other one has it, too."""
    stage.again()
    balancer = stage.balancer
    balancer.control("failover", to=2)
    balancer.control("unit", unit=1, reachable=False)
    try:
        order = stage.order(stage.service, host)
        leaf = stage.accept(order, host)
        postponed = re.compile(rf"kind=install outcome=later .*host={re.escape(host)} .*Disconnected")
        wait_for(lambda: postponed.search(stage.house.log_text()), what="the standby to be missed")
        assert stage.handshake(host, stage.show(order)["address"])[0] == stage.proof.der(leaf) and not stage.show(order)["facts"].get("installed")
    finally:
        balancer.control("unit", unit=1, reachable=True)
    stage.until(order, lambda o: o["facts"].get("tested"), 60, what="the test at the address")
    stage.point(order)
    stage.told(order)
    stage.proof.live(host, order, leaf, copies=2)
    nothing_left_behind(stage)
    signed_in = re.findall(r"device\.sign_in balancer=edge unit=(\d) provider=tmos status=(\d+)", stage.house.log_text())
    assert {("0", "200"), ("1", "200")} <= set(signed_in)
    balancer.control("failover", to=1)
