/* SPDX-License-Identifier: Apache-2.0 */
/* Customers. What makes them eligible is in store/eligibility.h. */
#pragma once

#include "store/store.h"

struct customer {
	struct id id;
	char name[256];
	char organization[512], division[512], city[512], state[512],
	    country[3]; /* defaults for its orders; "" = none */
	char contact_name[256], contact_mail[320];
	char mailbox_source
	    [64]; /* of the configuration; "hand" = people count, "" = as the policy says */
	char mailbox_key[256]; /* what {customer} is there; "" = its name */
	when created, changed;
	int64_t version;
};

struct customer_list {
	struct customer *row;
	size_t count;
	bool more;
};
void customer_list_fini(struct customer_list *list);
CLEAN_DEFINE_FINI(customer_list_fini, struct customer_list);

int store_customer_add(
    struct store *s, struct customer *c) MUST_USE; /* fills id, created, version; TAKEN: name */
int store_customer_get(struct store *s, struct id id, struct customer *ret) MUST_USE;
int store_customer_by_name(struct store *s, const char *name, struct customer *ret) MUST_USE;
int store_customer_change(
    struct store *s, struct customer *c) MUST_USE; /* STALE unless c->version is current */
int store_customer_list(struct store *s, struct page page, struct customer_list *ret) MUST_USE;
