/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame on a descriptor (the form is in channel.h), sent whole, received piece by piece: a peer
 * that stalls in the middle of a frame holds nobody up. Seam of channel*.c, for nobody else.
 */
#pragma once

#include "ipc/channel.h"

enum frame_kind {
	FRAME_REQUEST,
	FRAME_ANSWER,
	FRAME_REFUSAL,
};

/* A frame as far as it came. Never more is read than belongs to it, so that a descriptor that comes
 * along is known to be its own. */
struct arrival {
	struct buf head;
	struct frame frame;
	enum frame_kind kind;
	when began;      /* world_ticks; 0 = nothing came yet */
	const char *why; /* words for the log when it ended in NET_E_CLOSED */
};

struct arrival *arrival_new(void) MUST_USE;
struct arrival *arrival_free(struct arrival *a);
void arrival_forget(struct arrival *a); /* begins anew */

/* Goes on until the frame is whole (0: it is in a->frame, to be taken; then arrival_forget()), or
 * the deadline passes (NET_E_TIMEOUT: come again), or the connection is of no more use
 * (NET_E_CLOSED: it ended, or the frame is not one that `peer` may send to `self`). */
int frame_receive(
    struct arrival *a, int fd, enum role self, enum role peer, when deadline) MUST_USE;

struct outgoing {
	enum message_type type;
	enum frame_kind kind;
	uint32_t request;
	struct str payload;
	int pass; /* a descriptor, or -1 */
};

/* 0, NET_E_TIMEOUT or NET_E_CLOSED; after anything but 0 half a frame may be on the wire. */
int frame_send(int fd, const struct outgoing *frame, when deadline) MUST_USE;
