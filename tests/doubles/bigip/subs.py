# SPDX-License-Identifier: Apache-2.0
"""Sub-collections that are part of their object: a virtual server's profiles, a pool's members, a group's devices."""
from . import errors, kinds, objects
from .objects import SUBS, encode, link
from .pools import member_entry, node_of
from .virtuals import profile_entry


class Sub:
    """One sub-collection: .member of the object holds its entries."""

    def __init__(self, kind, leaf):
        self.kind, self.leaf, self.member = kind, leaf, leaf
        self.title = kinds.KINDS[kind].title

    def state(self, collection=False):
        return f"tm:{self.kind.replace('/', ':')}:{self.leaf}:{self.leaf}{'collection' if collection else ''}state"

    def path(self, entry):
        return entry["path"]

    def entry(self, unit, thing, raw):
        raise errors.rest("unsupported", method="POST", path=self.leaf)

    def more(self, unit, entry):
        return {}

    def entries(self, unit, thing):
        return thing.own.get(self.member, [])

    def show(self, unit, thing, entry):
        path = self.path(entry)
        return {"kind": self.state(), "name": path.rsplit("/", 1)[1], "partition": path.split("/")[1], "fullPath": path,
                "generation": thing.generation, "selfLink": link(unit, f"{self.kind}/{encode(thing.path)}/{self.leaf}", path),
                **self.more(unit, entry)}

    def items(self, unit, thing):
        return [self.show(unit, thing, entry) for entry in self.entries(unit, thing)]

    def find(self, unit, thing, path):
        for entry in self.entries(unit, thing):
            if self.path(entry) == path:
                return entry
        raise errors.mcpd("absent", title=f"{self.title} {self.leaf}", path=f"{thing.path} {path}")

    def write(self, unit, thing, entries):
        return objects.settle(unit, kinds.KINDS[self.kind], thing.path, {**thing.own, self.member: entries}, {}, thing)

    def add(self, unit, thing, body):
        entry = self.entry(unit, thing, body)
        if any(self.path(one) == self.path(entry) for one in self.entries(unit, thing)):
            raise errors.mcpd("exists", title=f"{self.title} {self.leaf}", path=self.path(entry), partition=thing.partition)
        thing = self.write(unit, thing, self.entries(unit, thing) + [entry])
        return self.show(unit, thing, self.find(unit, thing, self.path(entry)))

    def change(self, unit, thing, path, body):
        old = self.find(unit, thing, path)
        entry = {**old, **{k: v for k, v in self.entry(unit, thing, {**old, **body, "name": path}).items()}}
        thing = self.write(unit, thing, [entry if one is old else one for one in self.entries(unit, thing)])
        return self.show(unit, thing, entry)

    def drop(self, unit, thing, path):
        old = self.find(unit, thing, path)
        self.write(unit, thing, [one for one in self.entries(unit, thing) if one is not old])


class Profiles(Sub):
    def entry(self, unit, thing, raw):
        return profile_entry(unit, raw)

    def more(self, unit, entry):
        return {"context": entry["context"], "nameReference": {"link": link(unit, entry["kind"], entry["path"])}}


class Members(Sub):
    def path(self, entry):
        return f"/{entry['partition']}/{entry['name']}"

    def entry(self, unit, thing, raw):
        return member_entry(unit, thing.partition, raw)

    def more(self, unit, entry):
        shown = {**kinds.defaults("pool-member", unit.tmos), **{k: v for k, v in entry.items() if k not in ("name", "partition")}}
        if not unit.at_least("14.1"):
            del shown["ephemeral"], shown["fqdn"]
        if not unit.at_least("16.1"):
            return shown
        return {**shown, "nameReference": {"link": link(unit, kinds.NODE, node_of(entry))}}


class Devices(Sub):
    def more(self, unit, entry):
        return {"nameReference": {"link": link(unit, kinds.DEVICE, entry["path"])}}


for made in (Profiles(kinds.VIRTUAL, "profiles"), Members(kinds.POOL, "members"), Devices(kinds.GROUP, "devices"), Sub(kinds.VIRTUAL, "policies"),
             Sub(kinds.SSL_CERT, "bundle-certificates"), Sub(kinds.SSL_CERT, "cert-validators")):
    SUBS[made.kind, made.leaf] = made
