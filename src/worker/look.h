/* SPDX-License-Identifier: Apache-2.0 */
/* A look at the DNS for an order (step_dns.c). */
#pragma once

#include "worker/worker.h"

/* Outside any transaction. HUMAN in *what: the order cannot be looked at. */
int dns_look_make(struct hand *hand, const struct order *order, struct dns_report *ret,
    struct outcome *what) MUST_USE;
/* In the caller's transaction; its findings are weighed by the policy. */
int dns_look_keep(struct hand *hand, const struct order *order, struct dns_report *report) MUST_USE;
