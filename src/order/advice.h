/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificate authority to recommend, from what the orders of this house have shown (D-10, Q-05):
 * how often its certificate was accepted at the first delivery, and how long it took from the request
 * to the accepted certificate. Where there is too little to go by, that is said instead.
 *
 * One that the domain's CAA records forbid (G-10), or that browsers have stopped trusting, is
 * never recommended, whatever its history. Pure.
 */
#pragma once

#include "base/when.h"
#include "order/finding.h"

#define ADVICE_ORDERS_LEAST 10 /* finished orders: with fewer, one bad day decides */
#define ADVICE_REASONS_MAX  8

/* One authority, or one of its resellers, as counted. */
struct advice_row {
	const char *name;        /* for people */
	uint32_t orders;         /* in which something was delivered */
	uint32_t accepted_first; /* of these: the first delivery was accepted */
	const when *took;        /* from request to accepted certificate, ascending */
	size_t took_count;
	struct {
		enum finding_code code;
		uint32_t count;
	} reason[ADVICE_REASONS_MAX]; /* why first deliveries were refused */
	size_t reason_count;
	bool caa_forbids, distrusted;
};

enum advice_verdict {
	ADVICE_FIT,
	ADVICE_FEW_ORDERS,
	ADVICE_CAA_FORBIDS,
	ADVICE_DISTRUSTED,
	ADVICE_VERDICT_MAX
};
const char *advice_verdict_name(enum advice_verdict verdict); /* "fit" "few_orders" … */

struct advice_line {
	enum advice_verdict verdict;
	unsigned percent;        /* accepted at the first delivery; 0 without orders */
	when median;             /* 0 = not known */
	enum finding_code often; /* why it was refused most often; FINDING_MAX = never */
};

/* Fills a line for each row. True: *ret_best is the row to recommend; false: nothing is known well
 * enough, or everything known is out of the question. */
bool advice_choose(
    const struct advice_row rows[], size_t count, struct advice_line lines[], size_t *ret_best);

/* Appends one sentence on the row, or with NULL on why there is no recommendation. */
void advice_words(const struct advice_row *row, const struct advice_line *line, struct buf *to);
