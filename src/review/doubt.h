/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was noticed about an order before anything is bought, at the gates that
 * gate_is_before_purchase(). What holds must be meant, and somebody says so with a number that names
 * exactly this name, this data and these findings, so that nothing changes between reading and
 * answering (docs/decisions/0024).
 */
#pragma once

#include "store/orders.h"

struct doubt {
	struct findings findings; /* of the gates before the purchase */
	uint8_t number[32];
};

/* The order's open findings. */
int doubt_read(struct store *store, const struct order *order, struct doubt *ret) MUST_USE;
/* Does one that holds have to be decided by the provider, and not by who ordered? */
bool doubt_is_the_providers(const struct doubt *doubt);
/* SEVERITY_INFO when there is none. */
enum finding_severity doubt_severity(const struct doubt *doubt);
