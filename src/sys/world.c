/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/world.h"

#include <sodium.h>
#include <time.h>

static when
read_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return SECONDS(t.tv_sec) + t.tv_nsec / 1000;
}

static when
real_now(const struct world *world UNUSED)
{
	return read_clock(CLOCK_REALTIME);
}

static void
real_random(const struct world *world UNUSED, void *to, size_t len)
{
	randombytes_buf(to, len);
}

const struct world *
world_real(void)
{
	static const struct world real = { .now = real_now, .random = real_random };

	return &real;
}

when
world_now(const struct world *world)
{
	return world->now(world);
}

struct id
world_id(const struct world *world)
{
	uint8_t random[10];

	world->random(world, random, sizeof(random));
	return id_from(world->now(world), random);
}

when
world_ticks(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void
world_rest(when how_long)
{
	const struct timespec t = { .tv_sec = how_long / SECONDS(1),
		.tv_nsec = how_long % SECONDS(1) * 1000 };

	nanosleep(&t, NULL);
}
