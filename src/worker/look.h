/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the DNS for orders. */
#pragma once

#include "worker/worker.h"

/* step_dns.c: DONE in *what: a transaction is begun in which the look is kept, its findings weighed by the
 * policy, and the step goes on with it. HUMAN: the order cannot be looked at. */
int look_at_dns(struct hand *hand, const struct order *order, struct dns_report *ret,
    struct outcome *what) MUST_USE;

/* sweep.c: the step of a task whose look is a quick one (order_is_swept()), with all others that are
 * due. What is not as it must be gets a look by itself next, by whoever comes to it. */
int look_at_many(struct hand *hand) MUST_USE;
