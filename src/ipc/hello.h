/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certdeskd and its children say to each other first, and when channels between children
 * change: MESSAGE_HELLO   child: program, version, pid, IPC version; the answer is its slice of the
 * configuration MESSAGE_READY   child: the sandbox in force, as lines of text MESSAGE_PEER
 * certdeskd: the descriptor passed is your channel to this role MESSAGE_LOST    child: my channel
 * to this role is closed MESSAGE_REPORT  child, every 2 s: lines of `key=value` for `certdesk
 * status`
 */
#pragma once

#include "ipc/channel.h"

struct hello {
	char version[32];
	uint32_t ipc_version;
	int64_t pid;
};

void hello_put(struct buf *to, const struct hello *hello);
bool hello_get(struct str payload, struct hello *ret) MUST_USE;

void role_put(struct buf *to, enum role role); /* PEER and LOST */
bool role_get(struct str payload, enum role *ret) MUST_USE;
