/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A closed room for one piece of dangerous work: a forked child with bounds on CPU, memory, time
 * and answer, holding no descriptor but the pipe it answers through, and one more if it is given it.
 * What it does, and what is done to it, ends with it: the next piece of work never meets it. It
 * inherits the sandbox of its parent.
 *
 * The child shares the parent's memory as it was (copy on write): open and load beforehand what the
 * work needs. Other threads of the parent must not hold locks that the work takes; malloc's are
 * safe.
 */
#pragma once

#include "base/buf.h"
#include "base/when.h"

enum {
	ROOM_E_DIED = 1,  /* gave up: it said so, or had no memory */
	ROOM_E_TIMEOUT,   /* used up its CPU or its time */
	ROOM_E_TOO_MUCH,  /* answered more than the buf's limit */
	ROOM_E_CRASHED,   /* a defect, and perhaps somebody who knows it */
	ROOM_E_FORBIDDEN, /* called what the sandbox does not let it: taken over, most likely */
};

/* What happened to the work, as a clause: "it took too long"; negative too. */
const char *room_words(int r);

#define ROOM_FD 4 /* where the work finds the descriptor that it was given */

struct room {
	when time; /* by the clock */
	unsigned cpu_seconds;
	size_t memory; /* bytes of address space, what the parent has included; not held in
	                  sanitizer builds */
	int fd;        /* given to the work, which has it as ROOM_FD; 0 = none */
};

/* Runs work(about, answer) in there; what it put into its `answer` is appended to *answer if it
 * returned 0. A secret *answer leaves no copy on its way. */
int room_run(const struct room *room, int (*work)(const void *about, struct buf *answer),
    const void *about, struct buf *answer) MUST_USE;

/*
 * Many pieces of work, for one person who waits: a child does them one after the other, and when a
 * piece breaks it, the next go on in a new one. So a piece that takes the child over without
 * breaking it meets those behind it: never put pieces of different owners into one series. The
 * bounds hold for each piece, but the memory is that of the child.
 */
#define ROOM_CHILDREN_MAX 8

struct room_series {
	size_t count;
	size_t children;                 /* at the same time; each gets a part of the series */
	int (*begin)(const void *about); /* once in each child, before its first piece */
	int (*work)(const void *about, size_t at, struct buf *answer);
	const void *about;
	size_t answer_max; /* bytes of one answer */
	/* In the parent: `r` as of room_run(), `answer` "" unless it is 0. */
	void (*done)(void *to, size_t at, int r, struct str answer);
	void *to;
};

/* done() is called for each piece, in their order, as soon as those before it are done; -errno when
 * no child could be made for one, and then not for it and those behind. */
int room_run_series(const struct room *room, const struct room_series *series) MUST_USE;
