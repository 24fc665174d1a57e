# SPDX-License-Identifier: Apache-2.0
"""The DNS of live sites, many looked at together: what is as it must be is noted, what is not gets a look by itself."""
import contextlib
import sqlite3

import pytest

from stage.crowd import looks_due, multiply
from stage.house import House, Stage
from stage.peers import wait_for
from stage.proof import Proof
from stage.zones import Silent

MANY = 40
OTHER = "198.51.100.7"


class Crowd(Stage):
    """A provider with many live sites, one of them in a zone whose name server is dead."""

    def __init__(self, folder, **more):
        super().__init__(folder, stock=1, **{"worker_threads": 4, "dns_timeout_ms": 300, **more})
        self.silent = Silent("127.0.0.3")

    def start(self, failpoint=None):
        super().start(failpoint)
        self.customer, self.service = self.furnish()
        self.proof = Proof(self)
        self.first = self.live("owa.contoso.com")
        self.house.stop()
        hosts = [f"m{n}.contoso.com" for n in range(MANY)] + ["owa.dead.contoso.com"]
        self.number = {"owa.contoso.com": self.first["number"], **multiply(self.house.data / "certdesk.db", self.first["number"], hosts)}
        for host in hosts:
            self.knot.records[(host, "A")] = [self.address]
        self.knot.set_many()
        with self.house.config.open("r+") as file:
            text = file.read().replace("  stubs:\n", f"  stubs:\n    - zone: dead.contoso.com\n      address: 127.0.0.3\n      port: {self.silent.port}\n")
            file.seek(0)
            file.write(text)
        return self

    def stop(self):
        super().stop()
        self.silent.stop()

    def live(self, host):
        order = self.order(self.service, host, key="p256")
        leaf = self.ca.sign(self.csr(order), [host])
        assert self.deliver(order, self.ca.as_pem(leaf))["accepted"]
        self.until(order, lambda o: o["facts"].get("tested"), what="the test at the address")
        self.point(order)
        self.until(order, lambda o: o["stage"] == "live" and o["facts"].get("told"), what="live")
        self.address = self.show(order)["address"]
        return order

    def a_day_later(self, looks=1):
        looks_due(self.house.data / "certdesk.db", self.number.values(), looks)

    def seen(self, host):
        return self.api.get(f"/orders/{self.number[host]}/tests")["dns"]

    def rows(self, sql, *args):
        with contextlib.closing(sqlite3.connect(self.house.data / "certdesk.db", timeout=20)) as db:
            return db.execute(sql, args).fetchall()

    def rested(self):
        """Nothing is left that is due, or that somebody is at."""
        return wait_for(lambda: not self.rows("SELECT 1 FROM tasks WHERE leased_until>0 OR due<(SELECT MAX(dns_looked) FROM orders)"), 30, "rest")


@pytest.fixture
def crowd(tmp_path):
    with Crowd(tmp_path) as s:
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


def test_many_are_looked_at_together(crowd):
    s = crowd
    s.knot.set("m7.contoso.com", "A", OTHER)
    s.a_day_later()
    s.house.start()
    wait_for(lambda: s.seen("owa.dead.contoso.com") and s.seen("m7.contoso.com"), 30, "the looks by themselves")
    s.rested()

    good = s.seen("m3.contoso.com")
    assert good["good"] and good["report"] == {"verdict": "pointed", "quick": True, "server_count": 1}
    assert "said 1 name server," in good["words"] and "signatures" in good["words"]
    assert good["words"] in " ".join(s.house.cli("order", "tests", s.number["m3.contoso.com"]).stdout.split())

    drifted = s.seen("m7.contoso.com")
    assert not drifted["good"] and drifted["report"]["cause"] == "DNS_WRONG_IP" and OTHER in drifted["words"]
    assert not s.api.get(f"/orders/{s.number['m7.contoso.com']}")["facts"].get("pointed")

    dead = s.seen("owa.dead.contoso.com")
    assert not dead["good"] and dead["report"]["verdict"] == "unknown"
    assert s.api.get(f"/orders/{s.number['owa.dead.contoso.com']}")["facts"].get("pointed")  # that nobody answers says nothing

    looked = dict(s.rows("SELECT t.host, o.dns_looks FROM orders o JOIN sites t ON t.id=o.site"))
    assert [looked.pop(host) for host in ("m7.contoso.com", "owa.dead.contoso.com")] == [14, 14]  # the next one is a full one, too
    assert set(looked.values()) == {2}
    due = [row[0] for row in s.rows("SELECT due-(SELECT MAX(dns_looked) FROM orders) FROM tasks WHERE kind='dns'")]
    assert len(due) == MANY + 2 and 20.9 * 3600e6 < min(due) and max(due) <= 24 * 3600e6
    s.proof.at_rest()
    assert s.house.log_text().count("dns.swept") <= 4  # as many as there are hands


def test_every_seventh_look_is_a_full_one(crowd):
    s = crowd
    s.a_day_later(looks=7)
    s.house.start()
    wait_for(lambda: all(s.seen(host) for host in s.number), 30, "all looks")
    s.rested()
    assert s.seen("m3.contoso.com")["report"]["servers"]
    assert "dns.swept" not in s.house.log_text()
    s.api.post(f"/orders/{s.number['m4.contoso.com']}/dns-check")  # and one that somebody asks for
    wait_for(lambda: s.rows("SELECT 1 FROM orders WHERE number=? AND dns_looks=1", s.number["m4.contoso.com"]), what="the look")
    s.rested()
    assert s.seen("m4.contoso.com")["report"]["servers"]


def test_what_happens_meanwhile_counts(tmp_path):
    """While a dead server is waited for, somebody asks for a look at one site, and another site's order is replaced."""
    with Crowd(tmp_path, worker_threads=1, dns_timeout_ms=700) as s:
        s.a_day_later()
        s.house.start()
        asked, replaced = s.number["m4.contoso.com"], s.number["m5.contoso.com"]
        wait_for(lambda: s.rows("SELECT COUNT(*) FROM tasks WHERE kind='dns' AND leased_until>0")[0][0] >= MANY, what="the sweep")
        s.api.post(f"/orders/{asked}/dns-check")
        with contextlib.closing(sqlite3.connect(s.house.data / "certdesk.db", timeout=20)) as db, db:
            db.execute("UPDATE orders SET fact_superseded=? WHERE number=?", (1, replaced))
        assert s.seen("m3.contoso.com") is None
        wait_for(lambda: s.seen("m3.contoso.com"), what="the end of the sweep")
        wait_for(lambda: s.seen("m4.contoso.com"), what="the look that was asked for")
        s.rested()
        assert s.seen("m4.contoso.com")["report"]["servers"]  # and not what the sweep had seen
        assert s.rows("SELECT dns_looks FROM orders WHERE number IN (?,?) ORDER BY number", asked, replaced) == [(1,), (1,)]
        assert s.seen("m5.contoso.com") is None
        assert not s.rows("SELECT 1 FROM tasks t JOIN orders o ON o.id=t.order_id WHERE o.number=? AND t.kind='dns'", replaced)


POINTS = [p for p in ("store.claimed.after:2", "worker.swept.before", "worker.swept.after") if House("/tmp").failpoints()]


@pytest.mark.parametrize("point", POINTS)
def test_the_worker_dies_in_a_sweep(crowd, point):
    s = crowd
    s.knot.set("m7.contoso.com", "A", OTHER)
    s.a_day_later()
    s.house.start(failpoint=point)
    wait_for(lambda: s.seen("m7.contoso.com"), 60, "the look at the one that drifted")
    wait_for(lambda: all(s.seen(host) for host in s.number), 60, "all looks")
    s.rested()
    assert "killed by signal 9" in s.house.log_text(), f"this story does not pass {point}"
    assert not s.seen("m7.contoso.com")["good"]
    assert not s.rows("SELECT 1 FROM orders WHERE dns_looks=1")  # of none was the look lost
    s.proof.at_rest()
