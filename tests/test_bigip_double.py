# SPDX-License-Identifier: Apache-2.0
"""The BIG-IP double is faithful: its answers have the members of recorded ones, with their types, per TMOS version."""
import contextlib
import functools
import json
import os
import re
from pathlib import Path

import pytest
from doubles.bigip import BigIP
from doubles.bigip.client import Client, Refused
from doubles.bigip.factory import self_signed

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = Path(os.environ.get("CERTDESK_FIXTURES", ROOT / ".." / "shared" / "fixtures")) / "bigip"
recorded = pytest.mark.skipif(not FIXTURES.is_dir(), reason="no recorded answers: set CERTDESK_FIXTURES")

# Members that are there because somebody configured them so on that device, or did not: presence says nothing, the type still counts.
CONFIGURED = {
    "description", "metadata", "rules", "rulesReference", "vlans", "vlansReference", "vlansEnabled", "disabled", "pool", "poolReference", "monitor",
    "username", "password", "recv", "cipherlist", "compatibility", "profiles", "email", "subjectAlternativeName", "passphrase", "sourcePath",
    "systemPath", "chainReference", "caFileReference", "optionalModules", "timeLimitedModules"}
LATER = {"tmos-16.x/load_ltm_pool_members.json": {"nameReference"}}  # recorded on 16.0.0; 16.1.3 has it in tmos-16.1.3-ha/pool.json


def furnish(client):
    """One object of every kind."""
    key, certificate = self_signed("owa.contoso.com")
    entry = client.pair("owa", key, certificate)
    client.file("ssl-cert", "bundle.crt", certificate * 2)
    client.post("ltm/profile/client-ssl", {"name": "cssl", "certKeyChain": [entry], "serverName": "owa.contoso.com"})
    client.post("ltm/pool", {"name": "pool", "members": [{"name": "192.0.2.9:443"}]})
    client.post("ltm/snatpool", {"name": "snat", "members": ["/Common/192.0.2.30"]})
    client.post("ltm/monitor/https", {"name": "mon", "defaultsFrom": "/Common/https", "send": "GET /owa/\\r\\n"})
    client.post("ltm/virtual", {"name": "vs", "destination": "/Common/192.0.2.1:443", "pool": "/Common/pool", "profiles": [
        "/Common/tcp", "/Common/http", {"name": "/Common/cssl", "context": "clientside"}]})


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """device(version): a client of one unit of that version, furnished, started once."""
    with contextlib.ExitStack() as stack:
        @functools.cache
        def of(tmos):
            double = stack.enter_context(BigIP(tmp_path_factory.mktemp("double"), units=1, tmos=tmos))
            client = stack.enter_context(Client(double))
            furnish(client)
            return client
        yield of


def shape(value):
    """A member's type, in words that do not depend on the value."""
    return {bool: "boolean", str: "text", int: "number", float: "number", list: "array", dict: "object", type(None): "null"}[type(value)]


def differences(ours, theirs, where=""):
    """Members that only one side has, and those whose type differs."""
    if shape(ours) != shape(theirs):
        return [f"{where}: {shape(ours)} instead of {shape(theirs)}"]
    if isinstance(theirs, list):
        return differences(ours[0], theirs[0], where + "[]") if ours and theirs and where != ".items" else []
    if not isinstance(theirs, dict) or where.endswith("entries"):
        return []
    found = [f"{where}.{name} is missing" for name in theirs if name not in ours and name not in CONFIGURED]
    found += [f"{where}.{name} is not recorded" for name in ours if name not in theirs and name not in CONFIGURED]
    for name in theirs:
        if name in ours and name not in ("metadata", "monitor", "fqdn", "sourceAddressTranslation"):
            found += differences(ours[name], theirs[name], f"{where}.{name}")
    return found


# version, recording, its item, our path
ROWS = [
    ("14.1", "tmos-14.1.2.1/ltm_profileclient_ssl.json", 1, "ltm/profile/client-ssl/~Common~cssl"),
    ("16.1", "tmos-16.x/load_clientssl_profiles.json", 1, "ltm/profile/client-ssl/~Common~cssl"),
    ("13.1", "tmos-11.5-13.1/load_ltm_profile_clientssl.json", None, "ltm/profile/client-ssl/~Common~cssl"),
    ("14.1", "tmos-14.1.2.1/ltm_profileserver_ssl.json", 0, "ltm/profile/server-ssl/~Common~apm-default-serverssl"),
    ("16.1", "tmos-16.x/load_serverssl_profiles.json", 0, "ltm/profile/server-ssl/~Common~apm-default-serverssl"),
    ("13.1", "tmos-11.5-13.1/load_ltm_profile_serverssl_1.json", None, "ltm/profile/server-ssl/~Common~apm-default-serverssl"),
    ("14.1", "tmos-14.1.2.1/sys_filessl_key.json", 0, "sys/file/ssl-key/~Common~default.key"),
    ("14.1", "tmos-14.1.2.1/sys_filessl_cert.json", 1, "sys/file/ssl-cert/~Common~default.crt"),
    ("14.1", "tmos-14.1.2.1/sys_filessl_cert.json", 0, "sys/file/ssl-cert/~Common~ca-bundle.crt"),
    ("16.1", "tmos-16.x/load_ssl_cert.json", None, "sys/file/ssl-cert/~Common~owa.crt"),
    ("16.1", "tmos-16.x/load_ssl_key.json", None, "sys/file/ssl-key/~Common~owa.key"),
    ("16.1", "tmos-16.x/load_ssl_certs.json", 0, "sys/file/ssl-cert/~Common~bundle.crt"),
    ("13.1", "tmos-11.5-13.1/load_tm_sys_file_ssl_cert_no_password.json", None, "sys/file/ssl-cert/~Common~owa.crt"),
    ("13.1", "tmos-11.5-13.1/load_tm_sys_file_ssl_key_no_password.json", None, "sys/file/ssl-key/~Common~owa.key"),
    ("14.1", "tmos-14.1.2.1/ltm_virtual.json", 0, "ltm/virtual/~Common~vs"),
    ("16.1", "tmos-16.1.3-ha/virtual.json", 0, "ltm/virtual/~Common~vs"),
    ("13.1", "tmos-11.5-13.1/load_ltm_virtual_1.json", None, "ltm/virtual/~Common~vs"),
    ("16.1", "tmos-16.x/load_ltm_virtual_server_facts.json", 0, "ltm/virtual/~Common~vs?expandSubcollections=true"),
    ("14.1", "tmos-14.1.2.1/ltm_virtual_address.json", 0, "ltm/virtual-address/~Common~192.0.2.1"),
    ("16.1", "tmos-16.1.3-ha/virtual_address.json", 0, "ltm/virtual-address/~Common~192.0.2.1"),
    ("13.1", "tmos-11.5-13.1/load_ltm_virtual_address_default.json", None, "ltm/virtual-address/~Common~192.0.2.1"),
    ("14.1", "tmos-14.1.2.1/ltm_pool.json", 0, "ltm/pool/~Common~pool"),
    ("16.1", "tmos-16.1.3-ha/pool.json", 0, "ltm/pool/~Common~pool?expandSubcollections=true"),
    ("13.1", "tmos-11.5-13.1/load_ltm_pool.json", None, "ltm/pool/~Common~pool"),
    ("16.1", "tmos-16.x/load_ltm_pool_members.json", None, "ltm/pool/~Common~pool/members"),
    ("14.1", "tmos-14.1.2.1/ltm_node.json", 0, "ltm/node/~Common~192.0.2.9"),
    ("13.1", "tmos-11.5-13.1/load_ltm_node_1.json", None, "ltm/node/~Common~192.0.2.9"),
    ("14.1", "tmos-14.1.2.1/ltm_profilehttp.json", 0, "ltm/profile/http/~Common~http"),
    ("16.1", "tmos-16.x/load_http_profiles.json", 0, "ltm/profile/http/~Common~http"),
    ("13.1", "tmos-11.5-13.1/load_ltm_http_profile_1.json", None, "ltm/profile/http/~Common~http"),
    ("14.1", "tmos-14.1.2.1/ltm_profileone_connect.json", 0, "ltm/profile/one-connect/~Common~oneconnect"),
    ("16.1", "tmos-16.x/load_one_connect_profiles.json", 0, "ltm/profile/one-connect/~Common~oneconnect"),
    ("13.1", "tmos-11.5-13.1/load_ltm_profile_oneconnect_1.json", None, "ltm/profile/one-connect/~Common~oneconnect"),
    ("14.1", "tmos-14.1.2.1/ltm_monitorhttp.json", 0, "ltm/monitor/http/~Common~http"),
    ("14.1", "tmos-14.1.2.1/ltm_monitorhttps.json", 1, "ltm/monitor/https/~Common~mon"),
    ("16.1", "tmos-16.x/load_https_monitors.json", 1, "ltm/monitor/https/~Common~mon"),
    ("13.1", "tmos-11.5-13.1/load_ltm_monitor_https.json", None, "ltm/monitor/https/~Common~mon"),
    ("14.1", "tmos-14.1.2.1/ltm_monitortcp.json", 4, "ltm/monitor/tcp/~Common~tcp"),
    ("14.1", "tmos-14.1.2.1/ltm_rule.json", 0, "ltm/rule/~Common~_sys_https_redirect"),
    ("16.1", "tmos-16.1.3-ha/snatpool.json", 0, "ltm/snatpool/~Common~snat"),
    ("14.1", "tmos-14.1.2.1/ltm_snatpool.json", None, "ltm/snatpool"),
    ("14.1", "tmos-14.1.2.1/ltm_persistencecookie.json", 0, "ltm/persistence/cookie/~Common~cookie"),
    ("14.1", "tmos-14.1.2.1/ltm_persistencesource_addr.json", 0, "ltm/persistence/source-addr/~Common~source_addr"),
    ("14.1", "tmos-14.1.2.1/auth_partition.json", 0, "auth/partition/Common"),
    ("14.1", "tmos-14.1.2.1/sys_folder.json", 1, "sys/folder/~Common"),
    ("14.1", "tmos-14.1.2.1/cm_device.json", 0, "cm/device/~Common~bigip1.double.test"),
    ("16.1", "tmos-16.1.3-ha/device.json", 0, "cm/device/~Common~bigip1.double.test"),
    ("13.1", "tmos-11.5-13.1/load_tm_cm_device_default.json", None, "cm/device/~Common~bigip1.double.test"),
    ("14.1", "tmos-14.1.2.1/cm_device_group.json", 0, "cm/device-group/~Common~device_trust_group"),
    ("16.1", "tmos-16.1.3-ha/device_group.json", None, "cm/device-group?expandSubcollections=true"),
    ("14.1", "tmos-14.1.2.1/cm_traffic_group.json", 0, "cm/traffic-group/~Common~traffic-group-1"),
    ("16.1", "tmos-16.x/load_tg_stats.json", None, "cm/traffic-group/~Common~traffic-group-1/stats"),
    ("16.1", "tmos-16.1.3-ha/traffic_group_stats.json", None, "cm/traffic-group/stats"),
    ("14.1", "tmos-14.1.2.1/cm_sync_status.json", None, "cm/sync-status"),
    ("16.1", "tmos-16.x/load_sys_sync_status.json", None, "cm/sync-status"),
    ("14.1", "tmos-14.1.2.1/cm_failover_status.json", None, "cm/failover-status"),
    ("14.1", "tmos-14.1.2.1/sys_ready.json", None, "sys/ready"),
    ("14.1", "tmos-14.1.2.1/sys_mcp_state.json", None, "sys/mcp-state"),
    ("14.1", "tmos-14.1.2.1/sys_version.json", None, "sys/version"),
    ("16.1", "tmos-16.x/load_sys_version.json", None, "sys/version"),
    ("14.1", "tmos-14.1.2.1/sys_failover.json", None, "sys/failover"),
    ("14.1", "tmos-14.1.2.1/sys_provision.json", None, "sys/provision"),
    ("14.1", "tmos-14.1.2.1/sys_global_settings.json", None, "sys/global-settings"),
    ("14.1", "tmos-14.1.2.1/sys_httpd.json", None, "sys/httpd"),
    ("14.1", "tmos-14.1.2.1/sys_cryptokey.json", 0, "sys/crypto/key/~Common~default.key"),
    ("14.1", "tmos-14.1.2.1/sys_cryptocert.json", 1, "sys/crypto/cert/~Common~default.crt"),
    ("14.1", "tmos-14.1.2.1/auth_user.json", None, "auth/user"),
    ("16.1", "tmos-16.1.3-ha/virtual_stats.json", None, "ltm/virtual/stats"),
    ("16.1", "tmos-16.x/load_ltm_virtual_server_stats.json", None, "ltm/virtual/~Common~vs/stats"),
    ("16.1", "tmos-16.x/load_ltm_pool_stats.json", None, "ltm/pool/~Common~pool/stats"),
]


def leaves(entries, found=None):
    """Names and shapes of the values in a tree of statistics, wherever they are in it."""
    found = {} if found is None else found
    for name, value in entries.items():
        if "nestedStats" in value:
            found[name.rsplit("/", 1)[-1] if name.endswith(("details", "stats")) else "*"] = sorted(value["nestedStats"])
            leaves(value["nestedStats"]["entries"], found)
        else:
            found[name] = sorted(value)
    return found


@recorded
@pytest.mark.parametrize("tmos, recording, item, path", ROWS)
def test_answers_have_the_recorded_shape(device, tmos, recording, item, path):
    theirs = json.loads((FIXTURES / recording).read_text())
    ours = device(tmos).get(path)
    if item is not None:
        theirs = theirs["items"][item]
    assert differences(ours, theirs) == []
    if "items" in theirs and theirs["items"]:
        unknown = [f".{name} is not recorded" for name in LATER.get(recording, ())]
        assert [d for d in differences(ours["items"][0], theirs["items"][0]) if d not in unknown] == []
    if "entries" in theirs:
        assert leaves(ours["entries"]) == leaves(theirs["entries"])
    assert ours["kind"] == theirs["kind"] and ours["selfLink"].startswith("https://localhost/mgmt/tm/") and f"ver={tmos}" in ours["selfLink"]


def answer_to(action, client):
    """A success's body or a refusal's."""
    try:
        return action(client)
    except Refused as refused:
        return refused.body


def login(c):
    return c.post("/mgmt/shared/authn/login", {"username": "admin", "password": "admin", "loginProviderName": "tmos"})


def queued(c):
    number = str(c.post("transaction", {})["transId"])
    return c.put("sys/dns", {"nameServers": ["192.0.2.3"]}, headers={"X-F5-REST-Coordination-Id": number})


def with_token(token):
    return lambda c: c.get("ltm/pool", headers={"X-F5-Auth-Token": token})


# recording, and what is asked of a 16.1; members that the recording's author left out may be there
BODIES = [
    ("tmos-16.x/tmos_auth_response.json", login),
    ("tmos-16.1.3-ha/authn_login.json", login),
    ("quoted/upload_response.json", lambda c: c.call("POST", "/mgmt/shared/file-transfer/uploads/x", b"x", {"Content-Range": "0-0/1"})),
    ("quoted/transaction_started_13.1.1.2.json", lambda c: c.post("transaction", {})),
    ("quoted/transaction_completed_13.1.1.2.json", lambda c: c.patch(f"transaction/{c.post('transaction', {})['transId']}", {"state": "VALIDATING"})),
    ("quoted/transaction_command_queued_12.1.2.json", queued),
    ("quoted/transaction_collection_empty_11.6.0.json", lambda c: c.get("transaction")),
    ("quoted/config_save_12.1.2.json", lambda c: c.post("sys/config", {"command": "save"})),
    ("quoted/err_400_config_sync_no_group.json", lambda c: c.post("cm", {"command": "run", "utilCmdArgs": "config-sync to-group GROUP"})),
    ("quoted/err_400_file_in_use.json", lambda c: c.delete("sys/file/ssl-cert/~Common~owa.crt")),
    ("quoted/err_400_file_missing.json", lambda c: c.post("ltm/profile/client-ssl", {"name": "x", "cert": "x.crt", "key": "owa.key"})),
    ("quoted/err_400_identifiers_missing.json", lambda c: c.patch("ltm/profile/client-ssl/cssl", {"certKeyChain": [{}]})),
    ("quoted/err_400_profile_name_collision_serverssl.json", lambda c: c.post("ltm/profile/client-ssl", {"name": "serverssl"})),
    ("quoted/err_401_token_unknown.json", with_token("nobody")),
    ("quoted/err_404_cert_file.json", lambda c: c.get("sys/file/ssl-cert/~Common~nobody.crt")),
    ("quoted/err_404_clientssl.json", lambda c: c.get("ltm/profile/client-ssl/~Common~nobody")),
    ("quoted/err_404_key_file.json", lambda c: c.delete("sys/file/ssl-key/~Common~nobody.key")),
    ("quoted/err_404_object_not_found.json", lambda c: c.get("ltm/node/~Common~nobody")),
    ("quoted/err_404_pool.json", lambda c: c.get("ltm/pool/~Common~nobody")),
    ("quoted/err_404_virtual.json", lambda c: c.get("ltm/virtual/~Common~nobody")),
    ("quoted/err_404_public_uri_not_registered_starting.json", lambda c: c.get("/mgmt/tm/nobody")),
    ("quoted/err_409_cert_exists.json", lambda c: c.file("ssl-cert", "owa.crt", self_signed("x")[1])),
    ("quoted/err_409_clientssl_exists.json", lambda c: c.post("ltm/profile/client-ssl", {"name": "cssl"})),
    ("tmos-16.x/csr_file_exists.json", lambda c: c.post("util/unix-ls", {"command": "run", "utilCmdArgs": "/var/config/rest/downloads/"})),
    ("tmos-16.x/csr_file_does_not_exist.json", lambda c: c.post("util/unix-ls", {"command": "run", "utilCmdArgs": "/var/config/rest/bulk/x"})),
]


@recorded
@pytest.mark.parametrize("recording, action", BODIES, ids=[row[0] for row in BODIES])
def test_bodies_have_the_recorded_shape(device, recording, action):
    theirs = json.loads((FIXTURES / recording).read_text())
    client = device("16.1")
    client.upload(b"x", "x")
    ours = answer_to(action, client)
    framework = {".apiError is not recorded", ".errorStack is not recorded", ".referer is not recorded", ".restOperationId is not recorded",
                 ".kind is not recorded"} if "/err_" in recording else set()
    assert [d for d in differences(ours, theirs) if d not in framework and ".body" not in d and ".usedChunks" not in d] == []
    if "message" in theirs:  # the same words, but for names in them
        def words(text):
            return re.sub(r"\(.*?\)|/\S+|in partition \w+", "", text)
        assert words(ours["message"]) == words(theirs["message"]) and ours["code"] == theirs["code"]
