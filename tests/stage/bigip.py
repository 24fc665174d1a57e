# SPDX-License-Identifier: Apache-2.0
"""The provider's pair of BIG-IP, played by the double: with the pool that its Exchange servers are behind."""
import base64
from pathlib import Path

from doubles.bigip import BigIP
from doubles.bigip.client import Client

from .ca import openssl
from .peers import free_port, wait_for

PARENT = "house"


def pin_of(certificate):
    """Of the public key in that file, as the configuration has it."""
    key = openssl("pkey", "-pubin", "-outform", "DER", stdin=openssl("x509", "-in", certificate, "-noout", "-pubkey"))
    return "sha256//" + base64.b64encode(openssl("dgst", "-sha256", "-binary", stdin=key)).decode()


def synchronize(double, unit=1):
    """As people do it: what that unit has is for its peer, too."""
    wait_for(lambda: "Syncing" not in {u["sync"] for u in double.state()["state"]}, what="the end of a sync")
    with Client(double, unit) as client:
        group = next(g["name"] for g in client.get("cm/device-group")["items"] if g["type"] == "sync-failover")
        client.post("cm", {"command": "run", "utilCmdArgs": f"config-sync force-full-load-push to-group {group}"})
    wait_for(lambda: {u["sync"] for u in double.state()["state"]} == {"In Sync"}, what="the pair in sync")


class Pair(BigIP):
    words = "a pair of BIG-IP (played)"
    proof = "BIG-IP: one change of the profile, saved on both units, the standby read back"
    backend = "exchange"

    def __init__(self, folder, backend_port, **more):
        super().__init__(folder, units=2, http=free_port(), **more)
        self.https = free_port()  # the virtual servers have it themselves
        self.backend_port = backend_port

    def start(self):
        super().start()
        (self.folder / "password").write_text(self.password + "\n")
        (self.folder / "password").chmod(0o600)
        with Client(self) as client:
            client.post("ltm/pool", {"name": self.backend, "members": [{"name": f"127.0.0.1:{self.backend_port}", "address": "127.0.0.1"}]})
            # The parent that comes with these versions switches TLS 1.3 off (section 6 of the BIG-IP reference).
            client.post("ltm/profile/client-ssl", {"name": PARENT, "defaultsFrom": "/Common/clientssl", "cipherGroup": "/Common/f5-secure", "ciphers": "none",
                                                   "tmOptions": ["dont-insert-empty-fragments"]})
            client.post("sys/config", {"command": "save"})
        synchronize(self)
        return self

    def settings(self):
        """The members of its entry in the configuration."""
        return {"driver": "bigip", "address": "127.0.0.1", "port": self.port(1), "user": self.user, "password_file": Path(self.folder) / "password",
                "pin": pin_of(self.certificate(1)), "peer_address": "127.0.0.1", "peer_port": self.port(2), "peer_pin": pin_of(self.certificate(2)),
                "https_port": self.https, "parent_profile": f"/Common/{PARENT}"}
