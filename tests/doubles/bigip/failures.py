# SPDX-License-Identifier: Apache-2.0
"""Failures on demand: a rule says for which requests, when, what, how often. Every row of the retry table of
bigip.md section 3.1 is an outcome."""
import dataclasses
import fnmatch
import shlex
import time

from . import errors


def expire(unit, request):
    """The token is really gone afterwards, so a new login helps."""
    token = unit.tokens.get(request.headers.get("x-f5-auth-token", ""))
    if token:
        token["ends"] = time.monotonic()
    return errors.framework("token-expired", request)


def forget(unit, request):
    unit.tokens.pop(request.headers.get("x-f5-auth-token", ""), None)
    return errors.framework("token-absent", request)


def asynchronous(unit, request):
    return errors.Refusal(202, {"code": 202, "message": "Task will execute asynchronously.", "errorStack": []})


def gone(unit, request):
    return errors.mcpd("absent", title="Certificate File", path=request.path.rsplit("/", 1)[1].replace("~", "/"))


def taken(unit, request):
    return errors.mcpd("exists", title="Certificate File", path=request.path.rsplit("/", 1)[1], partition="Common")


# what: the answer given instead
ANSWERS = {
    "restarting": lambda unit, request: errors.page("restarting"),
    "busy": lambda unit, request: errors.framework("busy", request),
    "starting": lambda unit, request: errors.framework("starting", request),
    "not-registered": lambda unit, request: errors.framework("public-absent", request, path=request.path.removeprefix("/mgmt")),
    "mcpd-lost": lambda unit, request: errors.rest("mcpd-lost"),
    "timeout": lambda unit, request: errors.framework("timeout", request),
    "timeout-page": lambda unit, request: errors.page("async-timeout"),
    "provisioning": lambda unit, request: errors.mcpd("provisioning"),
    "tokens": lambda unit, request: errors.framework("tokens", request, uuid=errors.user_uuid("admin")),
    "token-expired": expire,
    "token-absent": forget,
    "no-token": lambda unit, request: errors.framework("no-token", request),
    "unauthorized-page": lambda unit, request: errors.page("authorization"),
    "role": lambda unit, request: errors.framework("role", request, user=request.user or "admin"),
    "asynchronous": asynchronous,
    "null-exception": lambda unit, request: errors.rest("null-exception"),
    "error": lambda unit, request: errors.framework("generic", request),
    "absent": gone,
    "exists": taken,
}
# what: how the connection ends instead of an answer
SPOKEN = ("half", "answer")  # the change is made; half of the true answer, or all of it, then the connection ends
ENDS = ("reset", "close", "hang", *SPOKEN)
# what: what becomes of the pair at that request; its answer is the true one, if there is anybody left to give it
EVENTS = {
    "failover": lambda double, unit: double.pair.hand_over(double.pair.unit(double.pair.active)),
    "die": lambda double, unit: double.die(unit),
}
WHEN = ("before", "after")


@dataclasses.dataclass
class Rule:
    what: str
    method: str = "*"
    path: str = "*"
    unit: int = 0  # 0: any
    when: str = "before"  # the change, or after it
    times: int = 1  # 0: always
    skip: int = 0  # matching requests that pass first
    step: int = 0  # only the n-th request of all since the rule came
    seen: int = 0
    hits: int = 0

    def __post_init__(self):
        for name in ("unit", "times", "skip", "step"):
            setattr(self, name, int(getattr(self, name)))
        if self.what not in (*ANSWERS, *ENDS, *EVENTS):
            raise ValueError(f"what={self.what}: one of {', '.join([*ANSWERS, *ENDS, *EVENTS])}")
        if self.when not in WHEN:
            raise ValueError(f"when={self.when}: one of {', '.join(WHEN)}")

    def fits(self, unit, request):
        if self.times and self.hits >= self.times:
            return False
        if (self.unit and self.unit != unit.number) or not fnmatch.fnmatch(request.method, self.method) or not fnmatch.fnmatch(request.path, self.path):
            return False
        self.seen += 1
        if self.seen != self.step if self.step else self.seen <= self.skip:
            return False
        self.hits += 1
        return True

    def spent(self):
        return bool(self.times and self.hits >= self.times)


FIELDS = ("what", "method", "path", "unit", "when", "times", "skip", "step")


def parse(text):
    """A rule as a person types it: [METHOD] [PATH] what=... [when=...] [times=...] [skip=...] [step=...] [unit=...]."""
    given, plain = {}, []
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if equals and name in FIELDS:
            given[name] = value
        else:
            plain.append(word)
    for word in plain:
        given["path" if word.startswith(("/", "*/")) else "method"] = word
    return make(given)


def make(given):
    unknown = set(given) - set(FIELDS)
    if unknown or "what" not in given:
        raise ValueError(f"a rule has {', '.join(FIELDS)}, and at least what")
    return Rule(**given)


class Rules:
    def __init__(self):
        self.rules = []

    def match(self, unit, request):
        """The first rule that strikes this request; every rule counts it."""
        struck = None
        for rule in self.rules:
            if rule.fits(unit, request) and struck is None:
                struck = rule
        return struck
