# SPDX-License-Identifier: Apache-2.0
"""Who asks: Basic, tokens, roles (bigip.md section 2)."""
import base64
import binascii
import datetime
import fnmatch
import secrets
import time

from . import errors

TOKENS_MOST = 100  # per user, from 13.1
LIFETIME = 1200
LIFETIME_MOST = 36000
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
PROVIDER = "https://localhost/mgmt/cm/system/authn/providers/tmos/1f44a60e-11a7-3c51-a49f-82983026b41b/login"

# role: what it may not do, as (method, path pattern)
FORBIDDEN = {
    "admin": (),
    "resource-admin": (("*", "/mgmt/tm/util/*"), ("*", "/mgmt/shared/file-transfer/*")),
    "certificate-manager": (("*", "/mgmt/tm/util/*"), ("*", "/mgmt/shared/file-transfer/*"), ("POST", "/mgmt/tm/ltm/virtual*"),
                            ("PATCH", "/mgmt/tm/ltm/virtual*"), ("DELETE", "/mgmt/tm/ltm/virtual*")),
    "guest": (("POST", "/mgmt/tm/*"), ("PUT", "*"), ("PATCH", "*"), ("DELETE", "/mgmt/tm/*"), ("*", "/mgmt/shared/file-transfer/*")),
}
LOGIN = "/mgmt/shared/authn/login"
TOKENS = "/mgmt/shared/authz/tokens"


class Sessions:
    """users: name -> (password, role)."""

    def __init__(self, users):
        self.users = users

    def good(self, name, password):
        found = self.users.get(name)
        return found is not None and secrets.compare_digest(found[0], password)

    def basic(self, request):
        """The user of a Basic header, None when there is none."""
        word, _, code = request.headers.get("authorization", "").partition(" ")
        if word.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(code, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name = password = ""
        if not self.good(name, password):
            raise errors.page("authorization")
        return name

    def check(self, unit, request):
        """Lets a request in, or says why not. A token goes before Basic."""
        given = request.headers.get("x-f5-auth-token")
        if given is not None:
            token = unit.tokens.get(given)
            if token is None:
                raise errors.framework("token-absent", request)
            if token["ends"] <= time.monotonic():
                del unit.tokens[given]
                raise errors.framework("token-expired", request)
            request.user = token["user"]
        else:
            request.user = self.basic(request)
            if request.user is None:
                raise errors.page("authorization")
        request.role = self.users[request.user][1]
        for method, pattern in FORBIDDEN[request.role]:
            if method in ("*", request.method) and fnmatch.fnmatch(request.path, pattern):
                raise errors.framework("role", request, user=request.user)

    def login(self, unit, request):
        self.basic(request)
        try:
            body = request.json()
        except ValueError as error:
            raise errors.framework("json", request) from error
        name = str(body.get("username", ""))
        if not self.good(name, str(body.get("password", ""))):
            raise errors.framework("login", request)
        self.sweep(unit)
        if sum(t["user"] == name for t in unit.tokens.values()) >= TOKENS_MOST:
            raise errors.framework("tokens", request, uuid=errors.user_uuid(name))
        value = self.issue(unit, name, request.peer)
        provider = str(body.get("loginProviderName") or "tmos")
        return {"username": name, "loginReference": {"link": PROVIDER}, "loginProviderName": provider, "token": self.show(unit, value),
                "generation": 0, "lastUpdateMicros": 0}

    def issue(self, unit, name, peer):
        value = "".join(secrets.choice(ALPHABET) for _ in range(26))
        unit.tokens[value] = {"user": name, "ends": time.monotonic() + LIFETIME, "timeout": LIFETIME, "peer": peer,
                              "started": datetime.datetime.now(datetime.timezone.utc)}
        return value

    def sweep(self, unit):
        now = time.monotonic()
        for value in [v for v, t in unit.tokens.items() if t["ends"] <= now]:
            del unit.tokens[value]

    def show(self, unit, value):
        token = unit.tokens[value]
        micros = int(token["started"].timestamp() * 1_000_000)
        return {"token": value, "name": value, "userName": token["user"], "authProviderName": "tmos",
                "user": {"link": f"https://localhost/mgmt/shared/authz/users/{token['user']}"}, "timeout": token["timeout"],
                "startTime": f"{token['started']:%Y-%m-%dT%H:%M:%S}.{token['started'].microsecond // 1000:03}+0000", "address": token["peer"],
                "partition": "[All]", "generation": 1, "lastUpdateMicros": micros, "expirationMicros": micros + token["timeout"] * 1_000_000,
                "kind": "shared:authz:tokens:authtokenitemstate", "selfLink": f"https://localhost{TOKENS}/{value}"}

    def tokens(self, unit, request):
        """GET, PATCH and DELETE of one token, GET and DELETE of all of the user's."""
        self.sweep(unit)
        value = request.path.removeprefix(TOKENS).strip("/")
        if not value:
            mine = [v for v, t in unit.tokens.items() if request.role == "admin" or t["user"] == request.user]
            shown = {"items": [self.show(unit, v) for v in mine], "generation": 1, "kind": "shared:authz:tokens:authtokencollectionstate",
                     "lastUpdateMicros": 0, "selfLink": f"https://localhost{TOKENS}"}
            if request.method == "DELETE":
                for one in mine:
                    del unit.tokens[one]
            return shown
        if value not in unit.tokens:
            raise errors.framework("token-absent", request)
        if request.method == "PATCH":
            seconds = min(int(request.json().get("timeout", LIFETIME)), LIFETIME_MOST)
            spent = (datetime.datetime.now(datetime.timezone.utc) - unit.tokens[value]["started"]).total_seconds()
            unit.tokens[value].update(timeout=seconds, ends=time.monotonic() + seconds - spent)
        shown = self.show(unit, value)
        if request.method == "DELETE":
            del unit.tokens[value]
        return shown

    def fill(self, unit, name):
        """Takes all tokens of a user, as clients do that never log out."""
        for _ in range(TOKENS_MOST - sum(t["user"] == name for t in unit.tokens.values())):
            self.issue(unit, name, "127.0.0.1")
