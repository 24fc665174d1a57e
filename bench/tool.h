/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the small programs of this folder. What goes wrong ends them: a benchmark has nothing to
 * save.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/str.h"

#define NUMBER_MOST 1000000

/* Says what went wrong and ends, unless it went well. */
static inline void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static inline void
must_have_arguments(bool good)
{
	must(good, "how to call it stands at the top of its source");
}

static inline int64_t
number(const char *text, int64_t least)
{
	int64_t n = 0;

	must(str_to_i64(str_of(text), &n) && n >= least && n <= NUMBER_MOST, "a number is needed");
	return n;
}

/* What a process' clock says, in seconds. */
static inline double
cpu(clockid_t clock)
{
	struct timespec spent;

	must(clock_gettime(clock, &spent) == 0, "no such clock");
	return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}
