# SPDX-License-Identifier: Apache-2.0
"""Whatever dies by kill -9, and wherever: the order ends live, with one address, one key in force and no mail lost.

The programs of a build with failpoints name the places at which they can be told to die (sys/failpoint.h); each name
gets a test here by itself. One stage serves all: certdeskd is started anew for each death."""
import contextlib
import os
import signal
import sqlite3
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from stage.ca import CA, openssl
from stage.house import House, PatientApi, Refused, Stage, frozen
from stage.peers import wait_for
from stage.proof import Proof


POINTS = House("/tmp").failpoints()
PROGRAMS = ["certdesk-keeper", "certdesk-reader", "certdesk-desk", "certdesk-worker"]
pytestmark = pytest.mark.skipif(not POINTS, reason="this build has no failpoints: meson setup -Dfailpoints=true")


class CrashStage(Stage):
    """A provider whose processes die, and a client that repeats what it got no answer to."""

    def start(self, failpoint=None):
        super().start(failpoint)
        self.api = PatientApi(self.api.base, self.api.token)
        self.customer, self.service = self.furnish()
        self.proof = Proof(self)
        return self

    def second(self):
        """A token is told once: whoever missed the answer makes another."""
        while True:
            with contextlib.suppress(KeyError):
                return PatientApi(self.api.base, super().second().token)

    def again(self, failpoint=None):
        """certdeskd and all it started killed, and started again; the first lives of its children die at the failpoint."""
        self.house.kill()
        self.house.start(failpoint)
        wait_for(lambda: all(p["ready"] for p in self.api.get("/status")["processes"]), what="all programs")

    def deaths(self):
        """{program: how it ended}, of those that were restarted since certdeskd was."""
        return {p["program"]: p["last_end"] for p in self.api.get("/status")["processes"] if p["restarts"]}

    def died_at(self, point):
        owner = {"desk": "certdesk-desk", "keeper": "certdesk-keeper", "reader": "certdesk-reader"}.get(point.split(".")[0], "certdesk-worker")
        with contextlib.suppress(TimeoutError):
            wait_for(self.deaths, 5, "a death")
        assert self.deaths() == {owner: "killed by signal 9"}, f"this story does not pass {point}"

    def accept(self, order, host, **more):
        """The certificate bought and sent back; its leaf."""
        leaf = self.ca.sign(self.csr(order), [host])
        assert self.deliver(order, self.ca.as_pem(leaf), **more)["accepted"]
        return leaf

    def told(self, order):
        return self.until(order, lambda o: o["stage"] == "live" and o["facts"].get("told"), 40, "live")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    exports = tmp_path_factory.mktemp("exports")
    with CrashStage(tmp_path_factory.mktemp("crash"), pool="127.78.0.0/22", stock=1, foreign_keys=True,
                    mailbox_sources={"exports": {"kind": "csv", "file": f"{exports}/{{customer}}.csv"}}) as s:
        s.exports = exports
        yield s
        log = s.house.log_text()
        assert "runtime error" not in log and "AddressSanitizer" not in log, log[-4000:]


@pytest.fixture(autouse=True)
def peers_are_well(stage):
    """A story that failed in the middle must not break the next one."""
    yield
    stage.mailbox.verdict = None
    for peer in (stage.backend, stage.balancer):
        if not peer.alive():
            peer.start()


# The stories. Each gets the stage as it is, starts certdeskd with the failpoint where the death shall be, and returns
# the order that is live in the end and its leaf.


def first(s, host, point):
    """From intake to live."""
    s.again(point)
    return walk(s, host)


def renewal(s, host, point):
    """Live already; a new key and certificate replace the old ones."""
    old, _ = first(s, host, None)
    s.again(point)
    made = s.order(s.service, host, kind="renewal", key="p256")
    leaf = s.accept(made, host)
    s.told(made)
    assert s.show(old)["stage"] == "superseded"
    return made, leaf


def confirmed(s, host, point):
    """Its name was pasted with more around it, and is confirmed."""
    s.again(point)
    made = s.order(s.service, f"https://{host}/owa", key="p256")
    s.until(made, lambda o: o["facts"].get("questioned"), what="the question")
    try:
        s.api.post(f"/orders/{made['number']}/confirm", {"question": s.api.get(f"/orders/{made['number']}/question")["question"]})
    except Refused as no:
        assert no.status in (404, 409)  # the first time did it
    leaf = s.accept(made, host)
    s.point(made)
    s.told(made)
    return made, leaf


def approved(s, host, point):
    """The balancer asks for a second person."""
    s.configure(approval="yes")
    s.again(point)
    s.configure()  # for the next story
    made = s.order(s.service, host, key="p256")
    leaf = s.accept(made, host)
    shown = s.until(made, lambda o: o["facts"].get("unapproved"), what="the question for a second person")
    second = PatientApi(s.api.base, s.api.post("/tokens", {"name": f"second of {host}", "role": "provider"})["token"])
    try:
        second.post(f"/orders/{made['number']}/approve", {"certificate": shown["certificate"]["sha256"]})
    except Refused as no:
        assert no.status == 409  # the first time did it
    s.until(made, lambda o: o["facts"].get("approved"), what="approved")
    s.point(made)
    s.told(made)
    return made, leaf


def held(s, host, point):
    """It is frozen; somebody lets the certificate through."""
    rules, opens = frozen()
    s.configure(**rules)
    s.again(point)
    s.configure()
    made = s.order(s.service, host, key="p256")
    leaf = s.accept(made, host)
    s.until(made, lambda o: o["opens"] == opens, what="held")
    s.api.post(f"/orders/{made['number']}/install", {"now": True, "reason": "users see a warning"})
    s.point(made)
    s.told(made)
    return made, leaf


def lifted(s, host, point):
    """It was frozen, and is not any more."""
    rules, opens = frozen()
    s.configure(**rules)
    s.again()
    made = s.order(s.service, host, key="p256")
    leaf = s.accept(made, host)
    s.until(made, lambda o: o["opens"] == opens, what="held")
    s.configure()
    s.again(point)
    s.point(made)
    s.told(made)
    return made, leaf


def furnishing(s, host, point):
    """Pool, customer, count, waiver, service and tokens are made by clients, too: each is there once."""
    s.again(point)
    name, third = f"of {host}", int(host[3:host.index(".")])
    s.api.post("/pools", {"name": name, "balancer": "edge", "prefix": f"127.79.{third}.0/29"})
    customer = s.api.post("/customers", {"name": name, "contact_mail": "a@contoso.com", "organization": "Contoso", "city": "Linz", "country": "AT"})
    path = f"/customers/{customer['id']}"
    s.api.post(f"{path}/mailboxes", {"mailboxes": 7})
    waiver = s.api.post(f"{path}/waivers", {"reason": "merger"})
    with contextlib.suppress(Refused):  # the first time did it
        s.confirm(waiver)
    assert next(s.api.all(f"{path}/waivers"))["confirmed"]
    assert s.api.call("PATCH", path, {"city": "Wels"})["city"] == "Wels"
    service = s.api.post(f"{path}/services", {"kind": "owa", "name": "mail", "backend": "exchange", "pool": name})
    assert s.api.call("PATCH", f"/services/{service['id']}", {"protection": "off"})["protection"] == "off"
    token = s.api.post("/tokens", {"name": name, "role": "customer", "customer": customer["id"]})
    try:
        s.api.call("DELETE", f"/tokens/{token['id']}")
    except Refused as no:
        assert no.status == 404  # the first time did it
    for table in ("pools", "customers", "tokens"):
        s.proof.one(f"SELECT id FROM {table} WHERE name=?", name)
    for table in ("mailbox_counts", "waivers", "services"):
        s.proof.one(f"SELECT t.id FROM {table} t JOIN customers c ON c.id=t.customer WHERE c.name=?", name)
    assert s.proof.one("SELECT revoked>0 FROM tokens WHERE name=?", name)
    made = s.order(service, host, key="p256")
    leaf = s.accept(made, host)
    s.point(made)
    s.told(made)
    return made, leaf


def name_moves_last(s, host, point):
    """A site answers at the name today: there is one more mail, that says: move it now."""
    s.knot.set(host, "A", "198.51.100.7")
    s.again(point)
    made = s.order(s.service, host, key="p256")
    leaf = s.accept(made, host)
    s.until(made, lambda o: o["facts"].get("dns_asked"), what="the mail that says: move it now")
    s.point(made)
    s.told(made)
    return made, leaf


def name_moves_away(s, host, point):
    """The name pointed at us, and does not any more when the site is tested by name."""
    s.again(point)
    made = s.order(s.service, host, key="p256")
    s.csr(made)
    s.point(made)
    s.until(made, lambda o: o["facts"].get("pointed"), what="the DNS verdict")
    s.knot.set(host, "A", "198.51.100.7")
    leaf = s.accept(made, host)
    s.until(made, lambda o: o["facts"].get("tested") and not o["facts"].get("pointed"), what="the name that moved away")
    s.point(made)
    s.told(made)
    return made, leaf


def wrong_certificate_first(s, host, point):
    s.again(point)
    made = s.order(s.service, host, key="p256")
    with pytest.raises(Refused) as no:
        s.deliver(made, s.ca.as_pem(s.ca.sign(s.csr(made), ["other.contoso.com"])))
    assert no.value.codes()[0] == "CERT_NAME_MISSING"  # the rest are remarks
    leaf = s.accept(made, host)
    s.point(made)
    s.told(made)
    return made, leaf


def looked_at_first(s, host, point):
    """The customer looks at what came and accepts it by its number (K-08)."""
    s.again(point)
    made = s.order(s.service, host, key="p256")
    leaf = s.ca.sign(s.csr(made), [host])
    answer = s.deliver(made, s.ca.as_pem(leaf), accept=False)
    assert not answer["accepted"] and s.show(made)["facts"].get("delivered")
    assert s.accept_review(made, answer["review"])["accepted"]
    s.point(made)
    s.told(made)
    return made, leaf


def with_its_own_key(s, host, point):
    """A PFX with a key that was not made here, accepted by provider, customer and reviewer."""
    s.again(point)
    made = s.order(s.service, host, key="p256")
    s.csr(made)
    key, csr = s.ca.request("P-256")
    leaf = s.ca.sign(csr, [host])
    answer = s.deliver(made, s.ca.as_pfx(leaf, key, "x"), "owa.pfx", "x", foreign_key="Eva Lindt")
    assert s.accept_review(made, answer["review"])["accepted"]
    s.point(made)
    s.told(made)
    assert s.show(made)["key"]["origin"] == "customer"
    return made, leaf


def fetched(s, host, point):
    """The leaf alone; its issuer's certificate is fetched, and the customer accepts what is whole then."""
    s.again(point)
    made = s.order(s.service, host, key="p256")
    ca = CA(s.folder / f"ca-{host}", f"Issuing {host}", above=s.ca)
    s.publisher.pages[f"/{host}"] = ca.intermediate.read_bytes()
    leaf = ca.sign(s.csr(made), [host], issuer_url=s.publisher.url(f"/{host}"))
    with contextlib.suppress(Refused):  # the desk may be the one that dies
        s.deliver(made, leaf.encode(), accept=False)
    s.until(made, lambda o: o["facts"].get("delivered"), what="the whole chain")
    s.accept_review(made, s.api.get(f"/orders/{made['number']}/certificate/review")["review"])
    s.point(made)
    s.told(made)
    return made, leaf


def answered_by_mail(s, host, point):
    """The same, but the issuer's server takes longer than the customer waits: the answer follows by mail."""
    s.again(point)
    made = s.order(s.service, host, key="p256")
    ca = CA(s.folder / f"ca-{host}", f"Issuing {host}", above=s.ca)
    leaf = ca.sign(s.csr(made), [host], issuer_url=s.publisher.url(f"/{host}"))
    with s.publisher.held(f"/{host}", ca.intermediate.read_bytes()), contextlib.suppress(Refused, OSError):
        s.deliver(made, leaf.encode(), accept=False)
    s.until(made, lambda o: o["facts"].get("delivered") and not o["facts"].get("unanswered"), what="the answer by mail")
    s.accept_review(made, s.api.get(f"/orders/{made['number']}/certificate/review")["review"])
    s.point(made)
    s.told(made)
    return made, leaf


def watched(s, host, point):
    """A day later the live certificate is judged again."""
    made, leaf = first(s, host, point)
    s.hurry(made, "watch")
    wait_for(lambda: s.proof.one("SELECT watched FROM orders WHERE number=?", made["number"]), what="a second look at the certificate")
    return made, leaf


def purged(s, host, point):
    """A week after a renewal, what it replaced goes off the balancer."""
    made, leaf = renewal(s, host, point)
    s.hurry(made, "purge")
    wait_for(lambda: s.proof.one("SELECT purged FROM orders WHERE number=?", made["number"]), what="the end of what was replaced")
    return made, leaf


def rechained(s, host, point):
    """A day later what is served with the certificate is no longer good: it is put on again with a chain that is."""
    made, leaf = first(s, host, point)
    with contextlib.closing(sqlite3.connect(s.house.data / "certdesk.db", timeout=20)) as db, db:
        db.execute("UPDATE certificates SET chain=x'' WHERE order_id=(SELECT id FROM orders WHERE number=?)", (made["number"],))
    s.hurry(made, "watch")
    wait_for(lambda: s.proof.one("SELECT watched>0 AND fact_rechained=0 FROM orders WHERE number=?", made["number"]), what="another chain")
    return made, leaf


def counted_later(s, host, point):
    """The mailboxes cannot be counted yet: the order waits for that."""
    customer = s.api.post("/customers", {"name": f"Counted {host}", "contact_mail": "a@contoso.com", "organization": "Contoso", "city": "Linz",
                                         "country": "AT", "mailbox_source": "exports", "mailbox_key": host})
    service = s.api.post(f"/customers/{customer['id']}/services", {"kind": "owa", "name": "mail", "backend": s.balancer.backend, "pool": "edge-1"})
    s.again(point)
    made = s.order(service, host, key="p256")
    s.until(made, lambda o: o["trouble"], what="the trouble")
    names = "".join(f"user{n}@contoso.com\n" for n in range(200))
    (s.exports / f"{host}.csv").write_text("PrimarySmtpAddress\n" + names)
    leaf = s.accept(made, host)
    s.point(made)
    s.told(made)
    assert len(list(s.api.all(f"/customers/{customer['id']}/mailboxes"))) == 1
    return made, leaf


def mail_server_busy(s, host, point):
    """The first letter is refused for now, once."""
    s.again(point)
    s.mailbox.verdict = iter(["451 4.3.0 come back later"])
    made = s.order(s.service, host, key="p256")
    leaf = s.accept(made, host)
    s.point(made)
    s.told(made)
    return made, leaf


def mail_refused(s, host, point):
    """The order is set aside until somebody lets it go on."""
    s.again(point)
    s.mailbox.verdict = "550 5.1.1 no such user"
    made = s.order(s.service, host, key="p256")
    s.until(made, lambda o: o["facts"].get("stuck"), what="set aside")
    s.mailbox.verdict = None
    s.api.post(f"/orders/{made['number']}/go-on")
    leaf = s.accept(made, host)
    s.point(made)
    s.told(made)
    return made, leaf


def address_corrected(s, host, point):
    """The first letter was refused for its address, and goes to the corrected one."""
    name = f"of {host}"
    customer = s.api.post("/customers", {"name": name, "contact_mail": "a@contoso.com", "organization": "Contoso", "city": "Linz", "country": "AT"})
    s.api.post(f"/customers/{customer['id']}/mailboxes", {"mailboxes": 420})
    service = s.api.post(f"/customers/{customer['id']}/services", {"kind": "owa", "name": "mail", "backend": "exchange", "pool": "edge-1"})
    s.mailbox.verdict = "550 5.1.1 no such user"
    made = s.order(service, host, key="p256")
    s.until(made, lambda o: o["facts"].get("stuck"), what="set aside")
    s.mailbox.verdict = None
    s.again(point)
    s.api.call("PATCH", f"/customers/{customer['id']}", {"contact_mail": "b@contoso.com"})
    s.api.post(f"/orders/{made['number']}/go-on")
    leaf = s.accept(made, host)
    assert s.mailbox.find(host, to="b@contoso.com") and not s.mailbox.find(host, to="a@contoso.com")
    s.point(made)
    s.told(made)
    return made, leaf


def moved_before_it_was_asked(s, host, point):
    """The mail that asks to move the name waits for its server; by then the name is moved, and the task is dropped."""
    s.knot.set(host, "A", "198.51.100.7")
    s.again(point)
    made = s.order(s.service, host, key="p256")
    s.csr(made)
    s.mailbox.verdict = "451 4.3.0 come back later"
    leaf = s.accept(made, host)
    s.until(made, lambda o: "451" in (o["trouble"] or ""), what="the mail server's words")
    s.point(made)
    s.until(made, lambda o: o["facts"].get("confirmed"), what="the test by name")
    s.mailbox.verdict = None
    s.told(made)
    wait_for(lambda: {t["kind"] for t in s.api.get(f"/orders/{made['number']}/tasks")["items"]} == {"dns", "watch"},
             what="the task that nobody needs to go")
    return made, leaf


def service_down(s, host, point):
    """The site is served, the service behind it does not answer at first."""
    s.again(point)
    made = s.order(s.service, host, key="p256")
    s.csr(made)
    s.backend.kill()
    with no_successor(s, "certdesk-worker") as death:
        leaf = s.accept(made, host)
        death()
        s.backend.start()
    s.point(made)
    s.told(made)
    return made, leaf


def taken_off(s, host, point):
    """Between installation and test somebody takes the site off the balancer: the installation is taken back, then done anew."""
    s.again("worker.installed.after")
    made = s.order(s.service, host, key="p256")
    s.csr(made)
    with no_successor(s, "certdesk-worker") as death:
        leaf = s.accept(made, host)
        death()
        s.balancer.command(f"del ssl crt-list {s.balancer.crt_list} {s.balancer.certificates}/{host}.pem")
        s.again(point)
    s.until(made, lambda o: o["facts"].get("stuck") and not o["facts"].get("installed"), what="taken back")
    s.api.post(f"/orders/{made['number']}/go-on")
    s.point(made)
    s.told(made)
    return made, leaf


def somebody_else_at_the_balancer(s, host, point):
    """Another's transaction stays open in HAProxy: the order is set aside until somebody lets it go on."""
    foreign = s.folder / "foreign.pem"
    if not foreign.exists():
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", s.folder / "k", "-out", s.folder / "c")
        foreign.write_text((s.folder / "c").read_text() + (s.folder / "k").read_text())
    s.again(point)
    made = s.order(s.service, host, key="p256")
    s.csr(made)
    s.balancer.command(f"new ssl cert {foreign}")
    assert "created" in s.balancer.command(f"set ssl cert {foreign} <<\n{foreign.read_text()}\n")
    leaf = s.accept(made, host)
    s.until(made, lambda o: o["facts"].get("stuck"), what="set aside")
    s.balancer.command(f"abort ssl cert {foreign}")
    s.balancer.command(f"del ssl cert {foreign}")
    s.api.post(f"/orders/{made['number']}/go-on")
    s.point(made)
    s.told(made)
    return made, leaf


def cancel(s, made, host):
    s.api.post(f"/orders/{made['number']}/cancel")
    s.until(made, lambda o: o["stage"] == "retired" and o["withdrawn"], what="withdrawn")


def cancelled(s, host, point):
    """Cancelled before a certificate came; then ordered again."""
    s.again(point)
    made = s.order(s.service, host, key="p256")
    s.csr(made)
    cancel(s, made, host)
    s.proof.withdrawn(made, host)
    s.died_at(point)
    return first(s, host, None)


def closed(s, host, point):
    """Live, and closed; then ordered again."""
    made, _ = first(s, host, None)
    s.again(point)
    cancel(s, made, host)
    s.proof.withdrawn(made, host)
    s.proof.balancer()
    s.died_at(point)
    s.knot.set(host, "A")
    return first(s, host, None)


def given_back(s, host, point):
    """Closed, and the address has rested: its name has left it, so that another one may have it; then ordered again."""
    made, _ = first(s, host, None)
    cancel(s, made, host)
    s.until(made, lambda o: o["withdrawn"], what="the end")
    s.knot.set(host, "A")
    s.again(point)
    s.hurry(made, "release")
    s.until(made, lambda o: o["rests"] is None, what="the address given back")
    s.died_at(point)
    return first(s, host, None)


def renewal_cancelled(s, host, point):
    """The new certificate is served already when the renewal is cancelled: the old one serves again."""
    old, leaf = first(s, host, None)
    s.knot.set(host, "A", "198.51.100.7")
    s.again(point)
    made = s.order(s.service, host, kind="renewal", key="p256")
    s.accept(made, host)
    s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    cancel(s, made, host)
    return old, leaf


@contextlib.contextmanager
def no_successor(s, program):
    """Inside, a program that dies stays dead. Yields what waits for its death."""
    pid = s.house.pids()[program]
    with s.house.held():
        yield lambda: wait_for(lambda: is_dead(pid), what=f"the death of {program}")


def surveyed(s, host, point):
    """The balancer is looked over: who dies at it begins anew, and what it found is there once."""
    order, leaf = first(s, host, None)
    s.again(point)
    look_over(s, s.api.post("/balancers/edge/surveys", {"kind": "drift"}))
    return order, leaf


def surveyed_later(s, host, point):
    """The balancer is away when it is to be looked over: that is tried again."""
    order, leaf = first(s, host, None)
    s.again(point)
    s.balancer.kill()
    asked = s.api.post("/balancers/edge/surveys", {"kind": "probe"})
    wait_for(lambda: s.api.get(f"/surveys/{asked['id']}")["attempts"], what="the first attempt")
    s.balancer.start()
    look_over(s, asked)
    return order, leaf


def look_over(s, asked):
    survey = wait_for(lambda: (lambda v: v if v["ended"] else None)(s.api.get(f"/surveys/{asked['id']}")), 30, "the survey")
    assert survey["state"] == "done", survey
    assert [row["number"] for row in s.api.all(f"/surveys/{asked['id']}/rows")] == list(range(1, survey["rows"] + 1))


def is_dead(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


STORIES = {  # the stories that pass a point; what is not named here, the first one does
    "desk.pool": [furnishing], "desk.customer": [furnishing], "desk.customer_changed": [furnishing], "desk.mailboxes": [furnishing],
    "desk.waiver": [furnishing], "desk.waiver_confirmed": [furnishing], "desk.service": [furnishing], "desk.service_changed": [furnishing], "desk.token": [furnishing], "desk.token_revoked": [furnishing],
    "desk.refused": [wrong_certificate_first],
    "desk.review": [looked_at_first, with_its_own_key],
    "keeper.taken": [with_its_own_key], "reader.offered": [with_its_own_key], "reader.taken": [with_its_own_key],
    "desk.fetching": [fetched], "worker.fetched": [fetched],
    "worker.watched": [watched, rechained], "worker.refreshed": [rechained],
    "worker.purged": [purged],
    "desk.by_mail": [answered_by_mail], "worker.answered": [answered_by_mail],
    "desk.order_changed": [first, mail_refused, cancelled, closed, approved, held, confirmed],
    "worker.questioned": [confirmed],
    "worker.unapproved": [approved], "worker.held": [held], "worker.passed": [held], "worker.released": [lifted],
    "desk.certificate": [first, renewal, looked_at_first, with_its_own_key],
    "balancer.routed": [first],
    "worker.looked": [first], "worker.checked": [first, confirmed],
    "desk.survey": [surveyed], "store.survey_claimed": [surveyed], "worker.survey_rows": [surveyed], "worker.surveyed": [surveyed],
    "worker.survey_postponed": [surveyed_later],
    "worker.dns_asked": [name_moves_last],
    "worker.unpointed": [name_moves_away],
    "worker.postponed": [mail_server_busy],
    "worker.uncounted": [counted_later],
    "worker.stuck": [mail_refused],
    "worker.dropped": [moved_before_it_was_asked],
    "worker.tested_later": [service_down],
    "worker.untested": [taken_off],
    "worker.install_refused": [somebody_else_at_the_balancer],
    "worker.withdrawn": [cancelled, closed, renewal_cancelled],
    "worker.rested": [given_back],
    "worker.redirected": [address_corrected],
    "haproxy.kept": [renewal],
    "haproxy.unrouted": [closed], "haproxy.unlisted": [closed], "haproxy.delisted": [closed],
}
RENEWED = ("balancer.", "haproxy.", "keeper.poured", "desk.order", "desk.certificate", "worker.planned", "worker.plan_kept", "worker.installed",
           "worker.tested", "worker.confirmed", "worker.told")  # and a renewal passes these with something to replace
BALANCER = ("balancer.", "haproxy.")
AT_INIT = ("store.made", "store.migrated", "init.")  # passed by `certdesk init`, before there is an order
ELSEWHERE = ("inspect.",  # passed by a command that needs no certdeskd: test_inspect.py
             "worker.swept",  # of many live sites: test_sweep.py
             "worker.handed")  # on a load balancer that people drive: test_people.py
PASSES = {"store.claimed.after": 9, "worker.message.before": 2, "worker.message.after": 2, "keeper.poured": 2}  # dies there at each
UNREACHED = {  # point: why no story passes it
    **{f"worker.{what}.{side}": "another delivery must come between two looks of one task" for what in ("outdated", "unfetched") for side in ("before", "after")},
}


def cases():
    for point in POINTS:
        name = point.removesuffix(".before").removesuffix(".after")
        if point in UNREACHED or point.startswith((*AT_INIT, *ELSEWHERE)):
            continue
        for story in STORIES.get(name, [first, renewal] if name.startswith(RENEWED) else [first]):
            yield pytest.param(story, point, id=f"{point}-{story.__name__}")
        for n in range(2, PASSES.get(point, 1) + 1):
            yield pytest.param(first, f"{point}:{n}", id=f"{point}:{n}-first")


@pytest.mark.parametrize("story,point", cases())
def test_dies_at(stage, host, story, point):
    """A program dies at the point; another one takes over, and nothing is lost, twice there, or left behind."""
    order, leaf = story(stage, host, point)
    if story not in (cancelled, closed, given_back):
        stage.died_at(point)
    sent_unnoted = point in ("worker.questioned.before", "worker.asked.before", "worker.answered.before", "worker.dns_asked.before", "worker.told.before")
    sent_unnoted |= point.startswith("store.claimed")  # one hand dies at it, and takes another one along that may be at a mail
    stage.proof.live(host, order, leaf, copies=2 if sent_unnoted else 1)
    stage.proof.at_rest()
    stage.proof.balancer()
    stage.proof.restart(host, order, leaf)


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(AT_INIT)])
def test_init_dies_at(stage, host, tmp_path, point):
    """`certdesk init` may die anywhere and be run again."""
    house = House(tmp_path / "house")
    house.write_config(stage.balancer, stage.knot, stage.mailbox, stage.ca)
    died = subprocess.run([house.program("certdesk"), "--config", str(house.config), "init"], env={"CERTDESK_FAILPOINT": point})
    assert died.returncode == -signal.SIGKILL
    house.init()


@pytest.mark.parametrize("story,point", [c for c in cases() if c.values[0] in (first, renewal) and c.values[1].startswith(BALANCER)])
def test_haproxy_dies_with_the_worker(stage, host, story, point):
    """At each step of the installation: HAProxy starts again, serves the old one until the new one is proven, and the order goes on."""
    s = stage
    old = s.proof.der(first(s, host, None)[1]) if story is renewal else None
    s.again(point)
    made = s.order(s.service, host, key="p256", kind=story.__name__)
    s.csr(made)
    with no_successor(s, "certdesk-worker") as death:
        leaf = s.accept(made, host)
        death()
        s.balancer.kill()
        s.balancer.start()
        proven = point in ("balancer.persisted", "haproxy.kept", "haproxy.listed")
        assert s.proof.served(host, made) == (s.proof.der(leaf) if proven else old)
    s.point(made)
    s.told(made)
    s.died_at(point)
    s.proof.live(host, made, leaf)
    s.proof.at_rest()
    s.proof.balancer()
    s.proof.restart(host, made, leaf)


@pytest.mark.parametrize("point", [c.values[1] for c in cases() if c.values[0] is closed and c.values[1].startswith(BALANCER)])
def test_haproxy_dies_with_the_worker_at_a_withdrawal(stage, host, point):
    """HAProxy starts again, with the site or without, and in the end it is gone."""
    s = stage
    made, leaf = first(s, host, None)
    s.again(point)
    with no_successor(s, "certdesk-worker") as death:
        s.api.post(f"/orders/{made['number']}/cancel")
        death()
        s.balancer.kill()
        s.balancer.start()
        assert s.proof.served(host, made) == (None if point == "haproxy.delisted" else s.proof.der(leaf))
    s.until(made, lambda o: o["withdrawn"], what="withdrawn")
    s.died_at(point)
    s.proof.withdrawn(made, host)
    s.proof.at_rest()
    s.proof.balancer()


@pytest.mark.parametrize("moment", ["checked", "asked", "certified", "tested"])
@pytest.mark.parametrize("program", ["certdeskd", *PROGRAMS])
def test_killed_while_orders_are_in_flight(stage, host, program, moment):
    """Three orders at a time; as soon as one of them knows the fact, the program is killed from outside."""
    s = stage
    hosts = [f"{n}.{host}" for n in ("mail", "portal", "files")]  # not alike: nobody is asked which one was meant
    s.again()
    pids = s.house.pids()
    with ThreadPoolExecutor(len(hosts)) as people:
        walks = [people.submit(walk, s, h) for h in hosts]
        wait_for(lambda: s.proof.facts(hosts, moment), what=moment, pause=0.001)
        os.kill(pids.get(program, s.house.process.pid), signal.SIGKILL)
        if program == "certdeskd":
            s.house.process.wait()
            s.house.start()
            wait_for(lambda: all(is_dead(pid) for pid in pids.values()), 15, "the end of its children")
        else:
            wait_for(lambda: s.deaths(), what="the death")
        ended = [walk.result() for walk in walks]
    assert s.deaths() == {} if program == "certdeskd" else {program: "killed by signal 9"}
    for h, (order, leaf) in zip(hosts, ended):
        s.proof.live(h, order, leaf, copies=3)
    s.proof.at_rest()
    s.proof.balancer()
    s.proof.restart(hosts[0], *ended[0])


def test_a_worker_that_outlives_its_certdeskd_keeps_nothing(stage, host):
    """It is writing a mail when certdeskd is killed; its successor does that, too; only then the first is told: no such user."""
    s = stage
    taken, answer = threading.Event(), Future()

    def slowly():
        taken.set()
        yield answer

    s.again()
    pids = s.house.pids()
    s.mailbox.verdict = slowly()
    made = s.order(s.service, host, key="p256")
    assert taken.wait(20)
    os.kill(s.house.process.pid, signal.SIGKILL)
    s.house.process.wait()
    s.house.start()
    leaf = s.accept(made, host)
    answer.set_result("550 5.1.1 no such user")
    wait_for(lambda: is_dead(pids["certdesk-worker"]), 15, "the end of the first")
    assert s.proof.one("SELECT fact_stuck FROM orders WHERE number=?", made["number"]) == 0
    s.point(made)
    s.told(made)
    s.proof.live(host, made, leaf)
    s.proof.at_rest()


def walk(s, host):
    made = s.order(s.service, host, key="p256")
    leaf = s.accept(made, host)
    s.until(made, lambda o: o["facts"].get("tested"), what="the test at the address")
    s.point(made)
    s.told(made)
    return made, leaf
