/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes a customer eligible (M-G): counts of its mailboxes with the names that were counted, and
 * waivers. A count is evidence and is never changed; its names, which are those of people, are kept
 * for the latest counts alone. A waiver is proposed by one person and holds once another has
 * confirmed it, until it expires (docs/decisions/0025).
 */
#pragma once

#include "base/buf.h"
#include "store/store.h"

#define MAILBOX_LISTS_KEPT 3 /* of a customer */

struct mailbox_count {
	struct id id, customer;
	int64_t mailboxes;
	char source[64];  /* of the configuration; "hand", "file" */
	char author[256]; /* who typed it, or brought the file; "worker" */
	char asked[512];  /* what was asked: base, file, address; "" = nothing */
	int64_t listed;   /* so many are named; 0 also when the names have gone */
	int64_t others;   /* seen, and not of full access */
	when counted;
};
struct mailbox_count_list {
	struct mailbox_count *row;
	size_t count;
	bool more;
};
void mailbox_count_list_fini(struct mailbox_count_list *list);
CLEAN_DEFINE_FINI(mailbox_count_list_fini, struct mailbox_count_list);

/* `names`: one a line, counted->listed of them. `order`: which it was counted for, in the audit log;
 * ID_NONE = none. Fills id and counted. */
int store_mailboxes_add(
    struct store *s, struct mailbox_count *count, struct str names, struct id order) MUST_USE;
int store_mailboxes_latest(struct store *s, struct id customer, struct mailbox_count *ret) MUST_USE;
/* ABSENT, too, when it is another customer's. */
int store_mailboxes_get(
    struct store *s, struct id customer, struct id id, struct mailbox_count *ret) MUST_USE;
int store_mailboxes_list(
    struct store *s, struct id customer, struct page page, struct mailbox_count_list *ret) MUST_USE;

struct mailbox_name {
	int64_t number; /* from 1 */
	char *name;
};
struct mailbox_names {
	struct mailbox_name *row;
	size_t count;
	bool more;
};
void mailbox_names_fini(struct mailbox_names *names);
CLEAN_DEFINE_FINI(mailbox_names_fini, struct mailbox_names);
int store_mailbox_names(struct store *s, struct id count, int64_t after, size_t limit,
    struct mailbox_names *ret) MUST_USE;

struct waiver {
	struct id id, customer;
	char author[256], reason[512];
	char second[256];               /* who confirmed it */
	when given, confirmed, expires; /* confirmed 0 = it does not hold */
};
struct waiver_list {
	struct waiver *row;
	size_t count;
	bool more;
};
void waiver_list_fini(struct waiver_list *list);
CLEAN_DEFINE_FINI(waiver_list_fini, struct waiver_list);

int store_waiver_add(struct store *s, struct waiver *waiver) MUST_USE; /* proposes */
int store_waiver_get(struct store *s, struct id id, struct waiver *ret) MUST_USE;
int store_waiver_list(
    struct store *s, struct id customer, struct page page, struct waiver_list *ret) MUST_USE;
/* By w->second, another than its author. ALREADY: somebody did; NOT_NOW: it has expired, or the same
 * person asks. */
int store_waiver_confirm(struct store *s, struct waiver *w) MUST_USE;
int store_waiver_valid(struct store *s, struct id customer, when now, struct waiver *ret) MUST_USE;
/* What an order stands on: the count, and the waiver (ID_NONE: none was needed). */
int store_order_counted(
    struct store *s, struct id order, int64_t mailboxes, struct id waiver) MUST_USE;
