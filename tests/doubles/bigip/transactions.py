# SPDX-License-Identifier: Apache-2.0
"""Transactions: commands are queued unseen and checked together at the commit (bigip.md section 8)."""
import time

from . import errors, objects
from .objects import link

TIMEOUT = 120
HEADER = "x-f5-rest-coordination-id"


class Transaction:
    def __init__(self, number):
        self.number = number
        self.state = "STARTED"
        self.commands = []  # [evalOrder, commandId, method, path, body]
        self.touched = time.monotonic()
        self.reason = ""
        self.seconds = TIMEOUT


def show(unit, t):
    return {"transId": t.number, "state": t.state, "timeoutSeconds": t.seconds, "asyncExecution": False, "validateOnly": False,
            "executionTimeout": 300, "executionTime": 0, "failureReason": t.reason, "kind": "tm:transactionstate",
            "selfLink": link(unit, f"transaction/{t.number}")}


def show_command(unit, t, command):
    order, number, method, path, body = command
    return {"method": method, "uri": f"https://localhost{path}", "body": body, "evalOrder": order, "commandId": number,
            "kind": "tm:transaction:commandsstate", "selfLink": link(unit, f"transaction/{t.number}/commands/{number}")}


def start(unit, body):
    unit.transaction_number += 1
    t = unit.transactions[unit.transaction_number] = Transaction(unit.transaction_number)
    t.seconds = int(body.get("timeoutSeconds", TIMEOUT))
    return show(unit, t)


def find(unit, text):
    """Open ones only: after timeoutSeconds of silence it is gone."""
    for t in [t for t in unit.transactions.values() if time.monotonic() - t.touched > t.seconds]:
        del unit.transactions[t.number]
    t = unit.transactions.get(int(text)) if text.isdigit() else None
    if t is None:
        raise errors.rest("transaction-absent", id=text)
    t.touched = time.monotonic()
    return t


def queue(unit, text, request, body):
    t = find(unit, text)
    if request.path.startswith("/mgmt/tm/transaction"):
        raise errors.rest("in-transaction", id=text)
    number = len(t.commands) + 1
    command = [number, number, request.method, request.raw_path, body]
    t.commands.append(command)
    return show_command(unit, t, command)


def commit(unit, t, body, run):
    """All commands, then the rules over all of them; whole or not at all."""
    only = body.get("validateOnly") is True
    t.state = "VALIDATING"
    try:
        with unit.store.change() as change:
            for _, _, method, path, content in sorted(t.commands, key=lambda c: (c[0], c[1])):
                run(method, path, content)
            objects.validate(unit, change)
            if only:
                raise Validated
    except Validated:
        t.state = "STARTED"
        return {**show(unit, t), "validateOnly": True}
    except errors.Refusal as refusal:
        t.state, t.reason = "FAILED", refusal.body["message"] if isinstance(refusal.body, dict) else refusal.body
        raise errors.rest("transaction-failed", text=t.reason) from refusal
    t.state = "COMPLETED"
    unit.commit(change)
    shown = show(unit, t)
    del unit.transactions[t.number]
    return shown


class Validated(Exception):
    """Everything would have worked; nothing is kept."""


def handle(unit, request, rest, body, run):
    """Requests below /mgmt/tm/transaction, rest being the path segments after it."""
    if not rest:
        if request.method == "POST":
            return start(unit, body)
        items = [show(unit, t) for t in unit.transactions.values()]
        return {"kind": "tm:transactioncollectionstate", "selfLink": link(unit, "transaction"), "items": items}
    t = find(unit, rest[0])
    if len(rest) == 1:
        if request.method == "PATCH" and body.get("state") == "VALIDATING":
            return commit(unit, t, body, run)
        if request.method == "DELETE":
            del unit.transactions[t.number]
            return {}
        return show(unit, t)
    if rest[1] == "commands":
        if len(rest) == 2:
            return {"kind": "tm:transaction:commandscollectionstate", "selfLink": link(unit, f"transaction/{t.number}/commands"),
                    "items": [show_command(unit, t, c) for c in sorted(t.commands)]}
        for command in t.commands:
            if str(command[1]) == rest[2]:
                if request.method == "PATCH":
                    command[0] = int(body.get("evalOrder", command[0]))
                if request.method == "DELETE":
                    t.commands.remove(command)
                    return {}
                return show_command(unit, t, command)
    raise errors.rest("unexpected-uri", path="/".join(["transaction", *rest]))
