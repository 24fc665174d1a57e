# SPDX-License-Identifier: Apache-2.0
"""Mailboxes are counted where the provider has them (M-G): a directory, a control panel. A part of an answer is never a count."""
import contextlib
import http.server
import json
import shutil
import ssl
import subprocess
import threading

import pytest

from stage.ca import CA, openssl
from stage.directory import PASSWORD, SUFFIX, Directory, customer, entry
from stage.house import Stage, build_folder
from stage.peers import free_port

DRIVE = build_folder() / "tests" / "drive" / "mailboxes_drive"
needs_slapd = pytest.mark.skipif(not shutil.which("/usr/sbin/slapd"), reason="needs slapd (script/setup test)")


def secret(folder, text):
    path = folder / "password"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def quoted(value):
    return value if isinstance(value, int) else json.dumps(str(value))


def count(folder, source, key="contoso"):
    """What the source says, asked without the house around it."""
    config = folder / "certdesk.yaml"
    config.write_text("mailbox_sources:\n  - name: here\n" + "".join(f"    {name}: {quoted(value)}\n" for name, value in source.items()))
    r = subprocess.run([DRIVE, config, "here", key], capture_output=True, text=True, timeout=120)
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout)


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return CA(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def directory(tmp_path_factory, ca):
    """10,000 users, and the usual limit: 500 entries without pages, as many as it likes in them."""
    ldif = customer("contoso", 9000, 37) + customer("fabrikam", 960) + customer("Berg, Inc.", 3).replace("ou=Berg, Inc.", "ou=Berg\\, Inc.")
    peer = Directory(tmp_path_factory.mktemp("slapd"), ca, ldif, "sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited")
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture
def source(tmp_path, directory):
    return lambda **more: directory.settings(secret(tmp_path, PASSWORD), **more)


@needs_slapd
@pytest.mark.parametrize("starttls", [False, True])
def test_thousands_in_pages(tmp_path, source, starttls):
    told = count(tmp_path, source(starttls=starttls))
    assert (told["kind"], told["counted"], told["listed"]) == ("done", 9000, 9000), told
    names = told["names"].splitlines()
    assert len(set(names)) == 9000 and "user8999@contoso.example" in names and "user9000@contoso.example" not in names
    assert told["asked"].startswith("(&(objectClass=user)(msExchRecipientTypeDetails=1)) below OU=contoso,")
    assert count(tmp_path, source(page_size=7), "fabrikam")["counted"] == 960


@needs_slapd
def test_a_key_is_a_value_and_nothing_else(tmp_path, source):
    assert count(tmp_path, source(), "Berg, Inc.")["counted"] == 3
    for key in ("*", "contoso)(ou=*", "contoso,OU=Hosting", "nobody"):
        told = count(tmp_path, source(), key)
        assert told["kind"] == "human" and "does not have the base" in told["words"], told
    by_filter = source(base=f"OU=Hosting,{SUFFIX}", filter="(&(objectClass=user)(mail=user1@{customer}.example))")
    assert count(tmp_path, by_filter)["counted"] == 1
    told = count(tmp_path, by_filter, "*")
    assert told["kind"] == "human" and told["words"].startswith("Nobody was counted ((&(objectClass=user)(mail=user1@\\2a.example))")


@needs_slapd
def test_names_without_the_attribute(tmp_path, source):
    told = count(tmp_path, source(listed="telephoneNumber"), "Berg, Inc.")
    assert told["counted"] == 3 and "cn=user0,ou=Berg\\2C Inc." in told["names"], told


@needs_slapd
def test_a_wrong_password_is_not_tried_again(tmp_path, directory):
    told = count(tmp_path, directory.settings(secret(tmp_path, "guess")))
    assert told["kind"] == "human" and "does not take user and password" in told["words"], told
    assert "guess" not in json.dumps(told)
    readable = secret(tmp_path, PASSWORD)
    readable.chmod(0o644)
    told = count(tmp_path, directory.settings(readable))
    assert told["kind"] == "human" and "may be read by others" in told["words"], told


@needs_slapd
def test_without_rights_nobody_is_no_count(tmp_path, source):
    anonymous = source()
    del anonymous["user"], anonymous["password_file"]
    told = count(tmp_path, anonymous)
    assert told["kind"] == "human" and "does not have the base" in told["words"], told


@needs_slapd
@pytest.mark.parametrize("starttls", [False, True])
def test_a_server_of_another_authority(tmp_path, source, starttls):
    told = count(tmp_path, source(starttls=starttls, ca_file=CA(tmp_path / "other").root))
    assert told["kind"] == "later" and told["counted"] == 0, told
    assert "certificate does not verify" in told["words"], told


@needs_slapd
def test_a_server_of_another_name(tmp_path, source, directory):
    told = count(tmp_path, source(url=f"ldaps://127.0.0.1:{directory.tls_port}"))
    assert told["kind"] == "later" and told["counted"] == 0, told


@needs_slapd
@pytest.mark.parametrize("limits,says", [
    ("sizelimit size.soft=500 size.hard=500 size.prtotal=700", "size limit"),
    ("sizelimit size.soft=500 size.hard=500 size.prtotal=disabled", "at a limit of its operator"),
    ("timelimit time.soft=0 time.hard=0\nsizelimit size.soft=10 size.hard=10 size.prtotal=hard", "size limit"),
])
def test_a_limit_of_the_server_is_no_count(tmp_path, ca, limits, says):
    peer = Directory(tmp_path / "slapd", ca, customer("contoso", 900), limits).start()
    try:
        told = count(tmp_path, peer.settings(secret(tmp_path, PASSWORD), page_size=100))
        assert told["kind"] == "human" and says in told["words"] and "900" not in told["words"], told
    finally:
        peer.stop()


@needs_slapd
def test_what_lies_at_another_server_is_not_followed(tmp_path, ca):
    away = entry(f"ou=away,ou=contoso,ou=Hosting,{SUFFIX}", "objectClass: referral", "objectClass: extensibleObject", "ou: away",
                 f"ref: ldap://192.0.2.1/ou=away,{SUFFIX}")
    peer = Directory(tmp_path / "slapd", ca, customer("contoso", 20) + away).start()
    try:
        told = count(tmp_path, peer.settings(secret(tmp_path, PASSWORD)))
        assert told["kind"] == "human" and "ldap://192.0.2.1" in told["words"] and "not followed" in told["words"], told
        told = count(tmp_path, peer.settings(secret(tmp_path, PASSWORD), base=f"ou=away,ou={{customer}},ou=Hosting,{SUFFIX}"))
        assert told["kind"] == "human" and "another server" in told["words"], told
    finally:
        peer.stop()


@needs_slapd
def test_a_whole_domain_sends_to_its_own_house(tmp_path, ca):
    """Active Directory answers so for every search from the top of a domain; a domain below is people that were not counted."""
    def away(dn):
        return entry(dn, "objectClass: referral", "objectClass: extensibleObject", f"{dn.split('=')[0]}: {dn.split('=')[1].split(',')[0]}",
                     f"ref: ldap://elsewhere.example/{dn}")

    house = [away(f"{name},{SUFFIX}") for name in ("cn=Configuration", "dc=DomainDnsZones", "dc=ForestDnsZones")]
    whole = {"base": SUFFIX, "filter": "(&(objectClass=user)(mail=*@{customer}.example))", "page_size": 10}
    peer = Directory(tmp_path / "slapd", ca, customer("contoso", 25) + "".join(house)).start()
    try:
        told = count(tmp_path, peer.settings(secret(tmp_path, PASSWORD), **whole))
        assert (told["kind"], told["counted"]) == ("done", 25), told
        peer.stop()
        peer.change(away(f"dc=emea,{SUFFIX}"))
        peer.start()
        told = count(tmp_path, peer.settings(secret(tmp_path, PASSWORD), **whole))
        assert told["kind"] == "human" and "dc=emea" in told["words"] and "not followed" in told["words"], told
    finally:
        peer.stop()


class Cut:
    """Between the client and a server: closes after so many bytes of answers, or says nothing from there on."""

    def __init__(self, port, after, silent=False):
        import socket
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.target, self.after, self.silent = port, after, silent
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        import selectors
        import socket
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        told = 0
        with selectors.DefaultSelector() as ready, client, server:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(4096)
                    if not data:
                        return
                    if key.fileobj is server:
                        told += len(data)
                        if told > self.after:
                            if self.silent:
                                ready.unregister(server)
                                continue
                            return
                    with contextlib.suppress(OSError):
                        key.data.sendall(data)


@needs_slapd
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("after", [0, 20000, 300000])
def test_a_server_that_dies_in_the_middle(tmp_path, source, directory, after, silent):
    between = Cut(directory.tls_port, after, silent)
    told = count(tmp_path, source(url=f"ldaps://localhost:{between.port}", timeout=1))
    assert told["kind"] == "later", told


@needs_slapd
def test_nobody_at_home(tmp_path, source):
    told = count(tmp_path, source(url=f"ldaps://localhost:{free_port()}"))
    assert told["kind"] == "later" and "cannot be reached" in told["words"], told


class Panel:
    """A control panel: HTTPS on localhost, `pages` maps a path to (status, headers, body)."""

    def __init__(self, folder, ca):
        folder.mkdir()
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "key.pem")
        csr = openssl("req", "-new", "-key", folder / "key.pem", "-subj", "/CN=localhost").decode()
        (folder / "cert.pem").write_text(ca.sign(csr, ["localhost"]) + ca.intermediate.read_text())
        self.pages, self.asked = {}, []
        panel = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                panel.asked.append((self.path, self.headers.get("Authorization")))
                status, headers, body = panel.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                with contextlib.suppress(OSError):
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def settings(self, ca, **more):
        return {"kind": "json", "url": f"https://localhost:{self.port}/customers/{{customer}}", "ca_file": ca.root, "timeout": 2, **more}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def panel(tmp_path, ca):
    peer = Panel(tmp_path / "panel", ca)
    yield peer
    peer.stop()


ITEMS = json.dumps({"items": [{"mail": f"user{n}@contoso.example", "type": "full" if n < 7 else "light"} for n in range(9)]}).encode()


def test_a_panel_counts(tmp_path, ca, panel):
    panel.pages = {"/customers/contoso": (200, {}, ITEMS), "/customers/a%2F%2E%2E%2Fb": (200, {}, b'{"n": 321}')}
    token = secret(tmp_path, "t0ken")
    told = count(tmp_path, panel.settings(ca, pointer="/items", column="type", values="full", password_file=token))
    assert (told["kind"], told["counted"]) == ("done", 7) and told["names"].splitlines()[6] == "user6@contoso.example", told
    told = count(tmp_path, panel.settings(ca, pointer="/n"), "a/../b")
    assert (told["kind"], told["counted"], told["listed"]) == ("done", 321, 0), told
    assert panel.asked == [("/customers/contoso", "Bearer t0ken"), ("/customers/a%2F%2E%2E%2Fb", None)]


@pytest.mark.parametrize("page,kind,says", [
    ((503, {}, b""), "later", "status 503"),
    ((429, {}, b""), "later", "status 429"),
    ((404, {}, b""), "human", "status 404"),
    ((401, {}, b""), "human", "status 401"),
    ((206, {}, b"[1]"), "human", "status 206"),
    ((302, {"Location": "https://localhost/"}, b""), "human", "status 302"),
    ((200, {"Link": '<https://localhost/2>; rel="next"'}, ITEMS), "human", "first page of several"),
    ((200, {"Content-Length": "9999"}, ITEMS), "later", "gives no answer"),
    ((200, {}, ITEMS[:-5]), "human", "not JSON"),
    ((200, {}, b"<html>sign in</html>"), "human", "not JSON"),
    ((200, {}, b'{"items": "many"}'), "human", "neither a number nor a list"),
    ((200, {}, b'{"items": []}'), "human", "Nobody was counted"),
    ((200, {"X-Long": "x" * 20000}, ITEMS), "later", "gives no answer"),
])
def test_what_a_panel_says_instead(tmp_path, ca, panel, page, kind, says):
    panel.pages["/customers/contoso"] = page
    told = count(tmp_path, panel.settings(ca, pointer="/items"))
    assert told["kind"] == kind and says in told["words"], told


def test_a_panel_of_another_authority(tmp_path, ca, panel):
    panel.pages["/customers/contoso"] = (200, {}, ITEMS)
    told = count(tmp_path, {**panel.settings(ca), "ca_file": CA(tmp_path / "other").root})
    assert told["kind"] == "later" and "certificate" in told["words"] and not panel.asked, told


@pytest.fixture(scope="module")
def provider(tmp_path_factory, ca):
    """A provider whose directory counts: contoso has 250 mailboxes, small has 5."""
    folder = tmp_path_factory.mktemp("provider")
    peer = Directory(folder / "slapd", ca, customer("contoso", 250, 3) + customer("small", 5)).start()
    source = peer.settings(secret(folder, PASSWORD), timeout=2)
    (folder / "exports").mkdir()
    exports = {"kind": "csv", "file": f"{folder}/exports/{{customer}}.csv", "column": "Kind", "values": "UserMailbox"}
    with Stage(folder / "stage", stock=2, mailbox_sources={"directory": source, "exports": exports}) as s:
        s.customer, s.service = s.furnish(mailboxes=None)
        s.directory, s.exports = peer, folder / "exports"
        yield s
    peer.stop()


def counted_as(stage, key, source="directory"):
    return stage.api.call("PATCH", f"/customers/{stage.customer['id']}", {"mailbox_source": source, "mailbox_key": key})


def codes(order):
    return [f["code"] for f in order["findings"]]


@needs_slapd
def test_an_order_is_counted_and_the_list_can_be_shown(provider, host):
    counted_as(provider, "contoso")
    made = provider.order(provider.service, host, key="p256")
    provider.csr(made)
    assert provider.show(made)["mailboxes"] == 250 and not any(c.startswith("ELIGIBILITY") for c in codes(provider.show(made)))
    counted = [e for e in provider.api.all(f"/orders/{made['number']}/events") if e["action"] == "mailboxes.counted"]
    assert len(counted) == 1 and counted[0]["actor"] == "worker", counted
    latest = list(provider.api.all("/customers/Contoso/mailboxes"))[-1]
    assert (latest["source"], latest["author"], latest["listed"]) == ("directory", "worker", 250)
    assert latest["sample"][0] == "user0@contoso.example" and "OU=contoso" in latest["asked"]
    shown = provider.house.cli("mailboxes", "list", "Contoso", "--limit", 200).stdout
    assert "user199@contoso.example" in shown and "there is more" in shown
    token = provider.api.post("/tokens", {"name": f"c {host}", "role": "customer", "customer": provider.customer["id"]})["token"]
    theirs = provider.house.api(token).get("/customers/Contoso/mailboxes/list?limit=1")
    assert theirs["items"] == [{"number": 1, "name": "user0@contoso.example"}] and theirs["count"]["asked"] is None


@needs_slapd
def test_too_few_is_refused_and_two_people_can_waive_it(provider, host):
    small = provider.api.post("/customers", {"name": "Small", "contact_mail": "x@contoso.com", "organization": "Small Ltd", "city": "Leeds",
                                             "country": "GB", "mailbox_source": "directory", "mailbox_key": "small"})
    service = provider.api.post(f"/customers/{small['id']}/services", {"kind": "owa", "name": "mail", "backend": provider.balancer.backend,
                                                                       "pool": "edge-1"})
    waiver = provider.api.post("/customers/Small/waivers", {"reason": "merger in March"})
    no = provider.until(provider.order(service, host, key="p256"), lambda o: o["stage"] == "refused", what="one person is none")
    finding = next(f for f in no["findings"] if f["code"] == "ELIGIBILITY_MAILBOXES")
    assert "has 5 (counted on" in finding["what"]
    provider.until(no, lambda o: o["withdrawn"], what="its address to be given back")
    second = provider.confirm(waiver)["second"]
    made = provider.order(service, host, key="p256")
    provider.csr(made)
    told = next(f for f in provider.show(made)["findings"] if f["code"] == "ELIGIBILITY_WAIVED")
    assert f"{waiver['author']} and {second} waived that until" in told["what"] and "merger in March" in told["what"]
    assert second in provider.house.cli("waiver", "list", "Small").stdout


@needs_slapd
def test_a_source_that_is_away_is_asked_again(provider, host):
    counted_as(provider, "contoso")
    provider.directory.kill()
    made = provider.order(provider.service, host, key="p256")
    waits = provider.until(made, lambda o: "ELIGIBILITY_COUNT_LATER" in codes(o) and o["trouble"], what="the finding")
    assert waits["stage"] == "checking" and "cannot be reached" in waits["trouble"]
    provider.directory.start()
    provider.csr(made)
    assert "ELIGIBILITY_COUNT_LATER" not in codes(provider.show(made)) and provider.show(made)["mailboxes"] == 250


@needs_slapd
def test_what_people_must_repair_waits_for_them(provider, host):
    counted_as(provider, "contso")
    made = provider.order(provider.service, host, key="p256")
    stuck = provider.until(made, lambda o: "stuck" in o["facts"], what="the order to be set aside")
    assert stuck["waits_for"] == "provider" and "does not have the base" in stuck["trouble"] and "ELIGIBILITY_COUNT_LATER" in codes(stuck)
    counted_as(provider, "contoso")
    provider.api.post(f"/orders/{made['number']}/go-on")
    provider.csr(made)


@needs_slapd
def test_a_renewal_is_counted_anew(provider, host):
    counted_as(provider, "contoso")
    made = provider.order(provider.service, host, key="p256")
    leaf = provider.ca.as_pem(provider.ca.sign(provider.csr(made), [host]))
    provider.accept_review(made, provider.deliver(made, leaf, accept=False)["review"])
    provider.point(made)
    provider.until(made, lambda o: o["stage"] == "live", what="live")
    counted_as(provider, "small")
    renewal = provider.until(provider.order(provider.service, host, kind="renewal", key="p256"), lambda o: o["stage"] != "checking", what="the count")
    assert renewal["stage"] == "refused" and renewal["mailboxes"] == 5 and "ELIGIBILITY_MAILBOXES" in codes(renewal)
    assert provider.show(made)["stage"] == "live"
    provider.csr(provider.order(provider.service, host, kind="rekey", key="p256"))  # an exposed key is replaced whatever was counted


def test_exports_of_all_customers(provider, host):
    counted_as(provider, "contoso", "exports")
    made = provider.order(provider.service, host, key="p256")
    waits = provider.until(made, lambda o: o["trouble"], what="the trouble")
    assert "was not exported yet" in waits["trouble"]
    lines = ["PrimarySmtpAddress;Kind", *(f"user{n}@contoso.example;UserMailbox" for n in range(220)), "room@contoso.example;RoomMailbox"]
    (provider.exports / "contoso.csv").write_bytes("\r\n".join(lines).encode("utf-16"))
    provider.csr(made)
    latest = list(provider.api.all("/customers/Contoso/mailboxes"))[-1]
    assert (latest["mailboxes"], latest["left_out"], latest["source"]) == (220, 1, "exports")


def test_the_command_counts_and_records(provider, tmp_path):
    export = tmp_path / "export.csv"
    export.write_text("#TYPE x\nPrimarySmtpAddress,RecipientTypeDetails\nanna@contoso.com,UserMailbox\nroom@contoso.com,RoomMailbox\n")
    rule = ("--column", "RecipientTypeDetails", "--values", "UserMailbox")
    alone = provider.house.cli("mailboxes", "file", export, *rule, "--json")
    assert json.loads(alone.stdout)["list"] == ["anna@contoso.com"] and json.loads(alone.stdout)["left_out"] == 1
    provider.house.cli("mailboxes", "count", "Contoso", export, *rule)
    latest = list(provider.api.all("/customers/Contoso/mailboxes"))[-1]
    assert (latest["mailboxes"], latest["source"], latest["sample"]) == (1, "file", ["anna@contoso.com"])
    assert "anna@contoso.com" in provider.house.cli("mailboxes", "list", "Contoso").stdout
    export.write_text("PrimarySmtpAddress,RecipientTypeDetails\nanna@contoso.com,\"User")
    cut = provider.house.cli("mailboxes", "file", export, *rule, check=False)
    assert cut.returncode == 1 and f"{export}:2: field 2" in cut.stderr
