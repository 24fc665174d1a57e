# SPDX-License-Identifier: Apache-2.0
"""What a BIG-IP says when it refuses: one table per layer (bigip.md section 3). mcpd answers with a message id,
the framework (restjavad) with a referer and a request number, Apache with a page of HTML."""
import itertools
import uuid

OPERATION = itertools.count(1001)


class Refusal(Exception):
    """An answer that is not a success: .status, and .body (a dict, or text when it is a page)."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


# name: (status, message id, text). Where bigip.md calls a number unverified, the text is ours.
MCPD = {
    "absent": (404, "01020036", "The requested {title} ({path}) was not found."),
    "exists": (409, "01020066", "The requested {title} ({path}) already exists in partition {partition}."),
    "partition-absent": (400, "01020036", "The requested folder (/{partition}) was not found."),
    "key-absent": (400, "01070277", "The requested key ({path}) was not found."),
    "file-absent": (400, "0107134a", "File object by name ({path}) is missing."),
    "file-in-use": (400, "01071349", "File object by name ({path}) is in use."),
    "in-use": (400, "01070265", "The {title} ({path}) cannot be deleted because it is in use by a {user_title} ({user})."),
    "monitor-in-use": (400, "01070083", "Monitor {path} is in use."),
    "mismatch-13.1": (400, "01070317", "profile {path}'s key and certificate do not match"),
    "mismatch": (400, "01070317", "profile {path}'s key({key}) and certificate({cert}) do not match."),
    "same-type": (400, "010717e1", "Client SSL profile {path} cannot contain more than one set of same certificate/key type."),
    "both-forms": (400, "01b4002a", "Client SSL profile ({path}):cert-key-chain and profile cert/key/chain/passphrase "
                                    "options cannot be specified together."),
    "other-profile": (400, "01070293", "The profile name ({path}) is already assigned to another profile."),
    "bad-password": (400, "01070313", "Error reading key PEM file {path} for profile {profile}: "
                                      "error:0906A068:PEM routines:PEM_do_header:bad password read"),
    "no-source": (400, "01070712", "file ({source}) expected to exist."),
    "unknown-format": (400, "01070712", "{title} ({path}) has unknown format or security type"),
    "two-defaults": (400, "01071809", "Virtual Server {path} has more than one clientssl/serverssl profile that is default for SNI."),
    "same-name": (400, "0107149e", "Virtual server {path} has more than one clientssl/serverssl profile with same server name."),
    "no-default": (400, "0107149c", "Virtual server {path} has more than one clientssl/serverssl profile but none of them is default for SNI."),
    "address-taken": (400, "0107176c", "Invalid Virtual Address, the IP address {address} already exists."),
    "node-taken": (400, "0107176c", "Invalid Node, the IP address {address} already exists."),
    "same-destination": (400, "01070333", "Virtual Server {path} illegally shares destination address, source address, service port, "
                                          "ip-protocol, and vlan with Virtual Server {other}."),
    "upward-only": (400, "01070726", "{title} {path} in partition {partition} cannot reference {user_title} {user} in partition {other}"),
    "partition-full": (400, "0107082a", "All objects must be removed from a partition ({path}) before the partition may be removed, type ID ({count})"),
    "no-group": (400, "01070734", "Configuration error: Device group ({group}) not found in device group sync"),
    "provisioning": (400, "01071003", "A previous provisioning operation is in progress. Try again when the BIGIP is active."),
}

# name: (status, text, apiError); no message id: the REST daemon itself speaks
REST = {
    "identifiers": (400, "one or more configuration identifiers must be provided", 26214401),
    "nothing-given": (400, "one or more properties must be specified", 26214401),
    "unknown-property": (400, '"{name}" unknown property', 26214401),
    "bad-value": (400, 'invalid property value "{name}":"{value}"', 26214401),
    "read-only-name": (400, 'invalid property value "{name}": "{value}" may not be changed', 26214401),
    "object-absent": (404, "Object not found - {path}", 1),
    "unexpected-uri": (404, "Found unexpected URI tmapi_mapper/{path}.", 1),
    "unsupported": (400, "{method} is not supported for {path}.", 26214401),
    "mcpd-lost": (500, "The connection to mcpd has been lost, try again.", 32768001),
    "null-exception": (400, "request failed with null exception", 2),
    "in-transaction": (400, "Transaction {id} operation .... is not allowed to be added to transaction.", 2),
    "transaction-absent": (404, "Transaction {id} does not exist.", 1),
    "transaction-failed": (400, "transaction failed:{text}", 2),
}

# name: (status, text, class named in errorStack or none)
FRAMEWORK = {
    "public-absent": (404, "Public URI path not registered: {path}", "com.f5.rest.common.RestWorkerUriNotFoundException"),
    "starting": (404, "URI path {uri} not registered. Please verify URI is supported and wait for /available suffix to be responsive.", None),
    "no-token": (401, "Authorization failed: no user authentication header or token detected. Uri:http://localhost:8100{uri} "
                      "Referrer:{referer} Sender:{referer}", None),
    "token-absent": (401, "X-F5-Auth-Token does not exist.", "java.lang.SecurityException"),
    "token-expired": (401, "X-F5-Auth-Token has expired.", "java.lang.SecurityException"),
    "login": (401, "Authentication failed.", "java.lang.SecurityException"),
    "tokens": (400, "user {uuid} has reached maximum active login tokens", None),
    "role": (401, "Authorization failed: user=https://localhost/mgmt/shared/authz/users/{user} resource={uri} verb={method} "
                  "uri:http://localhost:8100{uri} referrer:{referer} sender:{referer}", None),
    "timeout": (400, "remoteSender:{referer}, method:{method} ", "java.util.concurrent.TimeoutException"),
    "busy": (503, "There is an active asynchronous task executing.", None),
    "chunk": (400, "Chunk byte count {said} different from received buffer length {got}", None),
    "range": (400, "Content-Range header is missing or invalid: {value}", None),
    "json": (400, "Failed to parse the request body as JSON", "com.google.gson.JsonSyntaxException"),
    "generic": (500, "Something went wrong", None),
}

PAGES = {
    "authorization": (401, "401 F5 Authorization Required", "Authentication required!"),
    "restarting": (503, "Configuration Utility restarting...", "The Configuration Utility is restarting. This page will be reloaded automatically."),
    "async-timeout": (500, "Error 500 AsyncContext timeout", "HTTP ERROR: 500 Problem accessing the resource. Reason: AsyncContext timeout"),
    "method": (405, "405 Method Not Allowed", "The requested method is not allowed for this URL."),
}


def mcpd(name, /, **words):
    status, number, text = MCPD[name]
    return Refusal(status, {"code": status, "message": f"{number}:3: {text.format(**words)}", "errorStack": [], "apiError": 3})


def rest(name, /, **words):
    status, text, code = REST[name]
    return Refusal(status, {"code": status, "message": text.format(**words), "errorStack": [], "apiError": code})


def framework(name, request, /, **words):
    status, text, java = FRAMEWORK[name]
    words = {"uri": request.path, "method": request.method, "referer": request.peer, **words}
    text = text.format(**words)
    stack = [f"{java}: {text}"] if java else []
    return Refusal(status, {"code": status, "message": text, "referer": request.peer, "restOperationId": next(OPERATION),
                            "errorStack": stack, "kind": ":resterrorresponse"})


def page(name):
    status, title, text = PAGES[name]
    return Refusal(status, f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1><p>{text}</p></body></html>\n")


def user_uuid(name):
    return str(uuid.uuid3(uuid.NAMESPACE_DNS, name))
