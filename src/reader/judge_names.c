/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/judge_names.h"

#include <libpsl.h>

#define NAME_MAX_LENGTH 253

static bool
is_wildcard(struct str san)
{
	return str_starts(san, STR("*."));
}

static struct str
parent_of(struct str host)
{
	return str_drop(host, str_find(host, STR(".")) + 1);
}

bool
name_covers(struct str san, struct str host)
{
	struct str parent = parent_of(host);

	if (!is_wildcard(san))
		return host.len > 0 && str_eq_nocase(san, host);
	/* "*.com" has no business in any certificate: the star's parent has at least two labels. */
	return str_find(parent, STR(".")) < parent.len && str_eq_nocase(str_drop(san, 2), parent);
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

/* The registrable domain of a name; "" when it has none or is no name. */
static struct str
owner_of(char lower[static NAME_MAX_LENGTH + 1], struct str name)
{
	const psl_ctx_t *list = psl_builtin();

	if (is_wildcard(name))
		name = str_drop(name, 2);
	if (!list || !str_copy(name, lower, NAME_MAX_LENGTH + 1))
		return STR("");
	for (char *c = lower; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
	return str_of(psl_registrable_domain(list, lower));
}

bool
name_same_owner(struct str san, struct str host)
{
	char left[NAME_MAX_LENGTH + 1], right[NAME_MAX_LENGTH + 1];
	struct str owner = owner_of(left, host);

	if (owner.len == 0)
		return str_eq_nocase(san, host);
	return str_eq(owner_of(right, san), owner);
}
