/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests alone, here and in site and mail: a real server as a child process in a folder of its
 * own on a free loopback port. What goes wrong in this itself ends the test program.
 */
#pragma once

#include <sys/types.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/when.h"

#define PEER_PATH_SIZE 256
#define PEER_DEADLINE  SECONDS(20)
#define PEER_KEYMGR    "/usr/sbin/keymgr"
#define PEER_KDIG      "/usr/bin/kdig"

struct peer {
	char folder[64];
	pid_t pid; /* 0 = not running */
};

void peer_init(struct peer *peer); /* makes the folder */
void peer_fini(struct peer *peer); /* kills the child, removes the folder */
const char *peer_path(const struct peer *peer, const char *name, char to[static PEER_PATH_SIZE]);
void peer_write(const struct peer *peer, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Arguments from the second on, NULL at the end. */
void peer_start(struct peer *peer, const char *program, const char *const *arguments);
/* Runs a program to its end and appends what it prints; true when it ends with 0. */
bool peer_run(
    const struct peer *peer, const char *program, const char *const *arguments, struct buf *to);
void peer_stop(struct peer *peer);
/* Waits, or ends the test when the child dies or the deadline passes. */
void peer_wait(const struct peer *peer, bool (*is_ready)(void *context), void *context);
/* Knot's tools: does the zone at that port have signatures yet; and the trust anchor of its key. */
bool peer_zone_is_signed(const struct peer *peer, uint16_t port, const char *zone);
void peer_zone_anchor(const struct peer *peer, const char *zone, struct buf *to);
bool peer_listens(uint16_t port); /* on 127.0.0.1 */
void peer_wait_port(const struct peer *peer, uint16_t port);
uint16_t peer_free_port(void);
struct addr peer_loopback(void);
