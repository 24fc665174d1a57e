# SPDX-License-Identifier: Apache-2.0
"""A registry's RDAP server, and whatever else may answer in its place: pages by path, over http or https, each with the status, header
and slowness that a story wants."""
import contextlib
import http.server
import json
import ssl
import threading
import time

from stage.ca import openssl
from stage.peers import free_port


def answer(domain="contoso.com", organization="Contoso GmbH", expires="2027-05-28T00:00:00Z", status=("active",), **more):
    """What a registry says of a domain."""
    card = [["version", {}, "text", "4.0"], ["fn", {}, "text", ""], ["org", {}, "text", organization]]
    owner = [{"objectClassName": "entity", "roles": ["registrant"], "vcardArray": ["vcard", card]}] if organization is not None else []
    return {"objectClassName": "domain", "ldhName": domain, "status": list(status), "entities": owner,
            "events": [{"eventAction": "expiration", "eventDate": expires}], **more}


class Page:
    def __init__(self, body=b"", status=200, delay=0, **headers):
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.delay = status, delay
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Registry:
    """`pages` maps a path to a Page; anything else is a 404, as for a domain that is not there."""

    def __init__(self, folder=None, name="127.0.0.1"):
        """`folder`: over https, with a certificate for `name` that lies there as roots.pem."""
        self.port, self.pages, self.asked, self.heads = free_port(), {}, [], []
        self.folder, self.name = folder, name

    def url(self, path="/"):
        return f"http{'s' if self.folder else ''}://{self.name}:{self.port}{path}"

    def list(self, folder, *endings):
        """A bootstrap file (RFC 9224) that knows this registry alone."""
        path = folder / "rdap-dns.json"
        path.write_text(json.dumps({"version": "1.0", "services": [[list(endings or ["com"]), [self.url()]]]}))
        return path

    def answers(self, domain, answer, **more):
        """The registry's answer about a domain: a dictionary, or bytes."""
        self.pages[f"/domain/{domain}"] = Page(answer, Content_Type="application/rdap+json", **more)

    def _wrap(self, server):
        kind = "IP" if self.name[0].isdigit() else "DNS"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.folder / "key.pem", "-out",
                self.folder / "roots.pem", "-subj", "/CN=registry", "-days", "2", "-addext", f"subjectAltName={kind}:{self.name}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "roots.pem", self.folder / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)

    def __enter__(self):
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                registry.asked.append(self.path)
                registry.heads.append(dict(self.headers))
                page = registry.pages.get(self.path, Page(b"", 404))
                time.sleep(page.delay)
                with contextlib.suppress(OSError):  # whoever asked may have gone
                    self.send_response(page.status)
                    for name, value in {"Content-Length": str(len(page.body)), **page.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(page.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        if self.folder:
            self._wrap(self.server)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
