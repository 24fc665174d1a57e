# SPDX-License-Identifier: Apache-2.0
"""Many installations at once: together on one balancer, each by itself where it counts, and never in the way of another balancer."""
import collections
import contextlib
import os
import signal
import socket
import sqlite3
import threading
import uuid

import pytest

from doubles.bigip.client import Client
from stage.bigip import Pair
from stage.house import House, Stage
from stage.peers import wait_for
from stage.proof import Proof

MANY = 12  # of orders


class Batch(Stage):
    """A provider with a pair of BIG-IP whose orders all come to be installed in the same moment."""

    def __init__(self, folder, **more):
        super().__init__(folder, balancer=Pair, stock=1, **{"worker_threads": 4, **more})

    def start(self, failpoint=None):
        super().start(failpoint)
        self.customer, self.service = self.furnish()
        self.proof = Proof(self)
        return self

    def asked(self, hosts, service=None, **more):
        """{host: order} that wait for their certificate."""
        orders = {host: self.order(service or self.service, host, key="p256", **more) for host in hosts}
        for order in orders.values():
            self.csr(order)
        return orders

    @contextlib.contextmanager
    def worker_asleep(self):
        pid = self.house.pids()["certdesk-worker"]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def deliver_all(self, orders):
        """The certificates come while the worker is busy elsewhere. {host: leaf}"""
        leaves = {host: self.ca.sign(self.csr(order), [host]) for host, order in orders.items()}
        with self.worker_asleep():
            for host, order in orders.items():
                assert self.deliver(order, self.ca.as_pem(leaves[host]))["accepted"]
        return leaves

    def tested(self, orders, seconds=60):
        for order in orders.values():
            self.until(order, lambda o: o["facts"].get("tested"), seconds, "the test at the address")

    def told(self, orders):
        for order in orders.values():
            if not self.show(order)["facts"].get("pointed"):
                self.point(order)
            self.until(order, lambda o: o["stage"] == "live" and o["facts"].get("told"), 60, "live")

    def nothing_left(self):
        state = self.balancer.state()["state"]
        assert [unit["uploads"] for unit in state] == [[], []], "a key in the upload folder"
        assert {unit["sync"] for unit in state} == {"In Sync"}

    def files(self):
        with Client(self.balancer) as client:
            return [f for kind in ("ssl-key", "ssl-cert") for f in client.get(f"sys/file/{kind}").get("items", []) if f["name"].startswith("certdesk_")]

    def asked_of_device(self):
        """How often each kind of request was made."""
        kinds = collections.Counter()
        for r in self.balancer.requests():
            path = r["path"].split("?")[0]
            kinds["login" if path.endswith("authn/login") and r["method"] == "POST" else "save" if path.endswith("sys/config") else
                  "sync" if path.endswith("/tm/cm") else "rm" if path.endswith("unix-rm") else "other"] += 1
        return kinds


@pytest.fixture
def batch(tmp_path):
    with Batch(tmp_path) as s:
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


def names(count=MANY):
    return [f"m{n}.contoso.com" for n in range(count)]


def test_renewals_share_session_save_and_sync(batch):
    s = batch
    first = s.asked(names())
    s.deliver_all(first)
    s.tested(first)
    s.told(first)
    again = s.asked(names(), kind="renewal")
    s.balancer.forget_requests()
    leaves = s.deliver_all(again)
    s.tested(again)
    # Some hands may have claimed one of their own before the first took all others with it.
    asked = s.asked_of_device()
    assert asked["sync"] <= 3 and asked["save"] == asked["login"] == 2 * asked["sync"], asked  # at both units
    assert sum(asked.values()) <= MANY * (8 + 4) + asked["login"] * 16, asked
    s.told(again)
    for host, order in again.items():
        s.proof.live(host, order, leaves[host])
        assert not s.show(order)["trouble"]
    s.proof.at_rest()
    s.nothing_left()
    what_was_replaced_goes_together(s, again)


def what_was_replaced_goes_together(s, renewed):
    """A week later."""
    files = [f["name"] for f in s.files()]
    s.balancer.forget_requests()
    with s.worker_asleep():
        for order in renewed.values():
            s.hurry(order, "purge")
    wait_for(lambda: s.proof.one("SELECT COUNT(*) FROM orders WHERE purged IS NOT NULL AND purged>0") == len(renewed), what="the end of what was replaced")
    asked = s.asked_of_device()
    assert asked["sync"] <= 3 and asked["save"] == asked["login"] == 2 * asked["sync"], asked
    assert sum(asked.values()) <= len(renewed) * 8 + asked["login"] * 16, asked
    assert len(s.files()) == len(files) - 2 * len(renewed)  # a key and a certificate of each
    for host, order in renewed.items():
        assert not s.show(order)["trouble"]
    s.nothing_left()


def test_the_failure_of_one_harms_no_other(batch):
    s = batch
    first = s.asked(names(5))
    old = s.deliver_all(first)
    s.tested(first)
    s.told(first)
    again = s.asked(names(5), kind="renewal")
    s.balancer.fail("PATCH */client-ssl/*m2.contoso.com what=absent times=0")
    new = s.deliver_all(again)
    bad = again.pop("m2.contoso.com")
    s.tested(again)
    shown = s.until(bad, lambda o: o["trouble"], what="the refusal")
    assert "not found" in shown["trouble"] and not shown["facts"].get("installed")
    s.told(again)
    for host, order in again.items():
        s.proof.live(host, order, new[host])
    assert s.proof.served("m2.contoso.com", bad) == s.proof.der(old["m2.contoso.com"])
    s.nothing_left()


def test_two_orders_of_a_site_go_one_behind_the_other(tmp_path):
    """What is live is to be put on again in the moment when its renewal comes to be installed: not side by side in one batch."""
    with Batch(tmp_path, worker_threads=1) as s:
        first = s.asked(names(1))
        s.deliver_all(first)
        s.tested(first)
        s.told(first)
        again = s.asked(names(1), kind="renewal")
        csr = s.csr(again["m0.contoso.com"])
        leaf = s.ca.sign(csr, ["m0.contoso.com"])
        s.balancer.forget_requests()
        with s.worker_asleep():
            assert s.deliver(again["m0.contoso.com"], s.ca.as_pem(leaf))["accepted"]
            with contextlib.closing(sqlite3.connect(s.house.data / "certdesk.db", timeout=20)) as db, db:
                live = db.execute("SELECT id FROM orders WHERE number=?", (first["m0.contoso.com"]["number"],)).fetchone()[0]
                db.execute("UPDATE orders SET fact_rechained=1 WHERE id=?", (live,))
                db.execute("INSERT INTO tasks (id, order_id, kind, due, leased_until, again, worker, attempts, outcome, words, created)"
                           " VALUES (?,?,'refresh',1,0,0,'',0,'done','',1)", (uuid.uuid4().bytes, live))
                db.execute("UPDATE counters SET value=value+1 WHERE name='task'")
        s.tested(again)
        assert s.asked_of_device()["login"] == 2 * 2  # twice, at both units
        s.told(again)
        s.proof.live("m0.contoso.com", again["m0.contoso.com"], leaf)
        s.proof.at_rest()


POINTS = [p for p in ("balancer.staged:3", "balancer.activated:4", "balancer.verified:5", "balancer.persisted", "worker.planned.before:3", "worker.installed.before:2",
                      "worker.installed.after:2", "worker.exported.after:2") if House("/tmp").failpoints()]


@pytest.mark.parametrize("point", POINTS)
def test_dies_in_the_middle(tmp_path, point):
    """What was committed stays, what was not is done again, and each order is live once."""
    with Batch(tmp_path, worker_threads=2) as s:
        first = s.asked(names(6))
        s.house.kill()
        s.house.start(point)
        wait_for(lambda: all(p["ready"] for p in s.api.get("/status")["processes"]), what="all programs")
        leaves = s.deliver_all(first)
        wait_for(lambda: any(p["restarts"] for p in s.api.get("/status")["processes"]), 20, "a death")
        s.tested(first)
        s.told(first)
        for host, order in first.items():
            s.proof.live(host, order, leaves[host])
        s.proof.at_rest()
        s.nothing_left()


class Deaf:
    """Takes connections, and never says a word."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                self.held.append(self.socket.accept()[0])

    def stop(self):
        self.socket.close()
        for one in self.held:
            one.close()

    def settings(self, folder):
        (folder / "password").write_text("secret\n")
        (folder / "password").chmod(0o600)
        return {"driver": "bigip", "address": "127.0.0.1", "port": self.port, "user": "admin", "password_file": folder / "password",
                "pin": "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}


def second_service(s, balancer):
    s.api.post("/pools", {"name": f"{balancer}-1", "balancer": balancer, "prefix": "127.76.0.0/28"})
    return s.api.post(f"/customers/{s.customer['id']}/services", {"kind": "owa", "name": "second", "backend": "exchange", "pool": f"{balancer}-1"})


@pytest.mark.parametrize("where", ["GET */cm/device*", "POST */authn/login", "POST */file-transfer/uploads/*.key"])
def test_a_slow_balancer_delays_no_other(tmp_path, where):
    """As many orders as hands for one that hangs in the middle, for minutes, be it at a question of the worker's, at the keeper's sign-in or with a key
    half way: a request made meanwhile, for the pair beside it, is live while it hangs."""
    slow = Pair(tmp_path / "slow", 1).start()
    try:
        with Batch(tmp_path, worker_threads=2, beside={"slow": slow.settings()}) as s:
            waiting = s.asked([f"d{n}.contoso.com" for n in range(4)], second_service(s, "slow"))
            slow.fail(f"{where} what=hang times=0")
            s.deliver_all(waiting)
            wait_for(lambda: slow.state()["rules"][0]["hits"], what="a hand at the slow one")
            good = s.asked(["good.contoso.com"])
            assert not any(s.show(order)["trouble"] for order in waiting.values()), "it does not hang any more: this proves nothing"
            assert slow.state()["rules"][0]["hits"] == 1, "more than one hand is there"
            leaves = s.deliver_all(good)
            s.tested(good)
            s.told(good)
            s.proof.live("good.contoso.com", good["good.contoso.com"], leaves["good.contoso.com"])
            slow.heal()
            for order in waiting.values():
                s.until(order, lambda o: o["facts"].get("installed"), 60, "the installation")
    finally:
        slow.stop()


def test_a_dead_balancer_delays_no_other(tmp_path):
    """It takes connections and never answers: its orders say so, and others go on."""
    deaf = Deaf()
    try:
        with Batch(tmp_path, beside={"deaf": deaf.settings(tmp_path)}) as s:
            waiting = s.asked(["d0.contoso.com", "d1.contoso.com"], second_service(s, "deaf"))
            s.deliver_all(waiting)
            wait_for(lambda: deaf.held, what="a hand at the dead one")
            good = s.asked(["good.contoso.com"])
            s.deliver_all(good)
            s.tested(good)
            for order in waiting.values():
                shown = s.until(order, lambda o: o["trouble"], 60, "words of the dead one")
                assert "deaf" in shown["trouble"] and not shown["facts"].get("installed")
    finally:
        deaf.stop()
