# SPDX-License-Identifier: Apache-2.0
"""What a site on a BIG-IP is made from: the operator's templates and what is built in, certdesk's rule for port 80, virtual servers
of its own or a shared one, two key types side by side, partitions, folders, route domains and IPv6, and what belongs to others."""
import http.client
import socket
import ssl

import pytest
from doubles.bigip.client import Client, shown
from doubles.bigip.factory import self_signed
from stage.peers import Publisher, wait_for
from test_bigip import HOST, VIP, Site, sha256

RULE, HTTP, VIRTUAL, CSSL = "ltm/rule", "ltm/profile/http", "ltm/virtual", "ltm/profile/client-ssl"
BUILT_IN = {"http_profile": "", "tcp_profile": "", "redirect_rule": "certdesk"}


class Place(Site):
    """A site whose pool is a real server."""

    def __init__(self, folder, **more):
        super().__init__(folder, **more)
        self.settings, self.facts = dict(BUILT_IN), {"service": "owa"}
        self.servers = Publisher()
        self.servers.pages = {"/": b"site", "/.well-known/acme-challenge/token": b"proof", "/.well-known/pki-validation/a.txt": b"proof"}
        self.servers.start()
        self.change("patch", "ltm/pool/~Common~exchange", {"members": [self.member]})

    @property
    def member(self):
        return {"name": f"127.0.0.1:{self.servers.port}", "address": "127.0.0.1"}

    def drive(self, op, files, previous=None, **more):
        wait_for(lambda: "Syncing" not in {u["sync"] for u in self.double.state()["state"]}, what="the end of a sync")
        return super().drive(op, files, previous, **more)

    def stop(self):
        self.servers.stop()
        super().stop()

    def plain(self, path, method="GET", vip=VIP, host=HOST):
        """Status, Location and body at port 80."""
        connection = http.client.HTTPConnection(vip, self.http, timeout=10)
        connection.request(method, path, headers={"Host": host})
        answer = connection.getresponse()
        found = answer.status, answer.headers.get("Location"), answer.read()
        connection.close()
        return found

    def asked(self, vip=VIP):
        """The head with which a request over TLS reaches the servers."""
        with socket.create_connection((vip, self.https), 10) as raw, ssl.create_default_context(cafile=str(self.ca.root)).wrap_socket(raw, server_hostname=HOST) as tls:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            assert tls.recv(4096).startswith((b"HTTP/1.0 200", b"HTTP/1.1 200"))
        return self.servers.heads[-1]

    def get(self, path):
        with Client(self.double) as client:
            return client.get(path)

    def change(self, method, path, body=None):
        with Client(self.double) as client:
            return getattr(client, method)(path, body) if body is not None else getattr(client, method)(path)

    def ours(self):
        """Names of all that is certdesk's on the active unit."""
        with Client(self.double) as client:
            return sorted(o["fullPath"] for kind in ("sys/file/ssl-key", "sys/file/ssl-cert", CSSL, VIRTUAL, RULE, HTTP, "ltm/profile/tcp")
                          for o in client.get(kind).get("items", []) if "certdesk" in o["fullPath"])


@pytest.fixture
def place(tmp_path):
    one = Place(tmp_path)
    yield one
    one.stop()


def test_port_80_redirects_and_lets_validations_through(place):
    """Rule X-04, on the wire."""
    assert place.drive("install", place.leaf())["result"] == "done"
    assert place.plain("/owa/?a=1") == (301, f"https://{HOST}/owa/?a=1", b"")
    assert place.plain("/owa/", "POST") == (308, f"https://{HOST}/owa/", b"")
    assert place.plain("/owa/", "HEAD", host=HOST + ":80") == (301, f"https://{HOST}/owa/", b"")
    assert place.plain("/.well-known/acme-challenge/token") == (200, None, b"proof")
    assert place.plain("/.well-known/pki-validation/a.txt")[2] == b"proof"
    for outside in ("/.well-known/acme-challenge/../../owa/", "/.well-known/acme-challenge/%2e%2e/owa/", "/.well-known/security.txt", "/.WELL-KNOWN/acme-challenge/x"):
        assert place.plain(outside)[:2] == (301, f"https://{HOST}{outside}")


@pytest.mark.parametrize("service,rewrite,idle", [("owa", "all", "1800"), ("sharepoint", "matching", "300"), ("web", None, "300")])
def test_built_in_for_each_kind_of_service(place, service, rewrite, idle):
    place.facts["service"] = service
    assert place.drive("install", place.leaf())["result"] == "done"
    head = place.asked()
    assert (head.get("Front-End-Https"), "X-Forwarded-For" in head) == (("on", True) if rewrite else (None, False))
    place.plain("/.well-known/acme-challenge/token")
    assert "Front-End-Https" not in place.servers.heads[-1], "port 80 is no TLS"
    profiles = [p["fullPath"] for p in place.get(f"{VIRTUAL}/~Common~certdesk_{HOST}_443/profiles")["items"]]
    assert place.get("ltm/profile/tcp/" + next(p for p in profiles if "tcp" in p).replace("/", "~"))["idleTimeout"] == idle
    if rewrite:
        own = place.get(f"{HTTP}/~Common~certdesk_{service}_http_v1")
        assert (own["redirectRewrite"], own["insertXforwardedFor"], own["defaultsFrom"]) == (rewrite, "enabled", "/Common/http")
    before = place.ours()
    assert place.drive("install", place.leaf())["result"] == "done", "the second time it is there"
    assert place.drive("withdraw", place.leaf())["result"] == "done"
    assert [n for n in place.ours() if HOST in n and ".crt" not in n and ".key" not in n] == [] and len(before) > 0


def test_the_operators_template_counts_first(place):
    place.change("post", HTTP, {"name": "http_house", "headerInsert": "X-House: yes"})
    place.change("post", RULE, {"name": "to_us", "apiAnonymous": "when HTTP_REQUEST { HTTP::redirect https://elsewhere.example/ }"})
    place.change("post", RULE, {"name": "block", "apiAnonymous": 'when HTTP_REQUEST { if { [HTTP::path] starts_with "/ecp" } { HTTP::respond 403 } }'})
    place.change("post", "ltm/snatpool", {"name": "outside", "members": ["/Common/192.0.2.77"]})
    place.change("post", "ltm/pool", {"name": "farm", "members": [place.member]})
    place.facts["template"] = {"http_profile": "/Common/http_house", "redirect_rule": "/Common/to_us", "rules": "/Common/block", "snat": "/Common/outside",
                               "persistence": "/Common/cookie", "pool": "/Common/farm", "server_ssl_profile": "none"}
    place.facts["backend"] = "not-there"
    assert place.drive("install", place.leaf())["result"] == "done"
    assert place.asked()["X-House"] == "yes"
    assert place.plain("/") == (302, "https://elsewhere.example/", b"")
    virtual = place.get(f"{VIRTUAL}/~Common~certdesk_{HOST}_443")
    assert (virtual["rules"], virtual["persist"][0]["name"], virtual["pool"]) == (["/Common/block"], "cookie", "/Common/farm")
    assert virtual["sourceAddressTranslation"]["pool"] == "/Common/outside"
    assert [n for n in place.ours() if "_v1" in n] == ["/Common/certdesk_owa_tcp_v1"], "what is not used is not made"


def test_nobody_listens_at_80_where_the_operator_says_none(place):
    place.facts["template"] = {"redirect_rule": "none"}
    assert place.drive("install", place.leaf())["result"] == "done"
    with pytest.raises(ConnectionRefusedError):
        place.plain("/")


def test_what_somebody_changed_is_left_alone(place):
    assert place.drive("install", place.leaf())["result"] == "done"
    for path, change in ((f"{RULE}/~Common~certdesk_redirect_v1", {"apiAnonymous": "when HTTP_REQUEST { HTTP::redirect https://other.example/ }"}),
                         (f"{HTTP}/~Common~certdesk_owa_http_v1", {"headerInsert": "X: y"})):
        name, value = next(iter(change.items()))
        kept = place.get(path)[name]
        place.change("patch", path, change)
        place.change("patch", f"{VIRTUAL}/~Common~certdesk_{HOST}_443", {"disabled": True})
        said = place.drive("install", place.leaf())
        assert said["result"] == "in conflict" and "somebody changed" in said["words"] and path.split("~")[-1] in said["words"], said
        assert place.get(path)[name] == value
        place.change("patch", path, {name: kept})
    assert place.drive("install", place.leaf())["result"] == "done"


def test_a_site_made_with_the_rule_of_the_device_gets_ours(place):
    place.settings["redirect_rule"] = "/Common/_sys_https_redirect"
    files = place.leaf()
    assert place.drive("install", files)["result"] == "done"
    assert place.plain("/.well-known/acme-challenge/token")[0] == 302
    place.settings["redirect_rule"] = "certdesk"
    assert place.drive("install", files)["result"] == "done"
    assert place.plain("/.well-known/acme-challenge/token")[2] == b"proof" and place.served() == sha256(files)


class Shared:
    """A virtual server of the provider's with profiles for other names, the first being the default."""

    path, name = f"{VIRTUAL}/~Common~sni", "/Common/sni"

    def __init__(self, place, *names, default=True):
        self.place = place
        with Client(place.double) as client:
            for n in names:
                entry = client.pair(n, *self_signed(f"{n}.fabrikam.com"))
                client.post(CSSL, {"name": f"cssl_{n}", "certKeyChain": [entry], "serverName": f"{n}.fabrikam.com",
                                   "sniDefault": "true" if default and n == names[0] else "false"})
            client.post(VIRTUAL, {"name": "sni", "destination": f"/Common/{VIP}:{place.https}", "pool": "/Common/exchange", "profiles": [
                "/Common/tcp", "/Common/http", *({"name": f"/Common/cssl_{n}", "context": "clientside"} for n in names)]})
        place.facts["template"] = {"shared_virtual": self.name}

    def profiles(self):
        return sorted(p["fullPath"] for p in self.place.get(f"{self.path}/profiles")["items"] if "/client-ssl/" in p["nameReference"]["link"])

    def shown(self, name):
        return shown(VIP, self.place.https, name)


def test_a_shared_virtual_server_gets_one_profile_more(place):
    shared = Shared(place, "a", "b")
    others = {n: shared.shown(n) for n in ("a.fabrikam.com", "b.fabrikam.com", "unknown.example")}
    mine = f"/Common/certdesk_{HOST}"
    first, second = place.leaf(), place.leaf()
    before = place.get(shared.path)
    for files, old in ((first, None), (second, first)):
        assert place.drive("install", files, previous=old)["result"] == "done" and place.served() == sha256(files)
        assert shared.profiles() == [mine, "/Common/cssl_a", "/Common/cssl_b"]
        assert {n: shared.shown(n) for n in others} == others
    assert place.drive("install", second)["result"] == "done before"
    assert place.get(f"{CSSL}/~Common~certdesk_{HOST}")["sniDefault"] == "false"
    assert [n for n in place.ours() if "_443" in n or "_80" in n or "_v1" in n] == []
    assert place.drive("withdraw", second, previous=None)["result"] == "done"
    assert place.drive("withdraw", second)["result"] == "done", "what is gone is fine"
    assert shared.profiles() == ["/Common/cssl_a", "/Common/cssl_b"] and {n: shared.shown(n) for n in others} == others
    after = place.get(shared.path)
    assert {k: v for k, v in before.items() if k not in ("generation", "lastModifiedTime")} == {
        k: v for k, v in after.items() if k not in ("generation", "lastModifiedTime")}, "nothing else of it was written"


def test_a_shared_virtual_server_is_refused_with_words(place):
    """No such one; a name twice; no default; it would be the default; an application service's."""
    place.facts["template"] = {"shared_virtual": "/Common/sni"}
    assert "there is no virtual server /Common/sni" in place.drive("install", place.leaf())["words"]
    shared = Shared(place, "a")
    place.change("patch", f"{CSSL}/~Common~cssl_a", {"serverName": HOST})
    kept = shared.shown(HOST)

    def refused(words):
        before = shared.profiles()
        said = place.drive("install", place.leaf())
        assert said["result"] == "in conflict" and words in said["words"], said
        assert shared.profiles() == before

    refused("another profile there has this name already")
    assert shared.shown(HOST) == kept
    place.change("patch", f"{CSSL}/~Common~cssl_a", {"serverName": "a.fabrikam.com", "sniDefault": "false"})
    refused("none of its profiles is the default")
    place.change("delete", f"{shared.path}/profiles/~Common~cssl_a")
    refused("has no client-ssl profile")
    place.change("post", f"{shared.path}/profiles", {"name": "/Common/cssl_a"})
    place.change("patch", f"{CSSL}/~Common~cssl_a", {"sniDefault": "true"})
    place.double.control("own", kind=VIRTUAL, path=shared.name, service="/Common/mail.app/mail")
    refused("belongs to the application service /Common/mail.app/mail")
