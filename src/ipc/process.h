/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The skeleton every child of certdeskd is: main() names its process in a table row and calls
 * process_run(). What happens, in this order:
 *   1. fd 3 is the channel to certdeskd; hello out, slice of the configuration in; log started
 *   2. `open`: the process opens what it needs from outside (files, listening sockets, its
 * database)
 *   3. the sandbox closes behind it; MESSAGE_READY says which parts are in force
 *   4. `run`: serves until certdeskd goes away or SIGTERM comes; new peer channels and the reports
 * are handled by the skeleton's own thread
 */
#pragma once

#include "config/config.h"
#include "ipc/channel.h"
#include "sys/sandbox.h"
#include "sys/world.h"

struct process {
	enum role role;
	const struct world *world;
	const struct config *config;
	struct channel *boss;           /* to certdeskd */
	struct channel *peer[ROLE_MAX]; /* to the others, as process_rule.peers says; closed until
	                                   MESSAGE_PEER came */
	int stop_fd;                    /* becomes readable when the process shall end */
	enum role served;               /* whom process_await_any() named last */
	int renewed_fd; /* becomes readable when a peer has a new connection; process_await()'s */
	void *self;     /* the process' own state, made by `open` */
};

struct process_rule {
	enum role role;
	uint32_t peers; /* bits (1 << ROLE_X) of those it has a channel to */
	struct sandbox_profile profile;
	int (*open)(struct process *p) MUST_USE;
	/* Optional: adds paths known only from the configuration to the profile, before the sandbox
	 * closes. */
	void (*shape)(const struct process *p, struct sandbox_profile *profile);
	int (*run)(struct process *p) MUST_USE;
	/* Optional: appends `key=value` lines for `certdesk status`; called from another thread
	 * than run. */
	void (*report)(struct process *p, struct buf *to);
};

/* For `run` of a process that does nothing but answer one peer: waits until there may be something to
 * receive from it, or, *ret_end, the process shall end. */
int process_await(struct process *p, enum role peer, bool *ret_end) MUST_USE;
/* The same for several peers, bits (1 << ROLE_X): *ret_who is one that may have something; of those
 * that have, each comes in turn. */
int process_await_any(
    struct process *p, uint32_t peers, enum role *ret_who, bool *ret_end) MUST_USE;

/* Exit status for main(). */
int process_run(const struct process_rule *rule);
