/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ordered organization beside the owner that a domain's registration shows (RD-03, Q-03). It
 * blocks nothing: certificate authorities compare with company registers (D-07), and a registration
 * seldom shows its owner. Pure.
 */
#pragma once

#include "check/rdap.h"
#include "order/finding.h"
#include "pki/subject.h"

enum owner_result {
	OWNER_MATCH,
	OWNER_SIMILAR,
	OWNER_DIFFERENT,
	OWNER_REDACTED,    /* kept back, by whatever means: a privacy service, too */
	OWNER_UNAVAILABLE, /* nothing to compare with */
	OWNER_RESULT_MAX
};
const char *owner_result_name(enum owner_result result); /* "match" … "unavailable" */

enum owner_part { OWNER_PART_UNKNOWN, OWNER_PART_SAME, OWNER_PART_OTHER, OWNER_PART_MAX };
const char *owner_part_name(enum owner_part part); /* "unknown", "same", "other" */

struct owner_comparison {
	enum owner_result result;
	char registered[RDAP_TEXT_SIZE]; /* the owner as registered; "" = not seen */
	char reason[160];                /* a clause; "" with a match and a difference */
	enum owner_part city, state, country;
};

void owner_compare(
    const struct subject *ordered, const struct rdap_report *report, struct owner_comparison *ret);
/* None with a match; never one that blocks. `domain`: what was asked for. */
void owner_judge(const struct subject *ordered, const char *domain,
    const struct owner_comparison *comparison, struct findings *findings);
