# SPDX-License-Identifier: Apache-2.0
"""Orders on load balancers that certdesk does not drive: people do (driver manual), or nobody (driver dryrun)."""
import json
import ssl

import pytest

from stage.contract import CheckedApi
from stage.hands import Hands, Nothing
from stage.house import Refused, Stage, frozen


@pytest.fixture
def hands(tmp_path):
    with Stage(tmp_path, balancer=Hands, stock=2) as s:
        s.customer, s.service = s.furnish()
        yield s


@pytest.fixture
def dry(tmp_path):
    with Stage(tmp_path, balancer=Nothing, stock=2) as s:
        s.customer, s.service = s.furnish()
        yield s


def resting(o):
    return o["waits_for"] == "provider" and o["installation"] and o["installation"]["state"] == "by_hand"


def about_the_site(order):
    return {f["code"] for f in order["findings"] if f["gate"] == "site"}


def deliver(stage, host, **order):
    made = stage.order(stage.service, host, **order)
    leaf = stage.ca.sign(stage.csr(made), [host])
    assert stage.deliver(made, stage.ca.as_pem(leaf))["accepted"]
    return made, ssl.PEM_cert_to_DER_cert(leaf[leaf.index("-----BEGIN"):])


def events(stage, order, action):
    return [e for e in stage.api.all(f"/orders/{order['number']}/events") if e["action"] == action]


def done(stage, order):
    """Says so, and waits for what comes of it."""
    before = len(events(stage, order, "order.stuck"))
    stage.house.cli("order", "done", order["number"])
    stage.until(order, lambda o: o["facts"].get("tested") or len(events(stage, order, "order.stuck")) > before, what="a look")
    return stage.show(order)


def test_somebody_installs_it(hands, host):
    """From the files to the proof; what is not done, or half, is told and waited for."""
    people, api = hands.balancer, CheckedApi(hands.api.base, hands.api.token)
    order, leaf = deliver(hands, host)
    rests = hands.until(order, resting, what="people")
    key = (people.papers / f"{host}.key").read_text()
    assert people.laid() == [f"{host}.{ending}" for ending in ("chain.crt", "crt", "key", "steps.txt")]
    assert (people.papers / f"{host}.key").stat().st_mode & 0o7777 == 0o600
    assert "Seen now" in rests["trouble"] and f"{host}.steps.txt" in rests["trouble"] and not about_the_site(rests)
    status, _, plan = api.ask("GET", f"/orders/{order['number']}/plan")
    assert status == 200 and [s["verb"] for s in plan["steps"]][-1] == "settle" and plan["impact"] == "hot"
    shown, steps = hands.house.cli("order", "plan", host).stdout, people.steps(host)
    for need in (f"{host}.key", rests["address"], str(people.https), f"certdesk order done {host}", "exchange"):
        assert need in shown and need in steps, need
    assert f"certdesk order done {order['number']}" in hands.house.cli("order", "show", host).stdout
    said = done(hands, order)  # nobody did anything yet
    assert resting(said) and people.laid() and "Seen now" in said["trouble"]
    people.install(host, rests["address"], chain=False)
    said = done(hands, order)  # served, but not as browsers need it
    assert resting(said) and "chain: CN=Demo Issuing 1" in said["trouble"] and len(people.laid()) == 4
    people.install(host, rests["address"], more=hands.ca.root)
    said = done(hands, order)  # all of it is served, and so its key is proven; the site test finds what browsers trip over
    assert resting(said) and said["stage"] == "installing" and "not in order" in said["trouble"] and people.laid() == []
    assert "SITE_CHAIN" in about_the_site(said)
    assert resting(done(hands, order))  # nothing changed
    lay_again(hands, people, host, leaf, key)
    people.install(host, rests["address"])
    for name in people.laid():
        (people.papers / name).unlink()
    assert done(hands, order)["facts"]["tested"]
    hands.point(order)
    live = hands.until(order, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="live")
    assert live["installation"]["state"] == "verified" and people.laid() == []
    assert hands.handshake(host, live["address"])[0] == leaf
    with pytest.raises(Refused) as no:
        hands.api.post(f"/orders/{order['number']}/done")
    assert no.value.problem["code"] == "NOT_NOW"
    secret = key.splitlines()[1]
    assert secret not in hands.house.log_text() and secret not in json.dumps(plan) + shown + steps


def lay_again(stage, people, host, leaf, key):
    """Somebody kept copies."""
    (people.papers / f"{host}.key").write_text(key)
    (people.papers / f"{host}.crt").write_text(ssl.DER_cert_to_PEM_cert(leaf))
    (people.papers / f"{host}.chain.crt").write_text(stage.ca.intermediate.read_text())


@pytest.mark.parametrize("side", ["before", "after"])
def test_dies_when_it_hands_over(hands, host, side):
    if f"worker.handed.{side}" not in hands.house.failpoints():
        pytest.skip("a build without failpoints")
    hands.house.stop()
    hands.house.start(f"worker.handed.{side}")
    order, _ = deliver(hands, host)
    rests = hands.until(order, resting, what="people")
    died = [p["last_end"] for p in hands.api.get("/status")["processes"] if p["program"] == "certdesk-worker"]
    assert died == ["killed by signal 9"] and len(hands.balancer.laid()) == 4
    hands.balancer.install(host, rests["address"])
    assert done(hands, order)["facts"]["tested"] and hands.balancer.laid() == []


def test_another_certificate_meanwhile_and_none_at_all(hands, host):
    """A better one that is accepted while people have the first takes its place; what is cancelled leaves no key behind."""
    people = hands.balancer
    order, _ = deliver(hands, host)
    hands.until(order, resting, what="people")
    first = people.steps(host)
    better = hands.ca.sign(hands.csr(order), [host])
    assert hands.deliver(order, hands.ca.as_pem(better))["accepted"]
    hands.until(order, lambda o: resting(o) and people.laid() and people.steps(host) != first, what="the better one")
    assert (people.papers / f"{host}.crt").read_text() in better
    hands.house.cli("order", "cancel", order["number"])
    assert hands.until(order, lambda o: o["withdrawn"], what="the end")["installation"]["state"] == "removed" and people.laid() == []


def test_in_a_window_and_done_behind_it(hands, host):
    """People are asked in a window only; what they were asked for then, they may say is done at any time."""
    people = hands.balancer
    rules, opens = frozen()
    configure(hands, **rules)
    order, _ = deliver(hands, host)
    hands.until(order, lambda o: o["opens"] == opens, what="held")
    assert people.laid() == [] and f"certdesk order done {host}" in hands.house.cli("order", "plan", host).stdout
    configure(hands)
    rests = hands.until(order, resting, what="people")
    configure(hands, **rules)
    people.install(host, rests["address"])
    assert done(hands, order)["facts"]["tested"]


def configure(stage, **rules):
    stage.house.kill()
    stage.configure(**rules)
    stage.house.start()


def test_a_renewal_and_the_end(hands, host):
    people = hands.balancer
    first, old = deliver(hands, host)
    address = hands.until(first, resting, what="people")["address"]
    people.install(host, address)
    done(hands, first)
    hands.point(first)
    hands.until(first, lambda o: o["stage"] == "live", what="live")
    second, new = deliver(hands, host, kind="renewal")
    rests = hands.until(second, resting, what="people")
    plan = hands.api.get(f"/orders/{second['number']}/plan")
    assert plan["impact"] == "disruptive" and "keep the old ones" in people.steps(host)
    assert hands.handshake(host, address)[0] == old and resting(done(hands, second))
    people.install(host, address)
    assert done(hands, second)["facts"]["tested"] and people.laid() == []
    assert hands.handshake(host, address)[0] == new
    hands.until(second, lambda o: o["stage"] == "live", what="live")
    hands.api.post(f"/orders/{second['number']}/cancel")
    hands.until(second, lambda o: "take" in (o["trouble"] or ""), what="the wish to take it off")
    people.take_off(host)
    assert hands.until(second, lambda o: o["withdrawn"], 60, "the withdrawal")["stage"] == "retired"


def test_a_dry_run(dry, host):
    """All of it in words; nobody is told that a site is live, and no key is asked for."""
    order, _ = deliver(dry, host)
    ended = dry.until(order, lambda o: o["facts"].get("stuck"), what="the end of a dry run")
    assert "dry run" in ended["trouble"] and ended["installation"]["state"] == "applied" and not ended["facts"].get("tested")
    plan = dry.api.get(f"/orders/{order['number']}/plan")
    verbs = [s["verb"] for s in plan["steps"]]
    assert verbs == ["stage", "check", "activate", "route", "verify", "persist", "settle"]
    journal = [l.split()[1] for l in (dry.house.data / "dryrun-edge.journal").read_text().splitlines()]
    assert journal == ["stage", "activate", "route", "persist"]
    assert not events(dry, order, "key.exported")
    assert len(dry.mailbox.letters_of(order["number"])) == 1  # the request
    dry.api.post(f"/orders/{order['number']}/cancel")
    dry.until(order, lambda o: o["withdrawn"], what="the withdrawal")
    assert (dry.house.data / "dryrun-edge.journal").read_text().splitlines()[-1].split()[1] == "withdraw"
