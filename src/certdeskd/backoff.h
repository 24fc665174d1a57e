/* SPDX-License-Identifier: Apache-2.0 */
/* When a process that died is started again: at once, then after 1, 2, 4 … at most 30 s; a minute
 * of life forgives all. */
#pragma once

#include "base/when.h"

struct backoff {
	uint32_t deaths; /* in a row */
};

/* How long to wait after a death; `lived` is how long it had run. */
when backoff_after(struct backoff *b, when lived);
