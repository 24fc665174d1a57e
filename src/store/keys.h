/* SPDX-License-Identifier: Apache-2.0 */
/* Keys (wrapped by the keeper, opaque here) and the CSRs made from them. */
#pragma once

#include "base/buf.h"
#include "pki/key_kind.h"
#include "store/store.h"

enum key_state { KEY_ACTIVE, KEY_RETIRED, KEY_DESTROYED, KEY_STATE_MAX };

struct key {
	struct id id, customer, site;
	enum key_kind kind;
	enum key_state state;
	enum key_origin origin;
	int64_t generation; /* 1, 2 … per site; filled by the store */
	uint8_t spki_sha256[32];
	when created;
};

int store_key_add(struct store *s, struct key *key, struct str wrapped) MUST_USE;
int store_key_get(struct store *s, struct id id, struct key *ret) MUST_USE;
int store_key_wrapped(struct store *s, struct id id, struct buf *to) MUST_USE;
/* For the intake's key match (I-09): every key of the customer, newest first, at most `max`; which
 * order it was made for; none, and number 0, for one that was not made here. */
struct key_match {
	struct id key, order;
	int64_t order_number;
	enum key_state state;
	enum key_origin origin;
	uint8_t spki_sha256[32];
};
int store_keys_of_customer(struct store *s, struct id customer, struct key_match *to, size_t max,
    size_t *ret_count) MUST_USE;
int store_key_retire(struct store *s, struct id id) MUST_USE;
/* For the audit log: the keeper poured it into the balancer so many times. */
int store_key_exported(
    struct store *s, struct id id, struct id order, const char *balancer, int64_t times) MUST_USE;

int store_csr_add(
    struct store *s, struct id order, struct id key, struct str der, struct id *ret) MUST_USE;
int store_csr_get(struct store *s, struct id id, struct buf *der) MUST_USE;
