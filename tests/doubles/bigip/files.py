# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates as a BIG-IP reads them: checksum over the bytes, members parsed from them (bigip.md section 5)."""
import base64
import dataclasses
import datetime
import functools
import hashlib
import re
import secrets

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

RSA_KEY = re.compile(rb"-----BEGIN (RSA )?PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END")
RSA_OID = bytes.fromhex("2a864886f70d010101")
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)
EPOCH = datetime.datetime(1970, 1, 1)
CURVES = {"secp256r1": "prime256v1"}
TYPES = ((rsa.RSAPublicKey, "rsa"), (ec.EllipticCurvePublicKey, "ec"), (dsa.DSAPublicKey, "dsa"))
RDN = {"2.5.4.3": "CN", "2.5.4.11": "OU", "2.5.4.10": "O", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.6": "C",
       "1.2.840.113549.1.9.1": "emailAddress"}


class Unreadable(Exception):
    """Not a key, not a certificate."""


class Locked(Exception):
    """An encrypted key without its passphrase, or with another one."""


@dataclasses.dataclass(frozen=True)
class Content:
    data: bytes
    members: dict  # what a GET shows besides names and times
    kind: str  # rsa, ec or dsa
    public: bytes  # SubjectPublicKeyInfo: equal for a key and its certificate
    names: tuple = ()  # host names of a certificate, in lower case
    passphrase: str = ""


def checksum(data):
    return f"SHA1:{len(data)}:{hashlib.sha1(data).hexdigest()}"


def describe(public):
    kind = next((word for cls, word in TYPES if isinstance(public, cls)), None)
    if kind is None:
        raise Unreadable("key type")
    curve = CURVES.get(public.curve.name, public.curve.name) if kind == "ec" else "none"
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return kind, public.key_size, curve, spki


def elements(der):
    """The parts of one DER sequence, as (tag, content)."""
    found, at = [], 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7f
            length, at = int.from_bytes(der[at:at + size], "big"), at + size
        found.append((tag, der[at:at + length]))
        at += length
    return found


def plain_rsa(data):
    """The public key of an RSA key in the clear, None for all else. The library proves both primes each time it
    loads one, 50 ms that no device spends and that a benchmark against the double would measure."""
    block = RSA_KEY.search(data)
    if not block:
        return None
    try:
        parts = elements(elements(base64.b64decode(block[2]))[0][1])
        if not block[1]:  # PKCS#8: the key is inside, if it is RSA
            if RSA_OID not in parts[1][1]:
                return None
            parts = elements(elements(parts[2][1])[0][1])
        modulus, exponent = (int.from_bytes(content, "big") for _, content in parts[1:3])
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (ValueError, IndexError) as error:
        raise Unreadable from error


@functools.lru_cache(512)
def read_key(data, passphrase=""):
    public = plain_rsa(data) or load_key(data, passphrase).public_key()
    return content_of_key(data, public, passphrase if b"ENCRYPTED" in data else "")


def load_key(data, passphrase):
    try:
        return serialization.load_pem_private_key(data, passphrase.encode() or None)
    except TypeError as error:
        if passphrase:  # given for a key that needs none: taken without a word
            return load_key(data, "")
        raise Locked from error
    except ValueError as error:
        if passphrase and (b"ENCRYPTED" in data):
            raise Locked from error
        raise Unreadable from error
    except UnsupportedAlgorithm as error:
        raise Unreadable from error


def content_of_key(data, public_key, passphrase):
    kind, size, curve, public = describe(public_key)
    members = {"checksum": checksum(data), "curveName": curve, "keySize": size, "keyType": f"{kind}-private",
               "securityType": "password" if passphrase else "normal", "size": len(data)}
    return Content(data, members, kind, public, passphrase=passphrase)


def distinguished(name):
    """Most specific part first, as the recordings show it."""
    return ",".join(f"{RDN.get(a.oid.dotted_string, a.oid.dotted_string)}={a.value}" for a in reversed(list(name)))


def serial_text(number):
    """Decimal while it fits 32 bits, colon-hex beyond: both forms are in the recordings."""
    if number < 1 << 32:
        return str(number)
    text = f"{number:x}"
    text = text.zfill(len(text) + len(text) % 2)
    return ":".join(text[i:i + 2] for i in range(0, len(text), 2))


def alternative_names(leaf):
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return "", ()
    dns = found.get_values_for_type(x509.DNSName)
    words = [f"DNS:{n}" for n in dns] + [f"IP Address:{a}" for a in found.get_values_for_type(x509.IPAddress)]
    return ", ".join(words), tuple(n.lower() for n in dns)


@functools.lru_cache(512)
def read_certificate(data):
    blocks = CERTIFICATE.findall(data)
    try:
        leaf = x509.load_pem_x509_certificate(blocks[0])
        kind, size, curve, public = describe(leaf.public_key())
    except (IndexError, ValueError) as error:
        raise Unreadable from error
    text, names = alternative_names(leaf)
    common = [a.value.lower() for a in leaf.subject if a.oid.dotted_string == "2.5.4.3"]
    mail = [a.value for a in leaf.subject if RDN.get(a.oid.dotted_string) == "emailAddress"]
    mark = leaf.fingerprint(hashes.SHA256()).hex().upper()
    members = {
        "certificateKeyCurveName": curve, "certificateKeySize": size, "checksum": checksum(data),
        "expirationDate": int((leaf.not_valid_after - EPOCH).total_seconds()),
        "expirationString": f"{leaf.not_valid_after:%b} {leaf.not_valid_after.day:2d} {leaf.not_valid_after:%H:%M:%S %Y} GMT",
        "fingerprint": "SHA256/" + ":".join(mark[i:i + 2] for i in range(0, 64, 2)),
        "isBundle": "true" if len(blocks) > 1 else "false", "issuer": distinguished(leaf.issuer), "keyType": f"{kind}-public",
        "serialNumber": serial_text(leaf.serial_number), "size": len(data), "subject": distinguished(leaf.subject),
        "version": leaf.version.value + 1}
    if len(blocks) > 1:
        del members["serialNumber"]  # recorded so for ca-bundle.crt
    if text:
        members["subjectAlternativeName"] = text
    if mail:
        members["email"] = mail[0]
    return Content(data, members, kind, public, names or tuple(common))


def read_pkcs12(data, passphrase):
    """The PEM of the key, of the leaf and of its chain."""
    try:
        key, leaf, chain = pkcs12.load_key_and_certificates(data, passphrase.encode() or None)
    except ValueError as error:
        raise Unreadable from error
    if key is None or leaf is None:
        raise Unreadable("no pair")
    pem = serialization.Encoding.PEM
    return (key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()),
            leaf.public_bytes(pem) + b"".join(c.public_bytes(pem) for c in chain))


def sealed(passphrase):
    """As a passphrase reads back: under the master key, other bytes every time."""
    return f"$M${secrets.token_hex(1)}${base64.b64encode(secrets.token_bytes(16 + len(passphrase) // 16 * 16)).decode()}"
