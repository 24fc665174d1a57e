# SPDX-License-Identifier: Apache-2.0
"""Before anything is bought: what looks odd about an order waits for somebody's word."""
import re

import pytest

from stage.contract import CheckedApi
from stage.house import Refused, Stage
from stage.peers import wait_for


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with Stage(tmp_path_factory.mktemp("questions"), pool="127.81.0.0/24", stock=2) as s:
        s.customer, s.service = s.furnish()
        s.customers_own = s.house.api(s.api.post("/tokens", {"name": "anna", "role": "customer", "customer": s.customer["id"]})["token"])
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


def doubted(s, pasted):
    order = s.order(s.service, pasted, key="p256")
    return s.until(order, lambda o: o["facts"].get("questioned"), what="the question by mail")


def mail(s, order, purpose):
    return next(m for m in s.api.all(f"/orders/{order['number']}/messages") if m["purpose"] == purpose)


def test_what_was_pasted_is_confirmed(stage, host):
    """From a pasted address to the request: asked by mail, shown in big letters, confirmed by the customer under the number it was shown under."""
    s = stage
    order = doubted(s, f"https://{host}/owa/")
    assert (order["stage"], order["waits_for"]) == ("checking", "customer") and not order["facts"].get("keyed")
    sent = mail(s, order, "question")
    assert sent["subject"].startswith(f"Is {host} the right name?") and sent["sent"]
    assert " ".join(host) in sent["body"] and "https://" in sent["body"] and "do not buy" in " ".join(sent["body"].split())
    words = s.house.cli("order", "show", order["number"]).stdout
    assert f"certdesk order confirm {order['number']}" in words and "Something looks odd" in words
    shown = s.house.cli("order", "confirm", order["number"], check=False)
    assert shown.returncode == 1 and "#####" in shown.stdout and "Please check the name" in shown.stdout
    number = re.search(r"--question ([0-9a-f]{64})", shown.stdout)[1]
    with pytest.raises(Refused) as refused:
        s.api.post(f"/orders/{order['number']}/confirm", {"question": "0" * 64})
    assert refused.value.problem["code"] == "CHANGED"
    assert not s.show(order)["facts"].get("keyed")
    confirmed = s.customers_own.post(f"/orders/{order['number']}/confirm", {"question": number})
    assert confirmed["stage"] == "preparing" and "doubted" not in confirmed["facts"]
    csr = s.csr(order)
    assert s.api.get(f"/orders/{order['number']}")["facts"]["keyed"] and csr.startswith("-----BEGIN CERTIFICATE REQUEST")
    s.until(order, lambda o: o["facts"].get("asked"), what="the request by mail")
    heads = {letter["Subject"].split(" [")[0]: letter for letter in s.mailbox.find(host)}
    asked, request = (next(one for words, one in heads.items() if words.startswith(start)) for start in ("Is ", "The certificate request"))
    assert request["In-Reply-To"] == asked["Message-ID"] and not asked["In-Reply-To"], "two threads"
    assert "order.assured" in {e["action"] for e in s.api.all(f"/orders/{order['number']}/events")}
    again = s.house.cli("order", "confirm", order["number"], check=False)
    assert again.returncode != 0 and "Nothing about this order has to be confirmed" in again.stdout + again.stderr


def test_what_was_not_meant_is_cancelled(stage, host):
    """Nothing was made, nothing was bought: the address goes back, and no mail says what is known already."""
    s = stage
    order = doubted(s, f"http://{host}:443/")
    s.api.post(f"/orders/{order['number']}/cancel")
    s.until(order, lambda o: o["stage"] == "retired", what="the end")
    wait_for(lambda: [t["kind"] for t in s.api.get(f"/orders/{order['number']}/tasks")["items"]] == ["release"], what="all given back but the address, which rests")
    assert [m["purpose"] for m in s.api.all(f"/orders/{order['number']}/messages")] == ["question"]


def test_a_name_of_another_customer_is_the_providers_to_decide(stage, host):
    """Whoever orders it cannot take it by saying yes twice: nobody is asked by mail, the order waits for the provider, who is told why."""
    s = stage
    s.api.post("/customers", {"name": f"Fabrikam {host}", "domains": ["fabrikam.co.at"]})
    order = s.order(s.service, "owa.fabrikam.co.at", key="p256")
    rests = s.until(order, lambda o: o["facts"].get("stuck"), what="the provider's turn")
    assert rests["waits_for"] == "provider" and "for the provider to decide" in rests["trouble"] and "FQDN_OTHERS" in [f["code"] for f in rests["findings"]]
    assert list(s.api.all(f"/orders/{order['number']}/messages")) == [] and "Fabrikam" not in str(s.customers_own.get(f"/orders/{order['number']}"))
    assert f"certdesk order confirm {order['number']}" in s.house.cli("order", "show", order["number"]).stdout
    question = {"question": s.api.get(f"/orders/{order['number']}/question")["question"]}
    with pytest.raises(Refused) as refused:
        s.customers_own.post(f"/orders/{order['number']}/confirm", question)
    assert refused.value.status == 403 and refused.value.problem["code"] == "PROVIDER_ONLY" and not s.show(order)["facts"].get("checked")
    confirmed = s.api.post(f"/orders/{order['number']}/confirm", question)
    assert "stuck" not in confirmed["facts"] and s.csr(order)


def test_almost_a_site_of_another_customer(stage, host):
    """Of the other one nothing is known but a site: its name is protected all the same, and told to nobody."""
    s = stage
    theirs = s.api.post("/customers", {"name": f"Wingtip {host}", "contact_mail": "w@wingtip-toys.at", "organization": "Wingtip", "city": "Linz", "country": "AT"})
    s.api.post(f"/customers/{theirs['id']}/mailboxes", {"mailboxes": 300})
    service = s.api.post(f"/customers/{theirs['id']}/services", {"kind": "owa", "name": "mail", "backend": s.balancer.backend, "pool": "edge-1"})
    known = s.order(service, "mail.wingtip-toys.at", key="p256")
    order = s.order(s.service, "mail.wingtip-tois.at", key="p256")
    rests = s.until(order, lambda o: o["facts"].get("stuck"), what="the provider's turn")
    assert "FQDN_OTHERS" in [f["code"] for f in rests["findings"]] and rests["waits_for"] == "provider"
    assert "wingtip-toys" not in str(s.customers_own.get(f"/orders/{order['number']}")).lower() and not list(s.api.all(f"/orders/{order['number']}/messages"))
    question = {"question": s.api.get(f"/orders/{order['number']}/question")["question"]}
    with pytest.raises(Refused) as refused:
        s.customers_own.post(f"/orders/{order['number']}/confirm", question)
    assert refused.value.problem["code"] == "PROVIDER_ONLY"
    neighbour = s.order(s.service, "mail.wingtip-toys.de", key="p256")
    assert "FQDN_OTHERS" not in [f["code"] for f in s.show(neighbour)["findings"]]
    s.api.post(f"/orders/{known['number']}/cancel")
    s.until(known, lambda o: o["stage"] == "retired", what="the other site's end")
    s.until(known, lambda o: o["withdrawn"], what="its name given back")
    again = s.order(s.service, "owa.wingtip-tois.at", key="p256")
    assert "FQDN_OTHERS" not in [f["code"] for f in s.show(again)["findings"]]


def test_a_plain_name_asks_nothing(stage, host):
    order = stage.order(stage.service, host, key="p256")
    assert stage.csr(order)
    assert [m["purpose"] for m in stage.api.all(f"/orders/{order['number']}/messages")] in ([], ["csr"])


def test_the_api_as_described(stage, host):
    order = doubted(stage, f"https://{host}/")
    api = CheckedApi(f"http://127.0.0.1:{stage.house.port}", stage.house.token)
    status, _, asked = api.ask("GET", f"/orders/{order['number']}/question")
    assert status == 200 and "".join(one["letter"] for one in asked["letters"]) == host == asked["host"]
    assert api.ask("POST", f"/orders/{order['number']}/confirm", {"question": "1" * 64})[0] == 409
    assert api.ask("POST", f"/orders/{order['number']}/confirm", {})[0] in (400, 422)
    assert api.ask("POST", f"/orders/{order['number']}/confirm", {"question": asked["question"]})[0] == 200
    assert api.ask("GET", f"/orders/{order['number']}/question")[0] == 404
