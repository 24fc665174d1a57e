/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>

bool
addr_parse(struct str s, struct addr *ret)
{
	char text[ADDR_TEXT_SIZE];
	struct addr a = { 0 };

	if (!str_copy(s, text, sizeof(text)))
		return false;
	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = 6;
	else
		return false;
	*ret = a;
	return true;
}

const char *
addr_text(const struct addr *a, char to[static ADDR_TEXT_SIZE])
{
	to[0] = '\0';
	if (a->family == 4 || a->family == 6)
		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->bytes, to, ADDR_TEXT_SIZE);
	return to;
}

static size_t
size_of(const struct addr *a)
{
	return a->family == 4 ? 4 : 16;
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, size_of(a)) == 0;
}

bool
addr_in_prefix(const struct addr *a, const struct addr_prefix *prefix)
{
	if (a->family != prefix->first.family)
		return false;
	for (unsigned bit = 0; bit < prefix->bits; bit++) {
		unsigned mask = 0x80u >> (bit % 8);

		if ((a->bytes[bit / 8] & mask) != (prefix->first.bytes[bit / 8] & mask))
			return false;
	}
	return true;
}

static bool
host_bits_clear(const struct addr_prefix *prefix)
{
	for (unsigned bit = prefix->bits; bit < size_of(&prefix->first) * 8; bit++)
		if (prefix->first.bytes[bit / 8] & (0x80u >> (bit % 8)))
			return false;
	return true;
}

bool
addr_prefix_parse(struct str s, struct addr_prefix *ret)
{
	struct addr_prefix prefix = { 0 };
	struct str rest = s, text;
	int64_t bits;

	if (!str_next(&rest, '/', &text) || !addr_parse(text, &prefix.first))
		return false;
	if (!rest.p || !str_to_i64(rest, &bits) || bits < 0 ||
	    bits > (int64_t)size_of(&prefix.first) * 8)
		return false;
	prefix.bits = (uint8_t)bits;
	if (!host_bits_clear(&prefix))
		return false;
	*ret = prefix;
	return true;
}

/*
 * IANA's special-purpose registries for IPv4 and IPv6, and its registry of the IPv6 address space:
 * whatever is not in 2000::/3 is no address of the Internet (site-local fec0::/10, ::a.b.c.d,
 * unique local, link-local, multicast, what was never given out).
 */
static const char *const private_prefixes[] = {
	"0.0.0.0/8",
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"169.254.0.0/16",
	"172.16.0.0/12",
	"192.0.0.0/24",
	"192.0.2.0/24",
	"192.88.99.0/24",
	"192.168.0.0/16",
	"198.18.0.0/15",
	"198.51.100.0/24",
	"203.0.113.0/24",
	"224.0.0.0/4",
	"240.0.0.0/4",
	"::/3",
	"2001::/23", /* Teredo among them */
	"2001:db8::/32",
	"2002::/16", /* 6to4: an IPv4 address inside that nobody routes any more */
	"3fff::/20",
	"4000::/2",
	"8000::/1",
};

/* ::ffff:a.b.c.d and 64:ff9b::a.b.c.d carry an IPv4 address inside. */
static bool
inner_v4(const struct addr *a, struct addr *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

	if (a->family != 6 ||
	    (memcmp(a->bytes, mapped, 12) != 0 && memcmp(a->bytes, nat64, 12) != 0))
		return false;
	*ret = (struct addr){ .family = 4 };
	memcpy(ret->bytes, a->bytes + 12, 4);
	return true;
}

bool
addr_is_private(const struct addr *a)
{
	struct addr_prefix prefix;
	struct addr inner;

	if (inner_v4(a, &inner))
		return addr_is_private(&inner);
	for (size_t i = 0; i < COUNT_OF(private_prefixes); i++)
		if (addr_prefix_parse(str_of(private_prefixes[i]), &prefix) &&
		    addr_in_prefix(a, &prefix))
			return true;
	return a->family == 0;
}
