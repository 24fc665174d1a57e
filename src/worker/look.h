/* SPDX-License-Identifier: Apache-2.0 */
/* A look at the DNS for an order (step_dns.c). */
#pragma once

#include "worker/worker.h"

/* DONE in *what: a transaction is begun in which the look is kept, its findings weighed by the
 * policy, and the step goes on with it. HUMAN: the order cannot be looked at. */
int look_at_dns(struct hand *hand, const struct order *order, struct dns_report *ret,
    struct outcome *what) MUST_USE;
