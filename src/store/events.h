/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log. Each event holds the SHA-256 over its predecessor's hash and its own fields
 * (length-prefixed, see events.c), so that a changed, removed or inserted line is seen by
 * `certdesk audit verify`.
 */
#pragma once

#include "base/buf.h"
#include "store/store.h"

struct event {
	int64_t sequence;
	when at;
	char actor[256];
	char action[64];            /* "order.keyed", "customer.added" */
	char object[32];            /* "order", "customer" … */
	struct id object_id, order; /* order: ID_NONE if it is about none */
	char *detail;               /* JSON object or ""; never a secret; heap */
	uint8_t hash[32];
};
struct event_list {
	struct event *row;
	size_t count;
	bool more;
};
void event_list_fini(struct event_list *list);
CLEAN_DEFINE_FINI(event_list_fini, struct event_list);

/* In the caller's transaction; the actor is the handle's. `detail` JSON or "". */
int store_event_add(struct store *s, const char *action, const char *object, struct id object_id,
    struct id order, const char *detail) MUST_USE;
int store_event_list(struct store *s, struct id order /* or ID_NONE */, int64_t after, size_t limit,
    struct event_list *ret) MUST_USE;
/* Walks the whole chain. BROKEN: *ret_sequence is the first event that does not fit; else how many
 * there are. */
int store_event_verify(struct store *s, int64_t *ret_sequence) MUST_USE;
