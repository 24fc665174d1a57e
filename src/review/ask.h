/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the reader, with what we know: a chain that lacks an issuer is completed with the
 * intermediates that others' chains have taught us (I-16, I-18), as often as it takes.
 */
#pragma once

#include "ipc/read_delivery.h"
#include "store/store.h"

/* What the question borrows; zeroed before use, and alive as long as it. */
struct review_held {
	struct buf der[READ_KNOWN_MAX];     /* question.known */
	struct buf csr;                     /* question.order.csr */
	struct buf status[READ_STATUS_MAX]; /* question.status */
};
void review_held_fini(struct review_held *held);
CLEAN_DEFINE_FINI(review_held_fini, struct review_held);

/* As read_delivery_ask(), outcomes included; the question's `known` may grow. */
int review_ask(struct store *store, struct channel *reader, struct delivery_question *question,
    struct review_held *held, struct read_report *ret) MUST_USE;
