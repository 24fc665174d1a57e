# SPDX-License-Identifier: Apache-2.0
"""`certdesk org` as people use it, against a registry's server on loopback: no server of ours runs."""
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from stage.house import build_folder
from stage.peers import Knot, wait_for
from stage.registry import Page, Registry, answer

PROGRAM = build_folder() / "src" / "programs" / "certdesk"
CONTOSO = ["--name", "Contoso GmbH", "--city", "Salzburg", "--country", "AT"]
NOW = ["--at", "2026-06-01"]


class Desk:
    """A folder of its own for configuration and cache; the registry is allowed in the one and known to the list."""

    def __init__(self, folder, *registries, more=""):
        self.folder, self.config, self.list = folder, folder / "certdesk.yaml", folder / "dns.json"
        allowed = "".join(f"\n  - address: 127.0.0.1\n    port: {r.port}" for r in registries)
        roots = next((f"\n  ca_file: {r.folder}/roots.pem" for r in registries if r.folder), "")
        self.config.write_text(f"fetch.allow:{allowed or ' []'}\nrdap:\n  bootstrap: {self.list}{roots}\n{more}")
        if registries:
            self.services([["com"], [registries[0].url()]])

    def services(self, *services):
        self.list.write_text(json.dumps({"version": "1.0", "services": list(services)}))

    def run(self, *args):
        env = {**os.environ, "LC_ALL": "C.UTF-8", "XDG_CACHE_HOME": str(self.folder / "cache")}
        return subprocess.run([PROGRAM, "org", "--config", self.config, *map(str, args)], capture_output=True, text=True, timeout=60, env=env)

    def told(self, *args, status=0):
        r = self.run(*args, "--json")
        assert r.returncode == status, r.stdout + r.stderr
        return json.loads(r.stdout)

    def words(self, *args):
        return " ".join(self.run(*args).stdout.split())


@pytest.fixture
def registry():
    with Registry() as r:
        yield r


@pytest.fixture
def desk(tmp_path, registry):
    return Desk(tmp_path, registry)


def codes(said):
    return [f["code"] for f in said["findings"]]


# ---- the organization alone

def test_a_good_organization(desk):
    said = desk.told(*CONTOSO)
    assert said["usable"] and codes(said) == [] and "registration" not in said
    assert said["subject"] == {"organization": "Contoso GmbH", "city": "Salzburg", "state": "", "country": "AT", "division": ""}


@pytest.mark.parametrize("args,code,says", [
    (["--country", "Germany"], "ORG_COUNTRY_MEANT", "looks like DE"),
    (["--country", "ZZ"], "ORG_COUNTRY", "not a two-letter"),
    (["--name", "n/a"], "ORG_NAME", "placeholder"),
    (["--city", "-"], "ORG_PLACE", "placeholder"),
])
def test_what_cannot_go_into_a_certificate(desk, args, code, says):
    said = desk.told(*CONTOSO, *args, status=1)
    assert code in codes(said) and not said["usable"] and says in desk.words(*CONTOSO, *args)


@pytest.mark.parametrize("args,code,says", [
    (["--country", "US", "--state", "CA"], "ORG_PLACE_MEANT", "California"),
    (["--country", "US", "--state", ""], "ORG_PLACE_ONE", "state is missing"),
    (["--division", "IT"], "ORG_DIVISION", "never in the request"),
])
def test_what_is_said_and_lets_pass(desk, args, code, says):
    assert code in codes(desk.told(*CONTOSO, *args)) and says in desk.words(*CONTOSO, *args)


# ---- beside the domain's registration

@pytest.mark.parametrize("organization,result,code", [
    ("CONTOSO Ges.m.b.H.", "match", None),
    ("Contoso AG", "similar", "ORG_RESEMBLES_DOMAIN"),
    ("Fabrikam Inc.", "different", "ORG_DIFFERS_FROM_DOMAIN"),
    ("REDACTED FOR PRIVACY", "redacted", "ORG_OWNER_UNSEEN"),
    ("WhoisGuard, Inc.", "redacted", "ORG_OWNER_UNSEEN"),
    ("", "unavailable", "ORG_OWNER_UNSEEN"),
    (None, "unavailable", "ORG_OWNER_UNSEEN"),
])
def test_the_owner_blocks_nothing(desk, registry, organization, result, code):
    registry.answers("contoso.com", answer(organization=organization))
    said = desk.told(*CONTOSO, "--domain", "owa.contoso.com", *NOW)
    assert said["owner"]["result"] == result and codes(said) == ([code] if code else []) and said["usable"]
    assert registry.asked == ["/domain/contoso.com"] and "application/rdap+json" in registry.heads[0]["Accept"]


def test_what_a_certificate_authority_compares_is_told(desk, registry):
    registry.answers("contoso.com", answer(organization="Fabrikam Inc."))
    words = desk.words(*CONTOSO, "--domain", "contoso.com", *NOW)
    assert "company register, not with the domain's registration" in words and "another one than in the order" in words


@pytest.mark.parametrize("more,code", [
    ({"status": ["client hold"]}, "DOMAIN_ON_HOLD"),
    ({"status": ["pending delete", "redemption period"]}, "DOMAIN_BEING_DELETED"),
    ({"expires": "2026-05-01T00:00:00Z"}, "DOMAIN_EXPIRED"),
])
def test_a_domain_that_is_no_use(desk, registry, more, code):
    registry.answers("contoso.com", answer(**more))
    said = desk.told(*CONTOSO, "--domain", "contoso.com", *NOW, status=1)
    assert codes(said) == [code] and not said["usable"]


def test_a_domain_that_expires_soon(desk, registry):
    registry.answers("contoso.com", answer(expires="2026-06-20T00:00:00Z"))
    assert codes(desk.told("--domain", "contoso.com", *NOW)) == ["DOMAIN_EXPIRES"]


def test_a_domain_that_does_not_exist(desk, registry):
    said = desk.told(*CONTOSO, "--domain", "contosso.com", status=1)
    assert codes(said) == ["DOMAIN_NOT_FOUND"] and said["registration"]["found"] == "no_domain"
    registry.answers("contosso.com", {"errorCode": 404, "title": "not here"})  # the error in the body alone
    assert codes(desk.told("--domain", "contosso.com", status=1)) == ["DOMAIN_NOT_FOUND"]


def test_a_country_without_a_server(desk):
    said = desk.told("--domain", "contoso.example.de")
    assert said["registration"]["found"] == "no_service" and codes(said) == ["DOMAIN_UNCHECKED"]
    assert "not known example.de" in desk.words("--domain", "contoso.example.de")


# ---- servers that go wrong

@pytest.mark.parametrize("page,status,says", [
    (Page(status=429, Retry_After="120"), 3, "status 429"),
    (Page(status=500), 3, "status 500"),
    (Page(status=403), 0, "status 403"),
    (Page(b"<html>hello</html>"), 0, "no RDAP"),
    (Page({"objectClassName": "autnum"}), 0, "not about a domain"),
    (Page(answer(domain="fabrikam.com")), 0, "another domain"),
    (Page({"errorCode": 501}), 0, "an error"),
    (Page(b"{" + b" " * 600_000 + b"}"), 0, "larger than"),
    (Page(status=302, Location="/domain/contoso.com"), 0, "on and on"),
    (Page(status=302, Location="http://10.0.0.1/domain/contoso.com"), 0, "10.0.0.1"),
    (Page(status=302, Location="http://169.254.169.254/latest/meta-data"), 0, "169.254.169.254"),
    (Page(status=302, Location="file:///etc/passwd"), 0, ""),
])
def test_no_answer_is_no_verdict(desk, registry, page, status, says):
    registry.pages["/domain/contoso.com"] = page
    said = desk.told(*CONTOSO, "--domain", "contoso.com", status=status)
    assert codes(said) == ["DOMAIN_UNCHECKED", "ORG_OWNER_UNSEEN"] and said["usable"]
    assert said["registration"]["found"] == "unclear" and says in said["registration"]["words"]
    assert len(registry.asked) <= 4


def test_when_to_ask_again_is_known(desk, registry):
    registry.pages["/domain/contoso.com"] = Page(status=429, Retry_After="120")
    said = desk.told("--domain", "contoso.com", *NOW, status=3)
    assert said["registration"]["again"] == "2026-06-01T00:02:00Z"


def test_a_slow_server_is_not_waited_for(desk, registry):
    registry.pages["/domain/contoso.com"] = Page(answer(), delay=30)
    began = time.monotonic()
    assert codes(desk.told("--domain", "contoso.com", status=3)) == ["DOMAIN_UNCHECKED"]
    assert time.monotonic() - began < 20


def test_a_redirect_to_an_allowed_server(desk, registry):
    registry.pages["/domain/contoso.com"] = Page(status=302, Location="/new/contoso.com")
    registry.pages["/new/contoso.com"] = Page(answer())
    assert desk.told(*CONTOSO, "--domain", "contoso.com", *NOW)["owner"]["result"] == "match"


def test_a_server_inside_is_not_asked(tmp_path, registry):
    desk = Desk(tmp_path)
    desk.services([["com"], [registry.url()]])
    said = desk.told("--domain", "contoso.com")
    assert "only port 80 of public addresses" in said["registration"]["words"] and registry.asked == []


# ---- https, and the registrar behind the registry

@pytest.fixture
def registrar(tmp_path):
    folder = tmp_path / "registrar"
    folder.mkdir()
    with Registry(folder) as r:
        yield r


def related(url):
    return [{"rel": "related", "href": url, "type": "application/rdap+json"}]


def test_the_registrar_knows_the_owner(tmp_path, registry, registrar):
    desk = Desk(tmp_path, registry, registrar)
    registry.answers("contoso.com", answer(organization=None, links=related(registrar.url("/domain/contoso.com"))))
    registrar.answers("contoso.com", answer(expires="2020-01-01T00:00:00Z", status=["client hold"]))
    said = desk.told(*CONTOSO, "--domain", "contoso.com", *NOW)
    assert said["owner"]["result"] == "match" and said["registration"]["owner_from_registrar"]
    assert codes(said) == []  # in what state the domain is the registry knows


@pytest.mark.parametrize("page", [Page(status=404), Page(answer(domain="fabrikam.com")), Page(b"no"),
                                  Page(answer(organization=None, links=related("https://127.0.0.1:1/domain/contoso.com")))])
def test_a_registrar_that_knows_nothing(tmp_path, registry, registrar, page):
    desk = Desk(tmp_path, registry, registrar)
    registry.answers("contoso.com", answer(organization=None, links=related(registrar.url("/domain/contoso.com"))))
    registrar.pages["/domain/contoso.com"] = page
    said = desk.told(*CONTOSO, "--domain", "contoso.com", *NOW)
    assert said["registration"]["found"] == "found" and said["owner"]["result"] == "unavailable"
    assert registrar.asked == ["/domain/contoso.com"]


def test_a_link_to_somewhere_inside(desk, registry):
    with Registry() as inside:
        registry.answers("contoso.com", answer(organization=None, links=related(inside.url("/domain/contoso.com"))))
        desk.told(*CONTOSO, "--domain", "contoso.com", *NOW)
        assert inside.asked == []


def test_the_servers_certificate_counts(tmp_path, registrar):
    registrar.answers("contoso.com", answer())
    desk = Desk(tmp_path, registrar)
    assert desk.told(*CONTOSO, "--domain", "contoso.com", *NOW)["owner"]["result"] == "match"
    desk.config.write_text(desk.config.read_text().replace("ca_file", "cache_folder"))
    said = desk.told(*CONTOSO, "--domain", "contoso.com", *NOW, status=3)
    assert "certificate" in said["registration"]["words"] and len(registrar.asked) == 1


def test_no_way_back_from_https(tmp_path, registry, registrar):
    desk = Desk(tmp_path, registrar, registry)
    registrar.pages["/domain/contoso.com"] = Page(status=302, Location=registry.url("/domain/contoso.com"))
    registry.answers("contoso.com", answer())
    said = desk.told("--domain", "contoso.com")
    assert "from https to http" in said["registration"]["words"] and registry.asked == []


@pytest.mark.skipif(not Path("/usr/sbin/knotd").exists(), reason="knot is not here")
def test_a_registry_by_its_name(tmp_path):
    """The name is looked up here, and it is the name in its certificate that counts."""
    for folder in ("registry", "knot"):
        (tmp_path / folder).mkdir()
    with Registry(tmp_path / "registry", "rdap.registry.example") as server:
        server.answers("contoso.com", answer())
        knot = Knot(tmp_path / "knot", "registry.example").start()
        try:
            knot.set("rdap.registry.example", "A", "127.0.0.1")
            desk = Desk(tmp_path, server, more=f"dns:\n  stubs:\n  - zone: registry.example\n    address: 127.0.0.1\n    port: {knot.port}\n")
            assert desk.told(*CONTOSO, "--domain", "contoso.com", *NOW)["owner"]["result"] == "match"
        finally:
            knot.stop()


# ---- the list of registries

def test_the_list_is_fetched_once_a_day(tmp_path, registry):
    desk = Desk(tmp_path, registry)
    registry.pages["/dns.json"] = Page(desk.list.read_bytes())
    registry.answers("contoso.com", answer())
    ask = ["--domain", "contoso.com", "--bootstrap", registry.url("/dns.json")]
    for _ in range(2):
        assert desk.told(*ask)["registration"]["found"] == "found"
    assert registry.asked.count("/dns.json") == 1
    copy = tmp_path / "cache" / "certdesk" / "rdap-dns.json"
    day_ago = time.time() - 25 * 3600
    os.utime(copy, (day_ago, day_ago))
    registry.pages["/dns.json"] = Page(status=503)
    assert desk.told(*ask)["registration"]["found"] == "found"  # the old one goes on to serve
    os.utime(copy, (day_ago - 86400, day_ago - 86400))
    said = desk.told(*ask, status=3)
    assert "list of registries" in said["registration"]["words"] and registry.asked.count("/dns.json") == 3


def test_a_list_that_is_none(tmp_path, registry):
    desk = Desk(tmp_path, registry)
    desk.list.write_text("{}")
    assert "no bootstrap file" in desk.told("--domain", "contoso.com")["registration"]["words"]
    desk.list.unlink()
    assert "does not exist" in desk.told("--domain", "contoso.com")["registration"]["words"]


def test_a_server_of_ones_choice(desk, registry):
    registry.answers("contoso.example.de", answer(domain="contoso.example.de"))
    registry.answers("example.de", answer(domain="example.de"))
    said = desk.told(*CONTOSO, "--domain", "contoso.example.de", "--rdap-url", registry.url(), *NOW)
    assert said["owner"]["result"] == "match" and registry.asked == ["/domain/example.de"]


# ---- wrong use

@pytest.mark.parametrize("args,says", [
    ([], "name the organization"),
    ([*CONTOSO, "--rdap-url", "https://rdap.example/"], "about a --domain"),
    (["--domain", "contoso.com", "--rdap-url", "https://rdap.example/", "--rdap-file", "x"], "nobody is asked"),
    (["--domain", "com"], "not a complete host name"),
    (["--domain", "con_toso.com"], "underscore"),
    (["--domain", "contoso.com", "--bootstrap", "/nowhere/dns.json"], "cannot be read"),
    (["--rdap-file", "/nowhere/answer.json"], "does not exist"),
    ([*CONTOSO, "--at", "soon"], "is no time"),
])
def test_wrong_use(desk, args, says):
    r = desk.run(*args)
    assert r.returncode == 2 and says in r.stderr and not r.stdout


def test_a_configuration_that_is_named_must_be_good(desk):
    desk.config.write_text("rdap:\n  bootstrp: /x\n")
    r = desk.run(*CONTOSO)
    assert r.returncode in (1, 2) and "did you mean" in r.stderr


def test_nothing_does_a_terminal_harm(desk, registry):
    registry.answers("contoso.com", answer(organization="Evil\x1b]0;title\x07\u202e GmbH", status=["active\x1b[2J"]))
    for more in ([], ["--json"]):
        out = desk.run(*CONTOSO, "--domain", "contoso.com", *NOW, *more).stdout
        assert not [c for c in out if c < " " and c != "\n" or c in "\x7f\u202e"]


def test_it_is_done_behind_the_sandbox(desk, registry):
    registry.pages["/domain/contoso.com"] = Page(answer(), delay=2)
    child = subprocess.Popen([PROGRAM, "org", "--config", desk.config, "--domain", "contoso.com"], stdout=subprocess.DEVNULL)
    wait_for(lambda: registry.asked, what="the question")
    status = Path(f"/proc/{child.pid}/status").read_text()
    child.wait(30)
    if b"AddressSanitizer" in PROGRAM.read_bytes():
        pytest.skip("sanitizers need what the sandbox forbids")
    assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status


def test_help_and_the_other_program(desk, tmp_path):
    """The verb is done by a program beside the command; without it that is said."""
    assert "--rdap-url" in subprocess.run([PROGRAM, "org", "--help"], capture_output=True, text=True).stdout
    alone = tmp_path / "certdesk"
    alone.write_bytes(PROGRAM.read_bytes())
    alone.chmod(0o755)
    r = subprocess.run([alone, "org", *CONTOSO], capture_output=True, text=True)
    assert r.returncode == 0 or r.returncode == 4 and "certdesk-look is missing" in r.stderr
