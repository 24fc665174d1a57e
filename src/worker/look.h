/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the DNS for orders. */
#pragma once

#include "worker/worker.h"

/* Outside any transaction. HUMAN in *what: the order cannot be looked at. */
int dns_look_make(struct hand *hand, const struct order *order, struct dns_report *ret,
    struct outcome *what) MUST_USE;
/* In the caller's transaction; its findings are weighed by the policy. */
int dns_look_keep(struct hand *hand, const struct order *order, struct dns_report *report) MUST_USE;

/* sweep.c: the step of a task whose look is a quick one (order_is_swept()), with all others that are
 * due. What is not as it must be gets a look by itself next, by whoever comes to it. */
int look_at_many(struct hand *hand) MUST_USE;
