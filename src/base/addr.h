/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IP address or a prefix of addresses, version 4 or 6, as a value. No names, no ports, no I/O.
 */
#pragma once

#include "base/str.h"

#define ADDR_TEXT_SIZE 48

struct addr {
	uint8_t family;    /* 4 or 6; 0 = none */
	uint8_t bytes[16]; /* network order; version 4 uses the first four */
};

struct addr_prefix {
	struct addr first;
	uint8_t bits;
};

bool addr_parse(struct str s, struct addr *ret);
const char *addr_text(
    const struct addr *a, char to[static ADDR_TEXT_SIZE]); /* returns `to`; "" for none */
bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_prefix_parse(
    struct str s, struct addr_prefix *ret); /* "192.0.2.0/24"; host bits must be 0 */
bool addr_in_prefix(const struct addr *a, const struct addr_prefix *prefix);

/* Not reachable from the Internet: loopback, private, link-local, unique local, documentation,
 * shared (100.64/10), multicast, reserved, unspecified, whatever of IPv6 is not in 2000::/3, and IPv4
 * forms mapped into IPv6 (::ffff:0:0/96, 64:ff9b::/96) of all those (IANA's registries). */
bool addr_is_private(const struct addr *a);
