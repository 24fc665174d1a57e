# SPDX-License-Identifier: Apache-2.0
"""A mail server for send_test.c: smtp_peer.py FOLDER PORT MODE

MODE: accept, 450, 550 (to the recipient), 451, 552 (to the text), tls (offers STARTTLS with FOLDER/tls.pem),
auth (the same, and wants to know certdesk by the password "secret").
What arrives is written to FOLDER/mail.json as an independent reader understands it (Python's email package).
"""
import email
import email.policy
import json
import os
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

folder, port, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def describe(content):
    mail = email.message_from_bytes(content, policy=email.policy.default)
    text = mail.get_body(("plain",))
    return {
        "headers": [[name, str(value)] for name, value in mail.items()],
        "text": text.get_content().replace("\r\n", "\n"),
        "text_type": text.get_content_type(),
        "text_encoding": str(text["Content-Transfer-Encoding"]),
        "attachments": [
            {"name": part.get_filename(), "type": part.get_content_type(),
             "content": part.get_payload(decode=True).decode()}
            for part in mail.iter_attachments()
        ],
        "defects": [str(defect) for part in mail.walk() for defect in part.defects],
        "longest_line": max(len(line) for line in content.split(b"\r\n")),
        "bare_newlines": content.replace(b"\r\n", b"").count(b"\n"),
    }


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode == "450":
            return "450 4.2.0 Greylisted, try again in five minutes"
        if mode == "550":
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if mode == "451":
            return "451 4.3.0 Disk is full"
        if mode == "552":
            return "552 5.3.4 Message too big"
        seen = describe(envelope.original_content or envelope.content)
        seen["from"], seen["to"] = envelope.mail_from, envelope.rcpt_tos
        seen["tls"] = session.ssl is not None
        with open(os.path.join(folder, "mail.json.new"), "w", encoding="utf-8") as file:
            json.dump(seen, file)
        os.rename(os.path.join(folder, "mail.json.new"), os.path.join(folder, "mail.json"))
        return "250 2.0.0 Queued as 4711"


def knows(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"certdesk", b"secret"), handled=False)


settings = {}
if mode in ("tls", "auth"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "tls.pem"))
    settings = {"tls_context": context, "require_starttls": True}
if mode == "auth":
    settings |= {"authenticator": knows, "auth_required": True}
Controller(Handler(), hostname="127.0.0.1", port=port, **settings).start()
threading.Event().wait()
