/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a directory says that a part of what was asked for is elsewhere (RFC 4511 section 4.5.3). Of
 * a whole domain Active Directory always says so, of the partitions in which it keeps its own house:
 * they begin below the domain's name, whoever has them. Nobody's mailbox is in there.
 */
#pragma once

#include <stdbool.h>

/* Is it a partition of that kind: the configuration, or the zones of its DNS, of a domain? Anything
 * else, such as a domain below, may hold people. */
bool ldap_reference_is_housekeeping(const char *url);
