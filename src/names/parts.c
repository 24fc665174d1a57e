/* SPDX-License-Identifier: Apache-2.0 */
#include "names/parts.h"

#include "pki/name.h"

/* Where the domain begins. A public suffix that somebody has for a name (N-07: those of the PRIVATE
 * section may be) counts as a domain. */
static size_t
domain_at(struct str name)
{
	char domain[sizeof(((struct host_name *)0)->text)];

	return host_name_registrable(name.p, domain, sizeof(domain)) ? name.len - strlen(domain)
	                                                             : 0;
}

struct name_parts
name_parts_of(const char *name)
{
	struct str whole = str_of(name);
	size_t at = domain_at(whole), dot;
	struct name_parts parts = { .host = str_bytes(name, at > 0 ? at - 1 : 0),
		.domain = str_drop(whole, at) };

	dot = str_find(parts.domain, STR("."));
	parts.label = str_bytes(parts.domain.p, dot);
	parts.ending = str_drop(parts.domain, dot + 1);
	return parts;
}
