/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a change of an order: the whole order is the answer, and the worker hears of it. */
#pragma once

#include "desk/desk.h"
#include "store/orders.h"

/* `r` is how the change went; what does not fit is told with where the order is, and `wish` behind
 * that. */
int order_change_settle(struct request *request, struct answer *answer, const struct order *order,
    int r, const char *wish) MUST_USE;
