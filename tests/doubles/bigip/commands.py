# SPDX-License-Identifier: Apache-2.0
"""What is done rather than stored: uploads, file removal, save, config-sync, install (bigip.md sections 4, 5.2, 9)."""
import re
import shlex
import time

from . import errors, files, kinds, objects, sslfiles
from .sslfiles import DOWNLOADS

UPLOADS = "/mgmt/shared/file-transfer/uploads/"
RANGE = re.compile(r"^\s*(?:bytes\s+)?(\d+)-(\d+)/(\d+)\s*$")
SYNC = re.compile(r"^\s*config-sync\s+(force-full-load-push\s+)?(?:to-group|from-group)\s+(\S+)\s*$")
FORCED = re.compile(r"^\s*config-sync\s+force-full-load-push\s+to-group\s+(\S+)\s*$")


def upload(unit, request):
    """One chunk; the file is there when the last one came."""
    name = request.path.removeprefix(UPLOADS)
    found = RANGE.match(request.headers.get("content-range", ""))
    if not found or not name or "/" in name:
        raise errors.framework("range", request, value=request.headers.get("content-range", ""))
    start, end, total = (int(part) for part in found.groups())
    got = len(request.body)
    if end - start + 1 != got or end >= total:
        raise errors.framework("chunk", request, said=end - start + 1, got=got)
    chunks = unit.partial.setdefault(name, {}) if start else unit.partial.__setitem__(name, {}) or unit.partial[name]
    chunks[start] = request.body
    there = sum(len(chunk) for chunk in chunks.values())
    if there >= total:
        unit.uploads[name] = b"".join(chunks[at] for at in sorted(chunks))
        del unit.partial[name]
    return {"remainingByteCount": max(0, total - there), "usedChunks": {str(at): len(chunk) for at, chunk in sorted(chunks.items())},
            "totalByteCount": total, "localFilePath": DOWNLOADS + name, "temporaryFilePath": f"{DOWNLOADS}tmp/{name}", "generation": 0,
            "lastUpdateMicros": int(time.time() * 1_000_000)}


def arguments(body):
    try:
        words = shlex.split(str(body.get("utilCmdArgs", "")))
    except ValueError:
        words = []
    return [word for word in words if not word.startswith("-")]


def unix(unit, name, body, result):
    answer = {"kind": f"tm:util:{name}:runstate", "command": "run", "utilCmdArgs": body.get("utilCmdArgs", "")}
    return {**answer, "commandResult": result} if result else answer


def unix_rm(pair, unit, request, body):
    said = ""
    for word in arguments(body):
        name = word.removeprefix(DOWNLOADS)
        if word.startswith(DOWNLOADS) and unit.uploads.pop(name, None) is not None:
            continue
        if "-f" not in str(body.get("utilCmdArgs", "")).split():
            said += f"/bin/rm: cannot remove `{word}': No such file or directory\n"
    return unix(unit, "unix-rm", body, said)


def unix_ls(pair, unit, request, body):
    said = ""
    for word in arguments(body):
        if word.rstrip("/") == DOWNLOADS.rstrip("/"):
            said += "".join(f"{name}\n" for name in sorted(unit.uploads))
        elif word.startswith(DOWNLOADS) and word.removeprefix(DOWNLOADS) in unit.uploads:
            said += f"{word}\n"
        else:
            said += f"/bin/ls: cannot access {word}: No such file or directory\n"
    return unix(unit, "unix-ls", body, said)


def refused(pair, unit, request, body):
    """bash: as on a device in Appliance mode."""
    raise errors.framework("role", request, user=request.user)


def save(pair, unit, request, body):
    if body.get("command") != "save":
        raise errors.rest("bad-value", name="command", value=body.get("command", ""))
    unit.save()
    return {"kind": "tm:sys:config:savestate", **body}


def config_sync(pair, unit, request, body):
    text = str(body.get("utilCmdArgs", ""))
    forced = FORCED.match(text)
    plain = SYNC.match(text)
    if body.get("command") != "run" or not (forced or plain):
        raise errors.rest("bad-value", name="utilCmdArgs", value=text)
    pair.push(unit, forced[1] if forced else plain[2], bool(forced or plain[1]))
    return {"kind": "tm:cm:runstate", **body}


def install(unit, kind, name, data, passphrase, request):
    """Puts a file object from bytes on the device's disk, over an existing one."""
    unit.uploads["\0install"] = data
    body = {"name": name, "sourcePath": f"file:{DOWNLOADS}\0install", **({"passphrase": passphrase} if passphrase else {})}
    path = unit.path_of(name)
    try:
        if unit.store.get(kind.path, path):
            objects.modify(unit, kind, path, body)
        else:
            objects.create(unit, kind, {**body, "name": path})
    finally:
        del unit.uploads["\0install"]


def crypto(what):
    """sys/crypto/cert|key|pkcs12 install. Before 14 the extension is added to the name."""
    def run(pair, unit, request, body):
        body = {objects.camel(k): v for k, v in body.items()}
        if body.get("command") != "install":
            raise errors.rest("bad-value", name="command", value=body.get("command", ""))
        data = sslfiles.source_bytes(unit, str(body.get("fromLocalFile", "")))
        name = f"/{body.get('partition') or 'Common'}/{body.get('name')}"
        word = str(body.get("passphrase") or "")

        def put(leaf, ending, content, secret=""):
            kind = kinds.KINDS[f"sys/file/ssl-{leaf}"]
            named = name if unit.at_least("14.0") or name.endswith(ending) else name + ending
            install(unit, kind, named, content, secret, request)

        def both():
            try:
                key, certificate = files.read_pkcs12(data, word)
            except files.Unreadable as error:
                raise errors.mcpd("unknown-format", title="PKCS12 file", path=name) from error
            put("key", ".key", key)
            put("cert", ".crt", certificate)
        steps = {"cert": lambda: put("cert", ".crt", data), "key": lambda: put("key", ".key", data, word), "pkcs12": both}
        objects.mutate(unit, steps[what])
        return {"kind": f"tm:sys:crypto:{what}:installstate", **{k: v for k, v in body.items() if "assphrase" not in k}}
    return run


# POSTs below /mgmt/tm that run something
RUN = {"util/unix-rm": unix_rm, "util/unix-ls": unix_ls, "util/bash": refused, "sys/config": save, "cm": config_sync,
       "sys/crypto/cert": crypto("cert"), "sys/crypto/key": crypto("key"), "sys/crypto/pkcs12": crypto("pkcs12")}
