# SPDX-License-Identifier: Apache-2.0
"""What the README promises of script/demo and of the command."""
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from stage.peers import wait_for

pytestmark = pytest.mark.xdist_group("demo")  # none sees the processes of another
ROOT = Path(__file__).resolve().parents[1]


def left_running():
    """Processes that still work in a folder of a demo."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "/certdesk-demo-" in words:
            found.append(words)
    return found


@pytest.mark.parametrize("balancer, form", [("haproxy", "pkcs12"), ("haproxy", "pkcs7"), ("haproxy", "pem"), ("bigip", "pkcs12")])
def test_the_demo_ends_with_a_site_that_answers(balancer, form):
    r = subprocess.run([ROOT / "script/demo", "--json", "--balancer", balancer, "--return", form], capture_output=True, text=True, timeout=300)
    assert r.returncode == 0, r.stderr
    told = json.loads(r.stdout)
    assert told["proof"].startswith("HTTP/2 200" if balancer == "haproxy" else "HTTP/1.1 200")
    assert [step["step"] for step in told["steps"]] == [1, 2, 3, 4, 5, 6]
    assert told["address"] in told["curl"] and told["site"].startswith("https://owa.contoso.com:")
    assert left_running() == []


def test_kept_it_answers_until_it_is_stopped():
    """Plain lines where there is no terminal; the curl line it prints works; Ctrl-C leaves nothing."""
    demo = subprocess.Popen([ROOT / "script/demo", "--keep"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True)
    try:
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if line.startswith("To stop"):
                break
        text = "".join(lines)
        assert "\x1b" not in text and "\r" not in text
        curl = next(line.strip() for line in lines if line.strip().startswith("curl "))
        proof = subprocess.run([*curl.split(), "-sS"], capture_output=True, text=True, timeout=30)
        assert "HTTP/2 200" in proof.stdout, proof
        status = next(line.strip() for line in lines if line.strip().endswith(" status"))
        told = subprocess.run(status.split(), capture_output=True, text=True, timeout=30).stdout
        for program in ("keeper", "reader", "desk", "worker"):
            assert re.search(rf"certdesk-{program}\s+ready", told), told
        assert "seccomp=on" in told and "queue" in told
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.communicate(timeout=30)
    wait_for(lambda: not left_running(), 10, "the end of all it started")


def test_what_is_printed_from_tables(tmp_path):
    """Completion is a script that bash takes; the defaults are a configuration that is in order."""
    certdesk = Path(os.environ["CERTDESK_BUILD"]) / "src/programs/certdesk"

    def said(*words):
        return subprocess.run([certdesk, *words], capture_output=True, text=True, check=True).stdout

    completion = said("completion", "bash") + 'COMP_WORDS=(certdesk order c); COMP_CWORD=2; _certdesk; echo "${COMPREPLY[@]}"'
    assert subprocess.run(["bash"], input=completion, capture_output=True, text=True).stdout.split() == ["confirm", "cas", "ca", "csr", "certificate", "cancel"]
    defaults = tmp_path / "certdesk.yaml"
    defaults.write_text(said("config", "defaults"))
    assert "in order" in said("--config", defaults, "config", "check")
    assert "live" in said("manual", "stages") and said("manual", "stages", "--dot").startswith("digraph")
    page = subprocess.run(["scdoc"], input=said("manual", "command"), capture_output=True, text=True)
    assert page.returncode == 0 and "order certificate" in page.stdout
