/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a judged delivery to an accepted certificate (K-08, I-22): what was found good is kept with
 * its findings under a review number, which names exactly what was judged and how; whoever accepts
 * says the number again, so that nothing changes between reading and accepting. Where nothing is to
 * be decided, policy or the sender may accept beforehand.
 *
 * Everything here runs in the caller's transaction, the facts and what follows from them together.
 */
#pragma once

#include "ipc/read_delivery.h"
#include "order/order.h"
#include "store/deliveries.h"
#include "store/orders.h"

enum review_policy {
	REVIEW_ALWAYS,   /* every certificate is looked at before it is installed */
	REVIEW_WARNINGS, /* one with anything but remarks */
	REVIEW_NEVER,    /* one that waits for a decision (a finding that holds) */
	REVIEW_POLICY_MAX
};
/* Of policy.review; what is no policy is REVIEW_ALWAYS. */
enum review_policy review_policy_of(struct str s);

/* May it be accepted without anybody looking? `accept_clean`: its sender wants it so if there is
 * nothing to decide. */
bool review_is_needless(
    enum review_policy policy, bool accept_clean, const struct findings *findings);

/* A key that came along and was taken: its new id, and who accepted that risk. */
struct review_offer {
	struct id key;
	const char *author, *statement;
};

/* Keeps an accepted report for the order: EVENT_DELIVERED. *ret is what was kept. One with a key
 * that was taken is kept by review_keep_with_key() alone, which notes the author in its finding and
 * the acceptance in the audit log. */
int review_keep(struct store *store, const struct order *order, const struct read_report *report,
    bool accept_clean, struct delivered *ret) MUST_USE;
/* Keeps a report that lacks a link for the worker to fetch it: EVENT_FETCHING. */
int review_fetch(struct store *store, const struct order *order, const struct read_report *report,
    bool accept_clean, struct delivered *ret) MUST_USE;
/* It is refused after all: its findings become the order's, if it has no accepted certificate;
 * EVENT_DISCARDED. `fetching`: the open one, or NULL when it was refused at once. */
int review_refuse(struct store *store, const struct order *order, const struct delivered *fetching,
    const struct findings *findings) MUST_USE;
int review_keep_with_key(struct store *store, const struct order *order, struct read_report *report,
    const struct review_offer *offer, struct delivered *ret) MUST_USE;
/* Accepts what was kept: the certificate's row, the order's pointers and findings, EVENT_CERTIFIED,
 * and an audit event that names the review. A key that came along comes into force, and the order's
 * former one is retired. */
int review_accept(
    struct store *store, const struct order *order, const struct delivered *kept) MUST_USE;
/* Of a live order: its leaf with the report's chain is what shall be served from now on, and
 * EVENT_RECHAINED. */
int review_rechain(
    struct store *store, const struct order *order, const struct read_report *report) MUST_USE;
