/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pairs that a site's profile names, and those it named before, as its certKeyChain and its
 * description tell them: one pair, or two of different key types (RSA and ECDSA side by side). Pure;
 * what a profile says is a device's, and every name of it bounded.
 */
#pragma once

#include "balancer/bigip_internal.h"

#define BIGIP_PAIRS_MAX 2

/* What a site shall wear; the first has the names of all its objects. */
struct bigip_wanted {
	struct bigip_names names[BIGIP_PAIRS_MAX];
	size_t count;
};
int bigip_wanted_of(struct balancer *b, const struct bundle *bundle, struct bigip_wanted *ret,
    struct outcome *what) MUST_USE;

struct bigip_pair {
	char certificate[BIGIP_FULL_SIZE], key[BIGIP_FULL_SIZE],
	    chain[BIGIP_FULL_SIZE]; /* full names; "" = none */
};

struct bigip_worn {
	struct bigip_pair pairs[BIGIP_PAIRS_MAX];
	size_t count; /* may be more than there is room for: then it is not what we made */
	char before[2 * BIGIP_PAIRS_MAX][BIGIP_NAME_SIZE]; /* certificates and chains, ours alone */
	size_t before_count;
};
void bigip_worn_read(const json_t *profile, struct bigip_worn *ret);
/* Exactly these, in any order. */
bool bigip_wears(
    const struct balancer *b, const struct bigip_worn *worn, const struct bigip_wanted *wanted);
/* The certKeyChain. */
json_t *bigip_pairs(const struct balancer *b, const struct bigip_wanted *wanted);
/* "; before: CERTIFICATE CHAIN ...", of what is worn; "" when nothing is. */
void bigip_worn_put(const struct bigip_worn *worn, struct buf *to);
/* Was it worn before, and is neither now nor shall be? */
bool bigip_worn_is_over(
    const struct bigip_worn *worn, const char *before, const struct bigip_wanted *wanted);
