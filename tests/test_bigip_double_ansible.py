# SPDX-License-Identifier: Apache-2.0
"""A client of others takes the double for a device: Debian's ansible with f5networks.f5_modules. `script/setup ansible` installs it."""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from doubles.bigip import BigIP
from doubles.bigip.factory import self_signed

COLLECTION = Path("/usr/lib/python3/dist-packages/ansible_collections/f5networks/f5_modules")
pytestmark = pytest.mark.skipif(not (shutil.which("ansible-playbook") and COLLECTION.is_dir()),
                                reason="ansible with f5networks.f5_modules is not installed: script/setup ansible")

CHAIN = {"cert": "site", "key": "site"}
# module, its arguments, what it reports
TASKS = [
    ("bigip_ssl_key", {"name": "site", "content": "{{ lookup('file', 'a.key', rstrip=False) }}"}, "changed"),
    ("bigip_ssl_key", {"name": "site", "content": "{{ lookup('file', 'a.key', rstrip=False) }}"}, "ok"),
    ("bigip_ssl_certificate", {"name": "site", "content": "{{ lookup('file', 'a.crt', rstrip=False) }}"}, "changed"),
    ("bigip_ssl_certificate", {"name": "site", "content": "{{ lookup('file', 'a.crt', rstrip=False) }}"}, "ok"),
    ("bigip_profile_client_ssl", {"name": "cssl", "server_name": "site.contoso.com", "cert_key_chain": [CHAIN]}, "changed"),
    ("bigip_profile_client_ssl", {"name": "cssl", "server_name": "site.contoso.com", "cert_key_chain": [CHAIN]}, "ok"),
    ("bigip_ssl_key", {"name": "site", "content": "{{ lookup('file', 'b.key', rstrip=False) }}"}, "01070317"),
    ("bigip_ssl_certificate", {"name": "site", "content": "{{ lookup('file', 'b.crt', rstrip=False) }}"}, "01070317"),
    ("bigip_ssl_key_cert", {"key_name": "site", "key_content": "{{ lookup('file', 'b.key', rstrip=False) }}", "cert_name": "site",
                            "cert_content": "{{ lookup('file', 'b.crt', rstrip=False) }}"}, "changed"),
    ("bigip_virtual_server", {"name": "vs", "destination": "192.0.2.1", "port": "443", "profiles": ["http", {"name": "cssl", "context": "client-side"}]}, "changed"),
    ("bigip_virtual_server", {"name": "vs", "destination": "192.0.2.1", "port": "443", "profiles": ["http", {"name": "cssl", "context": "client-side"}]}, "ok"),
    ("bigip_configsync_action", {"device_group": "dg_pair", "sync_device_to_group": True}, "changed"),
    ("bigip_device_info", {"gather_subset": ["client-ssl-profiles", "ssl-certs", "ssl-keys", "virtual-servers", "devices", "device-groups",
                                             "traffic-groups", "sync-status", "ltm-pools"]}, "ok"),
]


def run(folder, double):
    """The tasks as one play; what each reported."""
    provider = {"server": "127.0.0.1", "server_port": double.port(), "user": double.user, "password": double.password, "validate_certs": False}
    tasks = [{f"f5networks.f5_modules.{module}": {**arguments, "provider": provider}, "ignore_errors": True} for module, arguments, _ in TASKS]
    (folder / "play.json").write_text(json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]))
    done = subprocess.run(["ansible-playbook", "-i", "localhost,", "play.json"], cwd=folder, capture_output=True, text=True, timeout=300, env={
        "PATH": os.environ["PATH"], "HOME": str(folder), "ANSIBLE_STDOUT_CALLBACK": "json", "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        "ANSIBLE_LOCALHOST_WARNING": "False", "LC_ALL": "C.UTF-8"})
    assert done.stdout, done.stderr[-3000:]
    return [task["hosts"]["localhost"] for task in json.loads(done.stdout)["plays"][0]["tasks"]]


def reported(result):
    if not result.get("failed"):
        return "changed" if result["changed"] else "ok"
    number = re.search(r"\b(01[0-9a-f]{6}):3:", str(result.get("msg")))
    return number[1] if number else str(result)[:2000]


@pytest.mark.parametrize("tmos", ("14.1", "16.1"))
def test_ansible_takes_it_for_a_device(tmp_path, tmos):
    for name in ("a", "b"):
        for ending, content in zip((".key", ".crt"), self_signed("site.contoso.com")):
            (tmp_path / (name + ending)).write_bytes(content)
    with BigIP(tmp_path / "double", tmos=tmos) as double:
        found = run(tmp_path, double)
        assert [reported(one) for one in found] == [wanted for *_, wanted in TASKS]
        info = found[-1]
        assert [v["full_path"] for v in info["virtual_servers"]] == ["/Common/vs"] and len(info["devices"]) == 2
        assert double.state()["state"][0]["uploads"]  # this client leaves keys behind, as it does on a device
