# SPDX-License-Identifier: Apache-2.0
"""ssl-key and ssl-cert: what is uploaded becomes a file object (bigip.md section 5)."""
from . import errors, files, kinds
from .objects import HOOKS, Hook
from .unit import now_text

DOWNLOADS = "/var/config/rest/downloads/"


def source_bytes(unit, source):
    """The uploaded bytes that a sourcePath names; both file: and file:// are in use."""
    name = source.removeprefix("file:")
    name = "/" + name.lstrip("/")
    found = unit.uploads.get(name.removeprefix(DOWNLOADS)) if name.startswith(DOWNLOADS) else None
    if found is None:
        raise errors.mcpd("no-source", source=name)
    return found


def read(kind, path, data, passphrase=""):
    try:
        return files.read_key(data, passphrase) if kind.path == kinds.SSL_KEY else files.read_certificate(data)
    except files.Locked as error:
        raise errors.mcpd("bad-password", path=path, profile="") from error
    except files.Unreadable as error:
        raise errors.mcpd("unknown-format", title=kind.title, path=path) from error


class FileHook(Hook):
    mode = 33188

    def prepare(self, unit, kind, path, own, body, before):
        stamps = {}
        if "sourcePath" in body or before is None:
            if "sourcePath" not in body:
                raise errors.rest("nothing-given")
            content = read(kind, path, source_bytes(unit, body["sourcePath"]), str(body.get("passphrase", "")))
            stamps = self.stamps(unit, before)
        else:
            content = before.file
        own = {name: value for name, value in own.items() if name not in ("passphrase", "securityType")}
        return {**({k: before.own[k] for k in ("createTime", "createdBy") if k in before.own} if before else {}), **own, **stamps}, content

    def stamps(self, unit, before):
        now = now_text()
        return {"createTime": before.own["createTime"] if before else now, "createdBy": before.own["createdBy"] if before else "admin",
                "lastUpdateTime": now, "updatedBy": "admin", "revision": before.own["revision"] + 1 if before else 1, "mode": self.mode}

    def shape(self, unit, thing, members):
        members.update(thing.file.members)


class KeyHook(FileHook):
    mode = 33184

    def shape(self, unit, thing, members):
        super().shape(unit, thing, members)
        if thing.file.passphrase:
            members["passphrase"] = files.sealed(thing.file.passphrase)


class CertHook(FileHook):
    def shape(self, unit, thing, members):
        super().shape(unit, thing, members)
        if not unit.at_least("14.1"):
            del members["fingerprint"]


HOOKS[kinds.SSL_KEY] = KeyHook()
HOOKS[kinds.SSL_CERT] = CertHook()
