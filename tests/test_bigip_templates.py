# SPDX-License-Identifier: Apache-2.0
"""What a site on a BIG-IP is made from: the operator's templates and what is built in, certdesk's rule for port 80, virtual servers
of its own or a shared one, two key types side by side, partitions, folders, route domains and IPv6, and what belongs to others."""
import hashlib
import http.client
import socket
import ssl

import pytest
from doubles.bigip.client import Client, shown
from doubles.bigip.factory import self_signed
from stage.bigip import Pair, synchronize
from stage.ca import openssl
from stage.house import Stage
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
        self.share()
        return super().drive(op, files, previous, **more)

    def share(self):
        """The operator's changes are for both units, or nothing may be installed."""
        wait_for(lambda: "Syncing" not in {u["sync"] for u in self.double.state()["state"]}, what="the end of a sync")
        state = self.double.state()
        if {u["sync"] for u in state["state"]} == {"Changes Pending"} and not state["rules"] and not list(self.folder.glob("*.unsynced")):
            synchronize(self.double)

    def stop(self):
        self.servers.stop()
        super().stop()

    def plain(self, path, method="GET", host=HOST):
        """Status, Location and body at port 80."""
        connection = http.client.HTTPConnection(self.vip, self.http, timeout=10)
        connection.request(method, path, headers={"Host": host})
        answer = connection.getresponse()
        found = answer.status, answer.headers.get("Location"), answer.read()
        connection.close()
        return found

    def asked(self):
        """The head with which a request over TLS reaches the servers."""
        with socket.create_connection((self.vip, self.https), 10) as raw, ssl.create_default_context(cafile=str(self.ca.root)).wrap_socket(raw, server_hostname=HOST) as tls:
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


def test_what_the_operator_added_to_a_site_stays(place):
    """An installation mends what is certdesk's to say: on, its address, its pool, its profile, its rule at port 80."""
    old, path = place.leaf(), f"{VIRTUAL}/~Common~certdesk_{HOST}_443"
    plain = path.replace("_443", "_80")
    assert place.drive("install", old)["result"] == "done"
    place.change("post", RULE, {"name": "block", "apiAnonymous": 'when HTTP_REQUEST { if { [HTTP::path] starts_with "/ecp" } { HTTP::respond 403 } }'})
    place.change("post", f"{path}/profiles", {"name": "/Common/httpcompression"})
    place.change("patch", path, {"rules": ["/Common/block"], "persist": [{"name": "cookie"}]})
    place.change("patch", plain, {"rules": ["/Common/block", "/Common/certdesk_redirect_v1"]})
    assert place.drive("install", old)["result"] == "done before", "all of this is his"
    place.change("post", "ltm/pool", {"name": "other", "members": []})
    place.change("patch", path, {"disabled": True, "pool": "/Common/other"})
    place.change("patch", plain, {"rules": ["/Common/block"]})
    new = place.leaf()
    assert place.drive("install", new, previous=old)["result"] == "done" and place.served() == sha256(new)
    virtual = place.get(path)
    assert (virtual["rules"], virtual["persist"][0]["name"], virtual["pool"]) == (["/Common/block"], "cookie", "/Common/exchange")
    assert "/Common/httpcompression" in [p["fullPath"] for p in place.get(f"{path}/profiles")["items"]]
    assert place.plain("/.well-known/acme-challenge/token")[2] == b"proof" and place.plain("/ecp")[0] == 301
    place.change("delete", f"{path}/profiles/~Common~certdesk_{HOST}")
    assert place.drive("install", new, previous=old)["result"] == "done" and place.served() == sha256(new)


@pytest.mark.parametrize("service,tls,path,expected,interval", [("owa", False, "/owa/healthcheck.htm", "200 OK", 10),
                                                               ("sharepoint", True, "/", "X-SharePointHealthScore: [0-5]", 30)])
def test_servers_get_a_pool_with_the_published_monitor(place, service, tls, path, expected, interval):
    """It is made once, follows the configuration, and somebody else's is left alone."""
    kind = "https" if tls else "http"
    monitor, pool = f"ltm/monitor/{kind}/~Common~certdesk_{kind}_template", "ltm/pool/~Common~certdesk_pool_template"
    place.facts.update(service=service, backend="")
    place.facts["template"] = {"servers": f"127.0.0.1:{place.servers.port}", "monitor_host": "farm.example"}
    if tls:
        place.facts["template"]["server_ssl_profile"] = "/Common/serverssl"
    files = place.leaf()
    assert place.drive("install", files)["result"] == "done"
    made = place.get(monitor)
    assert made["send"] == f"GET {path} HTTP/1.1\\r\\nHost: farm.example\\r\\nConnection: Close\\r\\n\\r\\n"
    assert (made["recv"], made["interval"], made["timeout"]) == (expected, interval, 3 * interval + 1)
    shape = place.get(pool)
    assert (shape["loadBalancingMode"], shape["slowRampTime"], shape["serviceDownAction"]) == ("least-connections-member", 300, "reset")
    assert shape["monitor"].strip() == f"/Common/certdesk_{kind}_template"
    if not tls:
        assert place.asked()["Front-End-Https"] == "on" and place.plain("/.well-known/acme-challenge/token")[2] == b"proof"
    assert place.drive("install", files)["result"] == "done before"
    place.facts["template"].update(servers=f"127.0.0.1:{place.servers.port} ::1.8443 192.0.2.7:80", monitor_host="")
    assert place.drive("install", files)["result"] == "done"
    assert sorted(m["name"] for m in place.get(f"{pool}/members")["items"]) == sorted([f"127.0.0.1:{place.servers.port}", "::1.8443", "192.0.2.7:80"])
    assert "Host: localhost" in place.get(monitor)["send"]
    assert place.drive("install", files)["result"] == "done before"
    place.change("patch", pool, {"description": "mine now"})
    said = place.drive("install", place.leaf(), previous=files)
    assert said["result"] == "in conflict" and "is not certdesk's" in said["words"]


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
    place.facts["template"] = {"pool": "/Common/nowhere"}
    assert "/Common/nowhere" in place.drive("install", place.leaf())["words"]
    assert [n for n in place.ours() if "_v1" not in n] == []
    for name in [n for n in place.ours()]:
        place.change("delete", f"{RULE if 'redirect' in name else HTTP if 'http' in name else 'ltm/profile/tcp'}/{name.replace('/', '~')}")
    place.facts["template"] = {"shared_virtual": "/Common/sni"}
    assert "there is no virtual server /Common/sni" in place.drive("install", place.leaf())["words"]
    shared = Shared(place, "a")
    place.change("patch", f"{CSSL}/~Common~cssl_a", {"serverName": HOST})
    kept = shared.shown(HOST)

    def refused(words):
        before = shared.profiles()
        said = place.drive("install", place.leaf())
        assert said["result"] == "in conflict" and words in said["words"], said
        assert shared.profiles() == before and place.ours() == [], "what came of it is gone again"

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


RSA, EC = "RSA-PSS+SHA256:RSA+SHA256", "ECDSA+SHA256"


def served_to(place, signatures):
    """SHA-256 of the leaf that a visitor gets who can take these signatures only; for TLS 1.3 and 1.2."""
    found = set()
    for version in ("-tls1_3", "-tls1_2"):
        pem = openssl("s_client", "-connect", f"{VIP}:{place.https}", "-servername", HOST, "-sigalgs", signatures, version, stdin=b"")
        found.add(hashlib.sha256(openssl("x509", "-outform", "DER", stdin=pem)).hexdigest())
    assert len(found) == 1
    return found.pop()


def pair(place):
    return {**place.leaf("rsa:2048"), "twin": place.leaf()}


def test_rsa_and_ecdsa_side_by_side(place):
    """Comes, changes, goes back and goes: each visitor gets the one it can take."""
    place.facts["template"] = {"parent_profile": "/Common/house"}
    alone, first, second, third = place.leaf("rsa:2048"), pair(place), pair(place), pair(place)

    def served(files):
        assert (served_to(place, RSA), served_to(place, EC)) == (sha256(files), sha256(files["twin"]))

    assert place.drive("install", alone)["result"] == "done"
    assert place.drive("install", {**alone, "twin": first["twin"]}, previous=alone)["result"] == "done", "one comes beside what is there"
    served({**alone, "twin": first["twin"]})
    old = {**alone, "twin": first["twin"]}
    for new in (first, second, third):
        assert place.drive("install", new, previous=old)["result"] == "done"
        served(new)
        old = new
    assert place.drive("install", third)["result"] == "done before"
    assert len([n for n in place.ours() if n.endswith((".crt", ".key"))]) == 4 + 4 + 1, "these, those before, one chain"
    assert place.drive("rollback", third, previous=second)["result"] == "done"
    served(second)
    assert place.drive("install", third["twin"], previous=second)["result"] == "done", "back to one"
    assert served_to(place, EC) == sha256(third["twin"])
    assert place.drive("rollback", third["twin"], previous=second)["result"] == "done"
    served(second)
    assert place.drive("withdraw", second)["result"] == "done"
    assert [n for n in place.ours() if "_v1" not in n] == []


def test_two_of_one_key_type_are_refused_and_the_previous_stays(place):
    old, new = pair(place), {**place.leaf(), "twin": place.leaf()}
    assert place.drive("install", old)["result"] == "done"
    said = place.drive("install", new, previous=old)
    assert said["result"] == "refused" and "010717e1" in said["words"], said
    assert place.served() in (sha256(old), sha256(old["twin"]))


PLACES = [  # partition in the configuration, route domain there and the partition's own, address; destination as it reads back
    ("Common/sites", 0, 0, VIP, "/Common/127.88.0.1:{port}"),
    ("Hosting/owa", 2, 0, VIP, "/Hosting/127.88.0.1%2:{port}"),
    ("Hosting", 0, 3, VIP, "/Hosting/127.88.0.1%3:{port}"),
    ("Hosting/owa", 4, 3, "::1", "/Hosting/::1%4.{port}"),
    ("Common", 0, 0, "::1", "/Common/::1.{port}"),
]


def furnish(place, partition, own_domain=0):
    top, _, folder = partition.partition("/")
    if top != "Common":
        place.change("post", "auth/partition", {"name": top, "defaultRouteDomain": own_domain})
    if folder:
        place.change("post", "sys/folder", {"name": folder, "partition": top})


@pytest.mark.parametrize("partition,domain,own_domain,vip,destination", PLACES)
def test_partitions_folders_route_domains_and_both_families(place, partition, domain, own_domain, vip, destination):
    """Everything of a site lies where the configuration says, on the address it says; and nothing is written twice."""
    furnish(place, partition, own_domain)
    place.settings.update({"partition": partition, "route_domain": domain})
    place.facts["backend"] = "/Common/exchange"
    place.vip = vip
    first, second = place.leaf(), place.leaf()
    for files, old in ((first, None), (second, first)):
        said = place.drive("install", files, previous=old)
        assert said["result"] == "done" and place.served() == sha256(files), said
        assert place.drive("install", files, previous=old)["result"] == "done before"
    names = [n for n in place.ours() if "_chain_" not in n]
    assert {n.rsplit("/", 1)[0] for n in names} == {f"/{partition}"} and len(names) == 4 + 3 + 3
    virtual = place.get(f"{VIRTUAL}/~{partition.replace('/', '~')}~certdesk_{HOST}_443")
    assert virtual["destination"] == destination.format(port=place.https) and virtual["fullPath"].startswith(f"/{partition}/")
    assert place.plain("/.well-known/acme-challenge/token")[2] == b"proof" and place.plain("/owa")[0] == 301
    assert place.drive("withdraw", second, previous=first)["result"] == "done"
    assert place.drive("withdraw", first)["result"] == "done" and [n for n in place.ours() if "_v1" not in n] == []


def test_what_belongs_to_others_is_never_written(place):
    """A partition that is not there, an iApp's folder, AS3's tenants, and objects that came to be in an application service."""
    def refused(partition, result, words):
        place.settings["partition"] = partition
        said = place.drive("install", place.leaf())
        assert said["result"] == result and words in said["words"], said
        assert place.ours() == []

    refused("Nowhere", "refused", "it has no partition or folder /Nowhere")
    furnish(place, "Common/mail.app")
    refused("Common/mail", "refused", "it has no partition or folder /Common/mail")
    place.double.control("own", kind="sys/folder", path="/Common/mail.app", service="/Common/mail.app/mail")
    refused("Common/mail.app", "in conflict", "belongs to the application service /Common/mail.app/mail")
    furnish(place, "Tenant/Exchange")
    place.change("post", "sys/folder", {"name": "Shared", "partition": "Tenant"})
    refused("Tenant/Shared", "in conflict", "AS3")
    place.change("post", "sys/folder", {"name": "appsvcs", "partition": "Common"})
    refused("Tenant", "in conflict", "AS3")
    refused("Tenant/Exchange", "in conflict", "AS3")
    furnish(place, "Hosting")
    place.settings["partition"], place.facts["backend"] = "Hosting", "/Common/exchange"
    said = place.drive("install", place.leaf())
    assert said["result"] == "done", said  # without applications it is nobody's tenant


def test_a_shared_virtual_server_of_a_tenant_is_left_alone(place):
    furnish(place, "Tenant/Exchange")
    place.change("post", "sys/folder", {"name": "appsvcs", "partition": "Common"})
    with Client(place.double) as client:
        client.post(CSSL, {"name": "first", "certKeyChain": [client.pair("first", *self_signed("a.fabrikam.com"))], "sniDefault": "true"})
        client.post(VIRTUAL, {"name": "sni", "partition": "Tenant", "subPath": "Exchange", "destination": f"/Tenant/{VIP}:{place.https}",
                              "profiles": ["/Common/tcp", "/Common/http", {"name": "/Common/first", "context": "clientside"}]})
    place.facts["template"] = {"shared_virtual": "/Tenant/Exchange/sni"}
    before = place.get(f"{VIRTUAL}/~Tenant~Exchange~sni/profiles")["items"]
    said = place.drive("install", place.leaf())
    assert said["result"] == "in conflict" and "AS3" in said["words"]
    assert place.get(f"{VIRTUAL}/~Tenant~Exchange~sni/profiles")["items"] == before


def test_a_site_that_an_application_service_took_over_is_left_alone(place):
    old = place.leaf()
    for kind, name in ((CSSL, f"certdesk_{HOST}"), (VIRTUAL, f"certdesk_{HOST}_443")):
        assert place.drive("install", old)["result"] in ("done", "done before")
        place.double.control("own", kind=kind, path=f"/Common/{name}", service="/Common/mail.app/mail")
        for op in ("install", "withdraw"):
            said = place.drive(op, place.leaf(), previous=old)
            assert said["result"] == "in conflict" and "belongs to the application service" in said["words"], said
        assert place.served() == sha256(old)
        place.double.control("own", kind=kind, path=f"/Common/{name}", service="none")


@pytest.mark.parametrize("shared,what,when", [(False, "reset", "after"), (True, "mcpd-lost", "before")])
def test_each_request_of_a_new_site_fails(place, shared, what, when):
    """Whatever request fails, before or after its effect: with its pool, its rule and two key types it comes to be, and goes whole."""
    place.facts["template"] = {"servers": f"127.0.0.1:{place.servers.port}"}
    if shared:
        other = Shared(place, "a")
    files, step, hit = pair(place), 0, True
    while hit:
        step += 1
        place.share()
        place.double.control("fail", what=what, when=when, step=step)
        place.until_done("install", files)
        hit = place.double.state()["rules"][0]["hits"] > 0
        place.double.control("fail", "DELETE")
        assert place.served() in (sha256(files), sha256(files["twin"])), step
        assert [u["uploads"] for u in place.double.state()["state"]] == [[], []], step
        if shared:
            assert other.profiles() == [f"/Common/certdesk_{HOST}", "/Common/cssl_a"], step
        else:
            assert place.plain("/.well-known/acme-challenge/token")[2] == b"proof", step
        place.until_done("withdraw", files)
        assert [n for n in place.ours() if "_v1" not in n] == [], step
    assert step > 25


def test_an_order_ends_live_as_the_template_says(tmp_path):
    """The whole house: configuration, worker, driver. What is for another service or balancer is not for this one."""
    templates = [{"service": "sharepoint", "persistence": "/Common/source_addr"}, {"balancer": "edge", "service": "owa", "persistence": "/Common/cookie"}]
    with Stage(tmp_path, stock=2, balancer=Pair, templates=templates) as stage:
        _, service = stage.furnish()
        order = stage.order(service, HOST)
        stage.deliver(order, stage.ca.as_pem(stage.ca.sign(stage.csr(order), [HOST])))
        stage.point(order)
        stage.until(order, lambda o: o["stage"] == "live", what="the live site")
        with Client(stage.balancer) as client:
            virtual = client.get(f"{VIRTUAL}/~Common~certdesk_{HOST}_443?expandSubcollections=true")
            plain = client.get(f"{VIRTUAL}/~Common~certdesk_{HOST}_80")
    assert [p["name"] for p in virtual["persist"]] == ["cookie"]
    assert "/Common/certdesk_owa_http_v1" in [p["fullPath"] for p in virtual["profilesReference"]["items"]]
    assert plain["rules"] == ["/Common/certdesk_redirect_v1"]
