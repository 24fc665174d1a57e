# SPDX-License-Identifier: Apache-2.0
"""The BIG-IP double's data path with real handshakes, and its failures on demand."""
import contextlib
import functools
import hashlib
import http.client
import socket
import ssl

import pytest
from doubles.bigip import BigIP, irule
from doubles.bigip.client import Client, Refused, handshake, shown
from doubles.bigip.factory import self_signed
from stage.peers import Publisher, answers, free_port, wait_for

CSSL, VIRTUAL = "ltm/profile/client-ssl", "ltm/virtual"


@functools.cache
def material(name):
    return self_signed(f"{name}.contoso.com")


def mark_of(name):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(material(name)[1].decode())).hexdigest()


@pytest.fixture
def double(tmp_path):
    with BigIP(tmp_path, https=free_port(), http=free_port(), sync_ms=20) as one:
        yield one


@pytest.fixture
def client(double):
    with Client(double) as c:
        yield c


def site(client, address, *names, **more):
    """A virtual server with one profile per name, the first being the default."""
    profiles = []
    for name in names:
        entry = client.pair(name, *material(name))
        client.post(CSSL, {"name": f"cssl_{name}", "certKeyChain": [entry], "serverName": f"{name}.contoso.com", "sniDefault": "true" if name == names[0] else "false"})
        profiles.append({"name": f"/Common/cssl_{name}", "context": "clientside"})
    client.post(VIRTUAL, {"name": f"vs_{address}", "destination": f"/Common/{address}:443", "profiles": ["/Common/tcp", "/Common/http", *profiles], **more})


def ask(address, port, path="/", secure=True, name=None, host="owa.contoso.com"):
    """GET over a connection of its own: status, headers, body."""
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(address, port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection(address, port, timeout=10)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    found = answer.status, dict(answer.headers), answer.read()
    connection.close()
    return found


def test_name_chooses_the_profile(double, client):
    site(client, "127.60.0.1", "one", "two")
    address = "127.60.0.1", double.https
    assert shown(*address, "one.contoso.com") == mark_of("one")
    assert shown(*address, "TWO.contoso.com") == mark_of("two")
    assert shown(*address, "else.contoso.com") == shown(*address) == mark_of("one")
    client.patch(f"{CSSL}/~Common~cssl_two", {"serverName": "*.contoso.com"})
    assert shown(*address, "else.contoso.com") == mark_of("two")
    client.patch(f"{CSSL}/~Common~cssl_two", {"serverName": "none"})  # then the names of its certificate count
    assert shown(*address, "two.contoso.com") == mark_of("two")
    client.patch(f"{CSSL}/~Common~cssl_one", {"sniRequire": "true"})
    with pytest.raises(ssl.SSLError):
        handshake(*address)


def test_chain_is_sent_as_given_and_versions_follow_the_options(double, client):
    site(client, "127.60.0.2", "one")
    client.file("ssl-cert", "chain.crt", material("two")[1] + material("three")[1])
    entry = client.get(f"{CSSL}/~Common~cssl_one")["certKeyChain"][0]
    client.patch(f"{CSSL}/~Common~cssl_one", {"certKeyChain": [{**{k: entry[k] for k in ("name", "cert", "key")}, "chain": "/Common/chain.crt"}]})
    chain, connection = handshake("127.60.0.2", double.https)
    assert [hashlib.sha256(c).hexdigest() for c in chain] == [mark_of("one"), mark_of("two"), mark_of("three")]
    assert connection.version() == "TLSv1.2"  # the parent has no-tlsv1.3
    connection.close()
    client.patch(f"{CSSL}/~Common~cssl_one", {"tmOptions": ["dont-insert-empty-fragments"]})
    connection = handshake("127.60.0.2", double.https)[1]
    assert connection.version() == "TLSv1.3"
    connection.close()


def test_rsa_and_ecdsa_side_by_side(double, client):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    site(client, "127.60.0.3", "one")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (double.folder / "ec.key").write_bytes(pem)
    certificate = signed(key)
    second = {**client.pair("ec", pem, certificate), "name": "ec"}
    first = {"name": "rsa", "cert": "/Common/one.crt", "key": "/Common/one.key", "chain": "none"}
    client.patch(f"{CSSL}/~Common~cssl_one", {"certKeyChain": [first, second]})
    assert client.get("sys/file/ssl-key/~Common~ec.key")["curveName"] == "prime256v1"
    found = set()
    for ciphers in ("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
        with context.wrap_socket(socket.create_connection(("127.60.0.3", double.https), 10)) as connection:
            found.add(hashlib.sha256(connection.getpeercert(True)).hexdigest())
    assert found == {mark_of("one"), hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.decode())).hexdigest()}


def signed(key):
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from doubles.bigip.factory import name_of
    now = datetime.datetime.utcnow()
    name = name_of("one.contoso.com")
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM))


def test_switch_takes_effect_without_dropping_others(double, client):
    site(client, "127.60.0.4", "one")
    kept = handshake("127.60.0.4", double.https)[1]
    entry = client.pair("two", *material("two"))
    client.patch(f"{CSSL}/~Common~cssl_one", {"certKeyChain": [entry]})
    assert shown("127.60.0.4", double.https) == mark_of("two")
    kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert kept.recv(1000).startswith(b"HTTP/1.1 200 ")
    kept.close()


def test_failover_moves_what_was_synced(double, client):
    site(client, "127.60.0.5", "one")
    client.post("cm", {"command": "run", "utilCmdArgs": "config-sync to-group dg_pair"})
    wait_for(lambda: double.state()["state"][0]["sync"] == "In Sync")
    assert b"bigip1" in ask("127.60.0.5", double.https)[2]
    client.patch(f"{CSSL}/~Common~cssl_one", {"certKeyChain": [client.pair("two", *material("two"))]})  # not synced
    assert shown("127.60.0.5", double.https) == mark_of("two")
    double.control("failover")
    assert shown("127.60.0.5", double.https) == mark_of("one")
    assert b"bigip2" in ask("127.60.0.5", double.https)[2]
    double.control("failover", to=0)
    wait_for(lambda: not answers(double.https, "127.60.0.5"))
    assert double.state()["dataPath"] == {"served": [], "problems": []}


def test_virtual_server_can_be_switched_off_and_removed(double, client):
    site(client, "127.60.0.6", "one")
    path = f"{VIRTUAL}/~Common~vs_127.60.0.6"
    for off, on in (((path, {"disabled": True}), (path, {"enabled": True})),
                    (("ltm/virtual-address/~Common~127.60.0.6", {"enabled": "no"}), ("ltm/virtual-address/~Common~127.60.0.6", {"enabled": "yes"}))):
        client.patch(*off)
        wait_for(lambda: not answers(double.https, "127.60.0.6"))
        client.patch(*on)
        assert shown("127.60.0.6", double.https) == mark_of("one")
    client.delete(path)
    wait_for(lambda: not answers(double.https, "127.60.0.6"))


def test_pool_is_reached_and_rules_redirect(double, client):
    back = Publisher()
    back.pages["/owa/"] = b"Outlook"
    back.pages["/.well-known/acme-challenge/x"] = b"proof"
    back.start()
    try:
        client.post("ltm/pool", {"name": "pool", "members": [{"name": f"127.0.0.1:{back.port}"}]})
        site(client, "127.60.0.7", "one", pool="/Common/pool")
        assert ask("127.60.0.7", double.https, "/owa/")[::2] == (200, b"Outlook")
        rule = 'when HTTP_REQUEST {\n if { [HTTP::path] starts_with "/.well-known/acme-challenge/" } { return }\n HTTP::redirect https://[HTTP::host][HTTP::uri]\n}'
        client.post("ltm/rule", {"name": "to_https", "apiAnonymous": rule})
        client.post(VIRTUAL, {"name": "vs80", "destination": "/Common/127.60.0.7:80", "profiles": ["/Common/http"], "pool": "/Common/pool", "rules": ["/Common/to_https"]})
        status, headers, _ = ask("127.60.0.7", double.http, "/owa/?a=1", secure=False)
        assert status == 302 and headers["Location"] == "https://owa.contoso.com/owa/?a=1"
        assert ask("127.60.0.7", double.http, "/.well-known/acme-challenge/x", secure=False)[2] == b"proof"
    finally:
        back.stop()


RULES = [  # body of HTTP_REQUEST, method, request target, host; what it answers
    ("", "GET", "/", "a", None),
    ("HTTP::redirect https://[getfield [HTTP::host] \":\" 1][HTTP::uri]", "GET", "/x?y=1", "a:80", ("respond", 302, "https://a/x?y=1")),
    ("set p [string tolower [HTTP::path]]\nif { $p ends_with \"/x\" } { pool /Common/two } # why", "GET", "/X?q", "a", ("pool", "/Common/two")),
    ("if { [HTTP::path] eq \"/a\" } { return } elseif { [HTTP::method] eq \"POST\" } { HTTP::respond 308 Location /p } else { HTTP::respond 404 }\nHTTP::respond 500",
     "POST", "/b", "a", ("respond", 500, None)),
    ("if { not ([HTTP::path] contains \"..\" or [HTTP::path] contains \"%\") and [HTTP::host] eq \"a\" } { HTTP::respond 301 Location \"https://[HTTP::host]/\" }",
     "GET", "/x", "a", ("respond", 301, "https://a/")),
    ("if { not ([HTTP::path] contains \"..\") } { HTTP::respond 301 Location / }", "GET", "/../x", "a", None),
]


@pytest.mark.parametrize("body,method,target,host,found", RULES)
def test_rules_do_what_their_text_says(body, method, target, host, found):
    assert irule.answer("when HTTP_REQUEST {\n" + body + "\n}\nwhen HTTP_RESPONSE { log local0. x }", method, target, host) == found


@pytest.mark.parametrize("body", ["switch [HTTP::path] { }", "if { [HTTP::cookie exists x] } { return }", "HTTP::respond $status", "if { [HTTP::path] matches x } { return }",
                                  "if { [HTTP::path] eq \"/\"", "table set a b"])
def test_what_is_not_played_is_said(body):
    with pytest.raises(irule.Unknown):
        irule.answer("when HTTP_REQUEST { " + body + " }", "GET", "/", "a")


def test_addresses_off_loopback_are_not_listened_on_unless_mapped(tmp_path):
    port = free_port()
    with BigIP(tmp_path, units=1, map=f"192.0.2.8:443=127.60.0.8:{port}") as one, Client(one) as c:
        site(c, "192.0.2.8", "one")
        c.post(VIRTUAL, {"name": "other", "destination": "/Common/192.0.2.9:443", "profiles": ["/Common/http"]})
        assert one.state()["dataPath"]["served"] == [{"unit": 1, "virtual": "/Common/vs_192.0.2.8", "address": "127.60.0.8", "port": port}]
        assert shown("127.60.0.8", port, "one.contoso.com") == mark_of("one")


# what: status and a piece of the body, of every row of the retry table (bigip.md section 3.1)
FAILURES = {
    "restarting": (503, "Configuration Utility restarting..."),
    "busy": (503, "There is an active asynchronous task executing."),
    "starting": (404, "wait for /available suffix to be responsive."),
    "not-registered": (404, "Public URI path not registered: /tm/ltm/pool"),
    "mcpd-lost": (500, "The connection to mcpd has been lost, try again."),
    "timeout": (400, "remoteSender:"),
    "timeout-page": (500, "AsyncContext timeout"),
    "provisioning": (400, "01071003:3:"),
    "tokens": (400, "reached maximum active login tokens"),
    "token-expired": (401, "X-F5-Auth-Token has expired."),
    "token-absent": (401, "X-F5-Auth-Token does not exist."),
    "no-token": (401, "no user authentication header or token detected"),
    "unauthorized-page": (401, "401 F5 Authorization Required"),
    "role": (401, "verb=POST"),
    "asynchronous": (202, "Task will execute asynchronously."),
    "null-exception": (400, "request failed with null exception"),
    "error": (500, "Something went wrong"),
    "absent": (404, "01020036:3:"),
    "exists": (409, "01020066:3:"),
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    with BigIP(tmp_path_factory.mktemp("failing")) as one:
        yield one


def there(double, name):
    return f"/Common/{name}" in double.control("objects", kind="ltm/pool")["objects"]


@pytest.mark.parametrize("when", ("before", "after"))
@pytest.mark.parametrize("what", FAILURES)
def test_fails_with_an_answer(failing, what, when):
    name = f"p-{what}-{when}"
    status, words = FAILURES[what]
    with Client(failing) as client:
        failing.fail(f"POST /mgmt/tm/ltm/pool what={what} when={when}")
        with pytest.raises(Refused) as refused:
            client.post("ltm/pool", {"name": name})
        assert refused.value.status == status and words in refused.value.message
        assert there(failing, name) == (when == "after")
        with contextlib.suppress(Refused):  # a token that is gone stays gone
            client.post("ltm/pool", {"name": name + "2"})
        assert there(failing, name + "2") == (what not in ("token-expired", "token-absent"))


@pytest.mark.parametrize("what, when, done", (("reset", "before", False), ("reset", "after", True), ("close", "before", False), ("close", "after", True),
                                              ("half", "after", True)))
def test_fails_on_the_wire(failing, what, when, done):
    name = f"w-{what}-{when}"
    with Client(failing) as client:
        failing.fail(f"POST /mgmt/tm/ltm/pool what={what} when={when}")
        with pytest.raises((OSError, http.client.HTTPException)):
            client.post("ltm/pool", {"name": name})
        assert there(failing, name) == done
        client.connection.close()
        assert client.get("ltm/pool")["kind"]


def test_hangs_until_let_go(failing):
    with Client(failing, timeout=0.5) as client:
        failing.fail("POST /mgmt/tm/ltm/pool what=hang when=after")
        with pytest.raises(TimeoutError):
            client.post("ltm/pool", {"name": "hung"})
        assert there(failing, "hung")
        failing.heal()


def test_rules_count_steps_and_repeat(failing):
    with Client(failing) as client:
        failing.control("fail", what="error", step=3)
        for n in range(1, 6):
            with pytest.raises(Refused) if n == 3 else contextlib.nullcontext():
                client.get("sys/ready")
        failing.control("fail", what="busy", path="/mgmt/tm/sys/*", skip=1, times=2)
        for n in range(1, 5):
            with pytest.raises(Refused) if n in (2, 3) else contextlib.nullcontext():
                client.get("sys/version")
        failing.control("fail", what="error", unit=2, times=0)
        client.get("sys/version")
        with pytest.raises(Refused):
            Client(failing, 2)
        failing.heal()
        with pytest.raises(ValueError, match="what=nonsense"):
            failing.control("fail", what="nonsense")


def test_journal_tells_connections_and_failures(failing):
    failing.heal()
    failing.forget_requests()
    before = failing.state()["state"][0]["tokens"]
    with Client(failing) as client:
        failing.fail("GET /mgmt/tm/sys/ready what=busy")
        with pytest.raises(Refused):
            client.get("sys/ready")
        client.get("sys/ready")
    rows = failing.requests()
    assert [(r["method"], r["path"].split("?")[0].rsplit("/", 1)[0], r["status"]) for r in rows] == [
        ("POST", "/mgmt/shared/authn", 200), ("GET", "/mgmt/tm/sys", 503), ("GET", "/mgmt/tm/sys", 200), ("DELETE", "/mgmt/shared/authz/tokens", 200)]
    assert len({r["connection"] for r in rows}) == 1 and rows[1]["failure"] == "busy" and {r["unit"] for r in rows} == {1}
    assert failing.state()["state"][0]["tokens"] == before


def test_a_device_in_use(tmp_path):
    with BigIP(tmp_path, units=1) as one, Client(one) as c:
        one.control("populate", sites=300)
        page = c.get("ltm/virtual?$top=100&$skip=200&$select=name,destination")
        assert page["totalItems"] == 300 and len(page["items"]) == 100
        assert c.get(f"{CSSL}/~Common~cssl_site00007.hosted.example")["serverName"] == "site00007.hosted.example"
