# SPDX-License-Identifier: Apache-2.0
"""One order from intake to a live, tested site, told step by step (script/demo)."""
import argparse
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from stage.bigip import Pair  # noqa: E402
from stage.house import Stage  # noqa: E402
from stage.peers import HAProxy  # noqa: E402

HOST = "owa.contoso.com"
BALANCERS = {"bigip": Pair, "haproxy": HAProxy}
WIDTH = 78
SPINNER = "|/-\\"


class Teller:
    """Tells what happens: a line that counts while a step runs, on a terminal; plain lines elsewhere."""

    def __init__(self, silent):
        self.silent = silent
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.colour = self.live and "NO_COLOR" not in os.environ
        self.steps = []
        self.running = None

    def paint(self, text, code):
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def say(self, text=""):
        if not self.silent:
            print(text, flush=True)

    def detail(self, text):
        self.lines.append(text)

    def _count(self, title):
        while not self.stopped.wait(0.1):
            took = time.monotonic() - self.began
            print(f"\r  {SPINNER[int(took * 8) % len(SPINNER)]} {title} {took:4.1f} s", end="", flush=True)

    def __call__(self, title, who):
        self.title, self.who, self.lines = title, who, []
        return self

    def __enter__(self):
        self.began = time.monotonic()
        self.stopped = threading.Event()
        if self.live and not self.silent:
            self.running = threading.Thread(target=self._count, args=(self.title,), daemon=True)
            self.running.start()
        return self

    def __exit__(self, kind, value, trace):
        took = time.monotonic() - self.began
        self.stopped.set()
        if self.running:
            self.running.join()
            self.running = None
            print("\r\x1b[K", end="")
        number = len(self.steps) + 1
        self.steps.append({"step": number, "title": self.title, "who": self.who, "seconds": round(took, 3), "lines": self.lines})
        mark = self.paint("done", "32") if kind is None else self.paint("failed", "31")
        head = f"{number} {self.title} "
        self.say(self.paint(head, "1") + "." * max(3, WIDTH - len(head) - 20) + f" {mark} {took:8.3f} s")
        self.say(f"    who    {self.who}")
        for line in self.lines:
            self.say(f"    {line}")
        self.say()
        return False


def intake(tell, stage):
    with tell("Intake", "the customer's admin orders; the provider's desk has counted 420 mailboxes"):
        customer, service = stage.furnish()
        order = stage.order(service, "https://OWA.contoso.com/owa", division="IT")
        tell.detail(f"order  {order['number']} for {order['host']} (typed: https://OWA.contoso.com/owa)")
        for finding in order.get("findings", []):
            tell.detail(f"note   {finding['title']}")
        asked = stage.until(order, lambda o: o["facts"].get("questioned"), what="the question about the name")
        question = stage.api.get(f"/orders/{asked['number']}/question")
        stage.api.post(f"/orders/{asked['number']}/confirm", {"question": question["question"]})
        tell.detail(f"mail   {stage.mailbox.find(HOST)[0]['Subject']}; the customer confirms it, letter by letter")
    return customer, order


def request(tell, stage, order):
    with tell("Address, key and request", "certdesk, by itself"):
        stage.csr(order)
        letter = next(one for one in stage.mailbox.find(HOST) if list(one.iter_attachments()))
        shown = stage.show(order)
        csr = next(letter.iter_attachments()).get_content()
        csr = csr.decode() if isinstance(csr, bytes) else csr
        tell.detail(f"ip     {shown['address']} reserved")
        tell.detail("key    RSA, 2048 bits; made and kept wrapped by the keeper")
        tell.detail(f"mail   to {letter['To']}: {letter['Subject']}")
    return shown, csr


def purchase(tell, stage, csr, form):
    with tell("Purchase", "the customer buys at its CA (played by a small CA made with openssl)"):
        leaf = stage.ca.sign(csr, [HOST])
        password = None
        if form == "pkcs12":
            password = "Salzburg-2026"
            content, name = stage.ca.as_pkcs12(leaf, password), "owa_contoso_com.pfx"
        elif form == "pkcs7":
            content, name = stage.ca.as_pkcs7(leaf), "owa_contoso_com.p7b"
        else:
            content, name = stage.ca.as_pem(leaf), "owa_contoso_com.pem"
        tell.detail(f"file   {name}, {len(content)} bytes" + (", protected by a password, no key inside" if password else ""))
    return content, name, password


def dns(tell, stage, order, shown):
    with tell("DNS record", "the customer's DNS administrator (played: knot on loopback)"):
        tell.detail(f"record {HOST}. A {shown['address']}")
        stage.point(order)
        stage.until(order, lambda o: o["dns"]["pointed"], what="the DNS verdict")
        tell.detail("seen   at the authoritative server: it points at our address")


def certificate_back(tell, stage, order, content, name, password):
    with tell("Certificate comes back", "the customer uploads it; certdesk reads it in a closed room"):
        answer = stage.deliver(order, content, name, password, accept=False)
        got = answer["certificate"]
        tell.detail(f"cert   {got['names'][0]}, issued by {got['issuer']}")
        tell.detail(f"valid  until {got['not_after']}, chain of {got['chain_length'] + 1}")
        remarks = [f for f in answer["findings"] if f["severity"] == "info"]
        for finding in answer["findings"]:
            if finding not in remarks:
                tell.detail(f"note   {finding['title']}")
        if remarks:
            tell.detail(f"note   {len(remarks)} remarks, none that anybody must act on (certdesk order show {HOST})")
        stage.accept_review(order, answer["review"])
        tell.detail("review accepted by the customer: what was shown is what is installed")


def go_live(tell, stage, order):
    with tell("Install, test, tell", "certdesk, by itself"):
        shown = stage.until(order, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="the live site")
        tests = stage.api.get(f"/orders/{order['number']}/tests")
        tell.detail(f"serves {stage.balancer.proof}")
        for kind, label in (("test_address", "address"), ("test_name", "by name")):
            tell.detail(f"test   {label}: {tests[kind]['words']}")
        letter = stage.mailbox.find("ready")[-1]
        tell.detail(f"mail   to {letter['To']}: {letter['Subject']}")
    return shown


def curl_line(stage, shown):
    port = stage.balancer.https
    return (f"curl -i --cacert {stage.ca.root} --resolve {HOST}:{port}:{shown['address']} "
            f"https://{HOST}:{port}/owa/auth/logon.aspx")


def walk(tell, stage, form):
    customer, order = intake(tell, stage)
    shown, csr = request(tell, stage, order)
    content, name, password = purchase(tell, stage, csr, form)
    dns(tell, stage, order, shown)
    certificate_back(tell, stage, order, content, name, password)
    return go_live(tell, stage, order)


def keep(tell, stage):
    house = stage.house
    tell.say("It keeps running. To look around:")
    tell.say(f"    {house.program('certdesk')} --config {house.config} status")
    tell.say(f"    {house.program('certdesk')} --config {house.config} order show {HOST}")
    tell.say("To stop: Ctrl-C here.")
    done = threading.Event()
    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, lambda *_: done.set())
    done.wait()


def main():
    parse = argparse.ArgumentParser()
    parse.add_argument("--keep", action="store_true")
    parse.add_argument("--json", action="store_true")
    parse.add_argument("--return", dest="form", choices=("pkcs12", "pkcs7", "pem"), default="pkcs12")
    parse.add_argument("--balancer", choices=sorted(BALANCERS), default="haproxy")
    args = parse.parse_args()
    tell = Teller(args.json)
    folder = tempfile.mkdtemp(prefix="certdesk-demo-")
    stage = Stage(folder, stock=2, balancer=BALANCERS[args.balancer])
    began = time.monotonic()
    try:
        tell.say(f"certdesk demo: a provider with {stage.balancer.words}, a customer and a CA, on loopback only.\n")
        stage.start()
        tell.say(f"started in {time.monotonic() - began:.1f} s: certdeskd with keeper, reader, desk, worker; {stage.balancer.words}; the customer's DNS, mail\n")
        shown = walk(tell, stage, args.form)
        line = curl_line(stage, shown)
        proof = subprocess.run(line.split() + ["-sS"], capture_output=True, text=True)
        total = time.monotonic() - began
        tell.say(tell.paint(f"Live: https://{HOST}:{stage.balancer.https}/owa/ at {shown['address']}", "1;32") + f"  ({total:.1f} s in all)")
        tell.say(f"Proof:\n    {line}")
        for text in proof.stdout.splitlines():
            tell.say(f"    | {text}" if text.strip() else "    |")
        tell.say()
        if args.json:
            print(json.dumps({"site": f"https://{HOST}:{stage.balancer.https}/owa/", "address": shown["address"], "curl": line,
                              "proof": proof.stdout.splitlines()[0] if proof.stdout else proof.stderr, "seconds": round(total, 3),
                              "steps": tell.steps}, indent=2), flush=True)
        if args.keep:
            keep(tell, stage)
        else:
            tell.say("Everything is being stopped. To keep it running for play: script/demo --keep")
        return proof.returncode
    except Exception as e:  # noqa: BLE001: a demo tells what went wrong in words, with the log that says why
        print(f"\ndemo: {e}", file=sys.stderr)
        print(stage.house.log_text()[-2500:], file=sys.stderr)
        return 1
    finally:
        stage.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
