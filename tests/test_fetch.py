# SPDX-License-Identifier: Apache-2.0
"""The customer sends the leaf alone; the issuer's certificate is fetched from where the leaf says (I-16)."""
import contextlib
import sqlite3

import pytest

from stage.ca import CA, openssl
from stage.house import Refused
from stage.peers import wait_for


def der(pem_file):
    return openssl("x509", "-in", pem_file, "-outform", "DER")


@pytest.fixture
def issuing(stage, host, tmp_path):
    """An intermediate that no delivery has shown yet, and an order that waits for its leaf."""
    ca = CA(tmp_path / "ca", f"Issuing {host}", above=stage.ca)
    order = stage.order(stage.service, host, key="p256")
    csr = stage.csr(order)

    def leaf(path):
        return ca.sign(csr, [host], issuer_url=stage.publisher.url(path) if path.startswith("/") else path).encode()

    return ca, order, leaf


def codes(answer):
    return [f["code"] for f in answer["findings"]]


@pytest.mark.parametrize("form", ["der", "pem", "pkcs7"])
def test_fetched_while_the_customer_waits(stage, host, issuing, form):
    ca, order, leaf = issuing
    path = f"/{host}.{form}"
    stage.publisher.pages[path] = {"der": lambda: der(ca.intermediate), "pem": lambda: ca.intermediate.read_bytes(),
                                   "pkcs7": lambda: openssl("crl2pkcs7", "-nocrl", "-certfile", ca.intermediate, "-outform", "DER")}[form]()
    answer = stage.deliver(order, leaf(path), accept=False)
    assert not answer["accepted"] and "CERT_CHAIN_COMPLETED" in codes(answer)
    assert answer["certificate"]["chain_length"] == 1
    stage.accept_review(order, answer["review"])
    stage.point(order)
    stage.until(order, lambda o: o["stage"] == "live", what="live")
    again = stage.order(stage.service, host, kind="reissue", key="p256")
    csr, asked = stage.csr(again), len(stage.publisher.asked)
    answer = stage.deliver(again, ca.sign(csr, [host], issuer_url=stage.publisher.url(path)).encode())
    assert answer["accepted"] and len(stage.publisher.asked) == asked  # known by now


def test_a_server_that_is_busy_is_asked_again(stage, host, issuing):
    ca, order, leaf = issuing
    answers = iter([503, der(ca.intermediate)])
    stage.publisher.pages["/busy"] = lambda: next(answers)
    answer = stage.deliver(order, leaf("/busy"), accept=False)
    assert "CERT_CHAIN_COMPLETED" in codes(answer)


@pytest.mark.parametrize("page,says", [(404, "status 404"), (b"<html>no</html>", None), (b"x" * 70000, "larger")])
def test_what_is_published_is_not_it(stage, host, issuing, page, says):
    ca, order, leaf = issuing
    stage.publisher.pages["/nothing"] = page
    with pytest.raises(Refused) as no:
        stage.deliver(order, leaf("/nothing"))
    assert no.value.codes()[0] == "CERT_CHAIN"
    told = [f for f in stage.show(order)["findings"] if f["code"] == "CERT_FETCH_FAILED"]
    assert not says or says in told[0]["what"]
    assert "fetching" not in stage.show(order)["facts"]


def test_whoever_does_not_wait_is_told_by_mail(stage, host, issuing, tmp_path):
    """The issuer's server takes longer than the customer's command: the answer follows by mail, each to its delivery."""
    ca, order, leaf = issuing
    with stage.publisher.held("/slow-404", 404):
        answer = stage.deliver(order, leaf("/slow-404"), accept=False)
        assert codes(answer) == ["CERT_FETCHING"] and not answer["accepted"]
    no = wait_for(lambda: stage.mailbox.find(f"{host} cannot be used yet"), what="the answer that says no")[0]
    words = unfolded(no)
    assert "What is wrong:" in words and "What to do:" in words and f"certdesk order certificate {order['number']} FILE" in words
    stage.until(order, lambda o: not o["facts"].get("unanswered"), what="the answer noted")
    with stage.publisher.held("/slow", der(ca.intermediate)):
        assert codes(stage.deliver(order, leaf("/slow"), accept=False)) == ["CERT_FETCHING"]
    yes = wait_for(lambda: stage.mailbox.find(f"look at the certificate for {host}"), what="the answer that says yes")[0]
    words = unfolded(yes)
    assert f"Names:        {host}" in yes.get_body().get_content() and f"certdesk order accept {order['number']}" in words
    assert yes["In-Reply-To"] == no["In-Reply-To"] and yes["In-Reply-To"]
    shown = stage.until(order, lambda o: o["facts"].get("delivered") and not o["facts"].get("unanswered"), what="the answer noted")
    assert shown["waits_for"] == "customer" and len(stage.mailbox.letters_of(order["number"])) == 3


def unfolded(letter):
    return " ".join(letter.get_body().get_content().split())


@pytest.mark.parametrize("url,says", [("http://127.0.0.1/ca.cer", "only port 80 of public addresses"),
                                      ("http://169.254.169.254/latest/meta-data", "169.254.169.254"),
                                      ("http://localhost:1/x", None)])
def test_addresses_inside_are_not_visited(stage, host, issuing, url, says):
    ca, order, leaf = issuing
    try:
        with pytest.raises(Refused) as no:
            stage.deliver(order, leaf(url))
        assert no.value.codes()[0] == "CERT_CHAIN"
        told = [f for f in stage.show(order)["findings"] if f["code"] == "CERT_FETCH_FAILED"]
        assert not says or says in told[0]["what"]
        assert any("fetch.forbidden" in line and url in line for line in stage.house.log_text().splitlines())  # for engineers
    except pytest.fail.Exception:
        assert says is None and stage.show(order)["facts"].get("fetching")  # a name that does not resolve is tried again


def test_a_list_inside_is_not_visited_and_engineers_hear_of_it(stage, host):
    order = stage.order(stage.service, host, key="p256")
    url = f"http://10.0.0.1/{host}.crl"
    leaf = stage.ca.sign(stage.csr(order), [host], crl_url=url)
    answer = stage.deliver(order, stage.ca.as_pem(leaf))
    assert answer["accepted"] and "CERT_REVOCATION_UNKNOWN" in codes(answer)
    assert any("fetch.forbidden" in line and url in line for line in stage.house.log_text().splitlines())


def test_a_link_that_is_not_the_issuer(stage, host, issuing, tmp_path):
    """A certificate of the same name with another key: it is not it, whatever it is called."""
    ca, order, leaf = issuing
    other = CA(tmp_path / "other", f"Issuing {host}", above=stage.ca)
    stage.publisher.pages["/other"] = der(other.intermediate)
    with pytest.raises(Refused) as no:
        stage.deliver(order, leaf("/other"))
    assert no.value.codes()[0] in ("CERT_CHAIN", "CERT_CHAIN_BAD")


def with_list(stage, order, host):
    """A leaf whose issuer publishes a list of revoked ones."""
    return stage.ca.sign(stage.csr(order), [host], crl_url=stage.publisher.url(f"/{host}.crl"))


def test_a_revoked_certificate_is_refused(stage, host):
    order = stage.order(stage.service, host, key="p256")
    leaf = with_list(stage, order, host)
    stage.publisher.pages[f"/{host}.crl"] = stage.ca.crl(leaf)
    with pytest.raises(Refused) as no:
        stage.deliver(order, stage.ca.as_pem(leaf))
    assert no.value.codes()[0] == "CERT_REVOKED"


@pytest.mark.parametrize("page", [404, b"no list", None])
def test_what_cannot_be_known_is_said(stage, host, page):
    order = stage.order(stage.service, host, key="p256")
    leaf = with_list(stage, order, host)
    stage.publisher.pages[f"/{host}.crl"] = page if page is not None else stage.ca.crl(hours=-0.5)
    answer = stage.deliver(order, stage.ca.as_pem(leaf))
    assert answer["accepted"] and "CERT_REVOCATION_UNKNOWN" in codes(answer)


def look_again(stage, order, chain=None):
    """The day is over: the live certificate is judged again; `chain`: and this is what has been served with it."""
    with contextlib.closing(sqlite3.connect(stage.house.data / "certdesk.db", timeout=20)) as db, db:
        if chain is not None:
            db.execute("UPDATE certificates SET chain=? WHERE order_id=(SELECT id FROM orders WHERE number=?)", (chain, order["number"]))
        db.execute("UPDATE tasks SET due=1 WHERE kind='watch' AND order_id=(SELECT id FROM orders WHERE number=?)", (order["number"],))


def test_revoked_after_it_went_live(stage, host):
    """The daily look finds it (R-04): trouble for the provider, and a finding on the order."""
    order = stage.order(stage.service, host, key="p256")
    leaf = with_list(stage, order, host)
    stage.publisher.pages[f"/{host}.crl"] = stage.ca.crl()
    answer = stage.deliver(order, stage.ca.as_pem(leaf))
    assert answer["accepted"] and host not in str([f["what"] for f in answer["findings"] if f["code"] == "CERT_REVOCATION_UNKNOWN"])
    stage.point(order)
    stage.until(order, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="live")
    stage.publisher.pages[f"/{host}.crl"] = stage.ca.crl(leaf)
    look_again(stage, order)
    shown = stage.until(order, lambda o: "CERT_REVOKED" in codes(o), what="the look that finds it")
    assert shown["stage"] == "live" and shown["trouble"]


def test_a_chain_that_is_served_incomplete(stage, host, issuing):
    """What visitors get is judged, not what we could make of it: that a link is known helps nobody who is not sent it (I-17)."""
    ca, order, leaf = issuing
    stage.publisher.pages["/known"] = der(ca.intermediate)
    stage.accept_review(order, stage.deliver(order, leaf("/known"), accept=False)["review"])
    stage.point(order)
    stage.until(order, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="live")
    look_again(stage, order, chain=b"")
    shown = stage.until(order, lambda o: "CERT_CHAIN_STALE" in codes(o) and not o["facts"].get("rechained"), what="another chain")
    stale, = (f for f in shown["findings"] if f["code"] == "CERT_CHAIN_STALE")
    assert f"Issuing {host}" in stale["what"] and not shown["trouble"] and shown["stage"] == "live"
    assert shown["certificate"]["chain_length"] == 1
    look_again(stage, order)
    stage.until(order, lambda o: "CERT_CHAIN_STALE" not in codes(o), what="a look at what is served now")
