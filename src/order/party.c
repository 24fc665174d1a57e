/* SPDX-License-Identifier: Apache-2.0 */
#include "order/party.h"

#include <assert.h>

static const char *const names[] = {
	[PARTY_NOBODY] = "nobody",
	[PARTY_CUSTOMER] = "customer",
	[PARTY_CA] = "ca",
	[PARTY_PROVIDER] = "provider",
	[PARTY_MACHINE] = "machine",
};
static_assert(COUNT_OF(names) == PARTY_MAX, "a name for each party");

const char *
party_name(enum party party)
{
	return (size_t)party < COUNT_OF(names) ? names[party] : "unknown";
}

bool
party_parse(struct str s, enum party *ret)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_eq(s, str_of(names[i]))) {
			*ret = (enum party)i;
			return true;
		}
	return false;
}
