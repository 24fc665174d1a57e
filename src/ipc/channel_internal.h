/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside channel*.c: the connection and who uses it (channel.c), the calls that are under way over
 * it (channel_call.c). One thread sends at a time, one receives, whatever comes, for all. A connection
 * of no more use is shut down at once, which wakes both, and closed when neither has it.
 */
#pragma once

#include <pthread.h>

#include "ipc/channel.h"
#include "ipc/frame.h"

#define HELD_MAX 8 /* requests that came while we waited for an answer */

/* A call whose request is on the wire. */
struct waiting {
	struct waiting *next;
	enum message_type type;
	uint32_t request;
	struct buf *answer;
	bool done;
	int result;
};

struct channel {
	enum role self, peer;
	pthread_mutex_t state;  /* guards all but `arrival` */
	pthread_cond_t changed; /* a thread has ended its sending or receiving, or something came */
	pthread_cond_t renewed;
	int fd;              /* -1 = closed */
	int next;            /* the new connection, taken when nobody uses the old one; -1 = none */
	bool ended;          /* fd is shut down, and closed when nobody uses it */
	bool last;           /* there will be none after this */
	uint32_t connection; /* its number */
	const char *why;
	bool sending, receiving;
	uint32_t request;
	struct waiting *waiting;
	struct frame held[HELD_MAX];
	size_t held_count;
	struct arrival *arrival; /* of who receives */
};

/* One of the two uses of the wire; false when another thread had it until the deadline, in ticks. */
bool channel_take(struct channel *c, bool *use, when deadline) MUST_USE;
void channel_give(struct channel *c, bool *use);

/* All below are called with `state` held. */
int channel_usable(const struct channel *c) MUST_USE; /* the descriptor to use, or -1 */
void channel_end(struct channel *c, const char *why);
void channel_release(struct channel *c, bool *use);
/* Until something changes; false when the deadline passed. */
bool channel_await(struct channel *c, when deadline) MUST_USE;

/* Until there may be a connection; false when there is nothing to wait for. */
bool channel_await_renewal(struct channel *c, when deadline) MUST_USE;
