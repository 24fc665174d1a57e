# SPDX-License-Identifier: Apache-2.0
"""A load balancer that nobody drives but people: a TLS server of a few lines, and what somebody does there at night, from the
files that certdesk laid ready. And a load balancer that does not exist."""
import contextlib
import socket
import ssl
import threading
from pathlib import Path

from .peers import free_port


def pour(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Hands:
    words = "a load balancer that people drive"
    proof = "people installed it, certdesk proved it"
    backend = "exchange"

    def __init__(self, folder, backend_port=None):
        self.folder = Path(folder)
        self.papers = self.folder / "papers"
        self.https = free_port()
        self.backend_port = backend_port
        self.sites = {}
        self.servers = {}

    def settings(self):
        """The members of its entry in certdesk's configuration."""
        return {"driver": "manual", "folder": self.papers, "https_port": self.https}

    def start(self):
        self.papers.mkdir(parents=True, mode=0o700, exist_ok=True)
        return self

    def stop(self):
        for server in self.servers.values():
            server.close()

    def laid(self):
        return sorted(p.name for p in self.papers.iterdir())

    def steps(self, host):
        return (self.papers / f"{host}.steps.txt").read_text()

    def install(self, host, address, chain=True, more=None):
        """As the steps say, or without the chain, or with more before it; ssl.SSLError when the key is not the certificate's."""
        whole = self.folder / "whole.pem"
        parts = [self.papers / f"{host}.crt", more, self.papers / f"{host}.chain.crt" if chain else None]
        whole.write_text("".join(part.read_text() for part in parts if part))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(whole, self.papers / f"{host}.key")
        self.sites[host] = context
        if address not in self.servers:
            self.listen(address)

    def take_off(self, host):
        self.sites.pop(host, None)

    def listen(self, address):
        self.servers[address] = server = socket.create_server((address, self.https))
        threading.Thread(target=self.serve, args=(server,), daemon=True).start()

    def serve(self, server):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.meet, args=(server.accept()[0],), daemon=True).start()

    def choose(self, tls, name, _):
        if name not in self.sites:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        tls.context = self.sites[name]

    def meet(self, raw):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sni_callback = self.choose
        raw.settimeout(20)
        with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as tls:
            if not self.backend_port:
                return
            with socket.create_connection(("127.0.0.1", self.backend_port), 5) as service:
                back = threading.Thread(target=pour, args=(service, tls), daemon=True)
                back.start()
                pour(tls, service)
                back.join(20)


class Nothing:
    words = "a dry run"
    proof = "nothing was touched"
    backend = "exchange"

    def __init__(self, folder, backend_port=None):
        self.folder = Path(folder)
        self.https = free_port()

    def settings(self):
        return {"driver": "dryrun", "https_port": self.https}

    def start(self):
        return self

    def stop(self):
        pass
