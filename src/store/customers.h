/* SPDX-License-Identifier: Apache-2.0 */
/* Customers, their mailbox counts and waivers (M-G). */
#pragma once

#include "store/store.h"

struct customer {
	struct id id;
	char name[256];
	char organization[512], division[512], city[512], state[512],
	    country[3]; /* defaults for its orders; "" = none */
	char contact_name[256], contact_mail[320];
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

struct mailbox_count {
	struct id id, customer;
	int64_t mailboxes;
	char source[64], author[256]; /* "hand", who typed it */
	when counted;
};
int store_mailboxes_add(struct store *s, struct mailbox_count *count) MUST_USE;
int store_mailboxes_latest(struct store *s, struct id customer, struct mailbox_count *ret) MUST_USE;

struct waiver {
	struct id id, customer;
	char author[256], reason[512];
	when given, expires; /* expires 0 = never */
};
int store_waiver_add(struct store *s, struct waiver *waiver) MUST_USE;
int store_waiver_valid(struct store *s, struct id customer, when now, struct waiver *ret) MUST_USE;
