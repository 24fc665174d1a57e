# SPDX-License-Identifier: Apache-2.0
"""What a device says of itself and of its peer: GETs that read no configuration object, in the form of statistics."""
import datetime

from . import kinds
from .objects import encode, link


def words(entries):
    return {name: value if isinstance(value, dict) else {"value": value} if isinstance(value, int) else {"description": value}
            for name, value in entries.items()}


def nested(entries, **more):
    return {"nestedStats": {**more, "entries": words(entries)}}


def statistics(unit, path, entries):
    """One set of values: entries/<url>/0/nestedStats/entries."""
    return {"kind": f"tm:{path.replace('/', ':')}:{path.rsplit('/', 1)[1]}stats", "selfLink": link(unit, path),
            "entries": {f"https://localhost/mgmt/tm/{path}/0": nested(entries)}}


def lines(path, details):
    """details[] as a table inside a table."""
    base = f"https://localhost/mgmt/tm/{path}/0/details"
    return {base: nested({f"{base}/{n}": nested({"details": line}) for n, line in enumerate(details)})}


def ready(pair, unit):
    return statistics(unit, "sys/ready", {"configReady": "yes", "licenseReady": "yes", "provisionReady": "yes"})


def mcp_state(pair, unit):
    return statistics(unit, "sys/mcp-state", {"endPlatformIdReceived": "true", "lastLoad": "full-config-load-succeed", "phase": "running"})


def version(pair, unit):
    facts = unit.facts
    return statistics(unit, "sys/version", {"Build": facts["build"], "Date": facts["date"], "Edition": facts["edition"], "Product": "BIG-IP",
                                            "Title": "Main Package", "Version": unit.version})


def cli_version(pair, unit):
    return statistics(unit, "cli/version", {"active": unit.version, "latest": unit.version, "supported": f"11.5.0 {unit.version}"})


def failover(pair, unit):
    spent = int((datetime.datetime.now() - unit.up_since).total_seconds())
    text = f"Failover {pair.state(unit)} for {spent // 86400}d {spent // 3600 % 24:02}:{spent // 60 % 60:02}:{spent % 60:02}\n"
    return {"kind": "tm:sys:failover:failoverstats", "selfLink": link(unit, "sys/failover"), "apiRawValues": {"apiAnonymous": text}}


def sync_status(pair, unit):
    status, color, mode, summary, details = pair.sync_status(unit)
    return statistics(unit, "cm/sync-status", {"color": color, **lines("cm/syncStatus", details), "mode": mode, "status": status, "summary": summary})


def failover_status(pair, unit):
    state = pair.state(unit)
    active = state == "active"
    details = [f"active for /Common/{name}" for name in ("traffic-group-1",) if active] or [f"{unit.name}: {state}"]
    return statistics(unit, "cm/failover-status", {"color": "green" if active else "gray", **lines("cm/failoverStatus", details),
                                                   "status": state.upper().replace("-", " "), "summary": f"{int(active)}/1 active"})


def device_of(pair, unit, other):
    path = f"/Common/{other.name}"
    pieces = {name: value for name, value in kinds.defaults("device", unit.tmos).items()}
    seen = pair.state(other) if other is unit or (other.reachable and unit.reachable and other.phase == "running") else "unknown"
    return {"kind": "tm:cm:device:devicestate", "name": other.name, "partition": "Common", "fullPath": path, "generation": 1,
            "selfLink": link(unit, "cm/device", path), **pieces, "build": unit.facts["build"], "edition": unit.facts["edition"],
            "baseMac": f"00:0c:29:00:00:{other.number:02x}", "cert": "/Common/dtdi.crt",
            "certReference": {"link": link(unit, "cm/cert", "/Common/dtdi.crt")}, "chassisId": f"564d0000-0000-0000-{other.number:012d}",
            "configsyncIp": other.address if len(pair.units) > 1 else "none", "failoverState": seen, "hostname": other.name,
            "key": "/Common/dtdi.key", "keyReference": {"link": link(unit, "cm/key", "/Common/dtdi.key")}, "managementIp": other.address,
            "selfDevice": "true" if other is unit else "false", "version": unit.version}


def devices(pair, unit):
    return [device_of(pair, unit, other) for other in pair.units]


def traffic_rows(pair, unit, group):
    """One row per device for a floating group; a dash for the local one."""
    path = f"/Common/{group.name}"
    if group.own.get("isFloating") == "false":
        return {"-": {"activeReason": "-", "deviceName": "-", "failoverState": "-", "nextActive": "-", "previousActive": "-", "trafficGroup": path}}
    rows = {}
    for other in pair.units:
        state = pair.state(other)
        rows[encode(f"/Common/{other.name}")] = {
            "activeReason": "-", "deviceName": f"/Common/{other.name}", "failoverState": state,
            "nextActive": "true" if state == "standby" else "false", "previousActive": "false", "trafficGroup": path}
    return rows


def traffic_stats(pair, unit, group=None):
    """Of one group, or of all."""
    kind, base = "tm:cm:traffic-group:traffic-groupstats", "cm/traffic-group"
    entries = {}
    for one in [group] if group else unit.store.all(kinds.TRAFFIC):
        name = encode(f"/Common/{one.name}")
        for device, row in traffic_rows(pair, unit, one).items():
            path = f"{base}/{name}/{name}:{device}/stats" if group else f"{base}/{name}:{device}/stats"
            entries[f"https://localhost/mgmt/tm/{path}"] = nested(row, kind=kind, selfLink=link(unit, path))
    if group:
        return {"kind": kind, "generation": group.generation, "selfLink": link(unit, f"{base}/{encode(group.path)}/stats"), "entries": entries}
    return {"kind": "tm:cm:traffic-group:traffic-groupcollectionstats", "selfLink": link(unit, f"{base}/stats"), "entries": entries}


def health(pair, unit, thing):
    """status.* of a virtual server or pool: nothing is monitored here, so available or unknown."""
    enabled = "disabled" if thing.own.get("disabled") else "enabled"
    text = "The children pool member(s) either don't have service checking enabled, or service check results are not available yet"
    return {"tmName": thing.path, "status.availabilityState": "unknown", "status.enabledState": enabled, "status.statusReason": text}


COUNTERS = ("bitsIn", "bitsOut", "curConns", "evictedConns", "maxConns", "pktsIn", "pktsOut", "slowKilled", "totConns")
COOKIES = ("accepts", "hwAccepts", "hwSyncookies", "hwsyncookieInstance", "rejects", "swsyncookieInstance", "syncacheCurr", "syncacheOver", "syncookies")
VIRTUAL_ZEROS = ([f"{side}.{c}" for side in ("clientside", "ephemeral") for c in COUNTERS]
                 + [f"mr.{c}" for c in ("msgIn", "msgOut", "reqIn", "reqOut", "respIn", "respOut")] + [f"syncookie.{c}" for c in COOKIES]
                 + ["csMaxConnDur", "csMeanConnDur", "csMinConnDur", "fiveMinAvgUsageRatio", "fiveSecAvgUsageRatio", "oneMinAvgUsageRatio", "totRequests"])
POOL_ZEROS = [f"{group}.{c}" for group, names in (("connqAll", ("ageEdm", "ageEma", "ageHead", "ageMax", "depth", "serviced")),
                                                  ("connq", ("ageEdm", "ageEma", "ageHead", "ageMax", "depth", "serviced")),
                                                  ("mr", ("msgIn", "msgOut", "reqIn", "reqOut", "respIn", "respOut")),
                                                  ("serverside", ("bitsIn", "bitsOut", "curConns", "maxConns", "pktsIn", "pktsOut", "totConns")))
              for c in names] + ["curPriogrp", "curSessions", "highestPriogrp", "lowestPriogrp", "minActiveMembers", "totRequests"]


def object_values(pair, unit, thing):
    shown = health(pair, unit, thing)
    if thing.kind == kinds.VIRTUAL:
        return {**dict.fromkeys(VIRTUAL_ZEROS, 0), "cmpEnableMode": "all-cpus", "cmpEnabled": "enabled",
                "destination": thing.own["destination"].rsplit("/", 1)[1], "syncookieStatus": "not-activated", **shown}
    count = len(thing.own.get("members", ()))
    return {**dict.fromkeys(POOL_ZEROS, 0), "activeMemberCnt": count, "availableMemberCnt": count, "memberCnt": count,
            "monitorRule": thing.own.get("monitor", "none"), **shown}


def object_stats(pair, unit, kind, thing=None):
    """Of one virtual server or pool, or of all."""
    name = kind.leaf
    entries = {}
    for one in [thing] if thing else unit.store.all(kind.path):
        own = encode(one.path)
        path = f"{kind.path}/{own}/{own}/stats" if thing else f"{kind.path}/{own}/stats"
        entries[f"https://localhost/mgmt/tm/{path}"] = nested(object_values(pair, unit, one), kind=f"tm:ltm:{name}:{name}stats", selfLink=link(unit, path))
    tail = f"{kind.path}/{encode(thing.path)}/stats" if thing else f"{kind.path}/stats"
    head = {"kind": f"tm:ltm:{name}:{name}{'' if thing else 'collection'}stats", "selfLink": link(unit, tail), "entries": entries}
    return {**head, "generation": thing.generation} if thing else head


MODULES = ("afm", "am", "apm", "asm", "avr", "dos", "fps", "gtm", "ilx", "lc", "ltm", "pem", "sslo", "swg", "urldb")


def provision(pair, unit, name=None):
    def one(module):
        return {"kind": "tm:sys:provision:provisionstate", "name": module, "fullPath": module, "generation": 1,
                "selfLink": link(unit, "sys/provision", module), "cpuRatio": 0, "diskRatio": 0,
                "level": "nominal" if module == "ltm" else "none", "memoryRatio": 0}
    return one(name) if name else [one(module) for module in MODULES]


def users(pair, unit):
    return [{"kind": "tm:auth:user:userstate", "name": name, "fullPath": name, "generation": 1, "selfLink": link(unit, "auth/user", name),
             "description": "Admin User" if name == "admin" else name, "encryptedPassword": "$6$hidden", "partitionAccess": [
                 {"name": "all-partitions", "role": role, "nameReference": {"link": link(unit, "auth/partition", "all-partitions")}}]}
            for name, (_, role) in pair.users.items()]


def device_info(pair, unit):
    """/mgmt/shared/identified-devices/config/device-info: what SDKs ask first."""
    return {"hostname": unit.name, "version": unit.version, "build": unit.facts["build"], "edition": unit.facts["edition"], "product": "BIG-IP",
            "platform": "Z100", "platformMarketingName": "BIG-IP Virtual Edition", "address": unit.address, "managementAddress": unit.address,
            "kind": "shared:resolver:device-groups:deviceinfostate", "selfLink": "https://localhost/mgmt/shared/identified-devices/config/device-info"}


def crypto_certs(pair, unit):
    """The same files as sys/file/ssl-cert seen by the crypto module: full paths as names, raw values."""
    def one(thing):
        shown = thing.file.members
        words = dict(part.split("=", 1) for part in shown["subject"].split(",") if "=" in part)
        named = {"city": "L", "commonName": "CN", "country": "C", "emailAddress": "emailAddress", "organization": "O", "ou": "OU", "state": "ST"}
        return {"kind": "tm:sys:crypto:cert:certstate", "name": thing.path, "fullPath": thing.path, "generation": thing.generation,
                "selfLink": link(unit, "sys/crypto/cert", thing.path),
                "apiRawValues": {"certificateKeySize": str(shown["certificateKeySize"]), "expiration": shown["expirationString"],
                                 "issuer": shown["issuer"], "publicKeyType": shown["keyType"].split("-")[0].upper()},
                **{name: words[short] for name, short in named.items() if short in words}, "fingerprint": shown["fingerprint"],
                "certValidatorsReference": {"link": link(unit, f"sys/crypto/cert/{encode(thing.path)}/cert-validators"), "isSubcollection": True}}
    return [one(thing) for thing in unit.store.all(kinds.SSL_CERT)]


def crypto_keys(pair, unit):
    def one(thing):
        shown = thing.file.members
        return {"kind": "tm:sys:crypto:key:keystate", "name": thing.path, "fullPath": thing.path, "generation": thing.generation,
                "selfLink": link(unit, "sys/crypto/key", thing.path), "keySize": str(shown["keySize"]), "keyType": shown["keyType"],
                "securityType": shown["securityType"]}
    return [one(thing) for thing in unit.store.all(kinds.SSL_KEY)]


def single(unit, path):
    """An object that there is one of, read only here."""
    name = path.rsplit("/", 1)[1]
    own = {"hostname": unit.name} if path == "sys/global-settings" else {}
    return {"kind": f"tm:{path.replace('/', ':')}:{name}state", "selfLink": link(unit, path), **kinds.data("singles")[path], **own}


# path below /mgmt/tm: (answer, the version it came with)
PAGES = {"sys/ready": (ready, "14.1"), "sys/mcp-state": (mcp_state, "11.5"), "sys/version": (version, "11.5"), "sys/failover": (failover, "11.5"),
         "cm/sync-status": (sync_status, "11.5"), "cm/failover-status": (failover_status, "11.5"), "cli/version": (cli_version, "11.5")}
# collections that are made up on each GET
LISTS = {"cm/device": devices, "sys/provision": provision, "auth/user": users, "sys/crypto/cert": crypto_certs,
         "sys/crypto/key": crypto_keys}
