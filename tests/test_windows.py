# SPDX-License-Identifier: Apache-2.0
"""When and by whom a load balancer may be changed: windows, freezes, a second person's approval."""
import datetime

import pytest

from stage.contract import CheckedApi
from stage.house import Refused, Stage, frozen
from stage.peers import wait_for
from stage.proof import Proof

UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with Stage(tmp_path_factory.mktemp("windows"), pool="127.80.0.0/24", stock=2) as s:
        s.customer, s.service = s.furnish()
        s.proof = Proof(s)
        s.second = s.house.api(s.api.post("/tokens", {"name": "second", "role": "provider"})["token"])
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


def begin(s, **rules):
    """certdeskd and all it started killed, and started again with these rules for the balancer."""
    s.house.kill()
    s.configure(**rules)
    s.house.start()


def accept(s, host, days=199, **more):
    """An order whose certificate is accepted, and its leaf."""
    made = s.order(s.service, host, key="p256", **more)
    leaf = s.ca.sign(s.csr(made), [host], days=days)
    answer = s.deliver(made, s.ca.as_pem(leaf))
    if not answer["accepted"]:  # somebody has to look at one of a few days
        s.accept_review(made, answer["review"])
    return made, leaf


def live(s, host, **more):
    made, leaf = accept(s, host, **more)
    s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    s.point(made)
    return s.until(made, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="live"), leaf


def held(s, order, opens):
    return s.until(order, lambda o: o["opens"] == opens, what="held")


def task(s, order, kind):
    return next(t for t in s.api.get(f"/orders/{order['number']}/tasks")["items"] if t["kind"] == kind)


def events(s, order, action):
    return [e for e in s.api.all(f"/orders/{order['number']}/events") if e["action"] == action]


def codes(order):
    return [f["code"] for f in order["findings"]]


def test_a_freeze_holds_until_somebody_lets_it_through(stage, host):
    s = stage
    rules, opens = frozen()
    begin(s, **rules)
    made, leaf = accept(s, host)
    shown = held(s, made, opens)
    assert (shown["stage"], shown["waits_for"], shown["trouble"]) == ("installing", "nobody", None)
    assert "may be changed again. That is from " in shown["waiting"] and "00:00 (UTC) on." in shown["waiting"]
    assert s.api.get(f"/orders/{made['number']}/plan")["steps"] and not shown["installation"]
    waits = task(s, made, "install")
    assert (waits["due"], waits["outcome"], waits["attempts"]) == (opens, "later", 1)
    assert waits["words"].startswith("The load balancer edge may be changed again from ")
    balancer, = s.api.get("/balancers")["items"]
    assert (balancer["open"], balancer["opens"], balancer["frozen_until"], balancer["approval"]) == (False, opens, opens, False)

    s.house.kill()  # whoever dies meanwhile: it is still held, and told once
    s.house.start()
    s.hurry(made, "install")
    wait_for(lambda: task(s, made, "install")["attempts"] == 2 or None, what="another look")
    wait_for(lambda: task(s, made, "install")["due"] == opens or None, what="held again")
    assert s.proof.served(host, made) is None and not s.show(made)["facts"].get("installed")
    assert [e["detail"] for e in events(s, made, "order.held")] == [{"balancer": "edge", "opens": opens}]

    with pytest.raises(Refused) as no:
        s.api.post(f"/orders/{made['number']}/install", {"now": True})
    assert no.value.problem["errors"][0]["field"] == "reason"
    s.house.cli("order", "install", made["number"], "--now", "--reason", "users see a warning")
    s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    assert s.proof.served(host, made) == s.proof.der(leaf)
    said, = events(s, made, "order.let_through")
    assert said["actor"].startswith("token:") and said["detail"] == {"reason": "users see a warning"}
    passed, = events(s, made, "order.passed_window")
    assert passed["actor"] == "worker" and passed["detail"] == {"balancer": "edge", "because": "let_through"}
    s.house.cli("audit", "verify")


def test_a_window_opens_by_the_clock(stage, host):
    s = stage
    opens = datetime.datetime.now(UTC).replace(second=0, microsecond=0) + datetime.timedelta(minutes=1)
    if opens - datetime.datetime.now(UTC) < datetime.timedelta(seconds=20):  # it must be held before
        opens += datetime.timedelta(minutes=1)
    begin(s, windows=f"{opens:%H:%M}-{opens + datetime.timedelta(hours=2):%H:%M}", time_zone="UTC")
    made, leaf = accept(s, host)
    held(s, made, f"{opens:%Y-%m-%dT%H:%M:%S}Z")
    shown = s.until(made, lambda o: o["facts"].get("tested"), 120, "the test at the address")
    assert shown["facts"]["installed"] >= f"{opens:%Y-%m-%dT%H:%M:%S}" and shown["opens"] is None
    assert s.proof.served(host, made) == s.proof.der(leaf) and len(events(s, made, "order.held")) == 1


def test_a_freeze_that_is_lifted(stage, host):
    s = stage
    rules, opens = frozen()
    begin(s, **rules)
    made, _ = accept(s, host)
    held(s, made, opens)
    begin(s)
    shown = s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    assert shown["opens"] is None and not shown["trouble"]
    assert events(s, made, "order.let_through") == [] == events(s, made, "order.passed_window")


def test_what_ends_before_the_window(stage, host):
    """A human must hear of it in time: where it is served, and where its successor waits."""
    s = stage
    begin(s)
    first, old = live(s, host, days=5)
    assert "WINDOW_LATE" not in codes(first)
    rules, opens = frozen()
    begin(s, **rules)
    s.hurry(first, "watch")
    warned = s.until(first, lambda o: "WINDOW_LATE" in codes(o), what="the warning")
    late, = (f for f in warned["findings"] if f["code"] == "WINDOW_LATE")
    assert late["severity"] == "warn" and late["owner"] == "provider" and "00:00 (UTC)" in late["params"]["opens"] and host in late["title"]
    made, new = accept(s, host, kind="renewal")
    assert "WINDOW_LATE" in codes(held(s, made, opens))
    assert s.proof.served(host, made) == s.proof.der(old)
    s.api.post(f"/orders/{made['number']}/install", {"now": True, "reason": "its end"})
    s.until(made, lambda o: o["stage"] == "live", what="the renewal live")
    assert s.proof.served(host, made) == s.proof.der(new) and "WINDOW_LATE" not in codes(s.show(made))


def test_an_incident_does_not_wait(stage, host):
    s = stage
    begin(s)
    live(s, host)
    rules, _ = frozen()
    begin(s, **rules)
    made, leaf = accept(s, host, kind="rekey")
    s.until(made, lambda o: o["stage"] == "live", what="the rekey live")
    assert s.proof.served(host, made) == s.proof.der(leaf)
    assert {e["detail"]["because"] for e in events(s, made, "order.passed_window")} == {"rekey"}


def test_a_withdrawal_waits(stage, host):
    s = stage
    begin(s)
    made, leaf = live(s, host)
    rules, opens = frozen()
    begin(s, **rules)
    s.api.post(f"/orders/{made['number']}/cancel")
    shown = held(s, made, opens)
    assert shown["stage"] == "retired" and not shown["withdrawn"] and not shown["trouble"]
    assert s.proof.served(host, made) == s.proof.der(leaf)
    s.api.post(f"/orders/{made['number']}/install", {"now": True, "reason": "the customer insists"})
    s.until(made, lambda o: o["withdrawn"], what="withdrawn")
    s.proof.withdrawn(made, host)


def refused(call, *args):
    with pytest.raises(Refused) as no:
        call(*args)
    return no.value.problem["code"]


def test_a_second_person_approves(stage, host):
    """First order and renewal; where the certificate was replaced meanwhile, the new one has to be approved."""
    s = stage
    begin(s, approval="yes")
    for kind in ("first", "renewal"):
        made, leaf = accept(s, host, kind=kind)
        shown = s.until(made, lambda o: o["facts"].get("unapproved"), what="the question for a second person")
        assert (shown["stage"], shown["waits_for"]) == ("installing", "provider") and "second person" in shown["waiting"]
        plan = s.api.get(f"/orders/{made['number']}/plan")  # what they decide about; nothing of it is done
        assert plan["impact"] == "hot" and plan["steps"] and not shown["installation"]
        path, looked_at = f"/orders/{made['number']}/approve", {"certificate": shown["certificate"]["sha256"]}
        assert refused(s.api.post, path, looked_at) == "SAME_PERSON"
        again = s.ca.sign(s.csr(made), [host])  # a better one replaces it
        assert s.deliver(made, s.ca.as_pem(again))["accepted"]
        s.until(made, lambda o: o["facts"].get("unapproved") and o["certificate"]["sha256"] != looked_at["certificate"], what="asked anew")
        assert refused(s.second.post, path, looked_at) == "CHANGED"
        s.house.kill()
        s.house.start()
        shown = s.show(made)
        assert shown["facts"].get("unapproved") and not shown["facts"].get("installed")
        told = s.house.cli("order", "approve", made["number"]).stdout
        assert shown["certificate"]["sha256"] in told and "Nothing is installed until it is approved" in told
        token = s.house.folder / "second"
        token.write_text(s.second.token + "\n")
        token.chmod(0o600)
        s.house.cli("--token-file", token, "order", "approve", made["number"], "--certificate", shown["certificate"]["sha256"])
        s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
        assert [e["actor"] for e in events(s, made, "order.approved")] == ["token:second"]
        s.point(made)
        s.until(made, lambda o: o["stage"] == "live", what="live")
        assert s.proof.served(host, made) == s.proof.der(again)


def test_approved_and_then_held(stage, host):
    """Both: the question comes at once, and the answer does not open the window."""
    s = stage
    rules, opens = frozen()
    begin(s, approval="yes", **rules)
    made, _ = accept(s, host)
    shown = s.until(made, lambda o: o["facts"].get("unapproved"), what="the question for a second person")
    assert refused(s.api.post, f"/orders/{made['number']}/install", {"now": True, "reason": "x"}) == "NOT_NOW"
    s.second.post(f"/orders/{made['number']}/approve", {"certificate": shown["certificate"]["sha256"]})
    held(s, made, opens)
    begin(s)
    s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")


def test_answers_are_as_described(stage, host):
    """Those that test_api.py cannot have."""
    s = stage
    rules, opens = frozen()
    begin(s, approval="yes", **rules)
    made, _ = accept(s, host)
    shown = s.until(made, lambda o: o["facts"].get("unapproved"), what="the question for a second person")
    first, second = CheckedApi(s.api.base, s.api.token), CheckedApi(s.api.base, s.second.token)
    approve, looked_at = f"/orders/{made['number']}/approve", {"certificate": shown["certificate"]["sha256"]}
    assert first.ask("POST", approve, looked_at)[0] == 403
    assert second.ask("POST", approve, looked_at)[0] == 200
    held(s, made, opens)
    for path in (f"/orders/{made['number']}", "/balancers"):
        assert first.ask("GET", path)[0] == 200
    assert first.ask("POST", f"/orders/{made['number']}/install", {"now": True, "reason": "x"})[0] == 200
