/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the DNS of an order's name lets issue, and whether the authority that the customer chose is
 * among them (G-10…G-15): asked outside any transaction, before the mail with the request and at each
 * look at the DNS after it, until the certificate is here. It holds nothing up (docs/decisions/0026).
 */
#pragma once

#include "check/caa.h"
#include "worker/worker.h"

void caa_report_free(struct caa_report *report);
CLEAN_DEFINE(caa_report_free, struct caa_report *);

/* Is it of use still? */
bool caa_look_matters(const struct order *order);
/* The caller owns *ret. */
int caa_look_make(struct hand *hand, const struct order *order, struct caa_report **ret) MUST_USE;
/* In the caller's transaction. NULL: what was found before does not matter any more. */
int caa_look_keep(struct hand *hand, const struct order *order, struct caa_report *report) MUST_USE;
/* Both, in a transaction of its own. */
int caa_look(struct hand *hand, const struct order *order) MUST_USE;
