# SPDX-License-Identifier: Apache-2.0
"""Virtual servers and their addresses (bigip.md section 7)."""
import ipaddress
import re

from . import clientssl, errors, kinds
from .objects import HOOKS, Hook, link, reference
from .store import Object
from .unit import now_text

PORTS = {"http": 80, "https": 443, "any": 0, "0": 0, "imaps": 993, "pop3s": 995, "smtp": 25}
PORT_TAIL = re.compile(r"^(.*?)([:.])([^:.]+)$")
SIDES = {"client-ssl": "clientside", "server-ssl": "serverside"}
PROTOCOLS = ("tcp", "udp", "fastl4")


def split_destination(text):
    """Address with route domain, and port, of 192.0.2.1%2:443 or 2001:db8::1.443."""
    match = PORT_TAIL.match(text)
    if not match:
        raise ValueError(text)
    address, mark, port = match.groups()
    plain = address.split("%")[0]
    if plain not in ("any", "any6") and ipaddress.ip_address(plain).version != (4 if mark == ":" else 6):
        raise ValueError(text)
    number = PORTS.get(port, None)
    number = int(port) if number is None else number
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return address, number


def destination_of(thing):
    """(address, route domain, port) of a virtual server."""
    address, port = split_destination(thing.own["destination"].rsplit("/", 1)[1])
    plain, _, domain = address.partition("%")
    return plain, int(domain or 0), port


def find_profile(unit, path):
    for kind in kinds.KINDS:
        if kind.startswith(kinds.PROFILES) and unit.store.get(kind, path):
            return kind
    raise errors.mcpd("absent", title="profile", path=path)


def profile_entry(unit, raw):
    """One profile of a virtual server as it is kept: full path, collection, side."""
    raw = {"name": raw} if isinstance(raw, str) else raw
    if not isinstance(raw, dict) or not raw.get("name"):
        raise errors.rest("identifiers")
    folder = str(raw.get("subPath") or "").strip("/")
    path = unit.path_of(raw["name"], str(raw.get("partition") or "Common") + (f"/{folder}" if folder else ""))
    kind = find_profile(unit, path)
    leaf = kind.rsplit("/", 1)[1]
    return {"path": path, "kind": kind, "context": raw.get("context") or SIDES.get(leaf, "all")}


def with_protocol(unit, entries, protocol):
    """A device adds the protocol profile that was not named."""
    if any(e["kind"].rsplit("/", 1)[1] in PROTOCOLS for e in entries):
        return entries
    name = ("udp" if protocol == "udp" else "tcp") if entries else "fastL4"
    return entries + [profile_entry(unit, {"name": f"/Common/{name}"})]


class Virtual(Hook):
    def prepare(self, unit, kind, path, own, body, before):
        for name in ("destination", "profiles") if before else ():  # a PUT leaves its sub-collections alone
            own.setdefault(name, before.own[name])
        self.place(unit, path, own)
        if "profiles" in body or "profiles" not in own:
            raw = own.get("profiles") or []
            raw = raw.get("items", []) if isinstance(raw, dict) else raw
            own["profiles"] = with_protocol(unit, [profile_entry(unit, one) for one in raw], own.get("ipProtocol", "tcp"))
        own["policies"] = own.get("policies") or []
        for name in ("pool", "fallbackPersistence"):
            if own.get(name, "none") not in clientssl.NONE:
                own[name] = unit.path_of(own[name])
            elif name in own:
                del own[name]
        self.switch(own, body, "enabled", "disabled")
        self.switch(own, body, "vlansDisabled", "vlansEnabled")
        if "rules" in own:
            own["rules"] = [unit.path_of(one) for one in own["rules"] or []]
        if "persist" in body:
            own["persist"] = [self.persist(unit, one) for one in own["persist"] or []]
        own["vsIndex"] = before.own["vsIndex"] if before else unit.next_index()
        own["creationTime"] = before.own["creationTime"] if before else now_text()
        own["lastModifiedTime"] = now_text()
        return own, None

    def place(self, unit, path, own):
        raw = str(own.get("destination", ""))
        own_partition = path.split("/")[1]
        partition, tail = (raw.split("/")[1], raw.rsplit("/", 1)[1]) if raw.startswith("/") else (own_partition, raw)
        try:
            address, port = split_destination(tail)
        except ValueError as error:
            raise errors.rest("bad-value", name="destination", value=raw) from error
        six = ":" in address
        own["destination"] = f"/{partition}/{address}{'.' if six else ':'}{port}"
        own.setdefault("mask", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" if six else "255.255.255.255")
        own.setdefault("source", "::/0" if six else "0.0.0.0/0")

    def switch(self, own, body, yes, no):
        """Two members of which exactly one is shown; the last word counts."""
        said = {name: body[name] for name in (yes, no) if name in body}
        off = said.get(no) is True or said.get(yes) is False or (not said and own.get(no) is True)
        own[yes], own[no] = (None, True) if off else (True, None)

    def persist(self, unit, raw):
        raw = {"name": raw} if isinstance(raw, str) else raw
        path = unit.path_of(raw["name"], str(raw.get("partition") or "Common"))
        for leaf in ("cookie", "source-addr"):
            if unit.store.get(f"ltm/persistence/{leaf}", path):
                return {"name": path.rsplit("/", 1)[1], "partition": path.split("/")[1], "tmDefault": raw.get("tmDefault", "yes"),
                        "nameReference": {"link": link(unit, f"ltm/persistence/{leaf}", path)}}
        raise errors.mcpd("absent", title="persistence profile", path=path)

    def refs(self, unit, kind, path, own):
        yield from super().refs(unit, kind, path, own)
        for entry in own["profiles"]:
            yield entry["kind"], entry["path"]
        address = own["destination"]
        self.address(unit, path, own)
        yield kinds.ADDRESS, address.rsplit("/", 1)[0] + "/" + split_destination(address.rsplit("/", 1)[1])[0]
        translation = own.get("sourceAddressTranslation") or {}
        if translation.get("pool"):
            yield "ltm/snatpool", unit.path_of(translation["pool"])

    def address(self, unit, path, own):
        """The address comes to be with its first virtual server."""
        partition, tail = own["destination"].split("/")[1], own["destination"].rsplit("/", 1)[1]
        address = split_destination(tail)[0]
        where = f"/{partition}/{address}"
        if unit.store.get(kinds.ADDRESS, where):
            return
        HOOKS[kinds.ADDRESS].alone(unit, where)
        members = {"address": address, "mask": own["mask"], "trafficGroup": "/Common/traffic-group-1"}
        unit.store.put(Object(kinds.ADDRESS, where, members, refs=frozenset({(kinds.TRAFFIC, "/Common/traffic-group-1")})))

    def made(self, unit, thing, before):
        if before is not None and before.own["destination"] != thing.own["destination"]:
            self.removed(unit, before)

    def removed(self, unit, thing):
        """An address with autoDelete goes with its last virtual server."""
        for kind, path in thing.refs:
            if kind != kinds.ADDRESS or unit.store.using(kind, path):
                continue
            address = unit.store.get(kind, path)
            if address is not None and address.own.get("autoDelete", "true") == "true":
                unit.store.remove(address)

    def shape(self, unit, thing, members):
        translation = members.get("sourceAddressTranslation") or {}
        if translation.get("pool"):
            path = unit.path_of(translation["pool"])
            members["sourceAddressTranslation"] = {"pool": path, "poolReference": reference(unit, "ltm/snatpool", path), **{
                k: v for k, v in translation.items() if k != "pool"}}
        for name in ("rules", "persist", "vlans", "metadata"):
            if not members.get(name):
                members.pop(name, None)
        if not unit.at_least("14.1"):
            del members["creationTime"], members["lastModifiedTime"]

    def validate(self, unit, thing):
        place = thing.own["destination"], thing.own.get("source"), thing.own.get("ipProtocol", "tcp")
        for key in thing.refs:
            if key[0] != kinds.ADDRESS:
                continue
            for _, path in unit.store.using(*key):
                other = unit.store.get(kinds.VIRTUAL, path)
                if other and other.path != thing.path and place == (
                        other.own["destination"], other.own.get("source"), other.own.get("ipProtocol", "tcp")):
                    raise errors.mcpd("same-destination", path=thing.path, other=other.path)
        for kind in clientssl.BOTH:
            self.names(unit, thing, [e for e in thing.own["profiles"] if e["kind"] == kind])

    def names(self, unit, thing, entries):
        """SNI: one default, every name once."""
        if len(entries) < 2:
            return
        found = [unit.own(unit.store.get(e["kind"], e["path"])) for e in entries]
        defaults = [f for f in found if f.get("sniDefault") == "true"]
        names = [f["serverName"].lower() for f in found if f.get("serverName", "none") not in clientssl.NONE]
        if len(defaults) > 1:
            raise errors.mcpd("two-defaults", path=thing.path)
        if len(names) != len(set(names)):
            raise errors.mcpd("same-name", path=thing.path)
        if not defaults:
            raise errors.mcpd("no-default", path=thing.path)


class Address(Hook):
    def prepare(self, unit, kind, path, own, body, before):
        if before is None:
            own.setdefault("address", path.rsplit("/", 1)[1])
            self.alone(unit, f"{path.rsplit('/', 1)[0]}/{own['address']}")
        own["trafficGroup"] = unit.path_of(own.get("trafficGroup", "/Common/traffic-group-1"))
        return own, None

    def alone(self, unit, where):
        """An IP address belongs to one partition of a route domain. Looked up by name, which is the address."""
        address = where.rsplit("/", 1)[1]
        for folder in unit.store.all(kinds.FOLDER):
            path = f"{folder.path}/{address}"
            if path != where and unit.store.get(kinds.ADDRESS, path):
                raise errors.mcpd("address-taken", address=address)

    def shape(self, unit, thing, members):
        group = unit.store.get(kinds.TRAFFIC, members["trafficGroup"])
        floats = group is not None and group.own.get("isFloating", "true") == "true"
        members["floating"] = "enabled" if floats else "disabled"
        members["unit"] = group.own.get("unitId", 0) if group else 0


HOOKS[kinds.VIRTUAL] = Virtual()
HOOKS[kinds.ADDRESS] = Address()
