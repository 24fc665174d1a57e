/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader must know of an order to judge what came for it: it sees no database. */
#pragma once

#include "review/ask.h"
#include "store/orders.h"

/* Fills in everything but the files, the password and the wish (READ_REFUSE). */
int review_question(struct store *store, const struct order *order, when now,
    struct delivery_question *question, struct review_held *held) MUST_USE;
