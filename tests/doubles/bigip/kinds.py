# SPDX-License-Identifier: Apache-2.0
"""The table of collections: where each lives, what mcpd calls its objects, what it refers to. Default values and
factory objects are read from data/, by version."""
import dataclasses
import functools
import json
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
PROFILES = "ltm/profile/"


@dataclasses.dataclass(frozen=True)
class Kind:
    path: str  # below /mgmt/tm
    title: str  # mcpd's word for one
    data: str  # file in data/
    refs: dict = dataclasses.field(default_factory=dict)  # member -> collection it names an object of
    subs: tuple = ()  # sub-collections kept apart (profilesReference)
    later: dict = dataclasses.field(default_factory=dict)  # sub-collection -> the version it came with
    hidden: tuple = ()  # members that only their sub-collection shows
    unlinked: bool = False  # no Reference members, as recorded for monitors
    bare: bool = False  # named without partition: auth/partition
    check: bool = True  # a referred object must exist
    delete: str = "in-use"  # what a DELETE of a used one is refused with

    @property
    def leaf(self):
        return self.path.rsplit("/", 1)[-1]

    @property
    def state(self):
        return f"tm:{self.path.replace('/', ':')}:{self.leaf}state"


SSL_CERT, SSL_KEY = "sys/file/ssl-cert", "sys/file/ssl-key"
CLIENT_SSL, SERVER_SSL = PROFILES + "client-ssl", PROFILES + "server-ssl"
VIRTUAL, ADDRESS, POOL, NODE = "ltm/virtual", "ltm/virtual-address", "ltm/pool", "ltm/node"
PARTITION, FOLDER = "auth/partition", "sys/folder"
GROUP, TRAFFIC, DEVICE = "cm/device-group", "cm/traffic-group", "cm/device"


def profile(leaf, title, **more):
    return Kind(PROFILES + leaf, title, leaf, refs={"defaultsFrom": PROFILES + leaf, **more.pop("refs", {})}, **more)


def monitor(leaf):
    return Kind("ltm/monitor/" + leaf, "monitor", "monitor-" + leaf, refs={"defaultsFrom": "ltm/monitor/" + leaf}, unlinked=True,
                delete="monitor-in-use")


KINDS = {kind.path: kind for kind in (
    Kind(SSL_KEY, "Certificate Key File", "ssl-key", subs=("cert-order-manager",), later={"cert-order-manager": "14.1"},
         delete="file-in-use"),
    Kind(SSL_CERT, "Certificate File", "ssl-cert", refs={"issuerCert": SSL_CERT}, subs=("bundle-certificates", "cert-validators"),
         delete="file-in-use"),
    profile("client-ssl", "ClientSSL Profile", refs={"cert": SSL_CERT, "key": SSL_KEY, "chain": SSL_CERT, "caFile": SSL_CERT,
                                                     "clientCertCa": SSL_CERT, "cipherGroup": "ltm/cipher/group"}),
    profile("server-ssl", "ServerSSL Profile", refs={"cert": SSL_CERT, "key": SSL_KEY, "chain": SSL_CERT, "caFile": SSL_CERT,
                                                     "cipherGroup": "ltm/cipher/group"}),
    profile("http", "HTTP Profile"), profile("http2", "HTTP/2 Profile"), profile("http-compression", "HTTP Compression Profile"),
    profile("tcp", "TCP Profile"), profile("udp", "UDP Profile"), profile("fastl4", "FastL4 Profile"),
    profile("one-connect", "OneConnect Profile"), profile("ntlm", "NTLM Profile"),
    Kind("ltm/persistence/cookie", "Cookie Persistence Profile", "cookie", refs={"defaultsFrom": "ltm/persistence/cookie"}),
    Kind("ltm/persistence/source-addr", "Source Address Persistence Profile", "source-addr", refs={"defaultsFrom": "ltm/persistence/source-addr"}),
    Kind("ltm/cipher/group", "cipher group", "cipher-group"),
    monitor("http"), monitor("https"), monitor("tcp"),
    Kind(NODE, "Node", "node"),
    Kind(POOL, "Pool", "pool", subs=("members",), hidden=("members",)),
    Kind("ltm/rule", "iRule", "rule"),
    Kind("ltm/snatpool", "SNAT Pool", "snatpool", refs={"members": "ltm/snat-translation"}, check=False),
    Kind("ltm/snat-translation", "SNAT Translation Address", "snat-translation", refs={"trafficGroup": TRAFFIC}),
    Kind(ADDRESS, "Virtual Address", "virtual-address", refs={"trafficGroup": TRAFFIC}),
    Kind(VIRTUAL, "Virtual Server", "virtual", refs={"pool": POOL, "rules": "ltm/rule"}, subs=("policies", "profiles"),
         hidden=("policies", "profiles")),
    Kind(PARTITION, "partition", "partition", bare=True),
    Kind(FOLDER, "folder", "folder", refs={"trafficGroup": TRAFFIC}),
    Kind(GROUP, "device group", "device-group", subs=("devices",), hidden=("devices",)),
    Kind(TRAFFIC, "traffic group", "traffic-group", refs={"haOrder": DEVICE}),
)}


@functools.cache
def data(name):
    return json.loads((DATA / f"{name}.json").read_text())


def release(text):
    return tuple(int(n) for n in text.split(".")[:2])


@functools.cache
def defaults(name, tmos):
    """What an object of this data file has when nobody said anything, on this version."""
    members = {}
    for layer in data(name)["defaults"]:
        if release(layer["since"]) <= release(tmos):
            members.update(layer["members"])
    return members


@functools.cache
def known(name, tmos):
    """All members that may be given."""
    return frozenset(defaults(name, tmos)) | frozenset(data(name).get("optional", ()))


def builtins(name, tmos):
    return [entry for entry in data(name).get("builtin", ()) if release(entry.get("since", "0.0")) <= release(tmos)]
