# SPDX-License-Identifier: Apache-2.0
"""`certdesk inspect` as people use it: no server, no configuration, any file."""
import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from stage.ca import CA, openssl
from stage.command import PROGRAM, UTF8, Command

COMMAND = Command("inspect")
run, told, text, refused = COMMAND.run, COMMAND.told, COMMAND.text, COMMAND.refused

FIXTURES = Path(os.environ.get("CERTDESK_FIXTURES", Path(__file__).resolve().parents[2] / "shared" / "fixtures"))
HOST, PASSWORD = "owa.contoso.com", "s3cret-of-anna"
LETTER_BEYOND = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Files:
    """A CA and what it delivers, in every way that matters here."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ca = CA(self.folder / "ca")
        self.roots, self.intermediate = self.ca.root, self.ca.intermediate
        self.key, self.csr = self.request("key", HOST)
        self.leaf = self.write("leaf.pem", self.ca.sign(self.csr.read_text(), [HOST, "autodiscover.contoso.com"]))
        self.chain = self.write("chain.pem", self.leaf.read_text() + self.ca.chain())
        self.messy = self.write("messy.pem", self.ca.root.read_text() + self.ca.chain() + self.leaf.read_text() + self.key.read_text())
        self.p12 = self.folder / "order.p12"
        openssl("pkcs12", "-export", "-in", self.leaf, "-inkey", self.key, "-certfile", self.intermediate, "-out", self.p12, "-passout",
                f"pass:{PASSWORD}")

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def request(self, name, host):
        key, csr = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", f"/CN={host}", "-out", csr)
        return key, csr


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return Files(tmp_path_factory.mktemp("inspect"))


def on_terminal(*args, env=None, width=100):
    """What a terminal of that width receives."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "cols", str(width)], stdin=slave, check=True)
    child = subprocess.Popen([PROGRAM, "inspect", *map(str, args)], stdin=slave, stdout=slave, stderr=slave, env=env or UTF8)
    os.close(slave)
    got, end = b"", time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if not select.select([master], [], [], 1)[0]:
                continue
            part = os.read(master, 65536)
        except OSError:  # EIO: nobody has the other end any more
            break
        if not part:
            break
        got += part
    os.close(master)
    child.wait(10)
    return got.decode()


def codes(said):
    return [f["code"] for f in said["findings"]]


# ---- what is said

def test_a_chain(files):
    said = told(files.chain, "--roots", files.roots, "--name", HOST, status=0)
    assert said["outcome"] == "ok" and said["usable"] and not [f for f in said["findings"] if f["severity"] != "info"]
    assert said["chain_status"]["end"] == "trusted" and "Demo Root" in said["chain_status"]["root"]
    assert said["chain"] == said["repaired"]["chain"] == [c["sha256"] for c in said["certificates"]]
    assert said["leaf"] == said["chain"][0] and said["key_matches_leaf"] is None and said["name"] == HOST
    assert said["files"][0] == {"name": "chain.pem", "container": "PEM text", "certificates": 2, "private_keys": 0, "csrs": 0, "crls": 0}


def test_facts_are_those_of_openssl(files):
    one = told(files.leaf)["certificates"][0]
    lines = openssl("x509", "-in", files.leaf, "-noout", "-fingerprint", "-sha256", "-serial", "-subject", "-nameopt", "RFC2253").decode()
    assert one["sha256"] == re.search(r"ingerprint=(.*)", lines).group(1).replace(":", "").lower()
    assert one["serial_hex"].lstrip("0") == re.search(r"serial=(.*)", lines).group(1).lstrip("0").lower()
    assert one["subject"] == re.search(r"subject=(.*)", lines).group(1)
    assert one["san_dns"] == [HOST, "autodiscover.contoso.com"]


def test_repairs_are_told(files):
    said = told(files.messy, "--roots", files.roots, status=0)
    assert said["repaired"]["order_repaired"] and len(said["repaired"]["roots"]) == 1 and said["key_matches_leaf"]
    assert {"CERT_ORDER_REPAIRED", "CERT_ROOT_DROPPED"} <= set(codes(said))
    assert {"code", "severity", "owner", "rules", "title", "what", "why", "next"} == set(said["findings"][0])


def test_several_files_are_one_delivery(files):
    assert "CERT_CHAIN" in codes(told(files.leaf, "--roots", files.roots, status=1))
    said = told(files.intermediate, files.leaf, "--roots", files.roots, status=0)
    assert [f["name"] for f in said["files"]] == ["intermediate.pem", "leaf.pem"] and len(said["chain"]) == 2


@pytest.mark.parametrize("what", ["folder", "file"])
def test_intermediates_that_are_known(files, what):
    said = told(files.leaf, "--roots", files.roots, "--intermediates", files.ca.folder if what == "folder" else files.intermediate, status=0)
    assert said["repaired"]["completed"] == 1 and said["repaired"]["certificates"][0]["subject_cn"] == "Demo Issuing 1"
    assert "CERT_CHAIN_COMPLETED" in codes(said) and len(said["chain"]) == 1


def test_roots_of_the_system(files):
    said = told(files.chain, status=1)
    assert said["chain_status"]["end"] == "incomplete" and "Demo Root" in said["chain_status"]["missing"] and said["repaired"] is None


@pytest.mark.parametrize("name,code", [("autodiscover.contoso.com", None), ("https://OWA.Contoso.com/owa/", None), ("www.contoso.com", "CERT_NAME_MISSING")])
def test_name(files, name, code):
    said = told(files.chain, "--roots", files.roots, "--name", name, status=1 if code else 0)
    assert [f["code"] for f in said["findings"] if f["severity"] != "info"] == ([code] if code else [])


def test_name_that_is_none(files):
    assert "an underscore at position 4" in refused(files.chain, "--name", "owa_x.contoso.com")


def test_what_a_request_asks_for(files):
    """Instead of `openssl req -text -verify`; and with a certificate, what is different."""
    asked = files.folder / "asked.csr"
    openssl("req", "-new", "-key", files.key, "-out", asked, "-subj", f"/C=AT/L=Salzburg/O=Contoso GmbH/CN={HOST}",
            "-addext", f"subjectAltName=DNS:{HOST},DNS:mail.contoso.com")
    said = told(asked, status=1)
    request, = said["csrs"]
    assert request["subject"] == f"CN={HOST},O=Contoso GmbH,L=Salzburg,C=AT" and request["san_dns"] == [HOST, "mail.contoso.com"]
    assert request["key"] == "RSA, 2048 bits" and request["signed"] and codes(said) == ["CERT_IS_CSR"]
    rows = {row["field"]: row for row in told(files.messy, "--roots", files.roots, "--csr", asked, status=0)["csr"]["differences"]}
    assert rows["common_name"]["same"] and rows["key"]["same"]
    assert rows["names_missing"]["requested"] == "mail.contoso.com" and rows["names_added"]["delivered"] == "autodiscover.contoso.com"
    assert rows["city"]["requested"] == "Salzburg" and not rows["city"]["same"]
    shown = text(files.messy, "--roots", files.roots, "--csr", asked)
    assert "differs   names missing: asked for mail.contoso.com\n" in shown and "common name" not in shown


def test_request(files):
    said = told(files.messy, "--roots", files.roots, "--csr", files.csr, status=0)
    assert said["csr"]["matches_leaf"] and said["name"] == HOST
    assert "CERT_OWN_KEY_LEAKED" not in codes(said)  # there is no order whose key could have leaked
    _, other = files.request("other", "www.contoso.com")
    said = told(files.chain, "--roots", files.roots, "--csr", other, status=1)
    assert said["csr"]["matches_leaf"] is False and "CERT_KEY_UNKNOWN" in codes(said) and "CERT_NAME_MISSING" in codes(said)
    assert "no certificate signing request" in refused(files.chain, "--csr", files.leaf)
    assert "cannot be read" in refused(files.chain, "--csr", files.folder / "absent")


def test_request_says_which_leaf(files):
    _, other = files.request("second", "www.contoso.com")
    second = files.write("second.pem", files.ca.sign(other.read_text(), ["www.contoso.com"]))
    both = (files.leaf, second, files.intermediate, "--roots", files.roots)
    assert "CERT_SEVERAL" in codes(told(*both, status=1))
    said = told(*both, "--csr", other, status=0)
    assert next(c for c in said["certificates"] if c["sha256"] == said["leaf"])["subject_cn"] == "www.contoso.com"


@pytest.mark.parametrize("at,code", [("2049-01-01", "CERT_EXPIRED"), ("2020-01-01T12:00:00Z", "CERT_FUTURE")])
def test_another_time(files, at, code):
    assert code in codes(told(files.chain, "--roots", files.roots, "--at", at))


# ---- passwords

def test_password(files):
    assert "CERT_PASSWORD_MISSING" in codes(told(files.p12, status=1))
    assert "CERT_PASSWORD_WRONG" in codes(told(files.p12, "--password", "guess", status=1))
    said = told(files.p12, "--password", PASSWORD, "--roots", files.roots, status=0)
    assert said["key_matches_leaf"] and "CERT_KEY_RECEIVED" not in codes(said)
    file = files.write("password", PASSWORD + "\nnot this line\n")
    assert told(files.p12, "--password-file", file, "--roots", files.roots, status=0)["usable"]
    assert told(files.p12, "--password-file", "-", "--roots", files.roots, status=0, input=PASSWORD.encode())["usable"]
    assert "both" in refused(files.p12, "--password", PASSWORD, "--password-file", file)
    assert "only once" in refused("-", "--password-file", "-", input=b"")


def test_password_is_nowhere(files, tmp_path):
    """Not in what is printed, and not in the list of processes while we wait for a file."""
    fifo = tmp_path / "slow.p12"
    os.mkfifo(fifo)
    child = subprocess.Popen([PROGRAM, "inspect", fifo, "--password", PASSWORD, "--roots", files.roots, "-v"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=UTF8)
    with open(fifo, "wb") as end:  # it has opened the file: its options are read
        line = Path(f"/proc/{child.pid}/cmdline").read_bytes()
        assert b"--password" in line and PASSWORD.encode() not in line
        end.write(files.p12.read_bytes())
    said = child.communicate(timeout=30)[0].decode()
    assert child.returncode == 0 and HOST in said and PASSWORD not in said
    assert PASSWORD not in run(files.p12, "--password", PASSWORD, "--json").stdout.decode()


# ---- where files come from

def test_standard_input_and_pipes(files):
    assert told("-", "--roots", files.roots, status=0, input=files.chain.read_bytes())["files"][0]["name"] == "standard input"
    r = subprocess.run(["bash", "-c", f"{PROGRAM} inspect --roots {files.roots} <(cat {files.chain}) --json"], capture_output=True, timeout=60)
    assert r.returncode == 0 and json.loads(r.stdout)["usable"]
    assert "only once" in refused("-", "-", input=b"")


def test_a_name_like_an_option(files):
    odd = files.write("--json", files.chain.read_text())
    r = subprocess.run([PROGRAM, "inspect", "--roots", files.roots, "--", "--json"], capture_output=True, cwd=odd.parent, env=UTF8, timeout=60)
    assert r.returncode == 0 and b"usable  --json" in r.stdout


@pytest.mark.parametrize("args,words", [
    ((), "at least one file"), (("/absent/file",), "does not exist"), (("/",), "directory"), (("x", "--at", "soon"), "is no time"),
    (("x", "--roots", "/absent"), "the roots"), (("x", "--intermediates", "/absent"), "the intermediates"), (("x", "--fxi", "y"), "--fix")])
def test_wrong_use(args, words):
    assert words in refused(*args)


def test_nowhere_to_write(files):
    with open("/dev/full", "wb") as full:
        r = subprocess.run([PROGRAM, "inspect", "--roots", files.roots, files.chain], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert r.returncode == 4 and b"could not be written" in r.stderr


def test_too_large(files):
    large = files.folder / "large.bin"
    large.write_bytes(b"\x30" * (1024 * 1024 + 1))
    assert "CERT_LIMIT" in codes(told(large, status=1))


# ---- many

def test_each(files):
    r = run("--each", "--json", "--roots", files.roots, files.chain, files.leaf, "/absent", files.messy)
    said = [json.loads(line) for line in r.stdout.splitlines()]
    assert r.returncode == 2 and [s["usable"] for s in said] == [True, False, False, True]
    assert said[2]["error"]["class"] == "unreadable" and said[3]["file"].endswith("messy.pem")
    shown = text("--each", files.chain, files.leaf, "--roots", files.roots, status=1)
    assert shown.rstrip().endswith("1 of 2 usable") and shown.count("PEM text") == 2
    assert "--each" in refused("--each", files.chain, "--fix", files.folder / "no.pem")


def test_more_than_a_delivery_has(files):
    """Seventeen files are no delivery: each is looked at by itself; and more than one batch goes through."""
    assert len(run("--json", *[files.chain] * 17).stdout.splitlines()) == 17
    assert text("--roots", files.roots, *[files.chain] * 600, status=0).rstrip().endswith("600 of 600 usable")


# ---- the repaired chain

def test_fix(files, tmp_path):
    out = tmp_path / "out.pem"
    out.write_text("what was there before")
    shown = text(files.messy, "--roots", files.roots, "--fix", out, status=0)
    assert out.read_text() == files.leaf.read_text() + files.ca.chain() and out.stat().st_mode & 0o777 == 0o644
    assert f"{out}: 2 certificates" in shown and [p.name for p in tmp_path.iterdir()] == ["out.pem"]
    openssl("verify", "-CAfile", files.roots, "-untrusted", out, out)
    assert "bundle" not in told(files.messy, "--roots", files.roots, "--fix", out, status=0)


def test_fix_writes_nothing_that_is_not_whole(files, tmp_path):
    out = tmp_path / "out.pem"
    r = run(files.leaf, "--roots", files.roots, "--fix", out)
    assert r.returncode == 1 and b"nothing was written" in r.stderr and not out.exists()
    before = files.messy.read_text()
    (tmp_path / "link").symlink_to(files.messy)
    for same in (files.messy, tmp_path / "link"):
        assert "write over" in refused(files.messy, "--roots", files.roots, "--fix", same)
    assert files.messy.read_text() == before
    assert run(files.chain, "--roots", files.roots, "--fix", tmp_path / "absent" / "out.pem").returncode == 2


# ---- how it looks

def test_text(files):
    shown = text(files.messy, "--roots", files.roots, "--name", HOST, status=0)
    assert "\x1b" not in shown and shown.startswith("✓ usable  ")
    for words in (HOST, "Demo Issuing 1", "trusted root", "198 of 199 days left", "RSA 2048", "└", "fits the leaf", "put in order"):
        assert words in shown, words
    shown = text(files.leaf, "--roots", files.roots, status=1)
    assert shown.startswith("✗ not usable") and "    to do " in shown and "CERT_CHAIN" in shown
    assert all(len(line) <= 90 for line in shown.splitlines()[1:])


def test_plain_letters_where_others_may_not_be_there(files):
    for env in ({**UTF8, "LANG": "C", "LC_ALL": "C"}, {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_CTYPE")}):
        shown = run(files.messy, "--roots", files.roots, env=env).stdout
        assert shown.isascii() and shown.startswith(b"+ usable")


def test_on_a_terminal(files):
    shown = on_terminal(files.messy, "--roots", files.roots)
    assert "\x1b[32m✓" in shown and shown.count("\x1b[") > 20
    shown = on_terminal(files.messy, "--roots", files.roots, env={**UTF8, "NO_COLOR": "1"})
    assert "\x1b" not in shown and shown.startswith("+ usable")
    narrow = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal(files.leaf, width=60)).splitlines()
    assert all(len(line) <= 60 for line in narrow[1:] if "sha256" not in line), narrow


def test_all_sentences(files):
    few, all_ = text(files.messy, "--roots", files.roots), text(files.messy, "--roots", files.roots, "-v")
    told_ = len(told(files.messy, "--roots", files.roots, status=0)["findings"])
    assert few.count("    what  ") <= 1 and all_.count("    what  ") == told_ >= 2


def test_names_that_would_like_to_do_harm(tmp_path):
    """Escape sequences, C1 controls and direction marks in a name stay names, whatever they are printed on."""
    evil = "evil\x1b]0;owned\x07\x1b[2J\u009b31m\u202egro.live.example"
    hostile = tmp_path / "hostile.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "k", "-utf8", "-days", 9,
            "-subj", f"/O=x/CN={evil}", "-addext", "basicConstraints=critical,CA:FALSE", "-out", hostile)
    for args in ((), ("-v",), ("--json",), ("--each",), ("--each", "--json")):
        shown = run(hostile, *args).stdout.decode()
        assert not LETTER_BEYOND.search(shown.replace("\n", "")), shown
        assert not LETTER_BEYOND.search(re.sub(r"\x1b\[[0-9;]*m|[\r\n]", "", on_terminal(hostile, *args)))
    assert told(hostile)["certificates"][0]["subject_cn"] == evil
    odd = tmp_path / "\x1b[31mred\u202e.pem"
    odd.write_text(hostile.read_text())
    assert not LETTER_BEYOND.search(run(odd).stdout.decode().replace("\n", ""))


# ---- what breaks

def failpoints():
    r = subprocess.run([PROGRAM], capture_output=True, text=True, env={"CERTDESK_FAILPOINT": "list"})
    return r.stdout.split() if r.returncode == 0 else []


@pytest.mark.skipif("inspect.look" not in failpoints(), reason="this build has no failpoints: meson setup -Dfailpoints=true")
def test_a_child_that_dies(files):
    """What breaks the room is a finding; the files behind it are looked at in the next one."""
    env = {**UTF8, "CERTDESK_FAILPOINT": "inspect.look"}
    said = told(files.chain, "--roots", files.roots, status=1, env=env)
    assert said["outcome"] == "error" and codes(said) == ["CERT_LIMIT"] and not said["usable"] and said["leaf"] is None
    shown = text(files.chain, status=1, env=env)
    assert shown.startswith("✗ not usable") and "it took too long" in shown
    env["CERTDESK_FAILPOINT"] = "inspect.look:3"
    r = run("--each", "--json", "--roots", files.roots, *[files.chain] * 5, env=env)
    assert r.returncode == 1 and [json.loads(line)["usable"] for line in r.stdout.splitlines()] == [True, True, False, True, True]


# ---- against other tools

def corpus():
    path = FIXTURES / "corpus" / "expectations.json"
    return json.loads(path.read_text()) if path.exists() else None


def is_claimed(case):
    """What must be read alike; containers that are answered as what they are, and keys, are told by the unit test."""
    return case["strength"] == "must" and case["group"] in ("pem", "p7", "p12", "csr", "other")


def disagreement(case, said):
    expect, failed = case["expect"], said["outcome"] != "ok"
    if expect["outcome"] == "error" or (expect["outcome"] == "either" and failed):
        return None if failed and said["error"]["class"] in expect.get("error_classes", [said["error"]["class"]]) else "error"
    if failed:
        return said["error"]["class"]
    if {c["sha256"] for c in said["certificates"]} != set(expect.get("certificates", [c["sha256"] for c in said["certificates"]])):
        return "certificates"
    if expect.get("verdict", "").startswith("leaf") and said["leaf"] != expect["leaf"]:
        return "leaf"
    if expect.get("leaf") and said["leaf"] == expect["leaf"] and said["chain"] not in (expect.get("chain_any_of") or [expect["chain"]]):
        return "chain"
    return None


def test_what_other_tools_say():
    """The command itself, over files that others made; the unit test of delivery/inspect.c names every disagreement."""
    known = corpus()
    if known is None:
        pytest.skip(f"no {FIXTURES}/corpus: set CERTDESK_FIXTURES")
    wrong = {}
    for case in filter(is_claimed, known["intake"]):
        password = [] if case["password"] is None else ["--password", case["password"]]
        r = run(FIXTURES / "corpus" / case["file"], *password, "--json")
        assert r.returncode in (0, 1), (case["id"], r.stderr)
        if why := disagreement(case, json.loads(r.stdout)):
            wrong[case["id"]] = why
    assert not wrong
