# SPDX-License-Identifier: Apache-2.0
"""Where a certificate is bought: told with the order or later, held against the name's DNS and against browsers, in the mail with the request;
and what the house's own orders have shown of each authority."""
import contextlib
import sqlite3

import pytest

from stage.contract import CheckedApi
from stage.house import Refused, Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with Stage(tmp_path_factory.mktemp("purchase"), pool="127.84.0.0/24", stock=2, resellers="Vienna Trust, Alpine Certs") as s:
        s.customer, s.service = s.furnish()
        s.customers_own = CheckedApi(s.api.base, s.api.post("/tokens", {"name": "anna", "role": "customer", "customer": s.customer["id"]})["token"])
        s.checked = CheckedApi(s.api.base, s.api.token)
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


def asked(s, order):
    """The mail with the request is out; its words in one line, and the order."""
    order = s.until(order, lambda o: o["facts"].get("asked"), what="the request by mail")
    letter = next(m for m in s.api.all(f"/orders/{order['number']}/messages") if m["purpose"] == "csr")
    return order, " ".join(letter["body"].split())


def codes(order):
    return [f["code"] for f in order["findings"]]


def test_nothing_told_and_nothing_restricted(stage, host):
    s = stage
    order, body = asked(s, s.order(s.service, host, key="p256"))
    assert order["ca"] is None and "BEFORE YOU BUY" not in body and "too few orders to recommend" in body and "take DigiCert" in body
    look = s.checked.get(f"/orders/{order['number']}/tests")["caa"]
    assert look["good"] and "Any certificate authority may issue" in look["words"] and look["report"]["restricts"] is False


def test_one_that_may_not_issue_is_told_before_anything_is_paid(stage, host):
    """The mail says which entry is missing; it is added, and the next look is content."""
    s = stage
    s.knot.set(host, "CAA", '0 issue "sectigo.com"')
    order, body = asked(s, s.order(s.service, host, key="p256", ca="thawte", reseller="vienna trust"))
    assert (order["ca"], order["reseller"]) == ("DigiCert", "Vienna Trust") and "CAA_FORBIDS" in codes(order)
    assert "BEFORE YOU BUY" in body and "DigiCert, as far as we know" in body and f'{host}. IN CAA 0 issue "digicert.com"' in body
    words = s.house.cli("order", "show", order["number"]).stdout
    assert "bought at" in words and "Vienna Trust" in words and 'issue "digicert.com"' in " ".join(words.split())
    s.knot.set(host, "CAA", '0 issue "sectigo.com"', '0 issue "digicert.com"')
    s.customers_own.post(f"/orders/{order['number']}/dns-check")
    order = s.until(order, lambda o: "CAA_FORBIDS" not in codes(o), what="the entry being seen")
    assert s.checked.get(f"/orders/{order['number']}/tests")["caa"]["good"]


def test_whom_the_dns_allows_is_told_where_nobody_was_chosen(stage, host):
    """The customer then chooses, by command; what its DNS forbids is marked in the list."""
    s = stage
    s.knot.set(host, "CAA", '0 issue "letsencrypt.org"')
    order, body = asked(s, s.order(s.service, host, key="p256"))
    assert "CAA_CHOICE" in codes(order) and "allow only: letsencrypt.org" in body and "take DigiCert" not in body
    listed = {c["name"]: c for c in s.checked.get(f"/orders/{order['number']}/cas")["items"]}
    assert listed["DigiCert"]["caa_forbids"] and listed["DigiCert"]["verdict"] == "caa_forbids" and not listed["Let's Encrypt"]["caa_forbids"]
    shown = s.house.cli("order", "cas", order["number"]).stdout
    assert "does not allow it" in next(line for line in shown.splitlines() if line.startswith("DigiCert"))
    s.house.cli("order", "ca", order["number"], "sectigo")
    order = s.until(order, lambda o: "CAA_FORBIDS" in codes(o), what="the look at the DNS")
    assert order["ca"] == "Sectigo" and "CAA_CHOICE" not in codes(order)
    s.house.cli("order", "ca", order["number"], "Let's Encrypt")
    s.until(order, lambda o: o["ca"] == "Let's Encrypt" and not [c for c in codes(o) if c.startswith("CAA")], what="the look at the DNS")


@pytest.mark.parametrize("ca,says", [("Sektigo", "Did you mean Sectigo?"), ("Nobody Trust", "Choose one from the list"), ("x" * 127, "Choose one")])
def test_one_that_nobody_knows_is_refused(stage, host, ca, says):
    s = stage
    with pytest.raises(Refused) as refused:
        s.customers_own.post("/orders", {"service": s.service["id"], "host": host, "ca": ca})
    assert refused.value.status == 422 and refused.value.codes() == ["CA_UNKNOWN"] and says in refused.value.problem["findings"][0]["next"]
    order = s.order(s.service, host, key="p256")
    with pytest.raises(Refused) as refused:
        s.customers_own.post(f"/orders/{order['number']}/ca", {"ca": ca})
    assert refused.value.codes() == ["CA_UNKNOWN"] and s.show(order)["ca"] is None


def test_a_reseller_that_the_provider_did_not_name(stage, host):
    s = stage
    with pytest.raises(Refused) as refused:
        s.customers_own.post("/orders", {"service": s.service["id"], "host": host, "ca": "DigiCert", "reseller": "Nobody"})
    assert refused.value.problem["errors"] == [{"field": "reseller", "words": "Needed is one of these, or nothing: Vienna Trust, Alpine Certs."}]


def test_one_that_browsers_refuse_is_asked_about(stage, host):
    """And another one settles it: the order goes on by itself."""
    s = stage
    order = s.order(s.service, host, key="p256", ca="Entrust")
    order = s.until(order, lambda o: o["facts"].get("questioned"), what="the question")
    assert "CA_DISTRUSTED" in codes(order)
    letter = next(m for m in s.api.all(f"/orders/{order['number']}/messages") if m["purpose"] == "question")
    assert "stopped trusting" in " ".join(letter["body"].split())
    changed = s.customers_own.post(f"/orders/{order['number']}/ca", {"ca": "Sectigo"})
    assert changed["ca"] == "Sectigo" and "CA_DISTRUSTED" not in codes(changed) and "doubted" not in changed["facts"]
    _, body = asked(s, order)
    assert "Sectigo, as far as we know" in body


def test_a_customer_sees_its_own_orders_alone(stage, host):
    s = stage
    other = s.api.post("/customers", {"name": f"Fabrikam {host}"})
    stranger = s.house.api(s.api.post("/tokens", {"name": f"f {host}", "role": "customer", "customer": other["id"]})["token"])
    order = s.order(s.service, host, key="p256")
    for call in (lambda: stranger.get(f"/orders/{order['number']}/cas"), lambda: stranger.post(f"/orders/{order['number']}/ca", {"ca": "Sectigo"})):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.status == 404


def test_our_own_orders_are_counted(stage, host):
    """What was refused first counts, for whom the order named; a renewal is bought where its site's last certificate was."""
    s = stage
    order, _ = asked(s, s.order(s.service, host, key="p256", ca="GlobalSign"))
    with pytest.raises(Refused):
        s.deliver(order, b"\x89PNG\r\n\x1a\n" + bytes(100), name="shot.png")
    counted = next(c for c in s.customers_own.get("/cas")["items"] if c["name"] == "GlobalSign")
    assert (counted["orders"], counted["accepted_first"]) == (1, 0) and counted["refused_for"] and counted["verdict"] == "few_orders"
    leaf = s.ca.sign(s.csr(order), [host])
    s.deliver(order, s.ca.as_pem(leaf))
    s.point(order)
    s.until(order, lambda o: o["stage"] == "live", 60, "the site")
    assert "0 of 1" in s.house.cli("ca", "list").stdout
    renewal = s.order(s.service, host, kind="renewal", key="p256")
    assert renewal["ca"] == "GlobalSign"


def test_what_we_cannot_see_is_not_the_customers_to_mend(stage, host):
    """Nobody answers for the DNS: the mail with the request says nothing of it."""
    s = stage
    s.knot.stop()
    try:
        order, body = asked(s, s.order(s.service, host, key="p256", ca="DigiCert"))
        assert "DNS_UNREACHABLE" in codes(order) and "BEFORE YOU BUY" not in body and "way to the DNS" not in body
    finally:
        s.knot.start()


def test_an_authority_that_is_no_longer_listed_stops_no_renewal(stage, host):
    s = stage
    order, _ = asked(s, s.order(s.service, host, key="p256"))
    s.deliver(order, s.ca.as_pem(s.ca.sign(s.csr(order), [host])))
    s.point(order)
    s.until(order, lambda o: o["stage"] == "live", 60, "the site")
    with contextlib.closing(sqlite3.connect(s.house.data / "certdesk.db", timeout=20)) as db, db:
        db.execute("UPDATE orders SET ca='Gone Trust' WHERE number=?", (order["number"],))
    assert s.order(s.service, host, kind="renewal", key="p256")["ca"] is None
