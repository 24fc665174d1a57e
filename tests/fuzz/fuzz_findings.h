/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever was found, each of its sentences is fit for people's eyes. For drivers that link the
 * catalogue. */
#pragma once

#include "fuzz/fuzz.h"
#include "order/finding.h"

static inline void
fuzz_findings(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		for (int t = FINDING_TITLE; t <= FINDING_NEXT; t++) {
			CLEAN(buf_fini) struct buf words = BUF(16384);

			finding_render(&findings->list[i], (enum finding_text)t, &words);
			MUST_HOLD(fuzz_is_words(buf_str(&words)));
		}
}
