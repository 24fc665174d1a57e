# SPDX-License-Identifier: Apache-2.0
"""What must be true once an order has ended, whatever died on its way: read from the database, HAProxy, its files,
the customer's mailbox and the site itself, not from what certdesk says of itself."""
import hashlib
import sqlite3
import ssl

from .peers import wait_for


class Proof:
    def __init__(self, stage):
        self.stage = stage

    @staticmethod
    def der(leaf):
        return ssl.PEM_cert_to_DER_cert(leaf[leaf.index("-----BEGIN"):])

    def served(self, host, order):
        """The leaf at the order's address, in DER; None when the balancer refuses the name."""
        address = self.stage.show(order)["address"]
        try:
            return self.stage.handshake(host, address)[0]
        except ssl.SSLError:
            return None

    def rows(self, sql, *values):
        with sqlite3.connect(f"file:{self.stage.house.data}/certdesk.db?mode=ro", uri=True, timeout=20) as db:
            return db.execute(sql, values).fetchall()

    def one(self, sql, *values):
        """The only row; its value, if it has one column."""
        found = self.rows(sql, *values)
        assert len(found) == 1, (sql, values, found)
        return found[0][0] if len(found[0]) == 1 else found[0]

    def facts(self, hosts, fact):
        """How many of the hosts' orders know the fact."""
        return sum(self.one(f"SELECT count(*) FROM orders o JOIN sites t ON t.id=o.site WHERE t.host=? AND fact_{fact}>0", h) for h in hosts)

    def live(self, host, order, leaf, copies=1):
        """Live by this order and this leaf: one site, one address, one key in force, one request, every mail once."""
        shown = self.stage.show(order)
        assert shown["stage"] == "live" and shown["facts"].get("told") and not shown["trouble"], shown
        site, address, live = self.one("SELECT id, address, live_order FROM sites WHERE host=? AND retired=0", host)
        number, key = self.one("SELECT number, key FROM orders WHERE id=?", live)
        assert number == order["number"]
        assert self.one("SELECT id, address, state FROM addresses WHERE site=?", site) == (address, shown["address"], "in_use")
        assert self.one("SELECT id FROM keys WHERE site=? AND state='active'", site) == key
        made_here = self.one("SELECT origin FROM keys WHERE id=?", key) == "here"
        assert (self.one("SELECT key FROM csrs WHERE order_id=?", live) == key) == made_here
        assert self.one("SELECT count(*) FROM keys WHERE site=? AND origin='customer'", site) == self.one(
            "SELECT count(*) FROM deliveries d JOIN orders o ON o.id=d.order_id WHERE site=? AND d.key IS NOT NULL AND d.state='accepted'", site)
        assert self.rows("SELECT 1 FROM deliveries WHERE ended>0 AND key_wrapped IS NOT NULL") == [], "a key in two places"
        assert self.one("SELECT count(*) FROM keys WHERE site=? AND origin='here'", site) == self.one(
            "SELECT count(*) FROM orders WHERE site=? AND fact_keyed>0", site), "a key that no order asked for"
        der = self.der(leaf)
        assert self.one("SELECT DISTINCT sha256 FROM certificates WHERE order_id=?", live) == hashlib.sha256(der).digest()
        assert self.one("SELECT i.state FROM installations i JOIN orders o ON o.installation=i.id AND o.certificate=i.certificate"
                        " WHERE o.id=?", live) == "verified"
        assert self.stage.handshake(host, shown["address"])[0] == der
        self.mails(order, host, copies)

    def mails(self, order, host, copies):
        """Each mail of the order arrived, under one Message-ID; as often as `copies` says at most. Only a mail that says "move
        the name now" may have become needless before it was sent."""
        kept = self.rows("SELECT purpose, message_id, sent FROM messages m JOIN orders o ON o.id=m.order_id WHERE number=?"
                         " AND (sent>0 OR purpose<>'dns' OR fact_dns_asked>0)", order["number"])
        assert {"csr", "live"} <= {purpose for purpose, _, _ in kept}
        letters = [letter["Message-ID"] for letter in self.stage.mailbox.find(host) if f"[#{order['number']}]" in letter["Subject"]]
        assert set(letters) == {message_id for _, message_id, _ in kept}, "mails lost, or under two ids"
        assert all(sent for _, _, sent in kept)
        assert len(letters) - len(kept) < copies, "sent more often than the crash explains"

    def withdrawn(self, order, host):
        """Ended, and everything it held given back."""
        site, retired, address = self.one("SELECT site, t.retired, t.address FROM orders o JOIN sites t ON t.id=o.site WHERE number=?",
                                          order["number"])
        assert retired and address is None
        assert self.rows("SELECT * FROM addresses WHERE site=?", site) == []
        assert host not in self.hosts()

    def hosts(self):
        """Whose site is on the balancer, by our book: those with a verified installation."""
        return {h for h, in self.rows("SELECT DISTINCT host FROM sites t JOIN installations i ON i.site=t.id WHERE retired=0 AND i.state='verified'")}

    def at_rest(self):
        """No task left over, nobody at one, pools that add up, and an audit log that fits together."""
        wait_for(lambda: not self.rows("SELECT 1 FROM tasks WHERE leased_until>0"), what="the end of all leases")
        assert self.rows("SELECT o.number, t.kind FROM tasks t JOIN orders o ON o.id=t.order_id"
                         " WHERE CASE WHEN fact_refused>0 OR fact_superseded>0 OR fact_retired>0 THEN t.kind<>'release' OR rests=0"
                         " ELSE t.kind NOT IN ('dns', 'watch', 'purge') END") == []
        assert self.one("SELECT value FROM counters WHERE name='task'") == self.one("SELECT count(*) FROM tasks")
        for pool, *counted in self.rows("SELECT id, free, reserved, in_use, quarantine FROM pools"):
            assert counted == [self.one("SELECT count(*) FROM addresses WHERE pool=? AND state=?", pool, state)
                               for state in ("free", "reserved", "in_use", "quarantine")]
        assert self.rows("SELECT a.address FROM addresses a LEFT JOIN sites t ON t.id=a.site WHERE state IN ('reserved','in_use')"
                         " AND (t.id IS NULL OR t.retired>0)") == [], "an address that nobody will give back"
        self.stage.house.cli("audit", "verify")

    def balancer(self):
        """HAProxy has our sites and nothing else: running, and on disk for its next start."""
        h, hosts = self.stage.balancer, self.hosts()
        files = {f"{h.certificates}/{host}.pem" for host in hosts}
        assert {str(f) for f in h.certificates.iterdir()} - {f"{h.certificates}/.certdesk.lock"} == files
        assert not list(h.folder.glob("*.new")), "half a list"
        running = [line for line in h.command("show ssl cert").splitlines() if line and line[0] != "#"]
        assert sorted(running) == sorted(files), "or a transaction (*) is open"
        assert sorted(keys(h.command(f"show ssl crt-list {h.crt_list}"))) == sorted(files)
        assert sorted(keys(h.crt_list.read_text())) == sorted(files)
        assert sorted(line.split()[1] for line in h.command(f"show map {h.hosts_map}").splitlines() if line) == sorted(hosts)
        assert sorted(keys(h.hosts_map.read_text())) == sorted(hosts)

    def restart(self, host, order, leaf):
        """HAProxy killed and started again serves the same."""
        self.stage.balancer.kill()
        self.stage.balancer.start()
        der = self.der(leaf)
        assert self.stage.handshake(host, self.stage.show(order)["address"])[0] == der
        self.balancer()


def keys(text):
    """The first word of each line that is not a comment."""
    return [line.split()[0] for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
