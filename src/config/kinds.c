/* SPDX-License-Identifier: Apache-2.0 */
/* Which members of a list's entry belong to which kind of entry: the table knows. */
#include "config/options.h"

#include <stdio.h>

static bool
is_given(const struct option *member, const void *item)
{
	return strcmp((const char *)item + member->offset, member->fallback) != 0;
}

static bool
is_among(struct str kind, struct str kinds)
{
	struct str one;

	while (str_next(&kinds, ' ', &one))
		if (str_eq(one, kind))
			return true;
	return false;
}

/* A member that is text. (A number always has a value, and says nothing.) */
static const char *
fault_of(const struct option *list, const struct option *member, const void *item, struct str kind,
    char *words)
{
	bool is_its = is_among(kind, str_of(member->driver));

	if (!is_its && is_given(member, item))
		snprintf(words, CONFIG_TEXT_SIZE, "%s: \"%s\" is for the %s %s alone", list->name,
		    member->name, list->items->kind, member->driver);
	else if (is_its && member->needed && !is_given(member, item))
		snprintf(
		    words, CONFIG_TEXT_SIZE, "%s: an entry needs \"%s\"", list->name, member->name);
	else
		return NULL;
	return words;
}

void
option_check_kind(const char *name, const char *kind, const void *item,
    void (*tell)(void *to, const char *words), void *to)
{
	const struct option *list = option_named(config_options, config_option_count, str_of(name));
	char words[CONFIG_TEXT_SIZE];

	for (size_t i = 0; *kind && i < list->items->member_count; i++) {
		const struct option *member = &list->items->members[i];

		if (member->driver && fault_of(list, member, item, str_of(kind), words))
			tell(to, words);
	}
}
