/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request over a connection that somebody else made, by libcurl and OpenSSL: TLS 1.2 or newer,
 * no proxy, no redirect, no cookie, no name looked up, no file read. The request goes out when the
 * certificate at the other end is the device's, and not before. What it answers is bounded in time,
 * header and body, and comes back as it came.
 *
 * Needs no system call but those on the connection: what the libraries load, they load in
 * send_prepare().
 */
#pragma once

#include "ipc/carry.h"

/* Once, before the sandbox closes: the libraries, up to a handshake that nobody answers. */
int send_prepare(void) MUST_USE;

/* `device` is closed. *answer, whose limit bounds the body (CARRY_ANSWER_MAX at least), holds what
 * ret->body borrows. */
void send_request(
    const struct carry *question, int device, struct buf *answer, struct carried *ret);
