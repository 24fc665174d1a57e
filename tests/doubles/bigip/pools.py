# SPDX-License-Identifier: Apache-2.0
"""Pools with their members and nodes, SNAT pools, monitors by name, rules, partitions and folders."""
import re

from . import errors, kinds
from .objects import HOOKS, Hook
from .store import Object
from .virtuals import split_destination

MONITORS = re.compile(r"/[^\s{}]+")


def member_entry(unit, partition, raw):
    """One member as it is kept: name ADDRESS:PORT (IPv6 with a dot), address, what else was said."""
    raw = {"name": raw} if isinstance(raw, str) else raw
    if not isinstance(raw, dict) or not raw.get("name"):
        raise errors.rest("identifiers")
    name = str(raw["name"])
    partition = name.split("/")[1] if name.startswith("/") else str(raw.get("partition") or partition)
    name = name.rsplit("/", 1)[-1]
    known = kinds.known("pool-member", unit.tmos)
    more = {k: v for k, v in raw.items() if k in known}
    try:
        address = raw.get("address") or split_destination(name)[0]
    except ValueError:
        address = None
    if not address:
        raise errors.rest("bad-value", name="name", value=name)
    return {**more, "name": name, "partition": partition, "address": address}


def node_of(member):
    """The node's name: the member's without its port."""
    name = member["name"]
    six = name.count(":") > 1
    return f"/{member['partition']}/{name.rsplit('.' if six else ':', 1)[0]}"


class Pool(Hook):
    def prepare(self, unit, kind, path, own, body, before):
        raw = own.get("members", before.own["members"] if before else None) or []
        raw = raw.get("items", []) if isinstance(raw, dict) else raw
        own["members"] = [member_entry(unit, path.split("/")[1], one) for one in raw]
        for member in own["members"]:
            self.node(unit, member)
        return own, None

    def node(self, unit, member):
        path = node_of(member)
        if unit.store.get(kinds.NODE, path):
            return
        for other in unit.store.all(kinds.NODE):
            if other.own["address"] == member["address"]:
                raise errors.mcpd("node-taken", address=member["address"])
        unit.store.put(Object(kinds.NODE, path, {"address": member["address"]}))

    def refs(self, unit, kind, path, own):
        for member in own["members"]:
            yield kinds.NODE, node_of(member)
        for name in MONITORS.findall(str(own.get("monitor", ""))):
            yield next((k for k in kinds.KINDS if k.startswith("ltm/monitor/") and unit.store.get(k, name)), "ltm/monitor/http"), name

    def shape(self, unit, thing, members):
        for name in ("monitor", "metadata"):
            if members.get(name) in ("", "none", None, []):
                members.pop(name, None)


class Node(Hook):
    def prepare(self, unit, kind, path, own, body, before):
        if not own.get("address"):
            raise errors.rest("nothing-given")
        return own, None


class Rule(Hook):
    """The text is called definition by some clients; it reads back as apiAnonymous."""

    def prepare(self, unit, kind, path, own, body, before):
        if "definition" in own:
            own["apiAnonymous"] = own.pop("definition")
        if not str(own.get("apiAnonymous", "")).strip():
            raise errors.rest("nothing-given")
        return own, None


class SnatPool(Hook):
    def prepare(self, unit, kind, path, own, body, before):
        partition = path.split("/")[1]
        own["members"] = [unit.path_of(one, partition) for one in own.get("members") or []]
        for name in own["members"]:
            if unit.store.get("ltm/snat-translation", name) is None:
                unit.store.put(Object("ltm/snat-translation", name, {"address": name.rsplit("/", 1)[1]}))
        return own, None


class Partition(Hook):
    """A partition is a folder with a name of its own."""

    def made(self, unit, thing, before):
        if before is None:
            unit.store.put(Object(kinds.FOLDER, f"/{thing.path}", {}))

    def removed(self, unit, thing):
        inside = sum(path.startswith(f"/{thing.path}/") for table in unit.store.kinds.values() for path in table)
        if inside:
            raise errors.mcpd("partition-full", path=thing.path, count=inside)
        folder = unit.store.get(kinds.FOLDER, f"/{thing.path}")
        if folder:
            unit.store.remove(folder)


HOOKS.update({kinds.POOL: Pool(), kinds.NODE: Node(), "ltm/rule": Rule(), "ltm/snatpool": SnatPool(), kinds.PARTITION: Partition()})
