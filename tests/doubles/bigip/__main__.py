# SPDX-License-Identifier: Apache-2.0
"""Starts the double by hand or as a test's child: prints its addresses as one line of JSON, or in words on a terminal."""
import argparse
import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

from . import failures
from .datapath import Mapping
from .double import Double, Options
from .kinds import data
from .sessions import FORBIDDEN


def pair_of(text):
    left, equals, right = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text}: not of the form A=B")
    return left, right


def user_of(text):
    name, word, role = (text.split(":") + ["admin"])[:3] if text.count(":") else ("", "", "")
    if not name or role not in FORBIDDEN:
        raise argparse.ArgumentTypeError(f"{text}: not NAME:PASSWORD[:{'|'.join(FORBIDDEN)}]")
    return name, (word, role)


def rule_of(text):
    try:
        return failures.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def arguments():
    parser = argparse.ArgumentParser(prog="bigip-double", description="A stateful stand-in for a pair of BIG-IP devices, on loopback.")
    parser.add_argument("--port", type=int, default=0, help="management port of the first unit, the next ones follow; 0: any that are free")
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--units", type=int, choices=(1, 2), default=2)
    parser.add_argument("--tmos", choices=tuple(data("versions")), default="16.1")
    parser.add_argument("--delay-ms", type=int, default=0, help="added to every request")
    parser.add_argument("--sync-ms", type=int, default=200, help="how long a config-sync takes")
    parser.add_argument("--max-clients", type=int, default=Options.max_clients, help="connections served at once per unit")
    parser.add_argument("--fail", type=rule_of, action="append", default=[], metavar="RULE",
                        help="e.g. 'PATCH */client-ssl/* what=mcpd-lost when=after times=1'; what: " + ", ".join([*failures.ANSWERS, *failures.ENDS, *failures.EVENTS]))
    parser.add_argument("--map", type=pair_of, action="append", default=[], metavar="ADDRESS[:PORT]=ADDRESS[:PORT]",
                        help="serve a virtual address at a loopback address")
    parser.add_argument("--map-port", type=pair_of, action="append", default=[], metavar="PORT=PORT", help="serve a port at another one")
    parser.add_argument("--port-base", type=int, default=8000, help="added to ports below 1024: 443 is served at 8443; 0: not moved")
    parser.add_argument("--user", type=user_of, action="append", default=[], metavar="NAME:PASSWORD[:ROLE]", help="instead of admin:admin")
    parser.add_argument("--folder", type=Path, help="where the device certificates go")
    parser.add_argument("--json", action="store_true", help="one line of JSON when it serves")
    return parser.parse_args()


def say(addresses, given):
    if given.json or not sys.stdout.isatty():
        print(json.dumps(addresses), flush=True)
        return
    print(f"TMOS {addresses['tmos']}")
    for unit in addresses["units"]:
        print(f"  {unit['name']}  https://{unit['address']}:{unit['port']}/mgmt/  (certificate: {unit['certificate']})")
    for name, word in addresses["users"].items():
        print(f"  user {name}, password {word}")
    print(f"  control {addresses['control']}/double/state\nStop with Ctrl-C.", flush=True)


async def run(given, folder):
    ports = {int(a): int(b) for a, b in given.map_port}
    options = Options(folder, given.port, given.control_port, given.units, given.tmos, given.delay_ms, given.sync_ms, given.max_clients, given.fail,
                      dict(given.user) or {"admin": ("admin", "admin")}, Mapping(given.map, ports, given.port_base))
    double = Double(options)
    await double.start()
    say(double.addresses(), given)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    double.stop()


def main():
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="bigip-double-") as folder:
        asyncio.run(run(given, given.folder or Path(folder)))


if __name__ == "__main__":
    main()
