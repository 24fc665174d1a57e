# SPDX-License-Identifier: Apache-2.0
"""A device that was in use before: many sites, each a client-ssl profile, an address and a virtual server."""
import ipaddress

from . import kinds, objects


def populate(pair, sites, base=None):
    """Makes the sites on the active unit and brings the peer in step. Base is the first address."""
    first = int(ipaddress.ip_address(base or "10.64.0.1"))
    unit = pair.unit(pair.active or 1)

    def make():
        for n in range(sites):
            name = f"site{n:05}.hosted.example"
            objects.create(unit, kinds.KINDS[kinds.CLIENT_SSL], {"name": f"cssl_{name}", "defaultsFrom": "/Common/clientssl", "serverName": name})
            objects.create(unit, kinds.KINDS[kinds.VIRTUAL], {
                "name": f"vs_{name}_443", "destination": f"/Common/{ipaddress.ip_address(first + n)}:443",
                "profiles": ["/Common/tcp", "/Common/http", {"name": f"/Common/cssl_{name}", "context": "clientside"}]})
    objects.mutate(unit, make)
    pair.finish(unit, True, True)
    unit.save()
    return sites
