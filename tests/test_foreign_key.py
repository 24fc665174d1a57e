# SPDX-License-Identifier: Apache-2.0
"""A file that carries its own private key (I-12, K-05, K-06): refused, unless provider, customer and reviewer say yes."""
import base64

import pytest

from stage.ca import CA, openssl
from stage.house import STATEMENT, Refused, Stage
from stage.proof import Proof


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A provider whose policy takes such keys."""
    with Stage(tmp_path_factory.mktemp("foreign"), pool="127.80.0.0/24", stock=4, foreign_keys=True) as s:
        s.customer, s.service = s.furnish()
        s.proof = Proof(s)
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


def ordered(s, host, **more):
    made = s.order(s.service, host, **more)
    s.csr(made)
    return made


def refused(s, *args, **more):
    with pytest.raises(Refused) as no:
        s.deliver(*args, **more)
    assert no.value.status == 422
    return no.value


def refusals(no):
    """The rest are remarks that a public authority's certificate would not get."""
    return [f["code"] for f in no.problem["findings"] if f["severity"] == "reject"]


def traces(key):
    """Pieces by which the key would be found: its PEM lines, its DER, and each of its secret numbers."""
    lines = key.strip().splitlines()
    der = base64.b64decode("".join(lines[1:-1]))
    text = openssl("pkey", "-noout", "-text", stdin=key.encode()).decode()
    needles, name, number = [line.encode() for line in lines[2:6] if len(line) >= 60] + [der[-70:-10]], None, ""
    for line in text.splitlines() + ["end:"]:
        if line.startswith(" "):
            number += line.strip().replace(":", "")
            continue
        if name in ("privateExponent", "prime1", "prime2", "exponent1", "priv"):
            raw = bytes.fromhex(number).lstrip(b"\0")
            needles += [raw[2:26], raw[2:26][::-1], raw.hex()[4:52].encode()]
        name, number = line.split(":")[0].strip(), ""
    assert len(needles) > 4
    return needles


def kept_nowhere(s, key):
    needles = traces(key)
    for place in (s.house.data, s.house.folder):
        for file in place.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert not [n for n in needles if n in content], file
    for _, letter in s.mailbox.letters:
        content = letter.as_bytes()
        assert not [n for n in needles if n in content]


def memory_of(pid):
    """What a process has in its memory; None where this is not allowed to us."""
    parts = []
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, access = line.split()[:2]
                start, end = (int(x, 16) for x in span.split("-"))
                if access.startswith("rw") and end - start < 1 << 30:
                    memory.seek(start)
                    try:
                        parts.append(memory.read(end - start))
                    except OSError:
                        continue
    except PermissionError:
        return None
    return b"".join(parts)


@pytest.mark.parametrize("kind", ["rsa:2048", "P-256"])
def test_from_a_pfx_to_live(house, host, kind):
    s = house
    made = ordered(s, host)
    former = s.show(made)["key"]
    assert former["origin"] == "here"
    key, csr = s.ca.request(kind)
    leaf = s.ca.sign(csr, [host])
    answer = s.deliver(made, s.ca.as_pfx(leaf, key, "pass word"), "owa.pfx", "pass word", foreign_key="Eva Lindt")
    assert not answer["accepted"] and answer["review"]  # beforehand nobody can accept it
    taken = next(f for f in answer["findings"] if f["code"] == "CERT_FOREIGN_KEY_TAKEN")
    assert taken["severity"] == "hold" and "Eva Lindt" in taken["what"] and "{" not in taken["what"] + taken["why"] + taken["next"]
    assert s.show(made)["key"]["id"] == former["id"]
    assert s.accept_review(made, answer["review"])["accepted"]
    s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    s.point(made)
    order = s.until(made, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="live")
    assert s.handshake(host, order["address"])[0] == Proof.der(leaf)
    assert order["key"]["origin"] == "customer" and order["key"]["id"] != former["id"]
    assert order["key"]["kind"] == {"rsa:2048": "rsa2048", "P-256": "p256"}[kind]
    assert "not made here" in s.house.cli("order", "show", host).stdout
    assert s.proof.one("SELECT k.state FROM keys k JOIN sites t ON t.id=k.site WHERE t.host=? AND k.origin='here'", host) == "retired"
    events = {e["action"]: e["detail"] for e in s.api.all("/events")}
    assert events["key.offered"]["author"] == "Eva Lindt" and events["key.offered"]["statement"] == STATEMENT
    assert "key.taken" in events
    assert 'origin=customer' in s.house.log_text()  # the keeper's own line of the export
    kept_nowhere(s, key)
    for program, pid in s.house.pids().items():
        memory = memory_of(pid)
        if memory is not None and program != "certdesk-keeper":
            assert program != "certdesk-desk" or host.encode() in memory  # we do see what is there
            assert not [n for n in traces(key) if n in memory], program
    renewal = s.order(s.service, host, kind="renewal")  # and then the key is ours again
    s.csr(renewal)
    no = refused(s, renewal, s.ca.as_pfx(s.ca.sign(csr, [host]), key, "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
    assert no.codes()[0] == "CERT_FOREIGN_KEY_UNFIT" and "fresh key" in no.problem["findings"][0]["what"]
    new = s.ca.sign(s.csr(renewal), [host])
    s.deliver(renewal, s.ca.as_pem(new))
    s.until(renewal, lambda o: o["stage"] == "live", what="the renewal live")
    assert s.show(renewal)["key"]["origin"] == "here"
    assert s.house.cli("audit", "verify").returncode == 0


def test_the_customer_must_say_yes(house, host):
    s = house
    made = ordered(s, host, key="p256")
    key, csr = s.ca.request("P-256")
    leaf = s.ca.sign(csr, [host])
    no = refused(s, made, s.ca.as_pfx(leaf, key, "x"), "owa.pfx", "x")
    assert no.codes()[0] == "CERT_FOREIGN_KEY" and "foreign_key" in no.problem["findings"][0]["next"]
    with pytest.raises(Refused) as bare:  # bare bytes accept nothing
        s.api.post(f"/orders/{made['number']}/certificate", raw=(leaf + s.ca.chain() + key).encode(),
                   headers={"Content-Type": "application/x-pem-file"})
    assert "CERT_FOREIGN_KEY" in bare.value.codes()
    kept_nowhere(s, key)


def test_without_the_policy(stage, host):
    made = ordered(stage, host, key="p256")
    key, csr = stage.ca.request("P-256")
    leaf = stage.ca.sign(csr, [host])
    no = refused(stage, made, stage.ca.as_pfx(leaf, key, "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
    assert refusals(no) == ["CERT_FOREIGN_KEY"]
    assert "foreign_key" not in no.problem["findings"][0]["next"]
    assert "key.take" not in stage.house.log_text()
    kept_nowhere(stage, key)


def test_everything_else_must_be_right(house, host):
    s = house
    made = ordered(s, host, key="p256")
    for kind, names, days, code in (("P-256", ["other.contoso.com"], 199, "CERT_NAME_MISSING"), ("P-256", [host], -1, "CERT_EXPIRED"),
                                    ("rsa:1024", [host], 199, ("CERT_WEAK", "CERT_KEY_SHORT"))):
        key, csr = s.ca.request(kind)
        no = refused(s, made, s.ca.as_pfx(s.ca.sign(csr, names, days=days), key, "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
        assert no.codes()[0] in code, no.codes()
        assert "CERT_KEY_RECEIVED" in no.codes() and "CERT_FOREIGN_KEY_TAKEN" not in no.codes()
        kept_nowhere(s, key)
    key, csr = s.ca.request("P-521")
    no = refused(s, made, s.ca.as_pfx(s.ca.sign(csr, [host]), key, "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
    assert refusals(no) == ["CERT_FOREIGN_KEY_UNFIT"]
    assert s.show(made)["stage"] == "waiting" and s.show(made)["key"]["origin"] == "here"


def close_primes():
    """Found by Fermat's method at once (K-03): PEM of an RSA-2048 key whose primes are neighbours."""
    def is_prime(n):
        return all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7))

    def next_prime(n):
        n |= 1
        while not is_prime(n):
            n += 2
        return n
    p = next_prime((3 << 1022) + (123456789 << 900))
    q = next_prime(p + 2)
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))

    def integer(n):
        raw = n.to_bytes(n.bit_length() // 8 + 1, "big")
        return tlv(2, raw)

    def tlv(tag, content):
        size = len(content)
        length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
        return bytes([tag]) + length + content
    body = b"".join(integer(n) for n in (0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)))
    text = base64.encodebytes(tlv(0x30, body)).decode()
    return f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----\n"


def test_a_weak_key(house, host, tmp_path):
    s = house
    made = ordered(s, host, key="p256")
    file = tmp_path / "weak.key"
    file.write_text(close_primes())
    csr = openssl("req", "-new", "-key", file, "-subj", "/CN=x").decode()
    no = refused(s, made, s.ca.as_pfx(s.ca.sign(csr, [host]), file.read_text(), "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
    assert no.codes()[0] in ("CERT_FOREIGN_KEY_WEAK", "CERT_KEY_BROKEN"), no.codes()
    assert s.show(made)["key"]["origin"] == "here"
    kept_nowhere(s, file.read_text())


def test_what_nobody_accepted_is_wiped(house, host):
    s = house
    made = ordered(s, host)
    key, csr = s.ca.request("P-256")
    s.deliver(made, s.ca.as_pfx(s.ca.sign(csr, [host]), key, "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
    left = "SELECT length(key_wrapped) FROM deliveries d JOIN orders o ON o.id=d.order_id WHERE o.number=? AND d.key IS NOT NULL"
    assert s.proof.one(left, made["number"]) > 100
    better = s.ca.sign(s.csr(made), [host])  # reissued with our request after all
    assert s.deliver(made, s.ca.as_pem(better))["accepted"]
    assert s.proof.one(left, made["number"]) is None
    assert "key.discarded" in [e["action"] for e in s.api.all("/events")]
    s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    assert s.show(made)["key"]["origin"] == "here"


def test_a_key_does_not_wait_for_what_is_fetched(house, host):
    """Decided at once: what is judged later would be judged without the key."""
    s = house
    made = ordered(s, host, key="p256")
    key, csr = s.ca.request("P-256")
    ca = CA(s.folder / f"ca-{host}", f"Issuing {host}", above=s.ca)
    alone = ca.sign(csr, [host], issuer_url="http://127.0.0.1:1/issuer.cer")
    no = refused(s, made, (alone + key).encode(), "owa.pem", foreign_key="Eva Lindt")
    assert {"CERT_CHAIN", "CERT_KEY_RECEIVED"} <= set(no.codes()), no.codes()
    listed = s.ca.sign(csr, [host], crl_url="http://127.0.0.1:1/list.crl")
    answer = s.deliver(made, s.ca.as_pfx(listed, key, "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
    assert answer["review"]
    unknown = next(f for f in answer["findings"] if f["code"] == "CERT_REVOCATION_UNKNOWN")
    assert unknown["severity"] == "info" and '"CN=x"' in unknown["what"] and "every day" in unknown["what"]


def test_the_command_asks(house, host, tmp_path):
    s = house
    made = ordered(s, host, key="p256")
    key, csr = s.ca.request("P-256")
    file, word = tmp_path / "owa.pfx", tmp_path / "word"
    file.write_bytes(s.ca.as_pfx(s.ca.sign(csr, [host]), key, "x"))
    word.write_text("x\n")
    deliver = ("order", "certificate", made["number"], file, "--password-file", word, "--accept-foreign-key", "Eva Lindt")
    asked = s.house.cli(*deliver, check=False, stdin="y\n")
    assert asked.returncode == 2 and "I accept this risk." in " ".join(asked.stdout.split())  # no terminal, nobody to ask
    wrong = s.house.cli(*deliver, "--statement", "yes", check=False)
    assert wrong.returncode == 2 and STATEMENT in " ".join((wrong.stdout + wrong.stderr).split())
    good = s.house.cli(*deliver, "--statement", STATEMENT)
    assert "CERT_FOREIGN_KEY_TAKEN" in good.stdout and "order accept" in good.stdout


def test_the_same_file_again_is_no_incident(house, host):
    """R-01 is for keys that were made here: what came from the customer may come again."""
    s = house
    made = ordered(s, host, key="p256")
    key, csr = s.ca.request("P-256")
    pfx = s.ca.as_pfx(s.ca.sign(csr, [host]), key, "x")
    answer = s.deliver(made, pfx, "owa.pfx", "x", foreign_key="Eva Lindt")
    s.accept_review(made, answer["review"])
    again = s.deliver(made, pfx, "owa.pfx", "x", foreign_key="Eva Lindt")
    codes = [f["code"] for f in again["findings"]]
    assert "CERT_DUPLICATE" in codes and "CERT_OWN_KEY_LEAKED" not in codes
