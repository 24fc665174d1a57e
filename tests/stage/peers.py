# SPDX-License-Identifier: Apache-2.0
"""The programs around certdesk, each started for real on loopback ports that were free."""
import asyncio
import concurrent.futures
import contextlib
import email
import email.policy
import http.server
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path


LANES = 16  # of tests side by side, each with ports of its own
LANE = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % LANES
PORTS = list(range(10000 + LANE, 32000, LANES))
random.shuffle(PORTS)
NEXT = itertools.cycle(PORTS)


def free_port(kind=socket.SOCK_STREAM):
    """Below those that outgoing connections get, none that a test beside this one may choose, and none twice in a row: nobody takes it before it is
    listened at."""
    while True:
        port = next(NEXT)
        with socket.socket(socket.AF_INET, kind) as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def free_port_both():
    """A port free for TCP and UDP (a DNS server needs both)."""
    for _ in range(50):
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def wait_for(condition, seconds=20, what="condition", pause=0.02):
    """Waits until condition() is true and returns its value; never sleeps for luck."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(pause)


def answers(port, host="127.0.0.1"):
    try:
        with socket.create_connection((host, port), 0.5):
            return True
    except OSError:
        return False


class Peer:
    """A child process with its output in a file; stopped and reaped with its whole group."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = None

    def spawn(self, *command, env=None):
        log = open(self.folder / f"{self.name}.log", "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                        start_new_session=True, cwd=self.folder)
        log.close()
        return self.process

    def log_text(self):
        path = self.folder / f"{self.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, sig=signal.SIGKILL):
        if self.alive():
            os.killpg(self.process.pid, sig)
        if self.process:
            self.process.wait(30)

    def stop(self):
        if self.alive():
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Backend(Peer):
    """nginx as the service behind the balancer: answers as an OWA front end does (X-05)."""

    def __init__(self, folder):
        super().__init__("backend", folder)
        self.port = free_port()

    def start(self):
        conf = self.folder / "nginx.conf"
        conf.write_text(f"""daemon off; pid {self.folder}/nginx.pid; error_log stderr; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2; fastcgi_temp_path {self.folder}/t3;
  uwsgi_temp_path {self.folder}/t4; scgi_temp_path {self.folder}/t5;
  server {{
    listen 127.0.0.1:{self.port};
    location = / {{ return 302 https://$http_host/owa/; }}
    location = /owa/ {{ return 302 https://$http_host/owa/auth/logon.aspx?replaceCurrent=1&url=https://$http_host/owa/; }}
    location = /owa/auth/logon.aspx {{ add_header X-OWA-Version 15.2.1544.4; return 200 "Outlook for $http_host\\n"; }}
    location = /owa/healthcheck.htm {{ return 200 "200 OK"; }}
  }}
}}
""")
        self.spawn("/usr/sbin/nginx", "-p", str(self.folder), "-c", str(conf))
        wait_for(lambda: answers(self.port), what="nginx")
        return self


class HAProxy(Peer):
    """Debian's HAProxy as packaging/haproxy shows it: one bind for all addresses of loopback, a crt-list
    that starts empty, strict SNI. Addresses are 127.x.y.z, so a new one needs no set-up."""

    words = "HAProxy"
    proof = "HAProxy: without reload, written to disk"
    backend = "exchange"

    def __init__(self, folder, backend_port, bufsize=65536):
        super().__init__("haproxy", folder)
        self.https = free_port()
        self.backend_port = backend_port
        self.bufsize = bufsize
        self.socket = self.folder / "admin.sock"
        self.certificates = self.folder / "certificates"
        self.crt_list = self.folder / "crt-list.txt"
        self.hosts_map = self.folder / "hosts.map"

    def settings(self):
        """The members of its entry in certdesk's configuration."""
        return {"driver": "haproxy", "socket": self.socket, "certificates": self.certificates, "crt_list": self.crt_list,
                "hosts_map": self.hosts_map, "https_port": self.https, "bufsize": self.bufsize}

    def write_config(self):
        self.certificates.mkdir(mode=0o700, exist_ok=True)
        self.crt_list.touch()
        self.hosts_map.touch()
        (self.folder / "haproxy.cfg").write_text(f"""global
    stats socket {self.socket} mode 600 level admin
    tune.bufsize {self.bufsize}
    ssl-default-bind-options ssl-min-ver TLSv1.2
    maxconn 4000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend https
    bind 0.0.0.0:{self.https} interface lo ssl crt-list {self.crt_list} strict-sni alpn h2,http/1.1
    http-request return status 421 content-type text/plain string "no such site" unless {{ req.hdr(host),field(1,:),lower,map({self.hosts_map}) -m found }}
    use_backend %[req.hdr(host),field(1,:),lower,map({self.hosts_map})]
backend exchange
    server s1 127.0.0.1:{self.backend_port}
""")
        return self.folder / "haproxy.cfg"

    def start(self):
        conf = self.write_config()
        self.spawn("/usr/sbin/haproxy", "-W", "-f", str(conf))
        wait_for(lambda: not self.alive() or self.socket.exists() and answers(self.https), what="haproxy")
        if not self.alive():
            raise RuntimeError("haproxy did not start:\n" + self.log_text()[-3000:])
        return self

    def kill(self, sig=signal.SIGKILL):
        super().kill(sig)
        wait_for(lambda: not answers(self.https), what="the end of haproxy's worker")

    def command(self, line):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(str(self.socket))
            s.sendall(line.encode() + b"\n")
            s.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := s.recv(65536):
                answer += chunk
            return answer.decode()


class Knot(Peer):
    """The customer's DNS: knot with one zone, changed as a customer would change it, by its administrator; and the zone above it."""

    def __init__(self, folder, zone="contoso.com"):
        super().__init__("knot", folder)
        self.port = free_port_both()
        self.zone, self.above = zone, zone.split(".", 1)[1]
        self.records = {}
        self.serial = 1
        self.lock = threading.Lock()

    def write_zone(self):
        lines = [f"$ORIGIN {self.zone}.", "$TTL 60", f"@ SOA ns1 hostmaster {self.serial} 3600 600 86400 30", "@ NS ns1",
                 "ns1 A 127.0.0.1"]
        for (name, kind), values in sorted(self.records.items()):
            lines += [f"{name}. {kind} {value}" for value in values]
        (self.folder / "zone").write_text("\n".join(lines) + "\n")
        (self.folder / "above").write_text(f"$ORIGIN {self.above}.\n$TTL 60\n@ SOA ns1.{self.zone}. hostmaster.{self.zone}. 1 3600 600 86400 30\n"
                                           f"@ NS ns1.{self.zone}.\n{self.zone}. NS ns1.{self.zone}.\nns1.{self.zone}. A 127.0.0.1\n")

    def start(self):
        self.write_zone()
        conf = self.folder / "knot.conf"
        conf.write_text(f"""server:
    rundir: {self.folder}
    listen: 127.0.0.1@{self.port}
log:
  - target: stderr
    any: warning
database:
    storage: {self.folder}
zone:
  - domain: {self.zone}
    file: {self.folder}/zone
    storage: {self.folder}
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
  - domain: {self.above}
    file: {self.folder}/above
    storage: {self.folder}
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
""")
        self.conf = conf
        self.spawn("/usr/sbin/knotd", "-c", str(conf))
        wait_for(lambda: self.answer(self.zone, "SOA"), what="knot")
        return self

    def answer(self, name, kind):
        r = subprocess.run(["/usr/bin/kdig", "+short", "+time=1", "+retry=0", f"@127.0.0.1", "-p", str(self.port), name, kind],
                           capture_output=True, text=True)
        return [] if r.returncode or ";;" in r.stdout else r.stdout.split("\n")[:-1]

    def set(self, name, kind, *values):
        """Sets (or with no value removes) the records of a name, and waits until the server says so."""
        with self.lock:
            self.records.pop((name, kind), None)
            if values:
                self.records[(name, kind)] = list(values)
            self.set_many()

    def set_many(self):
        self.serial += 1
        self.write_zone()
        subprocess.run(["/usr/sbin/knotc", "-c", str(self.conf), "-b", "zone-reload", self.zone], check=True, capture_output=True)


class Mailbox:
    """The customer's mail server (aiosmtpd): keeps what arrives; can be told to refuse."""

    def __init__(self):
        self.port = free_port()
        self.letters = []
        self.verdict = None  # e.g. "451 come back later", for every letter; or an iterator of one, or a future one, for each
        self.lock = threading.Lock()
        self.controller = None

    async def handle_DATA(self, server, session, envelope):
        verdict = self.verdict if isinstance(self.verdict, str) else next(self.verdict or iter(()), None)
        if isinstance(verdict, concurrent.futures.Future):
            verdict = await asyncio.wrap_future(verdict)
        if verdict:
            return verdict
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.lock:
            self.letters.append((envelope.rcpt_tos, letter))
        return "250 kept"

    def start(self):
        from aiosmtpd.controller import Controller
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()
        return self

    def stop(self):
        if self.controller:
            self.controller.stop()
            self.controller = None

    def find(self, fragment, to=None):
        """The letters whose subject has the fragment, oldest first."""
        with self.lock:
            return [l for rcpt, l in self.letters if fragment in l["Subject"] and (to is None or to in rcpt)]

    def letters_of(self, number):
        """The letters of one order, oldest first, each Message-ID once: a letter sent again is the same letter."""
        with self.lock:
            seen = {}
            for _, letter in self.letters:
                if f"[#{number}]" in letter["Subject"]:
                    seen.setdefault(letter["Message-ID"], letter)
            return list(seen.values())


class Publisher:
    """The web server where a CA publishes its certificates: `pages` maps a path to bytes, or to a status without any."""

    def __init__(self):
        self.port = free_port()
        self.pages = {}
        self.asked = []
        self.heads = []  # of the same requests
        self.server = None

    def start(self):
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.asked.append(self.path)
                publisher.heads.append(dict(self.headers))
                page = publisher.pages.get(self.path, 404)
                if callable(page):
                    page = page()
                self.send_response(200 if isinstance(page, bytes) else page)
                content = page if isinstance(page, bytes) else b""
                self.send_header("Content-Length", str(len(content)))
                with contextlib.suppress(OSError):  # whoever asked may have gone
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    @contextlib.contextmanager
    def held(self, path, page):
        """Inside, whoever asks for the page gets no answer yet."""
        released = threading.Event()
        self.pages[path] = lambda: page if released.wait(60) else 503
        try:
            yield
        finally:
            released.set()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
