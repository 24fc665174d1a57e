# SPDX-License-Identifier: Apache-2.0
"""Many live sites out of one that is live: rows in a certdesk's database, while it stands still. They share its key, certificate and address."""
import contextlib
import sqlite3
import uuid


def columns(db, table):
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]


def copy(db, table, source, **changed):
    names = columns(db, table)
    picked = ", ".join(f":{name}" if name in changed else name for name in names)
    db.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} WHERE id=:source", {"source": source, **changed})


def multiply(database, number, hosts):
    """{host: number} of the live orders that are there besides the one with that number."""
    made = {}
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as db, db:
        order, site = db.execute("SELECT id, site FROM orders WHERE number=?", (number,)).fetchone()
        next_number, = db.execute("SELECT MAX(number) FROM orders").fetchone()
        for n, host in enumerate(hosts, 1):
            new_site, new_order = uuid.uuid4().bytes, uuid.uuid4().bytes
            copy(db, "sites", site, id=new_site, host=host, live_order=new_order)
            copy(db, "orders", order, id=new_order, number=next_number + n, site=new_site)
            made[host] = next_number + n
        db.execute("UPDATE counters SET value=value+? WHERE name='order'", (len(hosts),))
        db.execute("UPDATE stage_counts SET orders=orders+? WHERE stage='live'", (len(hosts),))
    return made


def looks_due(database, numbers, looks=1):
    """A day passes: the look at the DNS of each is due, the one after so many."""
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as db, db:
        for number in numbers:
            order, = db.execute("SELECT id FROM orders WHERE number=?", (number,)).fetchone()
            db.execute("UPDATE orders SET dns_looks=? WHERE id=?", (looks, order))
            new = db.execute("UPDATE tasks SET due=1 WHERE order_id=? AND kind='dns'", (order,)).rowcount == 0
            if new:
                db.execute("INSERT INTO tasks (id, order_id, kind, due, leased_until, again, worker, attempts, outcome, words, created)"
                           " VALUES (?,?,'dns',1,0,0,'',0,'done','',1)", (uuid.uuid4().bytes, order))
                db.execute("UPDATE counters SET value=value+1 WHERE name='task'")
