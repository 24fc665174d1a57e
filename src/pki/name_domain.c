/* SPDX-License-Identifier: Apache-2.0 */
/* Of valid names: what covers one, and which part of it is somebody's. */
#include "pki/name.h"

#include <libpsl.h>

bool
host_name_matches(struct str san, const struct host_name *host)
{
	struct str name = str_of(host->text);
	size_t dot;

	if (!str_starts(san, STR("*.")))
		return str_eq_nocase(san, name);
	dot = str_find(name, STR("."));
	return dot > 0 && dot < name.len && str_eq_nocase(str_drop(san, 1), str_drop(name, dot));
}

bool
host_name_registrable(const char *name, char *to, size_t size)
{
	const char *domain = psl_registrable_domain(psl_builtin(), name);

	to[0] = '\0';
	return domain && str_copy(str_of(domain), to, size);
}

bool
host_name_at_registry(const char *name, char *to, size_t size)
{
	const psl_ctx_t *list = psl_builtin();
	const char *at, *dot;

	to[0] = '\0';
	for (at = name; (dot = strchr(at, '.')) != NULL; at = dot + 1)
		if (psl_is_public_suffix2(list, dot + 1, PSL_TYPE_ICANN))
			return !psl_is_public_suffix2(list, at, PSL_TYPE_ICANN) &&
			       str_copy(str_of(at), to, size);
	return false;
}
