/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/judge_names.h"

#include "pki/name.h"

#define NAME_SIZE 254
#define TYPO_MAX  64 /* as far as str_distance() looks */

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

static bool
lower_copy(struct str name, char to[static NAME_SIZE])
{
	if (!str_copy(name, to, NAME_SIZE))
		return false;
	for (char *c = to; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	return true;
}

static bool
is_typo(struct str san, struct str host)
{
	char lower[NAME_SIZE];

	return san.len <= TYPO_MAX && host.len <= TYPO_MAX && lower_copy(san, lower) &&
	       str_distance(str_of(lower), host) == 1;
}

enum name_nearness
name_nearness(struct str san, struct str host)
{
	if (is_wildcard(san)) {
		struct str domain = str_drop(san, 2);

		return domain.len > 0 && (str_eq_nocase(domain, host) || is_below(host, domain))
		           ? NAME_STAR
		           : NAME_FAR;
	}
	if (is_www_of(san, host) || is_www_of(host, san))
		return NAME_WWW;
	return is_typo(san, host) ? NAME_TYPO : NAME_FAR;
}

/* The registrable domain of a dNSName, without its star; false when it has none or is no name. */
static bool
owner_of(struct str name, char to[static NAME_SIZE])
{
	char lower[NAME_SIZE];

	if (is_wildcard(name))
		name = str_drop(name, 2);
	return lower_copy(name, lower) && host_name_registrable(lower, to, NAME_SIZE);
}

bool
name_same_owner(struct str san, struct str host)
{
	char left[NAME_SIZE], right[NAME_SIZE];

	if (!owner_of(host, left))
		return str_eq_nocase(san, host);
	return owner_of(san, right) && strcmp(left, right) == 0;
}
