/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The courier: speaks TLS with a balancer for the keeper (docs/decisions/0013). Each request is
 * carried in a room of its own (sys/room.h): a device that takes over what speaks with it meets
 * neither another device's key nor another question, and what the libraries keep of the secret is
 * gone with the room.
 */
#pragma once

#include <stdatomic.h>

#include "ipc/carry.h"
#include "sys/sandbox.h"

struct courier {
	atomic_ulong carried, failed, refused,
	    broken; /* for the report, which another thread writes */
};

/* The sandbox: no file, no socket of its own, no program. */
extern const struct sandbox_profile courier_profile;

/* One question, answered or refused on the channel it came by. */
int courier_handle(
    struct courier *courier, struct channel *from, const struct frame *question) MUST_USE;
void courier_report(struct courier *courier, struct buf *to);
