/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How orders went at those whom certificates were bought from (D-10, Q-05): from what each order
 * keeps anyway. The latest orders of each count, so that asking costs the same however many there
 * are, and an authority that has become better is seen to be.
 */
#pragma once

#include "order/finding.h"
#include "store/store.h"

#define PURCHASES_LATEST 300

struct purchase {
	bool accepted;             /* its certificate was, sooner or later */
	when took;                 /* from the request's mail to that; 0 = not known */
	bool was_refused;          /* the first delivery: */
	enum finding_code refused; /* why; FINDING_MAX = for what this version has no name for */
};

/* Those of the latest orders in which something was delivered; `reseller` "" = bought directly, or
 * not told. */
int store_purchases(struct store *s, const char *ca, const char *reseller,
    struct purchase ret[static PURCHASES_LATEST], size_t *ret_count) MUST_USE;
/* At whom it is bought; "" = not told. */
int store_order_set_ca(
    struct store *s, struct id order, const char *ca, const char *reseller) MUST_USE;
/* What was delivered for the order was refused. Its first refusal counts, and none after a
 * certificate was accepted. */
int store_order_refused(struct store *s, struct id order, enum finding_code code) MUST_USE;
