# SPDX-License-Identifier: Apache-2.0
"""What all collections have in common: how an object is shown, made, changed and removed. What is special about one
kind is a Hook in HOOKS."""
import dataclasses
import re
import urllib.parse

from . import errors, kinds
from .kinds import KINDS
from .store import Object

UNCHANGEABLE = {"kind", "selfLink", "generation", "fullPath", "name", "partition", "subPath"}
HYPHENS = re.compile(r"-(\w)")


class Hook:
    """The defaults of every step; kinds with rules of their own override some."""

    def prepare(self, unit, kind, path, own, body, before):
        """The members to keep, and the file if there is one."""
        return own, before.file if before else None

    def refs(self, unit, kind, path, own):
        """(kind, path) of what the object needs; what is absent is refused by the caller."""
        for member, target in kind.refs.items():
            values = own.get(member, ())
            for value in values if isinstance(values, list) else (values,):
                if isinstance(value, str) and value not in ("none", ""):
                    yield target, unit.path_of(value)

    def missing(self, target, path):
        return errors.mcpd("absent", title=KINDS[target].title, path=path)

    def made(self, unit, thing, before):
        """After an object was put: what comes to be with it."""

    def removed(self, unit, thing):
        """After an object was removed: what goes with it."""

    def shape(self, unit, thing, members):
        """Last changes to what a GET shows."""

    def validate(self, unit, thing):
        """Rules between objects, at the end of a request or of a transaction."""


HOOKS = {}
SUBS = {}  # (collection, sub-collection) -> subs.Sub
PLAIN = Hook()


def hook_of(path):
    return HOOKS.get(path, PLAIN)


def camel(name):
    return HYPHENS.sub(lambda m: m[1].upper(), name)


def encode(path):
    return urllib.parse.quote(path.replace("/", "~"), safe="~:@!$&'()*+,;=")


def link(unit, path, name=None, query=""):
    tail = "" if name is None else "/" + encode(name)
    return f"https://localhost/mgmt/tm/{path}{tail}?{query}ver={unit.version}"


def reference(unit, target, value):
    if isinstance(value, list):
        return [{"link": link(unit, target, v)} for v in value]
    return {"link": link(unit, target, value)}


def identity(unit, kind, thing):
    head = {"kind": kind.state, "name": thing.name or "/"}
    parts = thing.path.split("/")
    if kind.path == kinds.FOLDER and len(parts) < 3:
        head.update({"subPath": "/"} if thing.name else {})
    elif not kind.bare:
        head["partition"] = thing.partition
        if parts[2:-1]:
            head["subPath"] = "/".join(parts[2:-1])
    return {**head, "fullPath": thing.path, "generation": thing.generation}


def show(unit, thing, query="", expand=False):
    """An object as a GET answers it."""
    kind = KINDS[thing.kind]
    members = {**kinds.defaults(kind.data, unit.tmos), **unit.own(thing)}
    if "defaultsFrom" not in kinds.defaults(kind.data, unit.tmos) and members["defaultsFrom"] == "none":
        del members["defaultsFrom"]
    for name in kind.hidden:
        members.pop(name, None)
    hook_of(kind.path).shape(unit, thing, members)
    shown = {**identity(unit, kind, thing), "selfLink": link(unit, kind.path, thing.path, query), **members}
    for member, target in () if kind.unlinked else kind.refs.items():
        value = shown.get(member)
        if isinstance(value, list) and value or isinstance(value, str) and value.startswith("/"):
            shown[member + "Reference"] = reference(unit, target, value)
    for sub in kind.subs:
        if sub in kind.later and not unit.at_least(kind.later[sub]):
            continue
        shown[camel(sub) + "Reference"] = {"link": link(unit, f"{kind.path}/{encode(thing.path)}/{sub}"), "isSubcollection": True}
        if expand:
            items = SUBS[kind.path, sub].items(unit, thing) if (kind.path, sub) in SUBS else []
            if items:
                shown[camel(sub) + "Reference"]["items"] = items
    return {name: value for name, value in shown.items() if value is not None}


def given(unit, kind, body):
    """The members of a request body in the API's spelling; unknown ones are refused."""
    members = {}
    for name, value in body.items():
        name = camel(name)
        if name in UNCHANGEABLE or name.endswith("Reference"):
            continue
        name = "tmOptions" if name == "options" else name
        if name not in kinds.known(kind.data, unit.tmos):
            raise errors.rest("unknown-property", name=name)
        members[name] = value
    return members


def placed(unit, kind, body):
    """The full path that a POST names."""
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise errors.rest("identifiers")
    if kind.bare:
        return name
    partition = str(body.get("partition") or "Common").strip("/")
    folder = str(body.get("subPath") or "").strip("/")
    return name if name.startswith("/") else "/".join(["", partition, *([folder] if folder else []), name])


def settle(unit, kind, path, own, body, before):
    """Builds the object with its references checked, and puts it."""
    hook = hook_of(kind.path)
    own, file = hook.prepare(unit, kind, path, own, body, before)
    refs = set()
    for target, name in hook.refs(unit, kind, path, own):
        found = unit.store.get(target, name)
        if found is None:
            if not kind.check:
                continue
            raise hook.missing(target, name)
        if found.partition not in ("Common", path.split("/")[1] if "/" in path else path):
            raise errors.mcpd("upward-only", title=kind.title, path=path, partition=path.split("/")[1], user_title=KINDS[target].title,
                              user=name, other=found.partition)
        refs.add((target, name))
    thing = Object(kind.path, path, own, file=file, refs=frozenset(refs))
    unit.store.put(thing)
    hook.made(unit, unit.store.get(kind.path, path), before)
    return unit.store.get(kind.path, path)


def create(unit, kind, body):
    path = placed(unit, kind, body)
    folder = path.rsplit("/", 1)[0]
    if folder and not kind.bare and unit.store.get(kinds.FOLDER, folder) is None:
        raise errors.mcpd("partition-absent", partition=folder.strip("/"))
    if unit.store.get(kind.path, path):
        partition = path.split("/")[1] if path.startswith("/") else "Common"
        raise errors.mcpd("exists", title=kind.title, path=path, partition=partition)
    return settle(unit, kind, path, given(unit, kind, body), body, None)


def fetch(unit, kind, path):
    thing = unit.store.get(kind.path, path)
    if thing is None:
        if kind.path == kinds.NODE:
            raise errors.rest("object-absent", path=path)
        raise errors.mcpd("absent", title=kind.title, path=path)
    return thing


def modify(unit, kind, path, body, replace=False):
    thing = fetch(unit, kind, path)
    if body.get("name", thing.name) not in (thing.name, thing.path):
        raise errors.rest("read-only-name", name="name", value=body["name"])
    members = given(unit, kind, body)
    if not members:
        raise errors.rest("nothing-given")
    kept = {} if replace else dict(thing.own)
    return settle(unit, kind, path, {**kept, **members}, body, thing)


def delete(unit, kind, path):
    thing = fetch(unit, kind, path)
    users = sorted(unit.store.using(kind.path, path))
    if users:
        user_kind, user = users[0]
        raise errors.mcpd(kind.delete, title=kind.title, path=path, user=user, user_title=KINDS[user_kind].title)
    unit.store.remove(thing)
    hook_of(kind.path).removed(unit, thing)


def validate(unit, change):
    """The rules between objects, for all that a change touched and all that rests on it."""
    seen, queue = set(), list(change.before)
    while queue:
        key = queue.pop()
        if key in seen:
            continue
        seen.add(key)
        queue.extend(unit.store.using(*key))
    for key in sorted(seen):
        thing = unit.store.get(*key)
        if thing is not None:
            hook_of(key[0]).validate(unit, thing)


def mutate(unit, action):
    """Runs one request's change: whole, checked, told. Inside a transaction the commit checks and tells."""
    if unit.store.open is not None:
        return action()
    with unit.store.change() as change:
        result = action()
        validate(unit, change)
    unit.commit(change)
    return result


def replaced(thing, **own):
    return dataclasses.replace(thing, own={**thing.own, **own})
