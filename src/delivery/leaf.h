/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificate of a delivery is the one it is about? In this order:
 *   1. the one made for our key (if we know one)
 *   2. the one whose private key came along (not a CA's if there is a choice)
 *   3. the only one that is no CA and issued none of the others
 * A self-signed end-entity certificate counts; whether it is accepted is somebody else's question.
 */
#pragma once

#include "delivery/delivery.h"

enum {
	LEAF_E_NONE = 1, /* CA certificates only, or no certificate at all */
	LEAF_E_SEVERAL,  /* end-entity certificates, and nothing says which */
};

/* `key_sha256`: key_fingerprint() of our key, or NULL. *ret is a position in delivery->certificate.
 */
int leaf_choose(const struct delivery *delivery, const uint8_t *key_sha256, size_t *ret) MUST_USE;

/* End-entity certificates that issued none of the others; positions, at most `max`. */
size_t leaf_candidates(const struct delivery *delivery, size_t ret[], size_t max);
