/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of mailbox_sources must be, beyond what a single member can see. */
#include "config/options.h"

/* A key stands for itself in a path, and for nothing in the name of a server. */
static bool
is_behind_host(struct str url, struct str scheme)
{
	struct str behind = str_drop(url, scheme.len);
	size_t path = str_find(behind, STR("/"));

	return path > 0 && str_find(behind, STR("{customer}")) > path &&
	       str_find(str_bytes(behind.p, path), STR("@")) == path;
}

static const char *
url_fault(const struct config_mailbox_source *source)
{
	struct str url = str_of(source->url), kind = str_of(source->kind);

	if (str_eq(kind, STR("json")))
		return str_starts(url, STR("https://")) && is_behind_host(url, STR("https://"))
		           ? NULL
		           : "mailbox_sources: url: needed is https://HOST/..., without a password, "
		             "with {customer} behind the host alone";
	if (str_eq(kind, STR("ldap")))
		return str_starts(url, STR("ldaps://")) || str_starts(url, STR("ldap://"))
		           ? NULL
		           : "mailbox_sources: url: needed is ldaps://HOST, or ldap://HOST for StartTLS";
	return NULL;
}

static const char *
filter_fault(const struct config_mailbox_source *source)
{
	if (!*source->user != !*source->password_file && strcmp(source->kind, "ldap") == 0)
		return "mailbox_sources: \"user\" and \"password_file\" go together";
	if (!*source->column != !*source->values)
		return "mailbox_sources: \"column\" and \"values\" go together";
	return *source->pointer && *source->pointer != '/'
	           ? "mailbox_sources: pointer: it begins with /, as in RFC 6901"
	           : NULL;
}

void
mailbox_source_check(const void *item, void (*tell)(void *to, const char *words), void *to)
{
	const struct config_mailbox_source *source = item;
	const char *faults[] = { url_fault(source), filter_fault(source),
		strcmp(source->name, "hand") == 0
		    ? "mailbox_sources: name: \"hand\" is what people counted"
		    : NULL };

	option_check_kind("mailbox_sources", source->kind, item, tell, to);
	for (size_t i = 0; i < COUNT_OF(faults); i++)
		if (faults[i])
			tell(to, faults[i]);
}
