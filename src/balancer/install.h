/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One bundle's way over a driver, cut into phases (install.c), so that many can go it side by side
 * (install_many.c). It keeps no journal: after a crash at any point the next call observes and does
 * what is missing.
 */
#pragma once

#include "balancer/balancer_internal.h"

struct round {
	struct balancer *b;
	const struct bundle *bundle;
	const struct installer *installer;
	struct observation before;
	uint32_t due; /* what `before` lacks, as the plan says */
	bool changed; /* this call did more than look */
	bool live; /* it is served: from here on it is seen through, whatever becomes of others */
};

/* In this order; results as the driver's, NOOP not among them. What does not verify is undone there
 * and then. */
enum phase {
	PHASE_OBSERVE,
	PHASE_STAGE,
	PHASE_CHECK,
	PHASE_ACTIVATE,
	PHASE_ROUTE,
	PHASE_VERIFY,
	PHASE_MAX
};
int round_phase(struct round *t, enum phase phase, struct outcome *what) MUST_USE;

/* After all phases. Persisted by `r`, which is the driver's result with its words in *cause: settles,
 * and tells in *what how it ended. */
int round_end(struct round *t, int r, const struct outcome *cause, struct outcome *what) MUST_USE;
