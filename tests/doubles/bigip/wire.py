# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as an Apache in front of a BIG-IP speaks it, over asyncio streams: requests in, answers out, kept open."""
import asyncio
import dataclasses
import json
import urllib.parse

HEAD_MOST = 32 * 1024
BODY_MOST = 64 * 1024 * 1024
REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 401: "F5 Authorization Required", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 409: "Conflict", 413: "Request Entity Too Large", 500: "Internal Server Error", 503: "Service Unavailable"}


class Malformed(Exception):
    pass


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict  # names in lower case
    body: bytes
    peer: str
    connection: int
    user: str = ""
    role: str = ""

    def __post_init__(self):
        split = urllib.parse.urlsplit(self.target)
        self.path = urllib.parse.unquote(split.path)
        self.raw_path = split.path
        self.query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))

    def json(self):
        """The body as an object; ValueError when it is none."""
        found = json.loads(self.body) if self.body.strip() else {}
        if not isinstance(found, dict):
            raise ValueError("not an object")
        return found


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise Malformed(lines[0][:80])
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return parts[0], parts[1], headers


async def read_chunked(reader):
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        if len(body) + size > BODY_MOST:
            raise Malformed("too long")
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return body


async def read_request(reader, writer, peer, connection):
    """The next request of a connection, or None when it has ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise Malformed("head too long") from error
    method, target, headers = parse_head(head[:-4])
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = await read_chunked(reader)
        else:
            length = int(headers.get("content-length", 0))
            if not 0 <= length <= BODY_MOST:
                raise Malformed("length")
            body = await reader.readexactly(length) if length else b""
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ValueError as error:
        raise Malformed(str(error)) from error
    return Request(method, target, headers, body, peer, connection)


def render(status, body, keep=True, extra=()):
    """One answer as bytes; a dict goes out as JSON, text as a page."""
    if isinstance(body, (dict, list)):
        content, kind = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(), "application/json; charset=UTF-8"
    else:
        content, kind = body.encode() if isinstance(body, str) else body, "text/html; charset=UTF-8"
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}", "Server: Jetty(9.2.22.v20170606)", "X-Frame-Options: SAMEORIGIN",
             "Strict-Transport-Security: max-age=16070400; includeSubDomains", "Cache-Control: no-store", f"Content-Type: {kind}",
             f"Content-Length: {len(content)}", *extra, "Connection: keep-alive" if keep else "Connection: close"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content
