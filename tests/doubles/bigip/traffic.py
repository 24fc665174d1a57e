# SPDX-License-Identifier: Apache-2.0
"""What a virtual server does with HTTP once the handshake is done: redirect by its rules, proxy to its pool's first
member that is up, or a 200 of its own."""
import asyncio
import re
import ssl

from . import kinds, wire
from .virtuals import split_destination

REDIRECT = re.compile(r"HTTP::redirect\s+[\"{]?https://")
PASSED = re.compile(r"\"(/\.well-known/[^\"*]*)\*?\"")  # what a rule lets through before it redirects
RULE_POOL = re.compile(r"^\s*pool\s+(/\S+|\w[\w.-]*)", re.M)
LIMIT = 64 * 1024


def rules_of(unit, thing):
    found = (unit.store.get("ltm/rule", name) for name in thing.own.get("rules") or ())
    return [rule.own["apiAnonymous"] for rule in found if rule]


def decide(unit, thing, path):
    """(redirect?, pool) for a request path. Of iRules only this much is understood."""
    pool = thing.own.get("pool")
    for text in rules_of(unit, thing):
        if any(path.startswith(prefix) for prefix in PASSED.findall(text)):
            named = RULE_POOL.search(text)
            return False, unit.path_of(named[1]) if named else pool
        if REDIRECT.search(text):
            return True, None
    return False, pool


def member_of(unit, pool):
    """Address and port of the first member that takes connections."""
    thing = unit.store.get(kinds.POOL, pool) if pool else None
    for member in thing.own["members"] if thing else ():
        if member.get("session") != "user-disabled" and member.get("state") != "user-down":
            return member["address"].split("%")[0], split_destination(member["name"])[1]
    return None


def has(thing, leaf):
    return next((e for e in thing.own["profiles"] if e["kind"] == kinds.PROFILES + leaf), None)


def forwarded(unit, thing, head, peer):
    """The request head as it goes on, with X-Forwarded-For where the http profile says so."""
    entry = has(thing, "http")
    profile = unit.store.get(entry["kind"], entry["path"]) if entry else None
    if profile is None or unit.own(profile).get("insertXforwardedFor") != "enabled":
        return head
    return head[:-2] + f"X-Forwarded-For: {peer}\r\n\r\n".encode()


async def pump(reader, writer):
    try:
        while data := await reader.read(LIMIT):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def proxy(unit, thing, place, head, reader, writer):
    context = None
    if has(thing, "server-ssl"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # peerCertMode ignore, the default
    back_reader, back_writer = await asyncio.open_connection(*place, ssl=context)
    back_writer.write(head)
    await asyncio.gather(pump(reader, back_writer), pump(back_reader, writer))


def reply(status, reason, headers, body=b""):
    lines = [f"HTTP/1.1 {status} {reason}", "Server: BigIP", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def talk(listener, reader, writer):
    unit = listener.unit
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, headers = wire.parse_head(head[:-4])
        thing = listener.now()
        if thing is None:
            return
        redirect, pool = decide(unit, thing, target)
        place = member_of(unit, pool)
        if place:
            await proxy(unit, thing, place, forwarded(unit, thing, head, writer.get_extra_info("peername")[0]), reader, writer)
            return
        await reader.readexactly(int(headers.get("content-length", 0)))
        if redirect:
            host = headers.get("host", "").split(":")[0]
            writer.write(reply(302, "Found", [f"Location: https://{host}{target}"]))
        else:
            writer.write(reply(200, "OK", ["Content-Type: text/plain"], b"" if method == "HEAD" else f"{thing.path} on {unit.name}\n".encode()))
        await writer.drain()
        if headers.get("connection", "").lower() == "close":
            return
