# SPDX-License-Identifier: Apache-2.0
"""The API as docs/openapi.yaml describes it, asked from outside."""
import base64
import json
import sqlite3
import subprocess
import uuid

import pytest

from stage.contract import DESCRIPTION, CheckedApi


@pytest.fixture
def api(stage):
    return CheckedApi(stage.api.base, stage.api.token)


def good(answer):
    status, _, value = answer
    assert status < 300, value
    return value


def test_the_catalogue_needs_no_server(stage):
    answer = stage.api.get("/findings")
    alone = subprocess.run([stage.house.program("certdesk"), "--server", "127.0.0.1:1", "findings", "--json"], capture_output=True, text=True)
    assert json.loads(alone.stdout) == answer and len(answer["items"]) >= 135
    text = stage.house.cli("findings").stdout.splitlines()
    assert text[0].split() == ["CODE", "SEVERITY", "OWNER", "TITLE"]
    assert any(line.startswith("CERT_EXPIRED ") for line in text)


def test_every_answer_is_as_described(stage, api, host):
    """One order through all of the API, each operation at least once; members that are not described fail."""
    name = f"Described {host}"
    customer = good(api.ask("POST", "/customers", {"name": name, "contact_mail": "a@contoso.com", "organization": "Contoso", "city": "Linz",
                                                   "country": "AT"}))
    at = f"/customers/{customer['id']}"
    good(api.ask("POST", f"{at}/mailboxes", {"mailboxes": 250}))
    good(api.ask("POST", f"{at}/mailboxes", {"mailboxes": 2, "list": ["anna@contoso.com", "bert@contoso.com"], "left_out": 1, "asked": "x.csv"}))
    assert good(api.ask("GET", f"{at}/mailboxes"))["items"][1]["sample"] == ["anna@contoso.com", "bert@contoso.com"]
    assert len(good(api.ask("GET", f"{at}/mailboxes/list"))["items"]) == 2
    good(api.ask("POST", f"{at}/mailboxes", {"mailboxes": 250}))
    waiver = good(api.ask("POST", f"{at}/waivers", {"reason": "merger"}))
    assert api.ask("POST", f"/waivers/{waiver['id']}/confirm")[0] == 403
    second = CheckedApi(stage.api.base, stage.second().token)
    good(second.ask("POST", f"/waivers/{waiver['id']}/confirm"))
    api.seen |= second.seen
    assert api.ask("POST", f"/waivers/{waiver['id']}/confirm")[0] == 403
    good(api.ask("GET", f"{at}/waivers"))
    _, headers, _ = api.ask("GET", at)
    good(api.ask("PATCH", at, {"city": "Wels"}, {"If-Match": headers["ETag"]}))
    stale, _, problem = api.ask("PATCH", at, {"city": "Graz"}, {"If-Match": headers["ETag"]})
    assert stale == 412 and problem["code"] == "STALE"
    third = int(host[3:host.index(".")])
    good(api.ask("POST", "/pools", {"name": name, "balancer": "edge", "prefix": f"127.80.{third}.0/29"}))
    service = good(api.ask("POST", f"{at}/services", {"kind": "owa", "name": "mail", "backend": "exchange", "pool": name}))
    _, headers, _ = api.ask("GET", f"/services/{service['id']}")
    changed = good(api.ask("PATCH", f"/services/{service['id']}", {"protection": "off", "url": f"https://{host}/owa"}, {"If-Match": headers["ETag"]}))
    assert (changed["protection"], changed["backend_tls"], changed["version"]) == ("off", "unknown", 2)
    assert api.ask("PATCH", f"/services/{service['id']}", {"protection": "on"}, {"If-Match": headers["ETag"]})[0] == 412
    assert api.ask("PATCH", f"/services/{service['id']}", {"backend": "other"})[0] == 422
    order = good(api.ask("POST", "/orders", {"service": service["id"], "host": host, "key": "p256"}))
    ref = f"/orders/{order['number']}"
    for path in (f"{ref}/csr", f"{ref}/certificate"):
        api.ask("GET", path)  # perhaps not yet: that is described, too
    good(api.ask("GET", "/cas"))
    good(api.ask("GET", f"{ref}/cas"))
    good(api.ask("POST", f"{ref}/ca", {"ca": "Sectigo"}))
    csr = stage.csr(order)
    good(api.ask("GET", f"{ref}/csr"))
    bad = {"files": [{"name": "x.pem", "content_base64": base64.b64encode(b"nothing").decode()}]}
    assert api.ask("POST", f"{ref}/certificate", bad)[0] == 422
    pem = stage.ca.as_pem(stage.ca.sign(csr, [host]))
    assert api.ask("GET", f"{ref}/certificate/review")[0] == 404
    good(api.ask("POST", f"{ref}/certificate", {"files": [{"name": "x.pem", "content_base64": base64.b64encode(pem).decode()}]}))
    review = good(api.ask("GET", f"{ref}/certificate/review"))
    assert api.ask("POST", f"{ref}/certificate/accept", {"review": "0" * 64})[0] == 409
    good(api.ask("POST", f"{ref}/certificate/accept", {"review": review["review"]}))
    stage.knot.set(host, "A", order["address"])
    good(api.ask("POST", f"{ref}/dns-check", {}))
    stage.until(order, lambda o: o["facts"].get("told"), what="live")
    assert api.ask("POST", f"{ref}/go-on", {})[0] == api.ask("POST", f"{ref}/done", {})[0] == 409
    assert api.ask("POST", f"{ref}/approve", {"certificate": "0" * 64})[0] == 409
    assert api.ask("POST", f"{ref}/install", {"now": True, "reason": "none"})[0] == 409
    for path in ("", "/csr", "/certificate", "/findings", "/messages", "/events", "/tests", "/tasks", "/plan"):
        good(api.ask("GET", ref + path))
    for path in ("/status", "/metrics", "/findings", "/customers", at, f"{at}/services", "/services", f"/services/{service['id']}", "/balancers", "/pools",
                 "/orders", "/orders?stage=live&limit=1", "/sites", f"/sites/{host}", "/events", "/events/verify", "/tokens"):
        good(api.ask("GET", path))
    survey = good(api.ask("POST", "/balancers/edge/surveys", {"kind": "probe"}))
    for path in ("/balancers/edge/surveys", f"/surveys/{survey['id']}", f"/surveys/{survey['id']}/rows"):
        good(api.ask("GET", path))
    token = good(api.ask("POST", "/tokens", {"name": name, "role": "customer", "customer": customer["id"]}))
    good(api.ask("DELETE", f"/tokens/{token['id']}"))
    good(api.ask("POST", f"{ref}/cancel", {}))
    left = {(m.upper(), t) for t, item in DESCRIPTION["paths"].items() for m in item if m in ("get", "post", "patch", "delete")}
    elsewhere = {("GET", "/orders/{ref}/question"), *(  # test_questions.py
            ("POST", f"/orders/{{ref}}/{verb}") for verb in ("go-on", "done", "approve", "install", "confirm"))}  # test_people.py, test_windows.py
    assert {(m, t) for m, t, s in api.seen if s < 300} >= left - elsewhere


def test_a_customer_sees_its_own(stage, api, host):
    """A customer's token orders and looks; what belongs to others is absent, and the provider's business forbidden."""
    token = good(api.ask("POST", "/tokens", {"name": f"for {host}", "role": "customer", "customer": stage.customer["id"]}))["token"]
    theirs = good(api.ask("POST", "/customers", {"name": f"Other {host}", "contact_mail": "x@fabrikam.com", "organization": "Fabrikam", "city": "Linz",
                                                 "country": "AT"}))
    good(api.ask("POST", f"/customers/{theirs['id']}/mailboxes", {"mailboxes": 500}))
    their_service = good(api.ask("POST", f"/customers/{theirs['id']}/services", {"kind": "owa", "name": "mail", "backend": "exchange", "pool": "edge-1"}))
    their_order = good(api.ask("POST", "/orders", {"service": their_service["id"], "host": f"other-{host}"}))
    mine = CheckedApi(stage.api.base, token)
    order = good(mine.ask("POST", "/orders", {"service": stage.service["id"], "host": host}))
    assert order["balancer"] is None  # names inside the provider's house
    assert mine.ask("GET", f"/services/{stage.service['id']}")[2]["protection"] is None and mine.ask("PATCH", f"/services/{stage.service['id']}", {})[0] == 403
    ref = their_order["number"]
    for method, path in [("GET", f"/customers/{theirs['id']}"), ("GET", f"/customers/{theirs['id']}/services"), ("GET", f"/services/{their_service['id']}"),
                         ("GET", f"/sites/other-{host}"), ("POST", f"/orders/{ref}/dns-check"), ("POST", f"/orders/{ref}/cancel"),
                         *(("GET", f"/orders/{ref}{what}") for what in ("", "/csr", "/certificate", "/findings", "/messages", "/events", "/tests"))]:
        status, _, problem = mine.ask(method, path, {} if method == "POST" else None)
        assert (status, problem["code"]) == (404, "NOT_FOUND"), path
    assert mine.ask("POST", "/orders", {"service": their_service["id"], "host": f"x-{host}"})[0] == 404
    for method, path in [("GET", "/status"), ("GET", "/events"), ("GET", "/pools"), ("GET", "/tokens"), ("POST", "/customers"),
                         ("POST", f"/orders/{order['number']}/go-on"), ("POST", f"/orders/{order['number']}/done"), ("GET", f"/orders/{order['number']}/tasks"), ("GET", f"/orders/{order['number']}/plan")]:
        assert mine.ask(method, path, {} if method == "POST" else None)[0] == 403, path
    assert {o["customer"] for o in mine.all("/orders")} == {stage.customer["id"]}
    assert [c["id"] for c in mine.all("/customers")] == [stage.customer["id"]]


def test_repeating_a_post_is_safe_for_seven_days(stage, api, host):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"service": stage.service["id"], "host": host}
    status, _, first = api.ask("POST", "/orders", body, headers)
    again, got, second = api.ask("POST", "/orders", body, headers)
    assert status == again == 201 and first == second and got["Idempotency-Replayed"] == "true"
    assert api.ask("POST", "/orders", {**body, "key": "p256"}, headers)[2]["code"] == "IDEMPOTENCY"
    with sqlite3.connect(f"{stage.house.data}/certdesk.db", timeout=20) as db:
        db.execute("UPDATE answers SET at=at-7*86400*1000000-1 WHERE key=?", (headers["Idempotency-Key"],))
    good(api.ask("POST", "/orders", {**body, "host": f"b-{host}"}, {"Idempotency-Key": str(uuid.uuid4())}))
    status, _, late = api.ask("POST", "/orders", body, headers)
    assert status == 409 and late["code"] == "FQDN_TAKEN"  # forgotten, so it is a second order for the name


def test_lists_go_page_by_page(stage, api, host):
    numbers = [good(api.ask("POST", "/orders", {"service": stage.service["id"], "host": f"{n}-{host}"}))["number"] for n in "12345"]
    seen, cursor = [], ""
    while cursor is not None:
        page = good(api.ask("GET", f"/orders?limit=2{cursor and '&cursor=' + cursor}"))
        assert len(page["items"]) <= 2
        seen += [o["number"] for o in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) and seen == sorted(seen) and seen[-5:] == numbers
