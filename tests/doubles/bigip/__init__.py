# SPDX-License-Identifier: Apache-2.0
"""A stateful stand-in for a pair of BIG-IP devices (iControl REST), for tests and demos.

    with BigIP(folder, units=2, tmos="16.1", https=port) as double:
        double.url(1), double.certificate(1), double.user, double.password
        double.control("fail", what="reset", method="PATCH", path="*/client-ssl/*", when="after")
        double.control("failover", to=2); double.state(); double.requests()

It is a process of its own (python3 -m doubles.bigip); errors.py and the other modules say what it does."""
import http.client
import json
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]


class BigIP:
    def __init__(self, folder, units=2, tmos="16.1", https=None, http=None, fail=(), users=(), **more):
        """https and http: where ports 443 and 80 of the virtual servers are served. More: other options of the command, e.g. delay_ms=50."""
        self.folder = Path(folder)
        self.https, self.http = https, http
        self.options = ["--units", str(units), "--tmos", tmos, "--folder", str(self.folder), "--json"]
        for port, place in ((443, https), (80, http)):
            self.options += ["--map-port", f"{port}={place}"] if place else []
        for rule in fail:
            self.options += ["--fail", rule]
        for user in users:
            self.options += ["--user", user]
        for name, value in more.items():
            for one in value if isinstance(value, (list, tuple)) else (value,):
                self.options += ["--" + name.replace("_", "-"), str(one)]
        self.process = None
        self.addresses = None

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "double.log", "ab") as log:
            self.process = subprocess.Popen(["/usr/bin/python3", "-m", "doubles.bigip", *self.options], cwd=TESTS, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log, start_new_session=True, env={"PYTHONDONTWRITEBYTECODE": "1"})
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            raise RuntimeError("the double did not start:\n" + (self.folder / "double.log").read_text()[-3000:])
        self.addresses = json.loads(line)
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def unit(self, number):
        return self.addresses["units"][number - 1]

    def port(self, number=1):
        return self.unit(number)["port"]

    def url(self, number=1):
        return f"https://127.0.0.1:{self.port(number)}"

    def certificate(self, number=1):
        """The file with the device's own certificate."""
        return self.unit(number)["certificate"]

    @property
    def user(self):
        return next(iter(self.addresses["users"]))

    @property
    def password(self):
        return self.addresses["users"][self.user]

    def control(self, call, method="POST", **body):
        connection = http.client.HTTPConnection("127.0.0.1", int(self.addresses["control"].rsplit(":", 1)[1]), timeout=60)
        try:
            connection.request(method, f"/double/{call}", json.dumps(body))
            answer = connection.getresponse()
            found = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(found["error"])
        return found

    def fail(self, rule):
        """A rule in words: 'PATCH */client-ssl/* what=mcpd-lost when=after'."""
        return self.control("fail", rule=rule)

    def heal(self):
        return self.control("fail", "DELETE")

    def state(self):
        return self.control("state", "GET")

    def requests(self):
        return self.control("requests", "GET")["requests"]

    def forget_requests(self):
        self.control("requests", "DELETE")
