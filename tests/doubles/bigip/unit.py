# SPDX-License-Identifier: Apache-2.0
"""One device: its configuration, its disk, its uploads, its sessions. It knows nothing of sockets."""
import datetime
import secrets

from . import kinds
from .store import Object, Store

COMMON = "Common"


def now_text():
    return f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


class Unit:
    def __init__(self, number, tmos, factory):
        self.number = number
        self.tmos = tmos
        facts = kinds.data("versions")[tmos]
        self.facts = facts
        self.version = facts["version"]
        self.name = f"bigip{number}.double.test"
        self.address = f"127.0.0.{number}"
        self.store = Store()
        self.uploads = {}  # complete files in /var/config/rest/downloads
        self.partial = {}
        self.tokens = {}
        self.transactions = {}
        self.saved = {}
        self.phase = "running"  # or restarting, starting
        self.reachable = True
        self.change_id = self.saved_id = self.synced_id = 0
        self.up_since = datetime.datetime.now()
        self.on_change = lambda unit, changed: None
        factory(self)
        self.saved = self.store.snapshot()
        self.indexes = 0
        self.transaction_number = secrets.randbelow(1 << 40) + (1 << 50)

    def at_least(self, release):
        return kinds.release(self.tmos) >= kinds.release(release)

    def path_of(self, name, partition=COMMON):
        """A name as given by a client (x, /P/x, ~P~x) as a full path."""
        name = name.replace("~", "/")
        return name if name.startswith("/") else f"/{partition}/{name}"

    def own(self, thing):
        """An object's members with what its parents give it, without the defaults of its kind."""
        chain = [thing]
        while (parent := chain[-1].own.get("defaultsFrom", "none")) not in ("none", ""):
            found = self.store.get(thing.kind, parent)
            if found is None or found in chain:
                break
            chain.append(found)
        members = {}
        for one in reversed(chain):
            members.update(one.own)
        members["defaultsFrom"] = thing.own.get("defaultsFrom", "none")
        return members

    def next_index(self):
        self.indexes += 1
        return self.indexes

    def commit(self, change):
        """Tells who listens what a finished change touched."""
        if change:
            self.on_change(self, set(change.before))

    def save(self):
        self.saved, self.saved_id = self.store.snapshot(), self.change_id

    def reboot(self):
        """What a restart leaves: the saved configuration; uploads are files and stay; sessions are gone."""
        self.tokens.clear()
        self.transactions.clear()
        self.partial.clear()
        return self.store.restore(self.saved)


def new(kind, path, own, **more):
    return Object(kind, path, own, **more)
