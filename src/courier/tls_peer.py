# SPDX-License-Identifier: Apache-2.0
"""A device behind TLS for courier_test.c: tls_peer.py FOLDER PORT MODE

It shows FOLDER/device.pem (certificate and key) and does as MODE says. What arrives is in FOLDER/request, byte for byte.
"""
import os
import socket
import ssl
import sys
import time

folder, port, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]

JSON = b'{"token":{"token":"ABC"}}'
ANSWERS = {
    "ok": (b"200 OK", b"", JSON),
    "empty": (b"204 No Content", b"", b""),
    "401": (b"401 Unauthorized", b"WWW-Authenticate: Basic realm=device\r\n", b'{"message":"Authentication required!"}'),
    "html": (b"503 Service Unavailable", b"Content-Type: text/html\r\n", b"<html>Configuration Utility restarting...</html>"),
    "redirect": (b"302 Found", b"Location: https://127.0.0.1:1/elsewhere\r\nSet-Cookie: a=b\r\n", b""),
    "full": (b"200 OK", b"", b"x" * 16384),
    "long": (b"200 OK", b"", b"x" * 16385),
    "headers": (b"200 OK", b"X-Much: " + b"y" * 2000 + b"\r\n", b""),
    "zip": (b"200 OK", b"Content-Encoding: gzip\r\n", b"\x1f\x8b not unpacked"),
}


def answer_of(name):
    status, headers, body = ANSWERS[name]
    headers *= 20 if name == "headers" else 1
    return b"HTTP/1.1 " + status + b"\r\n" + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def read_request(client):
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(65536) or sys.exit("cut")
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += client.recv(65536) or sys.exit("cut")
    with open(os.path.join(folder, "request.new"), "wb") as file:
        file.write(head + b"\r\n\r\n" + body)
    os.rename(os.path.join(folder, "request.new"), os.path.join(folder, "request"))


def serve(client):
    read_request(client)
    if mode == "hang":
        time.sleep(60)
    elif mode == "drip":
        for byte in answer_of("full"):
            client.sendall(bytes([byte]))
            time.sleep(0.1)
    elif mode == "cut":
        client.sendall(answer_of("ok")[:-5])
    elif mode == "nonsense":
        client.sendall(b"SSH-2.0-OpenSSH\r\n")
    elif mode != "drop":
        client.sendall(answer_of(mode))


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "device.pem"))
if mode == "old":
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
listener = socket.create_server(("127.0.0.1", port))
while True:
    raw, _ = listener.accept()
    try:
        if mode == "mute":
            time.sleep(60)
        elif mode == "plain":
            raw.recv(65536)
            raw.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        else:
            with context.wrap_socket(raw, server_side=True) as client:
                serve(client)
    except (OSError, SystemExit):
        pass
    raw.close()
