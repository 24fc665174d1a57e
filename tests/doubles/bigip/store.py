# SPDX-License-Identifier: Apache-2.0
"""The configuration of one unit: objects by kind and full path, who refers to whom, and changes that happen whole
or not at all. Objects are replaced, never changed, so a copy of the tables is a snapshot."""
import contextlib
import dataclasses


@dataclasses.dataclass(frozen=True)
class Object:
    kind: str  # the path of its collection below /mgmt/tm, e.g. ltm/pool
    path: str  # full path, e.g. /Common/pool_owa
    own: dict  # the members given to it; the rest is inherited
    generation: int = 1
    file: object = None  # files.Content of an ssl-key or ssl-cert
    refs: frozenset = frozenset()  # (kind, path) of what it needs

    @property
    def name(self):
        return self.path.rsplit("/", 1)[-1]

    @property
    def partition(self):
        return self.path.split("/")[1] if self.path.startswith("/") else self.path

    @property
    def key(self):
        return self.kind, self.path


class Change:
    """What one request (or one transaction) touched: key -> the object before, None when it is new."""

    def __init__(self):
        self.before = {}

    def __bool__(self):
        return bool(self.before)


class Store:
    def __init__(self):
        self.kinds = {}
        self.users = {}
        self.generation = 1
        self.open = None

    def get(self, kind, path):
        return self.kinds.get(kind, {}).get(path)

    def all(self, kind):
        return self.kinds.get(kind, {}).values()

    def using(self, kind, path):
        """The keys of the objects that refer to this one."""
        return self.users.get((kind, path), ())

    def put(self, thing):
        before = self.get(thing.kind, thing.path)
        self.open.before.setdefault(thing.key, before)
        self.generation += 1
        self._set(thing.key, dataclasses.replace(thing, generation=self.generation))

    def remove(self, thing):
        self.open.before.setdefault(thing.key, thing)
        self.generation += 1
        self._set(thing.key, None)

    def _set(self, key, thing):
        table = self.kinds.setdefault(key[0], {})
        old = table.get(key[1])
        for target in old.refs if old else ():
            self.users[target].discard(key)
        if thing is None:
            table.pop(key[1], None)
            return
        table[key[1]] = thing
        for target in thing.refs:
            self.users.setdefault(target, set()).add(key)

    @contextlib.contextmanager
    def change(self):
        """A scope in which put() and remove() count together; inside another one it is part of that."""
        if self.open is not None:
            yield self.open
            return
        self.open = change = Change()
        try:
            yield change
        except BaseException:
            for key, before in reversed(change.before.items()):
                self._set(key, before)
            raise
        finally:
            self.open = None

    def snapshot(self):
        return {kind: dict(table) for kind, table in self.kinds.items() if table}

    def restore(self, snapshot):
        """Takes over a snapshot (of this unit's disk, or of its peer) and says which keys changed."""
        changed = set()
        for kind in set(self.kinds) | set(snapshot):
            mine, theirs = self.kinds.get(kind, {}), snapshot.get(kind, {})
            changed |= {(kind, path) for path in mine.keys() | theirs.keys() if mine.get(path) is not theirs.get(path)}
        for key in changed:
            self._set(key, snapshot.get(key[0], {}).get(key[1]))
        return changed
