/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/judge_names.h"

#include "pki/name.h"

#define NAME_SIZE 254

static bool
is_wildcard(struct str san)
{
	return str_starts(san, STR("*."));
}

/* Does `name` lie below `domain`? */
static bool
is_below(struct str name, struct str domain)
{
	return name.len > domain.len + 1 && name.p[name.len - domain.len - 1] == '.' &&
	       str_eq_nocase(str_drop(name, name.len - domain.len), domain);
}

static bool
is_www_of(struct str with, struct str without)
{
	return str_eq_nocase(str_bytes(with.p, with.len < 4 ? with.len : 4), STR("www.")) &&
	       str_eq_nocase(str_drop(with, 4), without);
}

bool
name_is_near(struct str san, struct str host)
{
	if (is_wildcard(san)) {
		struct str domain = str_drop(san, 2);

		return domain.len > 0 && (str_eq_nocase(domain, host) || is_below(host, domain));
	}
	return is_www_of(san, host) || is_www_of(host, san);
}

/* The registrable domain of a dNSName, without its star; false when it has none or is no name. */
static bool
owner_of(struct str name, char to[static NAME_SIZE])
{
	char lower[NAME_SIZE];

	if (is_wildcard(name))
		name = str_drop(name, 2);
	if (!str_copy(name, lower, sizeof(lower)))
		return false;
	for (char *c = lower; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	return host_name_registrable(lower, to, NAME_SIZE);
}

bool
name_same_owner(struct str san, struct str host)
{
	char left[NAME_SIZE], right[NAME_SIZE];

	if (!owner_of(host, left))
		return str_eq_nocase(san, host);
	return owner_of(san, right) && strcmp(left, right) == 0;
}
