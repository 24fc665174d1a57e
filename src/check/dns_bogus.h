/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why DNSSEC signatures do not check out, from the validator's words to a customer's (G-09): what
 * broke, and who repairs it where. Pure.
 */
#pragma once

#include "order/finding.h"

/* Fills a DNS_BOGUS finding's cause and repair. Returns the number of the cause in RFC 8914 section
 * 4 (6 = bogus, the reason is none of those known). */
unsigned dns_bogus_tell(struct finding *finding, const char *reason);
