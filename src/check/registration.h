/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In what state a domain is at its registry, as findings (H-11, RD-01, RD-04): whoever orders a
 * certificate for a domain that does not exist, is switched off or about to be deleted wastes money.
 * Pure.
 */
#pragma once

#include "check/rdap.h"
#include "order/finding.h"

#define REGISTRATION_SOON DAYS(60) /* RD-04 */

/* At most one DOMAIN_… is added, the worst. `domain`: what was asked for. */
void registration_judge(
    const struct rdap_report *report, const char *domain, when now, struct findings *findings);
/* Until when it is registered; 0 = not said. */
when registration_ends(const struct rdap_domain *domain);
