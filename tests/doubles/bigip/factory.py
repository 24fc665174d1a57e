# SPDX-License-Identifier: Apache-2.0
"""What a device has before anybody configured it: factory objects, files, and the pair's device groups."""
import datetime
import functools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from . import files, kinds, objects
from .store import Object
from .unit import now_text

GROUP = "dg_pair"


def name_of(common, mail=False):
    parts = [(NameOID.COUNTRY_NAME, "US"), (NameOID.STATE_OR_PROVINCE_NAME, "WA"), (NameOID.LOCALITY_NAME, "Seattle"),
             (NameOID.ORGANIZATIONAL_UNIT_NAME, "IT"), (NameOID.ORGANIZATION_NAME, "MyCompany"),
             (NameOID.COMMON_NAME, common)]
    return x509.Name([x509.NameAttribute(o, v) for o, v in parts] + ([x509.NameAttribute(NameOID.EMAIL_ADDRESS, f"root@{common}")] if mail else []))


def self_signed(common, names=(), mail=False):
    """Key and certificate as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name = name_of(common, mail)
    now = datetime.datetime.utcnow().replace(microsecond=0)
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
               .serial_number(x509.random_serial_number() >> 130).not_valid_before(now - datetime.timedelta(days=1))
               .not_valid_after(now + datetime.timedelta(days=3650)).add_extension(x509.BasicConstraints(True, None), True))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
    pem = serialization.Encoding.PEM
    return (key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()),
            builder.sign(key, hashes.SHA256()).public_bytes(pem))


@functools.cache
def default_pair():
    return self_signed("localhost.localdomain", mail=True)


def file_object(kind, path, content, place):
    now = now_text()
    return Object(kind, path, {"createTime": now, "createdBy": "root", "lastUpdateTime": now, "updatedBy": "root", "revision": 1, "mode": 33188,
                               "systemPath": f"/config/ssl/{place}/{path.rsplit('/', 1)[1]}"}, file=content)


def furnish(unit, names):
    """Fills a new unit; names are those of all devices of the group."""
    put = unit.store.put
    with unit.store.change():
        put(Object(kinds.FOLDER, "/", {"inheritedDevicegroup": "false", "inheritedTrafficGroup": "false"}))
        put(Object(kinds.FOLDER, "/Common", {}))
        put(Object(kinds.FOLDER, "/Common/Drafts", {}))
        for name, number in (("traffic-group-1", 1), ("traffic-group-local-only", 0)):
            put(Object(kinds.TRAFFIC, f"/Common/{name}", {"unitId": number, "isFloating": "true" if number else "false"}))
        groups = [("device_trust_group", {"autoSync": "enabled"}), ("gtm", {})]
        if len(names) > 1:
            groups.append((GROUP, {"type": "sync-failover", "networkFailover": "enabled"}))
        for name, own in groups:
            put(Object(kinds.GROUP, f"/Common/{name}", {**own, "devices": [{"path": f"/Common/{n}"} for n in names]}))
        key, certificate = default_pair()
        put(file_object(kinds.SSL_KEY, "/Common/default.key", files.read_key(key), "ssl.key"))
        put(file_object(kinds.SSL_CERT, "/Common/default.crt", files.read_certificate(certificate), "ssl.crt"))
        put(file_object(kinds.SSL_CERT, "/Common/ca-bundle.crt", files.read_certificate(certificate * 2), "ssl.crt"))
        for kind in kinds.KINDS.values():
            for entry in kinds.builtins(kind.data, unit.tmos):
                own = dict(entry["members"])
                if entry["name"] == "clientssl":
                    own["certKeyChain"] = [{"name": "default", "cert": "/Common/default.crt", "key": "/Common/default.key", "chain": "none"}]
                path = entry["name"] if kind.bare else f"/Common/{entry['name']}"
                refs = frozenset(objects.hook_of(kind.path).refs(unit, kind, path, own))
                put(Object(kind.path, path, own, refs=refs))
