# SPDX-License-Identifier: Apache-2.0
"""Bad input and bad peers: a clear answer, and everything as it was."""
import base64
import contextlib
import json
import shutil
import sqlite3
import subprocess

import pytest

from stage.ca import CA, openssl
from stage.house import House, Refused
from stage.peers import wait_for

NAMES = {  # what was typed: the finding that must answer (H-01…H-14, N-04…N-07)
    "": "FQDN_MISSING",
    "owa": "FQDN_INCOMPLETE",
    "com": "FQDN_INCOMPLETE",
    "owa_mail.contoso.com": "FQDN_CHARS",
    "owa mail.contoso.com": "FQDN_CHARS",
    "owa..contoso.com": "FQDN_CHARS",
    "-owa.contoso.com": "FQDN_CHARS",
    "owa.contoso.local": "FQDN_INTERNAL",
    "owa.contoso.test": "FQDN_INTERNAL",
    "owa.example.com": "FQDN_INTERNAL",
    "192.0.2.7": "FQDN_IS_IP",
    "[2001:db8::7]": "FQDN_IS_IP",
    "anna@contoso.com": "FQDN_IS_MAIL",
    "*.contoso.com": "FQDN_WILDCARD",
    "a" * 64 + ".contoso.com": "FQDN_LENGTH",
    ("a" * 60 + ".") * 5 + "contoso.com": "FQDN_LENGTH",
    "xn--99999999.contoso.com": "FQDN_PUNYCODE",
    "\u043ewa.contoso.com": "FQDN_LOOKALIKE",
}


def counts(stage):
    with sqlite3.connect(f"file:{stage.house.data}/certdesk.db?mode=ro", uri=True) as db:
        return {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("orders", "sites", "certificates", "customers")}


def refused(stage, call, *args, **more):
    before = counts(stage)
    with pytest.raises(Refused) as e:
        call(*args, **more)
    assert counts(stage) == before
    return e.value


@pytest.mark.parametrize("typed", NAMES, ids=lambda n: n[:24] or "empty")
def test_host_names(stage, typed):
    no = refused(stage, stage.order, stage.service, typed)
    assert no.status == 422 and NAMES[typed] in no.codes()
    finding = next(f for f in no.problem["findings"] if f["code"] == NAMES[typed])
    assert finding["field"] == "host" and finding["what"] and finding["why"] and finding["next"]
    assert "{" not in finding["what"] + finding["next"]


@pytest.mark.parametrize("field,value,code", [
    ("country", "", "ORG_COUNTRY"), ("country", "XX", "ORG_COUNTRY"), ("country", "Atlantis", "ORG_COUNTRY"),
    ("country", "Austria", "ORG_COUNTRY_MEANT"),
    ("organization", "", "ORG_NAME"), ("organization", "N/A", "ORG_NAME"), ("organization", "x" * 65, "ORG_NAME"),
    ("city", "y" * 129, "ORG_PLACE"), ("division", "d" * 129, "ORG_DIVISION_REFUSED"), ("organization", "a\u0000b", None)])
def test_organization(stage, host, field, value, code):
    no = refused(stage, stage.order, stage.service, host, **{field: value})
    assert no.status in (400, 422)
    if code:
        assert code in no.codes(), no


def test_every_mistake_at_once(stage):
    no = refused(stage, stage.order, stage.service, "owa_x.contoso.com", country="ZZ", organization="-")
    assert {"FQDN_CHARS", "ORG_COUNTRY", "ORG_NAME"} <= set(no.codes())


def test_too_few_mailboxes_and_the_waiver(stage, host):
    customer = stage.api.post("/customers", {"name": f"Small {host}", "contact_mail": "x@contoso.com", "organization": "Small Ltd",
                                             "city": "Leeds", "country": "GB"})
    service = stage.api.post(f"/customers/{customer['id']}/services", {"kind": "owa", "name": "mail", "backend": "exchange", "pool": "edge-1"})
    assert refused(stage, stage.order, service, host).codes() == ["ELIGIBILITY_UNCOUNTED"]
    assert refused(stage, stage.order, service, host, mailboxes=199).codes() == ["ELIGIBILITY_MAILBOXES"]
    stage.waive(customer, "merger in March")
    made = stage.order(service, host, mailboxes=199)
    assert any(f["code"] == "ELIGIBILITY_WAIVED" for f in made["findings"])


@pytest.mark.parametrize("raw,status", [
    (b"{", 400), (b"[]", 422), (b'{"host": 5}', 422), (b'{"host":"owa.contoso.com","host":"b.contoso.com"}', 400),
    (b'{"hots":"owa.contoso.com"}', 422), (b"\xff\xfe", 400), (b"[" * 100000, 400), (b"x" * 10_000_000, 413)])
def test_bodies(stage, raw, status):
    no = refused(stage, stage.api.call, "POST", "/orders", raw=raw, headers={"Content-Type": "application/json"})
    assert no.status == status
    if raw.startswith(b'{"hots"'):
        assert "host" in json.dumps(no.problem)  # did you mean


def test_tokens(stage):
    for token, status in (("", 401), ("cd_nonsense", 401)):
        with pytest.raises(Refused) as e:
            stage.house.api(token or "x").get("/orders")
        assert e.value.status == status


@pytest.fixture(scope="module")
def waiting(stage):
    made = stage.order(stage.service, "bad-certificates.contoso.com")
    return made, stage.csr(made)


def expect(stage, order, content, code, name="file", password=None):
    no = refused(stage, stage.deliver, order, content, name, password)
    assert no.status == 422
    assert no.codes()[0] == code, no.codes()
    assert stage.show(order)["stage"] == "waiting"


def test_certificates_that_are_not_it(stage, waiting, tmp_path):
    order, csr = waiting
    host = order["host"]
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k", "-subj", "/CN=x", "-out", tmp_path / "r")
    foreign = (tmp_path / "r").read_text()
    good = stage.ca.sign(csr, [host])
    p12 = stage.ca.as_pkcs12(good, "right")
    expect(stage, order, stage.ca.as_pem(stage.ca.sign(foreign, [host])), "CERT_KEY_UNKNOWN")
    expect(stage, order, stage.ca.as_pem(stage.ca.sign(csr, ["other.contoso.com"])), "CERT_NAME_MISSING")
    expect(stage, order, stage.ca.as_pem(stage.ca.sign(csr, ["*." + host])), "CERT_NAME_NEAR")
    expect(stage, order, stage.ca.chain().encode(), "CERT_ONLY_CA")
    expect(stage, order, b"this is no certificate at all", "CERT_IS_TEXT")
    expect(stage, order, b"", "CERT_EMPTY")
    expect(stage, order, csr.encode(), "CERT_IS_CSR")
    expect(stage, order, good[:700].encode(), "CERT_DAMAGED")
    expect(stage, order, p12, "CERT_PASSWORD_WRONG", password="wrong")
    expect(stage, order, p12, "CERT_PASSWORD_MISSING")
    unknown = CA(tmp_path / "unknown", "Unknown", above=stage.ca)  # an intermediate that no delivery has shown yet
    expect(stage, order, unknown.sign(csr, [host]).encode(), "CERT_CHAIN")
    expect(stage, order, stage.ca.as_pem(stage.ca.sign(csr, [host], days=-1)), "CERT_EXPIRED")
    other = CA(tmp_path / "other", "Private")
    expect(stage, order, other.as_pem(other.sign(csr, [host])) + other.root.read_bytes(), "CERT_PRIVATE_CA")
    foreign_leaf = stage.ca.sign(foreign, [host])
    expect(stage, order, (foreign_leaf + (tmp_path / "k").read_text()).encode(), "CERT_FOREIGN_KEY")


def test_a_private_key_is_never_kept(stage, waiting, tmp_path):
    order, csr = waiting
    openssl("genpkey", "-algorithm", "RSA", "-out", tmp_path / "stray.key")
    key = (tmp_path / "stray.key").read_text()
    refused(stage, stage.deliver, order, key.encode(), "stray.key")
    needle = key.splitlines()[5].encode()
    raw = base64.b64decode("".join(key.splitlines()[1:-1]))[200:260]
    for file in stage.house.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert needle not in content and raw not in content, file
    assert needle.decode() not in stage.house.log_text()
    found = stage.api.get(f"/orders/{order['number']}/findings")
    assert "CERT_KEY_RECEIVED" in json.dumps(found)


def test_mail_server_down_then_up(own_stage):
    s = own_stage
    s.mailbox.verdict = "451 4.3.0 come back later"
    order = s.order(s.service, "owa.contoso.com")
    wait_for(lambda: "451" in (s.show(order).get("trouble") or ""), 20, "the server's words")
    assert s.show(order)["stage"] == "preparing"
    s.mailbox.verdict = None
    assert "BEGIN CERTIFICATE REQUEST" in s.csr(order)
    assert len(s.mailbox.letters_of(order["number"])) == 1


def test_mail_refused_needs_a_human(own_stage):
    s = own_stage
    s.mailbox.verdict = "550 5.1.1 no such user"
    order = s.order(s.service, "owa.contoso.com")
    shown = s.until(order, lambda o: o["facts"].get("stuck"), what="set aside")
    assert shown["waits_for"] == "provider" and "550" in shown["trouble"]
    s.mailbox.verdict = None
    s.house.cli("customer", "change", "Contoso", "--mail", "anna.berg@contoso.at")
    s.api.post(f"/orders/{order['number']}/go-on")
    s.csr(order)
    assert s.mailbox.letters_of(order["number"])[0]["To"] == "anna.berg@contoso.at"


def test_haproxy_gone_and_back(own_stage):
    s = own_stage
    order = s.order(s.service, "owa.contoso.com")
    csr = s.csr(order)
    s.balancer.kill()
    s.deliver(order, s.ca.as_pem(s.ca.sign(csr, ["owa.contoso.com"])))
    wait_for(lambda: s.show(order).get("trouble"), 20, "the trouble in words")
    assert s.show(order)["stage"] == "installing"
    s.balancer.start()
    s.until(order, lambda o: o["facts"].get("tested"), 60, "installed after all")


def test_dns_troubles_in_words(own_stage):
    s = own_stage
    host = "owa.contoso.com"
    order = s.order(s.service, host)
    s.csr(order)
    address = s.show(order)["address"]

    def look(code):
        s.api.post(f"/orders/{order['number']}/dns-check")
        return wait_for(lambda: next((f for f in s.api.get(f"/orders/{order['number']}/findings")["items"]
                                      if f["code"] == code and not f.get("closed")), None), 20, code)

    assert look("DNS_NO_RECORD")["owner"] == "customer"
    s.knot.set(host, "A", "198.51.100.9")
    assert "198.51.100.9" in look("DNS_WRONG_IP")["what"]
    s.knot.set(host, "A", "198.51.100.9", address)
    look("DNS_MIXED")
    s.knot.set(host, "A", address)
    s.knot.set(host, "AAAA", "2001:db8::9")
    look("DNS_AAAA_STALE")
    s.knot.set(host, "AAAA")
    s.knot.set(host, "A")
    s.knot.set(host, "CNAME", "nowhere.contoso.com.")
    look("DNS_CNAME_BROKEN")
    s.knot.kill()
    look("DNS_UNREACHABLE")


def test_second_daemon_on_the_same_data(own_stage):
    h = own_stage.house
    r = subprocess.run([h.program("certdeskd"), "--config", str(h.config)], capture_output=True, text=True, timeout=20)
    assert r.returncode == 1
    assert str(h.process.pid) in r.stderr


@pytest.mark.parametrize("break_it,words", [("absent", "kek"), ("mode", "0600"), ("garbled", "kek")])
def test_kek_file(own_stage, break_it, words):
    s = own_stage
    s.house.stop()
    kek = s.house.folder / "kek"
    if break_it == "absent":
        kek.unlink()
    elif break_it == "mode":
        kek.chmod(0o644)
    else:
        kek.write_text("certdesk-kek-1 0000 AAAA\n")
    s.house.start(wait=False)
    wait_for(lambda: words in s.house.log_text()[-6000:].lower() and "keeper" in s.house.log_text(), 20, "the keeper's words")


def test_configuration_mistakes(own_stage, tmp_path):
    h = own_stage.house
    text = h.config.read_text()
    for good, bad, words in (("threads: 4", "threads: many", "whole number"), ("threads: 4", "threads: 4000", "1"),
                             ("provider:", "provder:", "provider"), ("driver: haproxy", "driver: haprox", "haproxy")):
        broken = tmp_path / "broken.yaml"
        assert good in text
        broken.write_text(text.replace(good, bad, 1))
        r = subprocess.run([h.program("certdeskd"), "--check", "--config", str(broken)], capture_output=True, text=True)
        line = 1 + broken.read_text()[:broken.read_text().index(bad)].count("\n")
        assert r.returncode == 2 and f"broken.yaml:{line}:" in r.stdout + r.stderr and words in r.stdout + r.stderr, r


def test_disk_full(tmp_path):
    """The database on a tiny file system: a clear 507, and the order goes on when there is room again."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "certdesk-test", str(folder)]).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    from stage.house import Stage
    try:
        with Stage(tmp_path / "stage", stock=2) as s:
            s.house.stop()
            shutil.move(s.house.data, folder / "data")
            s.house.config.write_text(s.house.config.read_text().replace(str(s.house.data), str(folder / "data")))
            s.house.data = folder / "data"
            s.house.start()
            s.customer, s.service = s.furnish()
            ballast = folder / "ballast"
            with open(ballast, "wb", buffering=0) as f, contextlib.suppress(OSError):
                while f.write(b"x" * 4096):
                    pass
            status = None
            for n in range(200):
                try:
                    s.order(s.service, f"owa{n}.contoso.com")
                except Refused as e:
                    status = e.status
                    break
            assert status == 507
            ballast.unlink()
            order = s.order(s.service, "after.contoso.com")
            s.csr(order)
            assert s.house.cli("audit", "verify").returncode == 0
    finally:
        subprocess.run(["umount", "-l", str(folder)])
