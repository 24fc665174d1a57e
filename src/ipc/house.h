/* SPDX-License-Identifier: Apache-2.0 */
/* MESSAGE_HOUSE, desk to certdeskd: how is every process? */
#pragma once

#include "base/when.h"
#include "ipc/channel.h"

struct resident {
	enum role role;
	char version[32];
	int64_t pid; /* 0 = not running now */
	bool ready;  /* its sandbox is closed and it serves */
	when started;
	uint32_t restarts;
	char sandbox[1024]; /* lines "seccomp=on" */
	char report[2048];  /* lines "tasks_done=12", of the last 2 seconds */
	char last_end[128]; /* why it ended the last time; "" = never did */
};

struct house {
	struct resident resident[ROLE_MAX];
	size_t count;
};

/* Caller's stub. CHANNEL_E_… as they are. */
int house_ask(struct channel *certdeskd, struct house *ret) MUST_USE;

void house_put(struct buf *to, const struct house *house);
bool house_get(struct str payload, struct house *ret) MUST_USE;
