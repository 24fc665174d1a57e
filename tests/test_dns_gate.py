# SPDX-License-Identifier: Apache-2.0
"""`certdesk dns` and `certdesk caa` as people use them, against real name servers on loopback: healthy ones, and all that goes wrong."""
import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from stage.house import build_folder
from stage.zones import Key, Knot, Nsd, Silent, Told, head, stubs

PROGRAM = build_folder() / "src" / "programs" / "certdesk"
FIXTURES = Path(os.environ.get("CERTDESK_FIXTURES", Path(__file__).resolve().parents[2] / "shared" / "fixtures")) / "corpus" / "dns"
OURS, OTHER = "193.0.9.5", "193.0.9.9"  # never asked; those for documentation count as internal ones
UTF8 = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
NOTIMP, REFUSED = 4, 5

CONTOSO = head("contoso.com") + f"""
owa A {OURS}
wrong A {OTHER}
several A {OURS}
several A {OTHER}
stale A {OURS}
stale AAAA 2001:db8::9
inside A 10.0.0.5
proxied A 104.16.1.2
cdn CNAME d111111abcdef8.cloudfront.net.
ours CNAME lb.provider.net.
astray CNAME old.provider.net.
alias CNAME owa
loop CNAME loop2
loop2 CNAME loop
@ CAA 0 issue "letsencrypt.org"
@ CAA 0 iodef "mailto:security@contoso.com"
free CAA 0 issue "digicert.com"
closed CAA 0 issue ";"
wild CAA 0 issue "sectigo.com"
wild CAA 0 issuewild "digicert.com"
account CAA 0 issue "letsencrypt.org; accounturi=https://acme.example/acct/1; validationmethods=dns-01"
critical CAA 128 tbs "Unknown"
mail CNAME mail.fabrikam.com.
"""
FABRIKAM = head("fabrikam.com") + f"mail A {OTHER}\nmail CAA 0 issue \"sectigo.com\"\nowa A {OURS}\n"
PROVIDER = head("provider.net") + f"lb A {OURS}\nold A {OTHER}\n"
CLOUDFRONT = head("cloudfront.net") + "d111111abcdef8 A 198.51.100.7\n"
SIGNED = {  # the child zone of signed.org, days of its signatures, whose key the parent names
    "good": (-1, 30, "own"), "expired": (-40, -10, "own"), "early": (10, 30, "own"), "otherkey": (-1, 30, "other"), "nokey": (None, None, "own"),
    "plain": (None, None, None),
}


TOPS = ("com", "net", "org")


def answer(question, rcode):
    """The question again with that outcome, as a server that knows better than to leave it unanswered."""
    return question[:2] + bytes([0x80 | question[2], rcode]) + question[4:]


class Lab:
    """Zones on a Knot, some of them once more on an NSD; servers of other kinds beside them."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.files = {}
        for zone, text in {"contoso.com": CONTOSO, "fabrikam.com": FABRIKAM, "provider.net": PROVIDER, "cloudfront.net": CLOUDFRONT}.items():
            self.write(zone, text)
        for top in TOPS:  # nobody outside is asked what stands above
            self.write(top, head(top))
        self.anchors = self.sign()
        self.files["broken.com"] = self.folder / "there-is-no-such-file"
        self.knot = Knot(self.folder / "knot", self.files).start()
        other = self.file("contoso.com.nsd", CONTOSO.replace(f"owa A {OURS}", f"owa A {OTHER}").replace(f"wrong A {OTHER}", f"wrong A {OURS}"))
        self.nsd = Nsd(self.folder / "nsd", {"contoso.com": other, "fabrikam.com": self.files["fabrikam.com"]}, address="127.0.0.2").start()
        self.silent = Silent("127.0.0.3")
        self.old = Told(lambda q: answer(q, NOTIMP) if b"\x01\x01\x00\x01" in q else None, "127.0.0.4")
        self.lame = Told(lambda q: answer(q, 0), "127.0.0.5")

    def stop(self):
        for server in (self.knot, self.nsd, self.silent, self.old, self.lame):
            server.stop()

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def write(self, zone, text):
        self.files[zone] = self.file(zone, text)

    def sign(self):
        """signed.org and the zones below it; the anchor is its key."""
        parent = head("signed.org")
        for name, (begin, end, whose) in SIGNED.items():
            zone = f"{name}.signed.org"
            key = Key(self.folder / "keys", zone)
            self.write(zone, head(zone) + f"owa A {OURS}\n@ CAA 0 issue \"digicert.com\"\n")
            if begin is not None:
                self.files[zone] = key.sign(self.files[zone], begin, end)
            parent += f"{name} NS ns1\n"
            if whose:
                parent += (Key(self.folder / "keys", zone) if whose == "other" else key).ds + "\n"
        self.write("signed.org", parent)
        key = Key(self.folder / "keys", "signed.org")
        self.files["signed.org"] = key.sign(self.files["signed.org"])
        return self.file("anchors", key.public + "\n")

    def config(self, *pairs, views=(), timeout=300):
        named = [(zone, self.knot) for zone in self.files if zone not in {z for z, _ in pairs}]
        return self.file("certdesk.yaml", f"dns:\n  timeout_ms: {timeout}\n  trust_anchor_file: {self.anchors}\n"
                         f"  our_names: lb.provider.net old.provider.net\n"
                         f"  views: [{', '.join(f'{v.address}@{v.port}' for v in views)}]\n  stubs:\n" + stubs(*named, *pairs))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("dns"))
    yield lab
    lab.stop()


def run(*args, env=UTF8):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, env=env, timeout=60)


def told(config, *args, status=None):
    r = run("--config", config, *args, "--json")
    assert r.returncode == status if status is not None else r.returncode in (0, 1), (r.returncode, r.stdout, r.stderr)
    return json.loads(r.stdout)


def words(told):
    return " ".join(f[part] for f in told["findings"] for part in ("title", "what", "why", "next"))


# ---- where a name leads

@pytest.mark.parametrize("name, verdict, cause, said", [
    ("owa", "pointed", "", ""),
    ("alias", "pointed", "", ""),
    ("ours", "pointed", "", ""),
    ("wrong", "elsewhere", "DNS_WRONG_IP", OTHER),
    ("several", "elsewhere", "DNS_MIXED", OTHER),
    ("stale", "elsewhere", "DNS_AAAA_STALE", "2001:db8::9"),
    ("inside", "elsewhere", "DNS_PRIVATE_IP", "10.0.0.5"),
    ("proxied", "elsewhere", "DNS_PROXIED", "At Cloudflare set the entry"),
    ("cdn", "elsewhere", "DNS_PROXIED", "Amazon CloudFront"),
    ("astray", "elsewhere", "DNS_OUR_ALIAS", "let old.provider.net lead to"),
    ("loop", "elsewhere", "DNS_CNAME_BROKEN", "in a circle"),
    ("nobody", "absent", "DNS_NO_RECORD", f"to add: nobody.contoso.com. A {OURS}"),
])
def test_every_name_gets_its_verdict(lab, name, verdict, cause, said):
    got = told(lab.config(), "dns", f"{name}.contoso.com", "--expect", OURS, status=0 if verdict == "pointed" else 1)
    assert (got["verdict"], got["cause"]) == (verdict, cause)
    assert said in words(got)
    assert "{" not in words(got)


def test_two_servers_that_disagree(lab):
    got = told(lab.config(("contoso.com", lab.knot), ("contoso.com", lab.nsd)), "dns", "owa.contoso.com", "--expect", OURS)
    assert got["cause"] == "DNS_DISAGREE"
    assert {s["answer"]: s["good"] for s in got["servers"]} == {OURS: True, OTHER: False}
    assert "127.0.0.2" in words(got)


@pytest.mark.parametrize("which, says", [("silent", "no answer in 0.3 s"), ("lame", "is not responsible for the zone")])
def test_one_server_fails(lab, which, says):
    began = time.monotonic()
    got = told(lab.config(("contoso.com", lab.knot), ("contoso.com", getattr(lab, which))), "dns", "owa.contoso.com", "--expect", OURS)
    assert (got["verdict"], got["cause"]) == ("failing", "DNS_SERVER_FAIL")
    assert [s["answer"] for s in got["servers"] if not s["good"]] == [says]
    assert time.monotonic() - began < 5


def test_nobody_answers_says_nothing_about_the_customer(lab):
    config = lab.config(("contoso.com", lab.silent), ("com", lab.silent))
    r = run("--config", config, "dns", "owa.contoso.com", "--expect", OURS)
    assert r.returncode == 3 and "could not be looked up from here" in r.stdout
    r = run("--config", config, "caa", "owa.contoso.com", "--ca", "digicert")
    assert r.returncode == 3 and "could not be looked up from here" in r.stdout


def test_everyone_will_see_it_by(lab):
    """The name servers are right; one of two resolvers still has the old answer."""
    got = told(lab.config(views=[lab.knot, lab.nsd]), "dns", "owa.contoso.com", "--expect", OURS, status=0)
    assert [(v["answer"], v["good"]) for v in got["views"]] == [(OURS, True), (OTHER, False)]
    assert got["views"][1]["until"] == 300
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", got["everyone_by"])
    text = run("--config", lab.config(views=[lab.knot, lab.nsd]), "dns", "owa.contoso.com", "--expect", OURS).stdout
    assert re.search(r"Everyone will see it by \d+ \w+ \d{4}, \d\d:\d\d UTC", text) and "for 5 more minutes at most" in text
    got = told(lab.config(views=[lab.knot]), "dns", "owa.contoso.com", "--expect", OURS, status=0)
    assert got["everyone_by"] == ""
    got = told(lab.config(), "dns", "nobody.contoso.com", "--expect", OURS)
    assert got["negative_ttl"] == 120 and got["everyone_by"]


# ---- a machine whose port 53 is closed to the Internet: a network of its own, with nothing but loopback

CLOSED = """
ip link set lo up; echo 'nameserver 127.0.0.1' >resolv.conf; mount --bind resolv.conf /etc/resolv.conf || exit 77
/usr/sbin/knotd -c knot.conf >knot.log 2>&1 & knot=$!
for i in $(seq 100); do /usr/bin/kdig +short +time=1 +retry=0 @127.0.0.1 contoso.com SOA | grep -q hostmaster && break; sleep 0.1; done
"$@"; status=$?; kill $knot; wait $knot; exit $status
"""


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """Runs the program there, beside a resolver that knows some zones."""
    def run_closed(zones, *args):
        folder = tmp_path_factory.mktemp("closed")
        Knot(folder, {z: lab_file(folder, z, text) for z, text in zones.items()}, port=53).command()
        began = time.monotonic()
        r = subprocess.run(["/usr/bin/unshare", "-rnm", "/bin/sh", "-c", CLOSED, "sh", PROGRAM, *args], cwd=folder, capture_output=True, text=True,
                           env=UTF8, timeout=60)
        if r.returncode == 77 or "unshare" in r.stderr:
            pytest.skip("no network of one's own can be had here")
        return r, time.monotonic() - began
    return run_closed


def lab_file(folder, zone, text):
    path = folder / (zone.strip(".") or "root")
    path.write_text(text)
    return path


ROOT = head("").replace("$ORIGIN ..", "$ORIGIN .") + "contoso.com NS ns1.contoso.com.\n"


def test_the_resolver_of_this_machine_stands_for_the_name_servers(closed):
    zones = {".": ROOT, "contoso.com": CONTOSO}
    r, took = closed(zones, "dns", "owa.contoso.com", "--expect", OURS)
    assert r.returncode == 0 and took < 10, r
    assert "127.0.0.1, in place of the name servers; signatures were not checked" in r.stdout and "Name servers\n" not in r.stdout
    assert "127.0.0.1 (of this machine)" in r.stdout and "DNS_SECOND_HAND" in r.stdout
    r, _ = closed(zones, "dns", "wrong.contoso.com", "--expect", OURS, "--json")
    got = json.loads(r.stdout)
    assert (r.returncode, got["cause"], got["asked_instead"], got["unchecked"], got["servers"]) == (1, "DNS_WRONG_IP", "127.0.0.1", True, [])
    r, _ = closed(zones, "caa", "owa.contoso.com", "--ca", "digicert", "--json")
    got = json.loads(r.stdout)
    assert (r.returncode, got["cause"], got["asked_instead"]) == (1, "CAA_FORBIDS", "127.0.0.1")


def test_a_resolver_that_knows_some_names_alone_gives_no_verdict(closed):
    r, took = closed({"contoso.com": CONTOSO}, "dns", "owa.contoso.com", "--expect", OURS)
    assert r.returncode == 3 and took < 10, r
    assert "answers for all of the DNS" in " ".join(r.stdout.split()) and "could not be looked up from here" in r.stdout
    r, _ = closed({"contoso.com": CONTOSO}, "caa", "owa.fabrikam.com", "--ca", "digicert", "--json")
    assert r.returncode == 3 and json.loads(r.stdout)["verdict"] == "unknown"


# ---- signatures

@pytest.mark.parametrize("zone, verdict, ede, said", [
    ("good", "pointed", 0, ""),
    ("plain", "pointed", 0, ""),
    ("expired", "failing", 7, "The signatures have expired"),
    ("early", "failing", 8, "valid only in the future"),
    ("otherkey", "failing", 9, "your registrar to remove the DS entry"),
    ("nokey", "failing", 9, "moved to another DNS provider and the old DS entry was left behind"),
])
def test_signatures(lab, zone, verdict, ede, said):
    got = told(lab.config(), "dns", f"owa.{zone}.signed.org", "--expect", OURS)
    assert (got["verdict"], got["ede"], got["secure"]) == (verdict, ede, zone == "good")
    assert got["cause"] == ("DNS_BOGUS" if ede else "")
    assert said in words(got)
    got = told(lab.config(), "caa", f"owa.{zone}.signed.org", "--ca", "digicert")
    assert (got["verdict"], got["ede"], got["secure"]) == ("failing" if ede else "allowed", ede, zone == "good")
    assert said in words(got)


# ---- CAA

@pytest.mark.parametrize("host, ca, verdict, cause, record", [
    ("owa.contoso.com", "lets encrypt", "allowed", "", ""),
    ("owa.contoso.com", "DigiCert", "forbidden", "CAA_FORBIDS", 'contoso.com. IN CAA 0 issue "digicert.com"'),
    ("free.contoso.com", "thawte", "allowed", "", ""),
    ("closed.contoso.com", "sectigo.com", "forbidden", "CAA_NOBODY", 'closed.contoso.com. IN CAA 0 issue "sectigo.com"'),
    ("wild.contoso.com", "digicert", "forbidden", "CAA_FORBIDS", 'wild.contoso.com. IN CAA 0 issue "digicert.com"'),
    ("*.wild.contoso.com", "digicert", "allowed", "", ""),
    ("*.wild.contoso.com", "sectigo", "forbidden", "CAA_FORBIDS", 'wild.contoso.com. IN CAA 0 issuewild "sectigo.com"'),
    ("account.contoso.com", "letsencrypt", "allowed", "CAA_LIMITED", ""),
    ("critical.contoso.com", "letsencrypt", "forbidden", "CAA_CRITICAL", 'critical.contoso.com. IN CAA 0 issue "letsencrypt.org"'),
    ("mail.contoso.com", "letsencrypt", "forbidden", "CAA_FORBIDS", 'mail.fabrikam.com. IN CAA 0 issue "letsencrypt.org"'),
    ("owa.fabrikam.com", "digicert", "open", "", ""),
    ("owa.fabrikam.com", "entrust", "open", "CA_DISTRUSTED", ""),
    ("owa.contoso.com", "our-ca.example", "forbidden", "CAA_FORBIDS", 'contoso.com. IN CAA 0 issue "our-ca.example"'),
])
def test_may_it_issue(lab, host, ca, verdict, cause, record):
    got = told(lab.config(), "caa", host, "--ca", ca)
    assert (got["verdict"], got["cause"], got["record"]) == (verdict, cause, record)
    assert "{" not in words(got)


def test_an_account_and_a_method(lab):
    def ask(*more):
        return told(lab.config(), "caa", "account.contoso.com", "--ca", "letsencrypt", *more)
    ours = ("--account", "https://acme.example/acct/1")
    assert ask(*ours, "--method", "dns-01")["findings"] == []
    assert ask(*ours, "--method", "http-01")["cause"] == "CAA_ACCOUNT"
    got = ask("--account", "https://acme.example/acct/2", "--method", "dns-01")
    assert (got["verdict"], got["cause"]) == ("forbidden", "CAA_ACCOUNT")
    assert got["record"] == 'account.contoso.com. IN CAA 0 issue "letsencrypt.org; accounturi=https://acme.example/acct/2"'


def test_an_entry_that_cannot_be_read(lab):
    lab.write("odd.com", head("odd.com") + 'owa CAA 0 issue "%%%%%"\n')
    with_odd = Knot(lab.folder / "odd", {"odd.com": lab.files.pop("odd.com")}).start()
    try:
        got = told(lab.config(("odd.com", with_odd)), "caa", "owa.odd.com", "--ca", "digicert")
        assert (got["verdict"], got["cause"]) == ("forbidden", "CAA_UNREADABLE")
    finally:
        with_odd.stop()


@pytest.mark.parametrize("which, says", [("old", "NOTIMP"), ("broken", "SERVFAIL")])
def test_a_server_that_does_not_know_the_type(lab, which, says):
    """Some old servers answer NOTIMP to CAA, and a CA must refuse then (G-12): the report says which server it is."""
    zone, pairs = ("old.com", [("old.com", lab.old)]) if which == "old" else ("broken.com", [])
    got = told(lab.config(*pairs), "caa", f"owa.{zone}", "--ca", "digicert")
    assert (got["verdict"], got["cause"]) == ("failing", "DNS_SERVER_FAIL")
    assert says in words(got) and "questions of type CAA" in words(got)


def test_the_report_for_people(lab):
    r = run("--config", lab.config(), "caa", "owa.contoso.com", "--ca", "Thawte")
    assert r.returncode == 1
    assert "✗ DigiCert must not issue for owa.contoso.com" in r.stdout
    assert '\n  To add: contoso.com. IN CAA 0 issue "digicert.com"\n' in r.stdout
    assert '0 issue "letsencrypt.org"' in r.stdout and "platform" not in r.stdout
    assert re.search(r"platform +OTHER", run("--config", lab.config(), "caa", "owa.contoso.com", "--ca", "Sectigo").stdout)
    r = run("--config", lab.config(), "dns", "stale.contoso.com", "--expect", OURS, env={**UTF8, "LANG": "C", "LC_ALL": "C"})
    assert "x stale.contoso.com does not lead to" in r.stdout and "Delete the AAAA entry." in r.stdout


@pytest.mark.parametrize("args, says", [
    (("caa", "owa.contoso.com", "--ca", "digcert"), "did you mean DigiCert?"),
    (("caa", "owa.contoso.com", "--ca", "nobody"), "Known are DigiCert, Sectigo"),
    (("caa", "owa.contoso.com"), "--ca NAME is missing"),
    (("caa", "owa_mail.contoso.com", "--ca", "digicert"), "underscore"),
    (("dns", "*.contoso.com", "--expect", OURS), "exact names"),
    (("dns", "owa.contoso.com", "--expect", "owa"), "is no IP address"),
    (("dns", "owa.contoso.com", "--expect", OURS, "--views", "one.one"), "is no IP address"),
    (("dns", "owa.contoso.com", "--expect", OURS, "--resolver", "192.0.2.1@99999"), "is no IP address"),
    (("--config", "/nonexistent.yaml", "dns", "owa.contoso.com", "--expect", OURS), "there is no configuration"),
])
def test_wrong_use(args, says):
    r = run(*args)
    assert r.returncode == 2 and says in r.stderr and not r.stdout


# ---- the CAA test suite of others

def as_bytes(line):
    """A CAA record that NSD's zone files may not have as text (RFC 8659 lets a tag be upper case, or long) as RFC 3597 has it."""
    m = re.search(r"CAA\s+(\d+)\s+(\w*[A-Z]\w*|\w{16,})\s+\"(.*)\"", line)
    if not m:
        return line
    data = bytes([int(m[1]), len(m[2])]) + m[2].encode() + m[3].encode()
    return f"{line[:m.start()]}TYPE257 \\# {len(data)} {data.hex()}"


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The zones of caatestsuite.com on a Knot and on an NSD. Those that are signed in the wild are signed here with keys of our own."""
    if not FIXTURES.is_dir():
        pytest.skip("no fixtures: CERTDESK_FIXTURES names their folder")
    folder = tmp_path_factory.mktemp("caa")
    text = {f.name[len("caatestsuite__"):-len(".zone")]: f.read_text() for f in FIXTURES.glob("caatestsuite__*.zone")}
    keys, files = {}, {}
    top = "caatestsuite-dnssec.com"
    for zone in [top, *(f"{name}.{top}" for name in ("expired", "missing", "blackhole", "servfail", "refused"))]:
        keys[zone] = Key(folder / "keys", zone)
    ds = "".join(key.ds + "\n" for zone, key in keys.items() if zone != top)
    for zone, content in text.items():
        lines = [l for l in content.splitlines() if not l.startswith("$INCLUDE") and not re.search(r"\sDS\s", l)]
        files[zone] = folder / zone
        files[zone].write_text(f"$ORIGIN {zone}.\n" + "\n".join(map(as_bytes, lines)) + "\n" + (ds if zone == top else ""))
    files[top] = keys[top].sign(files[top])
    files[f"expired.{top}"] = keys[f"expired.{top}"].sign(files[f"expired.{top}"], -40, -10)
    files[f"servfail.{top}"] = folder / "there-is-no-such-file"
    anchors = folder / "anchors"
    anchors.write_text(keys[top].public + "\n")
    files["com"] = folder / "com"
    files["com"].write_text(head("com"))
    six = {"ipv6only.caatestsuite.com": files.pop("ipv6only.caatestsuite.com")}
    servers = [Knot(folder / "knot", files).start(), Nsd(folder / "nsd", files).start(), Silent("127.0.0.3"), Knot(folder / "six", six, address="::1").start()]
    yield folder, anchors, servers
    for server in servers:
        server.stop()


def cases():
    path = FIXTURES / "caa.json"
    return json.loads(path.read_text())["cases"] if path.is_file() else []


@pytest.mark.parametrize("server", ["knot", "nsd"])
@pytest.mark.parametrize("case", cases(), ids=lambda c: c["id"])
def test_the_suite(suite, server, case):
    folder, anchors, (knot, nsd, silent, six) = suite
    at = knot if server == "knot" else nsd
    pairs = [(zone, at) for zone in at.zones] + [("blackhole.caatestsuite-dnssec.com", silent), ("refused.caatestsuite-dnssec.com", at),
                                                 ("ipv6only.caatestsuite.com", six)]
    config = folder / f"{server}.yaml"
    config.write_text(f"dns:\n  timeout_ms: 300\n  trust_anchor_file: {anchors}\n  stubs:\n{stubs(*pairs)}")

    def may(host):
        return told(config, "caa", host, "--ca", case["issuer_domain"])

    got = may(case["fqdn"])
    if case["allowed"] is None:  # a CA that adds a name by itself must look at that as well
        name = case["fqdn"]
        added = name[len("www."):] if name.startswith("www.") else "www." + name
        assert got["verdict"] == "open" and may(added)["verdict"] == "forbidden"
    else:
        assert not case["allowed"]
        assert got["verdict"] == ("failing" if "dnssec" in case["fqdn"] else "forbidden"), got
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", run("--config", config, "caa", case["fqdn"], "--ca", case["issuer_domain"]).stdout)
