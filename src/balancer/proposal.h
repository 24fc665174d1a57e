/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What certdesk could take over: of one thing that a survey found, the customer, service, site and
 * certificate it would be here. Guesses for a person to look at, with what speaks against them; pure,
 * and nothing is written.
 */
#pragma once

#include <jansson.h>

#include "balancer/survey.h"

/* {customer, service, site, found, remarks}; the certificate is told within `found`. */
json_t *proposal_json(const struct surveyed *entry, when now);
/* One more remark, of what the caller knows. */
void proposal_remark(json_t *proposal, const char *format, ...) PRINTF_LIKE(2, 3);
