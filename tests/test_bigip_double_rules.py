# SPDX-License-Identifier: Apache-2.0
"""What the BIG-IP double refuses, each with the message id of a device, and what state it keeps."""
import contextlib
import functools
import hashlib

import pytest
from doubles.bigip import BigIP
from doubles.bigip.client import DOWNLOADS, Client, Refused
from doubles.bigip.factory import self_signed
from stage.peers import wait_for

KEY, CERT = "sys/file/ssl-key", "sys/file/ssl-cert"
CSSL, SSSL, VIRTUAL, POOL = "ltm/profile/client-ssl", "ltm/profile/server-ssl", "ltm/virtual", "ltm/pool"


@functools.cache
def material(name):
    """Key and certificate, made once a run."""
    return self_signed(f"{name}.contoso.com")


@pytest.fixture(scope="module")
def doubles(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        @functools.cache
        def of(tmos):
            return stack.enter_context(BigIP(tmp_path_factory.mktemp("double"), tmos=tmos))
        yield of


@pytest.fixture
def device(doubles, request):
    """A client of a 16.1 with two pairs, a profile and a virtual server under names of the test's own."""
    with Client(doubles("16.1")) as client:
        client.double = doubles("16.1")
        client.mark = f"t{abs(hash(request.node.name)) % 10**8}"
        client.one = client.pair(client.mark + "one", *material("one"))
        client.two = client.pair(client.mark + "two", *material("two"))
        client.profile = f"/Common/{client.mark}p"
        client.post(CSSL, {"name": client.profile, "certKeyChain": [client.one]})
        yield client


def at(kind, path):
    return f"{kind}/{path.replace('/', '~')}"


def number_of(status, action):
    with pytest.raises(Refused) as refused:
        action()
    assert refused.value.status == status, refused.value
    return refused.value.number or refused.value.message


def vs(d, name, address, **more):
    return d.post(VIRTUAL, {"name": d.mark + name, "destination": f"/Common/{address}:443", **more})


def sni(d, name, server, default):
    path = f"/Common/{d.mark}{name}"
    d.post(CSSL, {"name": path, "certKeyChain": [d.one], "serverName": server, "sniDefault": default})
    return {"name": path, "context": "clientside"}


def encrypted():
    from cryptography.hazmat.primitives import serialization
    key = serialization.load_pem_private_key(material("one")[0], None)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                             serialization.BestAvailableEncryption(b"secret"))


# what: status, number, action
REFUSALS = {
    "certificate absent": (404, "01020036", lambda d: d.get(at(CERT, "/Common/nobody.crt"))),
    "key absent": (404, "01020036", lambda d: d.delete(at(KEY, "/Common/nobody.key"))),
    "profile absent": (404, "01020036", lambda d: d.patch(at(CSSL, "/Common/nobody"), {"ciphers": "DEFAULT"})),
    "pool absent": (404, "01020036", lambda d: vs(d, "v", "10.1.0.1", pool="/Common/nobody")),
    "certificate exists": (409, "01020066", lambda d: d.file("ssl-cert", d.mark + "one.crt", material("one")[1])),
    "profile exists": (409, "01020066", lambda d: d.post(CSSL, {"name": d.profile})),
    "key of another certificate": (400, "01070317", lambda d: d.patch(at(CSSL, d.profile), {"certKeyChain": [{**d.one, "key": d.two["key"]}]})),
    "new profile with a wrong pair": (400, "01070317", lambda d: d.post(CSSL, {"name": d.mark + "n", "certKeyChain": [{**d.one, "key": d.two["key"]}]})),
    "certificate replaced in place": (400, "01070317", lambda d: replace(d, CERT, d.one["cert"], material("two")[1])),
    "key replaced in place": (400, "01070317", lambda d: replace(d, KEY, d.one["key"], material("two")[0])),
    "certificate in use": (400, "01071349", lambda d: d.delete(at(CERT, d.one["cert"]))),
    "key in use": (400, "01071349", lambda d: d.delete(at(KEY, d.one["key"]))),
    "unknown key": (400, "01070277", lambda d: d.patch(at(CSSL, d.profile), {"certKeyChain": [{**d.one, "key": "/Common/no.key"}]})),
    "unknown certificate": (400, "0107134a", lambda d: d.patch(at(CSSL, d.profile), {"certKeyChain": [{**d.one, "cert": "/Common/no.crt"}]})),
    "unknown chain": (400, "0107134a", lambda d: d.patch(at(CSSL, d.profile), {"certKeyChain": [{**d.one, "chain": "/Common/no.crt"}]})),
    "name of a server-ssl": (400, "01070293", lambda d: d.post(CSSL, {"name": "serverssl"})),
    "name of a client-ssl": (400, "01070293", lambda d: d.post(SSSL, {"name": d.profile})),
    "chain and plain members": (400, "01b4002a", lambda d: d.patch(at(CSSL, d.profile), {"certKeyChain": [d.one], "cert": d.one["cert"]})),
    "two of one type": (400, "010717e1", lambda d: d.patch(at(CSSL, d.profile), {"certKeyChain": [d.one, {**d.two, "name": "b"}]})),
    "encrypted without passphrase": (400, "01070313", lambda d: d.file("ssl-key", d.mark + "e.key", encrypted())),
    "certificate as key": (400, "01070712", lambda d: d.file("ssl-key", d.mark + "x.key", material("one")[1])),
    "nothing uploaded": (400, "01070712", lambda d: d.post(KEY, {"name": d.mark + "y.key", "sourcePath": f"file:{DOWNLOADS}nothing"})),
    "two SNI defaults": (400, "01071809", lambda d: vs(d, "v", "10.1.0.2", profiles=[sni(d, "a", "a.x", "true"), sni(d, "b", "b.x", "true")])),
    "one SNI name twice": (400, "0107149e", lambda d: vs(d, "v", "10.1.0.3", profiles=[sni(d, "a", "a.x", "true"), sni(d, "b", "a.x", "false")])),
    "no SNI default": (400, "0107149c", lambda d: vs(d, "v", "10.1.0.4", profiles=[sni(d, "a", "a.x", "false"), sni(d, "b", "b.x", "false")])),
    "entry without a name": (400, "one or more configuration identifiers must be provided",
                             lambda d: d.patch(at(CSSL, d.profile), {"certKeyChain": [{"cert": d.one["cert"], "key": d.one["key"]}]})),
    "unknown member": (400, '"certkeychain" unknown property', lambda d: d.patch(at(CSSL, d.profile), {"certkeychain": []})),
    "partition absent": (400, "01020036", lambda d: d.post(POOL, {"name": "p", "partition": "nowhere"})),
    "unknown device group": (400, "01070734", lambda d: d.post("cm", {"command": "run", "utilCmdArgs": "config-sync to-group nobody"})),
    "bad chunk": (400, "Chunk byte count 10 different from received buffer length 4", lambda d: d.call(
        "POST", "/mgmt/shared/file-transfer/uploads/x", b"abcd", {"Content-Range": "0-9/10"})),
    "shell": (401, "Authorization failed", lambda d: d.post("util/bash", {"command": "run", "utilCmdArgs": "-c id"})),
    "unknown collection": (404, "Found unexpected URI tmapi_mapper/ltm/nonsense.", lambda d: d.get("ltm/nonsense")),
    "unknown worker": (404, "Public URI path not registered", lambda d: d.get("/mgmt/shared/appsvcs/info")),
}


def replace(d, kind, path, data):
    return d.put(at(kind, path), {"name": path, "sourcePath": f"file:{DOWNLOADS}{d.upload(data)}"})


@pytest.mark.parametrize("what", REFUSALS)
def test_refuses_as_a_device(device, what):
    status, number, action = REFUSALS[what]
    before = device.get(at(CSSL, device.profile))
    assert number_of(status, lambda: action(device)).startswith(number)
    assert device.get(at(CSSL, device.profile)) == before


def test_nothing_of_a_refused_virtual_server_stays(device):
    number_of(400, lambda: vs(device, "v", "10.2.0.1", profiles=[sni(device, "a", "a.x", "true"), sni(device, "b", "b.x", "true")]))
    number_of(404, lambda: device.get(at("ltm/virtual-address", "/Common/10.2.0.1")))


def test_address_comes_and_goes_with_its_virtual_servers(device):
    vs(device, "a", "10.2.0.2", profiles=[{"name": device.profile, "context": "clientside"}, "/Common/http"])
    device.post(VIRTUAL, {"name": device.mark + "b", "destination": "/Common/10.2.0.2:80", "profiles": ["/Common/http"],
                          "rules": ["/Common/_sys_https_redirect"]})
    address = at("ltm/virtual-address", "/Common/10.2.0.2")
    assert device.get(address)["trafficGroup"] == "/Common/traffic-group-1"
    assert number_of(400, lambda: device.delete(at(CSSL, device.profile))) == "01070265"
    assert number_of(400, lambda: vs(device, "c", "10.2.0.2")) == "01070333"
    device.post("auth/partition", {"name": device.mark})
    assert number_of(400, lambda: device.post(VIRTUAL, {"name": "v", "partition": device.mark, "destination": f"/{device.mark}/10.2.0.2:443"})) == "0107176c"
    device.post(VIRTUAL, {"name": "v", "partition": device.mark, "destination": f"/{device.mark}/10.2.0.2%7:443"})
    assert device.get(at(VIRTUAL, f"/{device.mark}/v"))["destination"] == f"/{device.mark}/10.2.0.2%7:443"
    assert number_of(400, lambda: device.delete(f"auth/partition/{device.mark}")) == "0107082a"
    device.delete(at(VIRTUAL, f"/{device.mark}/v"))
    device.delete(f"auth/partition/{device.mark}")
    device.delete(at(VIRTUAL, f"/Common/{device.mark}a"))
    device.get(address)
    device.delete(at(VIRTUAL, f"/Common/{device.mark}b"))
    number_of(404, lambda: device.get(address))
    device.delete(at(CSSL, device.profile))
    device.delete(at(CERT, device.one["cert"]))
    device.delete(at(KEY, device.one["key"]))


def test_profiles_of_a_virtual_server_are_a_collection(device):
    vs(device, "v", "10.2.0.3", profiles=["/Common/http"])
    profiles = at(VIRTUAL, f"/Common/{device.mark}v") + "/profiles"
    device.post(profiles, {"name": device.profile, "context": "clientside"})
    found = {item["name"]: item for item in device.get(profiles)["items"]}
    assert set(found) == {"http", "tcp", device.mark + "p"} and found[device.mark + "p"]["context"] == "clientside"
    assert "/client-ssl/" in found[device.mark + "p"]["nameReference"]["link"]
    device.delete(f"{profiles}/{device.profile.replace('/', '~')}")
    assert len(device.get(profiles)["items"]) == 2
    device.delete(at(CSSL, device.profile))


def test_ipv6_destination(device):
    shown = device.post(VIRTUAL, {"name": device.mark + "6", "destination": "/Common/2001:db8::5.443", "profiles": ["/Common/http"]})
    assert shown["destination"] == "/Common/2001:db8::5.443" and shown["mask"].startswith("ffff:") and shown["source"] == "::/0"
    off = device.patch(at(VIRTUAL, f"/Common/{device.mark}6"), {"disabled": True})
    assert off["disabled"] is True and "enabled" not in off
    assert device.patch(at(VIRTUAL, f"/Common/{device.mark}6"), {"enabled": True})["enabled"] is True


def test_checksum_is_of_the_bytes_and_revision_counts(device):
    key, certificate = material("one")
    shown = device.get(at(CERT, device.one["cert"]))
    assert shown["checksum"] == f"SHA1:{len(certificate)}:{hashlib.sha1(certificate).hexdigest()}" and shown["revision"] == 1
    again = replace(device, CERT, device.one["cert"], certificate + b"\n")
    assert again["revision"] == 2 and again["checksum"].startswith(f"SHA1:{len(certificate) + 1}:") and again["fingerprint"] == shown["fingerprint"]


def test_child_shows_its_parents_pair_until_it_has_its_own(device):
    child = device.post(CSSL, {"name": device.mark + "c", "defaultsFrom": device.profile})
    assert child["inheritCertkeychain"] == "true" and child["cert"] == device.one["cert"]
    device.patch(at(CSSL, device.profile), {"certKeyChain": [device.two]})
    assert device.get(at(CSSL, f"/Common/{device.mark}c"))["certKeyChain"][0]["cert"] == device.two["cert"]
    own = device.patch(at(CSSL, f"/Common/{device.mark}c"), {"certKeyChain": [device.one]})
    assert own["inheritCertkeychain"] == "false" and own["cert"] == device.one["cert"]


def test_encrypted_key_needs_its_passphrase_in_the_profile_too(device):
    shown = device.file("ssl-key", device.mark + "e.key", encrypted(), passphrase="secret")
    assert shown["securityType"] == "password" and shown["passphrase"].startswith("$M$")
    entry = {**device.one, "key": f"/Common/{device.mark}e.key"}
    assert number_of(400, lambda: device.patch(at(CSSL, device.profile), {"certKeyChain": [entry]})) == "01070313"
    device.patch(at(CSSL, device.profile), {"certKeyChain": [{**entry, "passphrase": "secret"}]})


def in_transaction(d, *commands, **more):
    """Queues the commands, commits, and gives the transaction's answer."""
    number = str(d.post("transaction", {})["transId"])
    for method, path, body in commands:
        queued = d.call(method, path, body, {"X-F5-REST-Coordination-Id": number})
        assert queued["kind"] == "tm:transaction:commandsstate" and queued["method"] == method
    return d.patch(f"transaction/{number}", {"state": "VALIDATING", **more})


def test_key_forms(device):
    from cryptography.hazmat.primitives import serialization
    key = serialization.load_pem_private_key(material("one")[0], None)
    modern = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    shown = device.file("ssl-key", device.mark + "8.key", modern, passphrase="needless")
    assert (shown["keyType"], shown["keySize"], shown["securityType"]) == ("rsa-private", 2048, "normal")
    device.patch(at(CSSL, device.profile), {"certKeyChain": [{**device.one, "key": f"/Common/{device.mark}8.key"}]})
    for n, junk in enumerate((b"junk", modern[:300], material("one")[0][:300], b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n")):
        assert number_of(400, lambda: device.file("ssl-key", f"{device.mark}j{n}.key", junk)) == "01070712"


def test_transaction_replaces_key_and_certificate_in_place(device):
    key, certificate = (f"file:{DOWNLOADS}{device.upload(data)}" for data in material("two"))
    done = in_transaction(device, ("PATCH", at(KEY, device.one["key"]), {"sourcePath": key}), ("PATCH", at(CERT, device.one["cert"]), {"sourcePath": certificate}))
    assert done["state"] == "COMPLETED"
    assert device.get(at(CERT, device.one["cert"]))["fingerprint"] == device.get(at(CERT, device.two["cert"]))["fingerprint"]


def test_transaction_is_checked_at_its_end_and_leaves_nothing(device):
    path = f"/Common/{device.mark}t"
    with pytest.raises(Refused) as refused:
        in_transaction(device, ("POST", CSSL, {"name": path, "certKeyChain": [device.one]}),
                       ("PATCH", at(CSSL, device.profile), {"certKeyChain": [{**device.one, "key": device.two["key"]}]}))
    assert refused.value.message.startswith("transaction failed:01070317:3:")
    number_of(404, lambda: device.get(at(CSSL, path)))
    tried = in_transaction(device, ("POST", CSSL, {"name": path, "certKeyChain": [device.one]}), validateOnly=True)
    assert tried["validateOnly"] is True
    number_of(404, lambda: device.get(at(CSSL, path)))


def test_transaction_answers(device):
    started = device.post("transaction", {})
    assert started["transId"] > 1 << 32 and started["state"] == "STARTED" and started["timeoutSeconds"] == 120
    path = f"transaction/{started['transId']}"
    header = {"X-F5-REST-Coordination-Id": str(started["transId"])}
    assert "is not allowed to be added" in number_of(400, lambda: device.patch(path, {"state": "VALIDATING"}, headers=header))
    device.post(POOL, {"name": device.mark + "2"}, headers=header)
    device.post(POOL, {"name": device.mark + "1"}, headers=header)
    device.patch(f"{path}/commands/2", {"evalOrder": 1})
    assert [c["evalOrder"] for c in device.get(f"{path}/commands")["items"]] == [1, 1]
    device.delete(path)
    assert "does not exist" in number_of(404, lambda: device.patch(path, {"state": "VALIDATING"}))
    number_of(404, lambda: device.get(at(POOL, f"/Common/{device.mark}1")))


def test_uploads_come_in_chunks_and_go(device):
    name, data = device.mark + "big", bytes(range(256)) * 40
    for start in range(0, len(data), 4096):
        part = data[start:start + 4096]
        answer = device.call("POST", f"/mgmt/shared/file-transfer/uploads/{name}", part, {
            "Content-Type": "application/octet-stream", "Content-Range": f"{start}-{start + len(part) - 1}/{len(data)}"})
    assert answer["remainingByteCount"] == 0 and answer["totalByteCount"] == len(data) and answer["localFilePath"] == DOWNLOADS + name
    listed = {"command": "run", "utilCmdArgs": DOWNLOADS + name}
    assert device.post("util/unix-ls", listed)["commandResult"] == f"{DOWNLOADS}{name}\n"
    assert "commandResult" not in device.post("util/unix-rm", listed)
    assert "No such file" in device.post("util/unix-ls", listed)["commandResult"]
    assert "No such file" in device.post("util/unix-rm", listed)["commandResult"]


def test_queries(device):
    for n in range(5):
        device.post(POOL, {"name": f"{device.mark}q{n}"})
    device.post("auth/partition", {"name": device.mark})
    for n in range(5):
        device.post(POOL, {"name": f"q{n}", "partition": device.mark})
    first = device.get(f"{POOL}?$filter=partition+eq+{device.mark}&$top=2&$skip=0&$select=fullPath")
    assert first["items"] == [{"fullPath": f"/{device.mark}/q0"}, {"fullPath": f"/{device.mark}/q1"}]
    assert (first["totalItems"], first["totalPages"], first["pageIndex"], first["currentItemCount"], first["itemsPerPage"]) == (5, 3, 1, 2, 2)
    last = device.get(f"{POOL}?$filter=partition+eq+{device.mark}&$top=2&$skip=4&$select=name")
    assert "nextLink" in first and "nextLink" not in last and len(last["items"]) == 1
    device.post(f"{POOL}/~{device.mark}~q0/members", {"name": "192.0.2.77:443"})
    expanded = device.get(f"{POOL}/~{device.mark}~q0?expandSubcollections=true")
    assert expanded["membersReference"]["items"][0]["address"] == "192.0.2.77"


def test_tokens(doubles):
    double = doubles("14.1")
    with Client(double) as client:
        token = client.headers["X-F5-Auth-Token"]
        path = f"/mgmt/shared/authz/tokens/{token}"
        shown = client.get(path)
        assert shown["timeout"] == 1200 and shown["expirationMicros"] - shown["lastUpdateMicros"] == 1200_000_000
        assert client.patch(path, {"timeout": "99999"})["timeout"] == 36000
        double.control("tokens", unit=1, fill="admin")
        with Client(double, login=False) as other:
            assert "reached maximum active login tokens" in number_of(400, lambda: Client(double))
            other.basic()
            other.get("sys/ready")
            other.delete("/mgmt/shared/authz/tokens")
        assert number_of(401, lambda: client.get("sys/ready")) == "X-F5-Auth-Token does not exist."
    with Client(double) as client:
        double.control("tokens", unit=1, expire=True)
        assert number_of(401, lambda: client.get("sys/ready")) == "X-F5-Auth-Token has expired."


def test_wrong_passwords_and_lower_roles(tmp_path):
    with BigIP(tmp_path, units=1, users=["root2:word", "certs:word:certificate-manager"]) as double:
        assert "Authentication failed" in number_of(401, lambda: Client(double, password="wrong"))
        with Client(double, password="wrong", login=False) as client:
            assert "<title>401 F5 Authorization Required</title>" in number_of(401, lambda: client.basic().get("sys/ready"))
        with Client(double, user="certs", password="word") as client:
            assert number_of(401, lambda: client.upload(b"x")).startswith("Authorization failed: user=https://localhost/mgmt/shared/authz/users/certs")


# what each version does differently
def test_versions_differ(doubles):
    for tmos, options in (("13.1", ["dont-insert-empty-fragments"]), ("14.1", "{ dont-insert-empty-fragments no-tlsv1.3 }"),
                          ("16.1", "{ dont-insert-empty-fragments no-tlsv1.3 no-dtlsv1.2 }")):
        with Client(doubles(tmos)) as client:
            assert client.get(at(CSSL, "/Common/clientssl"))["tmOptions"] == options
            entry = client.pair("ver", *material("one"))
            other = client.pair("other", *material("two"))
            said = number_of_message(client, {**entry, "key": other["key"]})
            assert said == ("01070317:3: profile /Common/v's key and certificate do not match" if tmos == "13.1" else
                            "01070317:3: profile /Common/v's key(/Common/other.key) and certificate(/Common/ver.crt) do not match.")
            client.post(CSSL, {"name": "w", "cert": entry["cert"], "key": entry["key"]})
            del entry["chain"]
            if tmos == "13.1":
                number_of(404, lambda: client.get("sys/ready"))
                assert number_of(400, lambda: client.post(CSSL, {"name": "x", "certKeyChain": [entry]})).startswith("one or more configuration")
            else:
                client.post(CSSL, {"name": "x", "certKeyChain": [entry]})


def number_of_message(client, entry):
    with pytest.raises(Refused) as refused:
        client.post(CSSL, {"name": "v", "certKeyChain": [entry]})
    return refused.value.message


def status_of(client):
    entries = client.get("cm/sync-status")["entries"]["https://localhost/mgmt/tm/cm/sync-status/0"]["nestedStats"]["entries"]
    return entries["status"]["description"]


def test_sync_and_save_of_a_pair(tmp_path):
    with BigIP(tmp_path, sync_ms=50) as double, Client(double, 1) as one, Client(double, 2) as two:
        assert [d["failoverState"] for d in one.get("cm/device")["items"]] == ["active", "standby"]
        assert [d["selfDevice"] for d in two.get("cm/device")["items"]] == ["false", "true"]
        assert status_of(one) == status_of(two) == "In Sync"
        one.pair("s", *material("one"))
        number_of(404, lambda: two.get(at(CERT, "/Common/s.crt")))
        assert status_of(one) == status_of(two) == "Changes Pending"
        push = {"command": "run", "utilCmdArgs": "config-sync to-group dg_pair"}
        two.post("cm", push)  # the other way round: nothing older wins
        wait_for(lambda: status_of(two) == "Changes Pending")
        assert one.get(at(CERT, "/Common/s.crt"))
        one.post("cm", push)
        wait_for(lambda: status_of(one) == status_of(two) == "In Sync")
        assert two.get(at(CERT, "/Common/s.crt"))["checksum"] == one.get(at(CERT, "/Common/s.crt"))["checksum"]
        one.post("sys/config", {"command": "save"})
        assert [u["saved"] for u in double.state()["state"]] == [True, False]
        double.control("restart", unit=2, seconds=0.1, starting=0.1)
        assert "restarting" in number_of(503, lambda: two.get("sys/ready"))
        wait_for(lambda: double.state()["state"][1]["phase"] == "running")
        with Client(double, 2) as again:
            number_of(404, lambda: again.get(at(CERT, "/Common/s.crt")))
            assert status_of(again) == "Changes Pending"
            one.post(POOL, {"name": "mine"})
            again.post(POOL, {"name": "yours"})
            assert "conflict" in double.state()["state"][0]["summary"]
        double.control("unit", unit=2, reachable=False)
        assert status_of(one) == "Disconnected"
        assert [d["failoverState"] for d in one.get("cm/device")["items"]] == ["active", "unknown"]


def test_automatic_sync(tmp_path):
    with BigIP(tmp_path, sync_ms=20) as double, Client(double, 1) as one, Client(double, 2) as two:
        one.patch("cm/device-group/~Common~dg_pair", {"autoSync": "enabled", "saveOnAutoSync": "true"})
        one.post(POOL, {"name": "auto"})
        wait_for(lambda: status_of(one) == "In Sync" and double.state()["state"][1]["saved"])
        assert two.get(at(POOL, "/Common/auto"))["name"] == "auto"
