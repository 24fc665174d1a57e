/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A closed room for one piece of dangerous work: a forked child with bounds on CPU, memory, time
 * and answer, holding no descriptor but the pipe it answers through. What it does, and what is done
 * to it, ends with it: the next piece of work never meets it. It inherits the sandbox of its
 * parent.
 *
 * The child shares the parent's memory as it was (copy on write): open and load beforehand what the
 * work needs. Other threads of the parent must not hold locks that the work takes; malloc's are
 * safe.
 */
#pragma once

#include "base/buf.h"
#include "base/when.h"

enum {
	ROOM_E_DIED = 1, /* crashed, was killed, or gave up */
	ROOM_E_TIMEOUT,  /* used up its CPU or its time */
	ROOM_E_TOO_MUCH, /* answered more than the buf's limit */
};

struct room {
	when time; /* by the clock */
	unsigned cpu_seconds;
	size_t memory; /* bytes of address space, what the parent has included; not held in
	                  sanitizer builds */
};

/* Runs work(about, answer) in there; what it put into its `answer` is appended to *answer if it
 * returned 0. A secret *answer leaves no copy on its way. */
int room_run(const struct room *room, int (*work)(const void *about, struct buf *answer),
    const void *about, struct buf *answer) MUST_USE;
