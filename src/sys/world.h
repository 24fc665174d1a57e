/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world as code may see it: the clock and randomness, handed in by main() or by a test.
 * Nothing outside src/sys asks the operating system for either.
 */
#pragma once

#include "base/id.h"

struct world {
	when (*now)(const struct world *);                          /* UTC, microseconds */
	void (*random)(const struct world *, void *to, size_t len); /* cryptographic */
};

const struct world *world_real(void);

when world_now(const struct world *);
struct id world_id(const struct world *); /* a new UUIDv7 */
/* Monotonic microseconds, for measuring how long something took; never stored. */
when world_ticks(void);
/* Sleeps that long; for programs that wait for somebody else, never for luck. */
void world_rest(when how_long);
