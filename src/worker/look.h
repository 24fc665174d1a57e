/* SPDX-License-Identifier: Apache-2.0 */
/* A look at the DNS for an order, and its keeping (step_dns.c). */
#pragma once

#include "worker/worker.h"

/* 1 with HUMAN in *what when the order cannot be looked at. */
int look_at_dns(struct hand *hand, const struct order *order, struct dns_report *ret,
    struct outcome *what) MUST_USE;
/* In the caller's transaction; the report's findings are weighed by the policy. */
int look_keep(struct hand *hand, const struct order *order, struct dns_report *report) MUST_USE;
