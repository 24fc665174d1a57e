/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a socket pair between two of our processes, carrying frames:
 *
 *     u32 length of what follows | u16 IPC_VERSION | u16 message type | u8 kind | u32 request |
 * payload
 *
 * kind: 0 request, 1 answer, 2 refusal (no payload). The peer is presumed captured: every frame is
 * held against message_rule() (direction, size, fd) before its payload is looked at. A channel that
 * broke a rule is closed and stays closed; certdeskd makes a new one when the process is replaced.
 *
 * Thread safety: all of it may be used from many threads, whose calls are on the wire side by side
 * (docs/decisions/0020); of those that wait, one receives for all. Who gives up ends the connection,
 * and with it everybody's calls. A new connection (channel_renew) has nothing of the old: what was
 * asked over the old one is answered nowhere.
 */
#pragma once

#include "base/buf.h"
#include "base/when.h"
#include "ipc/message.h"

struct channel;

enum {
	CHANNEL_E_CLOSED = 1, /* the peer is gone, or broke a rule; wait for a new channel */
	CHANNEL_E_TIMEOUT, /* no answer in time: the channel is closed, the outcome is unknown (or
	                      others were sending all the time, and nothing was sent) */
	CHANNEL_E_REFUSED, /* the peer called the request malformed or not allowed */
};

struct frame {
	enum message_type type;
	bool answer;
	uint32_t request;
	uint32_t connection; /* over which it came: its answer goes back there or nowhere */
	struct buf payload;  /* secret: wiped when freed */
	int fd;              /* -1, or a received descriptor that the frame owns */
};

void frame_fini(struct frame *frame);
CLEAN_DEFINE_FINI(frame_fini, struct frame);

/* Takes over `fd`. */
struct channel *channel_new(int fd, enum role self, enum role peer) MUST_USE;
struct channel *channel_free(struct channel *channel);
CLEAN_DEFINE(channel_free, struct channel *);
int channel_fd(const struct channel *channel); /* for poll; -1 once closed */
bool channel_is_open(const struct channel *channel);
enum role channel_peer(const struct channel *channel);
/* Why the last connection ended, in words for the log; "" if none did. */
const char *channel_why(const struct channel *channel);

/* Replaces a dead connection by a new one (after MESSAGE_PEER); callers waiting in channel_call
 * wake up. */
void channel_renew(struct channel *channel, int fd);
/* certdeskd is gone, no new connection will come: nobody waits for one from now on. One that is open
 * stays so. */
void channel_renew_no_more(struct channel *channel);

/* Asks and waits: `fd` (-1: none) is passed, not closed. The answer's payload is put into *answer.
 * While the channel is closed waits up to the timeout for a new connection, as the peer may be
 * restarting. */
int channel_call(struct channel *channel, enum message_type type, const struct buf *payload, int fd,
    when timeout, struct buf *answer) MUST_USE;

/* One way, or the answering side. */
int channel_tell(
    struct channel *channel, enum message_type type, const struct buf *payload, int fd) MUST_USE;
/* The next request. CHANNEL_E_TIMEOUT: none is whole yet, the channel is as good as before; 0 as
 * timeout takes what is there. While the channel is closed waits for a new connection, as
 * channel_call() does. */
int channel_receive(struct channel *channel, when timeout, struct frame *ret) MUST_USE;
int channel_answer(
    struct channel *channel, const struct frame *request, const struct buf *payload) MUST_USE;
int channel_refuse(struct channel *channel, const struct frame *request) MUST_USE;
/* For who answers several peers: one that leaves its answers unread is hung up on, so that nobody
 * waits for it. True when it was. */
bool channel_hang_up_if_full(struct channel *channel);
