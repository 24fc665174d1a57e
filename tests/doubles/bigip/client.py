# SPDX-License-Identifier: Apache-2.0
"""A small client of the double for tests: one kept connection, token or Basic, JSON both ways; and a look at the wire."""
import base64
import hashlib
import http.client
import json
import socket
import ssl
import urllib.parse
import uuid

DOWNLOADS = "/var/config/rest/downloads/"


class Refused(Exception):
    """An answer that is no success: .status, .body (dict or text), .number (mcpd's message id or none)."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body
        self.message = body.get("message", "") if isinstance(body, dict) else body
        head = self.message.removeprefix("transaction failed:").split(":")[0]
        self.number = head if len(head) == 8 else None


class Client:
    def __init__(self, double, unit=1, user=None, password=None, login=True, timeout=30):
        context = ssl.create_default_context(cafile=double.certificate(unit))
        self.connection = http.client.HTTPSConnection("127.0.0.1", double.port(unit), context=context, timeout=timeout)
        self.user, self.password = user or double.user, password or double.password
        self.headers = {}
        self.status = 0
        if login:
            answer = self.post("/mgmt/shared/authn/login", {"username": self.user, "password": self.password, "loginProviderName": "tmos"})
            self.headers["X-F5-Auth-Token"] = answer["token"]["token"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        token = self.headers.get("X-F5-Auth-Token")
        try:
            if token:
                self.delete(f"/mgmt/shared/authz/tokens/{token}")
        except (OSError, http.client.HTTPException, Refused):
            pass
        self.connection.close()

    def basic(self):
        self.headers = {"Authorization": "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()}
        return self

    def call(self, method, path, body=None, headers=None):
        path = path if path.startswith("/mgmt") else "/mgmt/tm/" + path
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        self.connection.request(method, urllib.parse.quote(path, safe="/?&=$~%:,+"), data,
                                {"Content-Type": "application/json", **self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        content = answer.read()
        self.status = answer.status
        kind = answer.headers.get("Content-Type", "")
        found = json.loads(content) if content and "json" in kind else content.decode()
        if answer.status >= 300 or answer.status == 202:
            raise Refused(answer.status, found)
        return found

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body, **more):
        return self.call("POST", path, body, **more)

    def patch(self, path, body, **more):
        return self.call("PATCH", path, body, **more)

    def put(self, path, body, **more):
        return self.call("PUT", path, body, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def upload(self, data, name=None):
        """Puts bytes on the device and says under which name."""
        name = name or f"test.{uuid.uuid4().hex}"
        self.call("POST", f"/mgmt/shared/file-transfer/uploads/{name}", data,
                  {"Content-Type": "application/octet-stream", "Content-Range": f"0-{len(data) - 1}/{len(data)}"})
        return name

    def file(self, leaf, name, data, **more):
        """Upload, file object, removal of the upload: ssl-key or ssl-cert."""
        uploaded = self.upload(data)
        try:
            return self.post(f"sys/file/{leaf}", {"name": name, "sourcePath": f"file:{DOWNLOADS}{uploaded}", **more})
        finally:
            self.post("util/unix-rm", {"command": "run", "utilCmdArgs": DOWNLOADS + uploaded})

    def pair(self, name, key, certificate):
        """NAME.key and NAME.crt; the entry of a certKeyChain that names them."""
        self.file("ssl-key", f"{name}.key", key)
        self.file("ssl-cert", f"{name}.crt", certificate)
        return {"name": "rsa", "cert": f"/Common/{name}.crt", "key": f"/Common/{name}.key", "chain": "none"}


def handshake(address, port, name=None, latest=None):
    """The chain a server shows for a name, as DER, leaf first; and the open connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if latest:
        context.maximum_version = latest
    connection = context.wrap_socket(socket.create_connection((address, port), 10), server_hostname=name)
    return [bytes(c.public_bytes(ssl._ssl.ENCODING_DER)) for c in connection._sslobj.get_unverified_chain()], connection


def shown(address, port, name=None):
    """SHA-256 of the leaf that a new handshake shows."""
    chain, connection = handshake(address, port, name)
    connection.close()
    return hashlib.sha256(chain[0]).hexdigest()
