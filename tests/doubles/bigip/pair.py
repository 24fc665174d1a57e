# SPDX-License-Identifier: Apache-2.0
"""The device group: who is active, who has changes the other has not, config-sync (bigip.md section 9)."""
import asyncio

from . import errors, kinds
from .factory import GROUP, furnish
from .unit import Unit


class Pair:
    """One or two units. A single one is Standalone and always active."""

    def __init__(self, count, tmos, sync_ms=200):
        names = [f"bigip{n}.double.test" for n in range(1, count + 1)]
        self.units = [Unit(n, tmos, lambda unit: furnish(unit, names)) for n in range(1, count + 1)]
        first = self.units[0].store.snapshot()
        for unit in self.units:  # what a first sync leaves: the same objects on all
            unit.store.restore(first)
            unit.change_id, unit.synced_id, unit.dirty = 0, 0, False
            unit.save()
            unit.on_change = self.changed
        self.clock = 0
        self.active = 1
        self.offline = set()
        self.syncing = False
        self.sync_ms = sync_ms
        self.watch = lambda unit, changed: None  # the data path

    def unit(self, number):
        return self.units[number - 1]

    def peers(self, unit):
        return [other for other in self.units if other is not unit]

    def state(self, unit):
        if unit.number in self.offline:
            return "forced-offline"
        return "active" if self.active == unit.number else "standby"

    def failover(self, to):
        """Moves the floating addresses; 0 leaves nobody active."""
        self.active = to
        for unit in sorted(self.units, key=lambda unit: unit.number == to):  # who takes them comes last, when they are free
            self.watch(unit, None)

    def hand_over(self, unit):
        """The other unit takes the addresses, if there is one that can."""
        if self.active == unit.number:
            able = [u.number for u in self.peers(unit) if u.reachable and u.phase == "running" and u.number not in self.offline]
            self.failover(able[0] if able else unit.number)

    def set_offline(self, unit, yes):
        if yes:
            self.offline.add(unit.number)
            self.hand_over(unit)
        else:
            self.offline.discard(unit.number)
        self.watch(unit, None)

    def changed(self, unit, keys):
        self.clock += 1
        unit.change_id, unit.dirty = self.clock, True
        self.watch(unit, keys)
        group = unit.store.get(kinds.GROUP, f"/Common/{GROUP}")
        if group is not None and group.own.get("autoSync") == "enabled":
            self.start(unit, save=group.own.get("saveOnAutoSync") == "true")

    def push(self, unit, name, force=False):
        if unit.store.get(kinds.GROUP, unit.path_of(name)) is None or len(self.units) < 2:
            raise errors.mcpd("no-group", group=name)
        self.start(unit, force)

    def start(self, unit, force=False, save=False):
        self.syncing = True
        asyncio.get_running_loop().call_later(self.sync_ms / 1000, self.finish, unit, force, save)

    def finish(self, unit, force, save):
        """A peer takes the configuration unless its own is newer; then only a forced push moves it (assumed)."""
        self.syncing = False
        if not unit.reachable:
            return
        for peer in self.peers(unit):
            if not peer.reachable or peer.phase != "running" or (peer.change_id > unit.change_id and not force):
                continue
            keys = peer.store.restore(unit.store.snapshot())
            peer.store.generation = max(peer.store.generation, unit.store.generation)
            peer.indexes = max(peer.indexes, unit.indexes)
            peer.change_id, peer.dirty = unit.change_id, False
            unit.dirty = False
            unit.synced_id = peer.synced_id = unit.change_id
            if save:
                peer.save()
            self.watch(peer, keys)

    def restarted(self, unit, keys):
        """A unit that came back has what it had saved, and is as old as that."""
        unit.change_id, unit.dirty = unit.saved_id, unit.saved_id > unit.synced_id
        self.watch(unit, keys or None)

    def sync_status(self, unit):
        """status, color, mode, summary, details[]"""
        if len(self.units) == 1:
            return "Standalone", "green", "standalone", " ", ["Optional action: Add a device to the trust domain"]
        gone = [u.name for u in self.units if u is not unit and not (u.reachable and unit.reachable and u.phase == "running")]
        links = [f"{u.name}: {'disconnected' if u.name in gone else 'connected'}" for u in self.peers(unit)]
        mode = "high-availability"
        if gone:
            return "Disconnected", "red", mode, f"1 or more devices disconnected: {', '.join(gone)}", links
        if self.syncing:
            return "Syncing", "blue", mode, "Syncing the device group", links
        if len({u.change_id for u in self.units}) == 1:
            return "In Sync", "green", mode, "All devices in the device group are in sync", [
                *links, f"{GROUP} (In Sync): All devices in the device group are in sync", "device_trust_group (In Sync): All devices in the device group are in sync"]
        newest = max(self.units, key=lambda u: u.change_id)
        if all(u.dirty for u in self.units):
            words = f"There is a possible change conflict between {' and '.join(u.name for u in self.units)}."
            return "Changes Pending", "red", mode, words, [*links, f"{GROUP} (Changes Pending): {words}"]
        words = f"There are pending changes on {newest.name}"
        return "Changes Pending", "yellow", mode, words, [
            *links, f"{GROUP} (Changes Pending): {words}", f"Recommended action: Synchronize {newest.name} to group {GROUP}"]
