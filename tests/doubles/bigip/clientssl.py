# SPDX-License-Identifier: Apache-2.0
"""client-ssl and server-ssl profiles: pairs, their one name space, options (bigip.md sections 3.2 and 6)."""
from . import errors, files, kinds
from .objects import HOOKS, Hook, link

PAIR = ("cert", "key", "chain")
NONE = ("none", "", None)
BOTH = {kinds.CLIENT_SSL: kinds.SERVER_SSL, kinds.SERVER_SSL: kinds.CLIENT_SSL}


def entry_of(unit, raw):
    """One entry of a certKeyChain as it is kept."""
    if not isinstance(raw, dict) or not raw.get("name") or (not unit.at_least("14.1") and "chain" not in raw):
        raise errors.rest("identifiers")
    entry = {"name": raw["name"]}
    for member in PAIR:
        value = raw.get(member)
        entry[member] = "none" if value in NONE else unit.path_of(value)
    if raw.get("passphrase") not in NONE:
        entry["passphrase"] = raw["passphrase"]
    return entry


def options_of(value):
    """An array, "{ a b }" or "none": what the three forms in use mean."""
    return value.strip("{} ").split() if isinstance(value, str) else list(value or ())


def show_options(unit, words):
    words = [w for w in words if w != "none"]
    if not unit.at_least("14.1"):
        return words
    return "{ " + " ".join(words) + " }" if words else "none"


def pairs(unit, thing):
    """The certKeyChain in effect: its own, or its parent's."""
    return unit.own(thing).get("certKeyChain", [])


class ClientSSL(Hook):
    def prepare(self, unit, kind, path, own, body, before):
        parts = {name for name in (*PAIR, "passphrase") if body.get(name) not in NONE}
        if "certKeyChain" in body and parts and unit.at_least("15.0"):
            raise errors.mcpd("both-forms", path=path)
        if "certKeyChain" in body:
            raw = body["certKeyChain"]
            raw = raw if isinstance(raw, list) else [raw]
            own["certKeyChain"] = [entry_of(unit, one) for one in raw]
        elif parts:
            first = dict((own.get("certKeyChain") or [{"name": "default", "chain": "none"}])[0])
            own["certKeyChain"] = [entry_of(unit, {**first, **{p: body[p] for p in parts}})]
        if own.get("inheritCertkeychain") == "true":
            own.pop("certKeyChain", None)
        own = {name: value for name, value in own.items() if name not in (*PAIR, "passphrase", "inheritCertkeychain")}
        if own.get("defaultsFrom") in NONE and path != "/Common/clientssl":
            own["defaultsFrom"] = "/Common/clientssl"
        for name in ("defaultsFrom", "cipherGroup", "caFile", "clientCertCa"):
            if own.get(name) not in (*NONE,) and name in own:
                own[name] = unit.path_of(own[name])
        if "tmOptions" in own:
            own["tmOptions"] = show_options(unit, options_of(own["tmOptions"]))
        if own.get("serverName") == "":
            own["serverName"] = "none"
        return own, None

    def refs(self, unit, kind, path, own):
        """Key before certificate, and the other name space last: the order a device checks in."""
        for entry in own.get("certKeyChain", ()):
            for member in ("key", "cert", "chain"):
                if entry[member] not in NONE:
                    yield kind.refs[member], entry[member]
        yield from super().refs(unit, kind, path, {k: v for k, v in own.items() if k != "certKeyChain"})
        if unit.store.get(BOTH[kind.path], path):
            raise errors.mcpd("other-profile", path=path)

    def missing(self, target, path):
        names = {kinds.SSL_KEY: "key-absent", kinds.SSL_CERT: "file-absent"}
        return errors.mcpd(names[target], path=path) if target in names else super().missing(target, path)

    def shape(self, unit, thing, members):
        chain = []
        for entry in members.pop("certKeyChain", []):
            shown = {"name": entry["name"], "appService": "none"}
            for member in PAIR:
                shown[member] = entry[member]
                if entry[member] not in NONE:
                    shown[member + "Reference"] = {"link": link(unit, kinds.KINDS[thing.kind].refs[member], entry[member])}
            if entry.get("passphrase"):
                shown["passphrase"] = files.sealed(entry["passphrase"])
            if unit.at_least("14.1"):
                shown["usage"] = "SERVER"
            chain.append(shown)
        for member in PAIR:
            members[member] = chain[0][member] if chain else "none"
        members["inheritCertkeychain"] = "false" if "certKeyChain" in thing.own else "true"
        members["certKeyChain"] = chain

    def validate(self, unit, thing):
        types = set()
        for entry in pairs(unit, thing):
            cert, key = (unit.store.get(kind, entry[m]) for kind, m in ((kinds.SSL_CERT, "cert"), (kinds.SSL_KEY, "key")))
            if cert is None or key is None:
                continue
            if cert.file.public != key.file.public:
                raise errors.mcpd("mismatch" if unit.at_least("14.1") else "mismatch-13.1", path=thing.path, key=key.path, cert=cert.path)
            if key.file.passphrase and entry.get("passphrase") != key.file.passphrase:
                raise errors.mcpd("bad-password", path=key.path, profile=thing.path)
            if key.file.kind in types:
                raise errors.mcpd("same-type", path=thing.path)
            types.add(key.file.kind)


class ServerSSL(ClientSSL):
    """The same name space and references, but one optional pair as plain members."""

    def prepare(self, unit, kind, path, own, body, before):
        if own.get("defaultsFrom") in NONE and path != "/Common/serverssl":
            own["defaultsFrom"] = "/Common/serverssl"
        for name in ("defaultsFrom", "caFile", *PAIR):
            if own.get(name, "none") not in NONE:
                own[name] = unit.path_of(own[name])
        if "tmOptions" in own:
            own["tmOptions"] = show_options(unit, options_of(own["tmOptions"]))
        return own, None

    shape = Hook.shape
    validate = Hook.validate


HOOKS[kinds.CLIENT_SSL] = ClientSSL()
HOOKS[kinds.SERVER_SSL] = ServerSSL()
