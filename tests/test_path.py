# SPDX-License-Identifier: Apache-2.0
"""The whole path, as the people walk it."""
import json
import subprocess
import time
from pathlib import Path

import pytest

from stage.ca import openssl
from stage.house import Refused, Stage


def walk(stage, host, form="pem", **order):
    """An order from intake to live; the DNS record is set when the mail says so."""
    made = stage.order(stage.service, host, **order)
    csr = stage.csr(made)
    leaf = stage.ca.sign(csr, [host])
    if form == "pkcs12":
        answer = stage.deliver(made, stage.ca.as_pkcs12(leaf, "pass word"), "cert.pfx", "pass word")
    elif form == "pkcs7":
        answer = stage.deliver(made, stage.ca.as_pkcs7(leaf), "cert.p7b")
    else:
        answer = stage.deliver(made, stage.ca.as_pem(leaf))
    assert answer["accepted"]
    stage.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    stage.point(made)
    return stage.until(made, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="live"), leaf


@pytest.mark.parametrize("form", ["pem", "pkcs7", "pkcs12"])
def test_from_intake_to_live(stage, host, form):
    order, leaf = walk(stage, host, form)
    der, status = stage.handshake(host, order["address"])
    assert der == stage_pem_der(leaf)
    assert status.startswith("HTTP/1.1 302")
    subjects = [l["Subject"] for l in stage.mailbox.letters_of(order["number"])]
    assert len(subjects) == 2, subjects  # the request, and "it is ready"
    exports = [e["detail"] for e in stage.api.all(f"/orders/{order['number']}/events") if e["action"] == "key.exported"]
    assert exports == [{"balancer": "edge", "times": 2}]  # once into the runtime socket, once into the file for a restart


@pytest.mark.parametrize("kind", ["rsa3072", "p256", "p384"])
def test_other_kinds_of_key(stage, host, kind):
    order, leaf = walk(stage, host, key=kind)
    assert order["key"]["kind"] == kind


def stage_pem_der(pem):
    import ssl
    return ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN"):])


def test_the_mail_tells_what_to_do(stage, host):
    made = stage.order(stage.service, host, division="IT")
    csr = stage.csr(made)
    letter = stage.mailbox.letters_of(made["number"])[0]
    body = letter.get_body().get_content()
    assert csr.strip() in body.replace("\r\n", "\n")
    assert f"{host}. A {stage.show(made)['address']}" in " ".join(body.split())
    assert "F5 BIG-IP" in body
    attachment = next(letter.iter_attachments())
    assert attachment.get_filename() == f"{host}.csr"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert f"[#{made['number']}]" in letter["Subject"]
    text = subprocess.run(["openssl", "req", "-noout", "-text", "-verify"], input=csr, capture_output=True, text=True)
    assert f"DNS:{host}" in text.stdout
    assert "OU" not in text.stdout and "C = AT" in text.stdout  # S-10, S-08


def test_a_name_that_answers_elsewhere_moves_last(stage, host):
    stage.knot.set(host, "A", "198.51.100.7")
    made = stage.order(stage.service, host)
    csr = stage.csr(made)
    assert stage.show(made)["dns"]["when"] == "last"
    stage.deliver(made, stage.ca.as_pem(stage.ca.sign(csr, [host])))
    shown = stage.until(made, lambda o: o["facts"].get("dns_asked"), what="the mail that says: move it now")
    assert shown["stage"] == "waiting" and shown["waits_for"] == "customer"
    assert shown["facts"].get("tested") and not shown["facts"].get("pointed")
    stage.handshake(host, shown["address"])
    stage.point(made)
    stage.until(made, lambda o: o["stage"] == "live", what="live")


def test_a_renewal_replaces_without_a_gap(stage, host):
    first, old = walk(stage, host)
    made = stage.order(stage.service, host, kind="renewal")
    assert made["number"] != first["number"]
    csr = stage.csr(made)
    assert stage.show(made)["address"] == first["address"]
    new = stage.ca.sign(csr, [host])
    stage.deliver(made, stage.ca.as_pem(new))
    stage.until(made, lambda o: o["stage"] == "live", what="the renewal live")
    der, _ = stage.handshake(host, first["address"])
    assert der == stage_pem_der(new)
    assert stage.show(first)["stage"] == "superseded"


def test_a_cancelled_order_gives_back_what_it_held(stage, host):
    made = stage.order(stage.service, host)
    stage.csr(made)
    address = stage.show(made)["address"]
    stage.api.post(f"/orders/{made['number']}/cancel")
    stage.until(made, lambda o: o["stage"] == "retired" and o.get("withdrawn"), what="withdrawn")
    last = stage.mailbox.letters_of(made["number"])[-1]  # who may be about to buy must hear of it
    assert "has been cancelled" in last["Subject"] and "please do not buy it" in " ".join(last.get_body().get_content().split())
    again = stage.order(stage.service, host)  # the name is free again, the address rests in quarantine
    assert stage.show(again)["address"] != address
    pool = stage.api.get("/pools")["items"][0]
    assert pool["quarantine"] >= 1


def test_an_address_rests_until_its_name_has_left_it(stage, host):
    """However long that takes: whoever got it would get the other's visitors."""
    order, _ = walk(stage, host)
    free = stage.api.get("/pools")["items"][0]["free"]
    stage.api.post(f"/orders/{order['number']}/cancel")
    stage.until(order, lambda o: o["withdrawn"] and o["rests"], what="withdrawn")
    stage.hurry(order, "release")
    order = stage.until(order, lambda o: "DNS_STILL_POINTS" in [f["code"] for f in o["findings"]], what="the look at the DNS")
    assert order["address"] is None and order["rests"]
    assert stage.api.get("/pools")["items"][0]["free"] == free
    assert "rests until" in stage.house.cli("order", "show", order["number"]).stdout
    stage.knot.set(host, "A", "198.51.100.7")
    stage.hurry(order, "release")
    order = stage.until(order, lambda o: o["rests"] is None, what="the address given back")
    assert "DNS_STILL_POINTS" not in [f["code"] for f in order["findings"]] and stage.api.get("/pools")["items"][0]["free"] == free + 1


def test_a_live_site_can_be_closed(stage, host):
    order, _ = walk(stage, host)
    stage.api.post(f"/orders/{order['number']}/cancel")
    stage.until(order, lambda o: o.get("withdrawn"), what="withdrawn")
    with pytest.raises(OSError):
        stage.handshake(host, order["address"])


def test_two_orders_for_one_name(stage, host):
    stage.order(stage.service, host)
    with pytest.raises(Refused) as e:
        stage.order(stage.service, host)
    assert e.value.codes() == ["FQDN_TAKEN"]


def test_a_missing_link_is_known_from_others(stage, host):
    """I-16, I-18: whoever sends the leaf alone gets the chain that an earlier delivery taught us."""
    walk(stage, f"first-{host}")
    made = stage.order(stage.service, host)
    leaf = stage.ca.sign(stage.csr(made), [host])
    answer = stage.deliver(made, leaf.encode())
    assert answer["accepted"] and answer["certificate"]["chain_length"] == 1
    assert "CERT_CHAIN_COMPLETED" in [f["code"] for f in answer["findings"]]


def test_the_command_walks_too(stage, host, tmp_path):
    """The same by the command line, as an engineer would."""
    cli = stage.house.cli
    cli("order", "add", host, "--service", stage.service["id"])
    cli("order", "wait", host, "--stage", "waiting", "--timeout", "20")
    csr = cli("order", "csr", host).stdout
    file = tmp_path / "cert.pem"
    file.write_bytes(stage.ca.as_pem(stage.ca.sign(csr, [host])))
    shown = cli("order", "certificate", host, file).stdout
    assert "waiting to be accepted" in shown and host in shown
    cli("order", "accept", host, "--review", shown.split("--review ")[1].split()[0])
    shown = stage.api.get(f"/orders/{host}")
    stage.knot.set(host, "A", shown["address"])
    cli("order", "dns", host)
    cli("order", "wait", host, "--stage", "live", "--timeout", "30")
    text = cli("order", "show", host).stdout
    assert shown["address"] in text and "live" in text
    assert cli("audit", "verify").returncode == 0
    status = cli("status").stdout
    assert "keeper" in status and "ct_logs=" in status


def test_somebody_else_at_the_balancer(stage, host):
    """Another's transaction stays open in HAProxy: the order is set aside, and told why, until somebody lets it go on."""
    foreign = stage.folder / "foreign.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", stage.folder / "k", "-out", stage.folder / "c")
    foreign.write_text((stage.folder / "c").read_text() + (stage.folder / "k").read_text())
    made = stage.order(stage.service, host, key="p256")
    csr = stage.csr(made)
    stage.balancer.command(f"new ssl cert {foreign}")
    assert "created" in stage.balancer.command(f"set ssl cert {foreign} <<\n{foreign.read_text()}\n")
    stage.deliver(made, stage.ca.as_pem(stage.ca.sign(csr, [host])))
    stage.until(made, lambda o: o["facts"].get("stuck"), what="set aside")
    found = {f["code"]: f for f in stage.api.get(f"/orders/{made['number']}/findings")["items"]}
    assert host in found["INSTALL_REFUSED"]["title"]
    stage.balancer.command(f"abort ssl cert {foreign}")
    stage.balancer.command(f"del ssl cert {foreign}")
    stage.api.post(f"/orders/{made['number']}/go-on")
    stage.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")


def test_what_came_beside_what_was_ordered(stage, host):
    made = stage.order(stage.service, host)
    answer = stage.deliver(made, stage.ca.as_pem(stage.ca.sign(stage.csr(made), [host, "www." + host])))
    rows = {row["field"]: row for row in answer["differences"]}
    assert rows["common_name"] == {"field": "common_name", "ordered": host, "requested": host, "delivered": host, "same": True}
    assert rows["names_added"]["delivered"] == "www." + host and not rows["names"]["same"]
    assert rows["organization"]["requested"] == "Contoso Handels GmbH" and rows["organization"]["same"]
    assert rows["key"]["same"] and "names_missing" not in rows
    assert {f["severity"] for f in answer["findings"]} == {"info"}  # the roots are the provider's own: docs/decisions/0008


def test_a_refusal_shows_the_difference(stage, host):
    made = stage.order(stage.service, host)
    with pytest.raises(Refused) as e:
        stage.deliver(made, stage.ca.as_pem(stage.ca.sign(stage.csr(made), ["mail." + host])))
    rows = {row["field"]: row for row in e.value.problem["differences"]}
    assert rows["names_missing"]["requested"] == host and rows["names_added"]["delivered"] == "mail." + host


def test_a_strict_provider(tmp_path):
    """Public rules although the roots are its own, and severities of its own: in the form, and in what came."""
    logs = Path(__file__).resolve().parents[1] / "data/ct-logs.json"
    with Stage(tmp_path, stock=2, trust={"public_rules": "yes", "ct_logs_file": logs}, severities={"FQDN_WWW": "reject", "CERT_SCT_NONE": "warn",
                                                                                            "CERT_TYPE_NONE": "reject"}) as s:
        customer, service = s.furnish()
        with pytest.raises(Refused) as e:
            s.order(service, "www.contoso.com")
        assert e.value.codes()[0] == "FQDN_WWW"
        made = s.order(service, "owa.contoso.com")
        with pytest.raises(Refused) as e:
            s.deliver(made, s.ca.as_pem(s.ca.sign(s.csr(made), ["owa.contoso.com"])))
        weights = {f["code"]: f["severity"] for f in e.value.problem["findings"]}
        assert weights["CERT_TYPE_NONE"] == "reject" and weights["CERT_SCT_NONE"] == "warn"
        reader = next(p for p in s.api.get("/status")["processes"] if p["program"] == "certdesk-reader")
        assert reader["report"]["ct_logs_dated"] == json.loads(logs.read_text())["log_list_timestamp"]
        assert int(reader["report"]["ct_logs_days"]) > 0


def test_restart_of_the_balancer_serves_the_same(stage, host):
    order, leaf = walk(stage, host)
    stage.balancer.kill()
    stage.balancer.start()
    der, _ = stage.handshake(host, order["address"])
    assert der == stage_pem_der(leaf)
