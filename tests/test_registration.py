# SPDX-License-Identifier: Apache-2.0
"""Before anything is bought the domain's registry is asked: what it says is seen at the order, and what would waste money is asked about."""
import pytest

from stage.contract import CheckedApi
from stage.house import Stage
from stage.registry import Page, Registry, answer

FAR = "2099-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with Registry() as registry, Stage(tmp_path_factory.mktemp("registration"), pool="127.83.0.0/24", stock=2, registry=registry) as s:
        s.customer, s.service = s.furnish()
        s.registry = registry
        s.checked = CheckedApi(s.api.base, s.api.token)
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


def codes(order):
    return {f["code"]: f["severity"] for f in order["findings"]}


def ordered(s, host, **more):
    s.registry.asked.clear()
    order = s.order(s.service, host, key="p256", **more)
    order = s.until(order, lambda o: o["facts"].get("checked") or o["facts"].get("doubted"), what="the check")
    return order, s.checked.get(f"/orders/{order['number']}/tests")["registration"]


def test_a_good_registration_is_seen(stage, host):
    s = stage
    s.registry.answers("contoso.com", answer(organization="Contoso Handels Ges.m.b.H.", expires=FAR))
    order, look = ordered(s, host, division="Sales")
    assert order["facts"].get("checked") and s.registry.asked == ["/domain/contoso.com"]
    assert look["good"] and "contoso.com is registered until" in look["words"] and look["report"]["answer"]["status"] == ["active"]
    assert "ORG_DIVISION" in codes(order) and not {c for c in codes(order) if c.startswith(("DOMAIN_", "ORG_OWNER", "ORG_DIFFERS"))}
    assert "contoso.com is registered until" in " ".join(s.house.cli("order", "tests", order["number"]).stdout.split())


def test_another_owner_is_told_and_stands_in_no_way(stage, host):
    s = stage
    s.registry.answers("contoso.com", answer(organization="Fabrikam Inc.", expires=FAR))
    order, look = ordered(s, host, division="Sales")
    assert order["facts"].get("checked") and look["good"]
    assert codes(order)["ORG_DIFFERS_FROM_DOMAIN"] == "warn" and "ORG_DIVISION" in codes(order)


@pytest.mark.parametrize("said,code", [
    (answer(expires="2026-01-01T00:00:00Z"), "DOMAIN_EXPIRED"),
    (answer(expires=FAR, status=["client hold"]), "DOMAIN_ON_HOLD"),
    (answer(expires=FAR, status=["pending delete"]), "DOMAIN_BEING_DELETED"),
    (None, "DOMAIN_NOT_FOUND"),
])
def test_what_would_waste_money_is_asked_about(stage, host, said, code):
    """Before the request leaves; whoever knows better says so, and the order goes on."""
    s = stage
    if said:
        s.registry.answers("contoso.com", said)
    else:
        s.registry.pages.pop("/domain/contoso.com", None)
    order, look = ordered(s, host)
    assert order["facts"].get("doubted") and codes(order)[code] == "hold" and not look["good"]
    order = s.until(order, lambda o: o["facts"].get("questioned"), what="the question by mail")
    sent = [m for m in s.api.all(f"/orders/{order['number']}/messages")]
    assert [m["purpose"] for m in sent] == ["question"] and "contoso.com" in sent[0]["body"]
    question = s.api.get(f"/orders/{order['number']}/question")
    assert code in [f["code"] for f in question["findings"]]
    s.api.post(f"/orders/{order['number']}/confirm", {"question": question["question"]})
    s.until(order, lambda o: o["facts"].get("asked"), what="the request by mail")


@pytest.mark.parametrize("page", [Page(b"", 500), Page(b"", 429, Retry_After="3600"), Page(b"<html>", 200), Page(b"[" * 5000, 200)])
def test_a_registry_that_says_nothing_stands_in_no_way(stage, host, page):
    s = stage
    s.registry.pages["/domain/contoso.com"] = page
    order, look = ordered(s, host)
    assert order["facts"].get("checked") and codes(order)["DOMAIN_UNCHECKED"] == "info"


def test_the_check_is_repeated_after_a_crash(stage, host):
    """What is found again takes the place of what was found, and what the intake had found stays."""
    s = stage
    s.registry.answers("contoso.com", answer(organization="Fabrikam Inc.", expires=FAR))
    s.registry.pages["/domain/contoso.com"].delay = 1
    s.registry.asked.clear()
    order = s.order(s.service, host, key="p256", division="Sales")
    s.until(order, lambda _: s.registry.asked, what="the registry being asked")
    s.house.kill()
    s.house.start()
    order = s.until(order, lambda o: o["facts"].get("checked"), what="the check")
    found = [f["code"] for f in order["findings"]]
    assert sorted(found) == sorted(set(found)) and {"ORG_DIFFERS_FROM_DOMAIN", "ORG_DIVISION"} <= set(found)
