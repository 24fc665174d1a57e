# SPDX-License-Identifier: Apache-2.0
"""A private certdesk in one folder: initialised by `certdesk init`, started as certdeskd, used over its API and
command. With its peers (stage()) it is a whole provider on loopback."""
import contextlib
import datetime
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

from .ca import CA
from .peers import Backend, HAProxy, Knot, Mailbox, Publisher, Peer, answers, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = ("I know that this private key was not made by the provider, that anybody who has seen it can pretend to be this site, and that the "
             "certificate must be revoked if a copy comes out. I accept this risk.")


def build_folder():
    return Path(os.environ.get("CERTDESK_BUILD", ROOT / "build" / "release"))


def frozen(days=9):
    """Rules of a balancer that was frozen yesterday, and when that ends."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    last = today + datetime.timedelta(days=days)
    return {"freezes": f"{today - datetime.timedelta(days=1)}..{last}", "time_zone": "UTC"}, f"{last + datetime.timedelta(days=1)}T00:00:00Z"


class Refused(Exception):
    """The API said no; .status, .problem (a dict)."""

    def __init__(self, status, problem):
        super().__init__(f"{status}: {json.dumps(problem)[:600]}")
        self.status = status
        self.problem = problem

    def codes(self):
        return [f["code"] for f in self.problem.get("findings", [])]


class Api:
    def __init__(self, base, token):
        self.base = base
        self.token = token

    def call(self, method, path, body=None, headers=None, raw=None, timeout=60):
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + "/api/v1" + path, data=data, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        if raw is None and data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                content = answer.read()
                if "json" in answer.headers.get("Content-Type", ""):
                    return json.loads(content)
                return content.decode()
        except urllib.error.HTTPError as e:
            content = e.read()
            try:
                problem = json.loads(content)
            except ValueError:
                problem = {"detail": content.decode(errors="replace")}
            raise Refused(e.code, problem) from None

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None, **more):
        return self.call("POST", path, {} if body is None and "raw" not in more else body, **more)

    def all(self, path):
        """Every item of a list, page by page."""
        cursor, sign = None, "&" if "?" in path else "?"
        while True:
            page = self.get(path + (f"{sign}cursor={urllib.parse.quote(str(cursor))}" if cursor else ""))
            yield from page["items"]
            cursor = page.get("next")
            if not cursor:
                return


class PatientApi(Api):
    """As a good client does: what got no answer, or "again in a moment", is asked again, a POST under the same Idempotency-Key."""

    def call(self, method, path, body=None, headers=None, raw=None, timeout=60):
        if method == "POST":
            headers = {"Idempotency-Key": str(uuid.uuid4()), **(headers or {})}

        def once():
            try:
                return [super(PatientApi, self).call(method, path, body, headers, raw, timeout)]
            except Refused as no:
                if no.status != 503:
                    raise
            except (OSError, http.client.HTTPException):
                pass
        return wait_for(once, 30, f"an answer to {method} {path}")[0]


class House(Peer):
    def __init__(self, folder, build=None, options=None):
        super().__init__("certdeskd", folder)
        self.build = Path(build or build_folder())
        self.port = free_port()
        self.options = options or {}
        self.config = self.folder / "certdesk.yaml"
        self.data = self.folder / "data"

    def program(self, name):
        place = self.build / "src" / "programs" / name
        if not place.is_file():
            raise FileNotFoundError(f"{name} is not built in {self.build}")
        return str(place)

    def write_config(self, balancer=None, knot=None, mailbox=None, ca=None, **more):
        lines = [f"data:\n  folder: {self.data}", f"desk:\n  listen: 127.0.0.1:{self.port}\n  threads: {more.get('desk_threads', 4)}",
                 f"worker:\n  threads: {more.get('worker_threads', 8)}",
                 f"keeper:\n  kek_file: {self.folder}/kek\n  stock:\n    rsa2048: {more.get('stock', 4)}",
                 "provider:\n  name: Alpine Hosting\n  platform: F5 BIG-IP"]
        mail = "mail:\n  from: certificates@alpine-hosting.example\n  starttls: false"
        if mailbox:
            mail += f"\n  smtp_url: smtp://127.0.0.1:{mailbox.port}"
        lines.append(mail)
        policy = []
        if more.get("foreign_keys"):
            policy.append("foreign_keys: yes")
        if more.get("mailbox_sources"):
            lines.append("mailbox_sources:" + "".join(
                f"\n  - name: {name}" + "".join(f"\n    {member}: {json.dumps(value if isinstance(value, int) else str(value))}"
                                                for member, value in source.items())
                for name, source in more["mailbox_sources"].items()))
        if ca:
            lines.append(f"trust:\n  file: {ca.root}" + "".join(f"\n  {name}: {value}" for name, value in more.get("trust", {}).items()))
        if more.get("resellers"):
            policy.append(f"resellers: {more['resellers']}")
        if more.get("severities"):
            policy.append("severities:" + "".join(f"\n    {code}: {severity}" for code, severity in more["severities"].items()))
        if policy:
            lines.append("policy:" + "".join(f"\n  {line}" for line in policy))
        dns = f"dns:\n  timeout_ms: {more.get('dns_timeout_ms', 1000)}"
        if knot:
            dns += "\n  stubs:" + "".join(f"\n    - zone: {zone}\n      address: 127.0.0.1\n      port: {knot.port}"
                                          for zone in (knot.zone, knot.above))
        lines.append(dns)
        inside = [peer for peer in (more.get("publisher"), more.get("registry")) if peer]
        if inside:
            lines.append("fetch:\n  allow:" + "".join(f"\n    - address: 127.0.0.1\n      port: {peer.port}" for peer in inside))
        lines.append(f"rdap:\n  bootstrap: {more['registry'].list(self.folder) if more.get('registry') else chr(34) * 2}")
        if balancer:
            entries = {"edge": {**balancer.settings(), **more.get("rules", {})}, **more.get("beside", {})}
            lines.append("balancers:" + "".join(f"\n  - name: {name}" + "".join(f"\n    {member}: {value}" for member, value in settings.items())
                                                for name, settings in entries.items()))
        if more.get("templates"):
            lines.append("templates:" + "".join(
                f"\n  - name: template-{n}" + "".join(f"\n    {name}: {value}" for name, value in one.items()) for n, one in enumerate(more["templates"])))
        lines.append(f"log:\n  level: {more.get('log', 'notice')}")
        self.config.write_text("\n".join(lines) + "\n")

    def cli(self, *args, check=True, stdin=None):
        r = subprocess.run([self.program("certdesk"), "--config", str(self.config), *map(str, args)], capture_output=True, text=True,
                           input=stdin)
        if check and r.returncode:
            raise RuntimeError(f"certdesk {' '.join(map(str, args))}: {r.returncode}\n{r.stdout}{r.stderr}")
        return r

    def init(self):
        self.cli("init")
        return self

    @property
    def token(self):
        return (self.folder / "token").read_text().strip()

    def api(self, token=None):
        return Api(f"http://127.0.0.1:{self.port}", token or self.token)

    def start(self, failpoint=None, wait=True):
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        for name in ("CERTDESK_SANDBOX", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        if failpoint:
            env["CERTDESK_FAILPOINT"] = failpoint
        self.spawn(self.program("certdeskd"), "--config", str(self.config), env=env)
        if wait:
            wait_for(lambda: self.ready() or not self.alive(), what="certdeskd")
            if not self.alive():
                raise RuntimeError("certdeskd did not start:\n" + self.log_text()[-3000:])
        return self

    def kill(self, sig=signal.SIGKILL):
        super().kill(sig)
        wait_for(lambda: not answers(self.port), what="the end of the desk")

    def ready(self):
        try:
            self.api().call("GET", "/status", timeout=2)
            return True
        except (OSError, Refused):
            return False

    def pids(self):
        """{program: pid} of the running children."""
        return {p["program"]: p["pid"] for p in self.api().get("/status")["processes"]}

    def failpoints(self):
        """The places at which the programs of this build can be told to die; none in a build without them."""
        listed = subprocess.run([self.program("certdeskd"), "--failpoints"], capture_output=True, text=True, check=True).stdout.split()
        command = subprocess.run([self.program("certdesk")], capture_output=True, text=True, env={"CERTDESK_FAILPOINT": "list"})
        return sorted({*listed, *(command.stdout.split() if command.returncode == 0 else [])})

    @contextlib.contextmanager
    def held(self):
        """While certdeskd is stopped like this, what dies stays dead. Nothing about processes can be asked meanwhile."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            if self.alive():
                os.kill(self.process.pid, signal.SIGCONT)


class Stage:
    """A provider with its customers' world: everything that one order meets."""

    def __init__(self, folder, build=None, zone="contoso.com", balancer=HAProxy, **more):
        self.folder = Path(folder)
        self.more = more
        self.ca = CA(self.folder / "ca")
        self.backend = Backend(self.folder / "backend")
        self.balancer = balancer(self.folder / "balancer", self.backend.port)
        self.knot = Knot(self.folder / "dns", zone)
        self.mailbox = Mailbox()
        self.publisher = Publisher()
        self.house = House(self.folder / "certdesk", build)
        self.pool = more.get("pool", "127.77.0.0/24")

    def start(self, failpoint=None):
        for peer in (self.backend, self.balancer, self.knot, self.mailbox, self.publisher):
            peer.start()
        self.configure()
        self.house.init()
        self.house.start(failpoint)
        self.api = self.house.api()
        return self

    def configure(self, **rules):
        """The configuration for its next start; `rules`: when and by whom the balancer may be changed."""
        self.house.write_config(self.balancer, self.knot, self.mailbox, self.ca, publisher=self.publisher, rules=rules, **self.more)

    def stop(self):
        for peer in (self.house, self.publisher, self.mailbox, self.knot, self.balancer, self.backend):
            peer.stop()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *exc):
        self.stop()

    def furnish(self, mailboxes=420):
        """A pool, a customer, its OWA service."""
        self.api.post("/pools", {"name": "edge-1", "balancer": "edge", "prefix": self.pool})
        customer = self.api.post("/customers", {
            "name": "Contoso", "contact_name": "Anna Berg", "contact_mail": "anna.berg@contoso.com",
            "organization": "Contoso Handels GmbH", "city": "Salzburg", "state": "Salzburg", "country": "AT"})
        if mailboxes is not None:
            self.api.post(f"/customers/{customer['id']}/mailboxes", {"mailboxes": mailboxes})
        service = self.api.post(f"/customers/{customer['id']}/services", {
            "kind": "owa", "name": "mail", "backend": self.balancer.backend, "pool": "edge-1"})
        return customer, service

    def second(self):
        """The API as another person of the provider sees it."""
        return self.house.api(self.api.post("/tokens", {"name": f"second {uuid.uuid4()}", "role": "provider"})["token"])

    def confirm(self, waiver):
        return self.second().post(f"/waivers/{waiver['id']}/confirm")

    def waive(self, customer, reason):
        return self.confirm(self.api.post(f"/customers/{customer['id']}/waivers", {"reason": reason}))

    def order(self, service, host, **more):
        return self.api.post("/orders", {"service": service["id"], "host": host, **more})

    def show(self, order):
        return self.api.get(f"/orders/{order['number']}")

    def hurry(self, order, kind):
        """Days pass: the task is due."""
        with contextlib.closing(sqlite3.connect(self.house.data / "certdesk.db", timeout=20)) as db, db:
            db.execute("UPDATE tasks SET due=1 WHERE kind=? AND order_id=(SELECT id FROM orders WHERE number=?)", (kind, order["number"]))

    def until(self, order, test, seconds=30, what="the order"):
        return wait_for(lambda: (lambda o: o if test(o) else None)(self.show(order)), seconds, what)

    def csr(self, order):
        self.until(order, lambda o: o["stage"] not in ("checking", "preparing"), what="the csr")
        return self.api.call("GET", f"/orders/{order['number']}/csr", headers={"Accept": "text/plain"})

    def deliver(self, order, content, name="certificate.pem", password=None, accept=True, foreign_key=None):
        """The customer sends it; `accept`: and wants it installed if there is nothing to decide; `foreign_key`: who accepts the
        risk of a private key that came along."""
        import base64
        body = {"files": [{"name": name, "content_base64": base64.b64encode(content).decode()}], "accept": accept}
        if password is not None:
            body["password"] = password
        if foreign_key is not None:
            body["foreign_key"] = {"author": foreign_key, "statement": STATEMENT}
        return self.api.post(f"/orders/{order['number']}/certificate", body)

    def accept_review(self, order, review):
        return self.api.post(f"/orders/{order['number']}/certificate/accept", {"review": review})

    def point(self, order):
        """The customer's DNS administrator sets the record, and the customer asks to look now."""
        shown = self.show(order)
        self.knot.set(shown["host"], "A", shown["address"])
        self.api.post(f"/orders/{order['number']}/dns-check")

    def handshake(self, host, address, timeout=5):
        """(leaf DER, HTTP status line) of one fresh connection to the address with SNI = host."""
        import socket
        import ssl
        context = ssl.create_default_context(cafile=str(self.ca.root))
        with socket.create_connection((address, self.balancer.https), timeout) as raw:
            with context.wrap_socket(raw, server_hostname=host) as tls:
                der = tls.getpeercert(True)
                tls.sendall(f"GET /owa/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return der, tls.recv(4096).split(b"\r\n")[0].decode()
