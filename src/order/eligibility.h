/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May the customer have a host name of its own? (M-G) It may from so many mailboxes with full access
 * on, or with a waiver of two people. Judged when an order comes where people count, and before its
 * request is made where a source does (docs/decisions/0025). Pure.
 */
#pragma once

#include "base/when.h"
#include "order/finding.h"

struct eligibility {
	int64_t mailboxes; /* -1 = never counted */
	when counted;
	when oldest;   /* an earlier count is none any more */
	int64_t least; /* mailboxes asked for */
	bool waived;
	const char *author, *second, *reason; /* of the waiver */
	when expires;
	bool later; /* nothing to judge yet, or nothing at all */
};

/* `host`: for the words. */
void eligibility_judge(
    const struct eligibility *eligibility, struct str host, struct findings *findings);
