/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can name servers be asked from here? On many machines port 53 is closed to all but one's own
 * resolver, or somebody in between answers for everyone. Found out in a few seconds, before a look
 * that would wait out every timeout.
 */
#pragma once

#include "config/config.h"

/* Asks servers of the root, and where none answers, dns.views and then this machine's resolvers
 * (dns_inside). Sets dns_way, and for DNS_WAY_RESOLVER the one resolver, whether to validate what it
 * says, and no stubs. Of dns.views those that do not know the root are left out then, of dns_inside
 * those that do not answer. */
void dns_way_find(struct config *config);
