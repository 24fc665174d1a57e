/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one process may see, as `name NUL value NUL` pairs. Members of the n-th entry of a list are
 * named "balancers.n.socket". Unknown names are refused: both ends are of one version.
 */
#include "config/options.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

static void
put(struct buf *to, const char *name, const struct option *option, const void *base)
{
	buf_put(to, name, strlen(name) + 1);
	option_print(option, base, to);
	buf_put_byte(to, 0);
}

static void
put_items(const struct config *config, enum config_reader reader, const struct option *list,
    struct buf *to)
{
	const struct option_items *items = list->items;
	size_t count;

	memcpy(&count, (const char *)config + items->count_offset, sizeof(count));
	for (size_t i = 0; i < count; i++)
		for (size_t m = 0; m < items->member_count; m++) {
			char name[CONFIG_TEXT_SIZE];

			if (!(items->members[m].readers & (uint32_t)reader))
				continue;
			snprintf(
			    name, sizeof(name), "%s.%zu.%s", list->name, i, items->members[m].name);
			put(to, name, &items->members[m],
			    (const char *)config + items->offset + items->stride * i);
		}
}

/* "CODE=reject", one pair each. */
static void
put_severities(const struct severity_policy *policy, const char *name, struct buf *to)
{
	for (int i = 0; i < FINDING_MAX; i++) {
		enum finding_code code = (enum finding_code)i;

		if (!severity_is_set(policy, code))
			continue;
		buf_put(to, name, strlen(name) + 1);
		buf_printf(to, "%s=%s", finding_rule(code)->code,
		    severity_name((enum finding_severity)(policy->plus_one[code] - 1)));
		buf_put_byte(to, 0);
	}
}

static bool
get_severity(struct severity_policy *policy, struct str pair)
{
	char words[CONFIG_TEXT_SIZE];
	struct str code;

	return str_next(&pair, '=', &code) && pair.p &&
	       option_set_severity(policy, code, pair, words);
}

static void
put_resolvers(const struct config *config, const struct option *option, struct buf *to)
{
	const struct config_resolvers *from = (const void *)((const char *)config + option->offset);

	for (size_t i = 0; i < from->count; i++) {
		buf_put(to, option->name, strlen(option->name) + 1);
		buf_put(to, from->list[i], strlen(from->list[i]) + 1);
	}
}

void
config_put_slice(const struct config *config, enum config_reader reader, struct buf *to)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];

		if (!(option->readers & (uint32_t)reader))
			continue;
		if (option_is_scalar(option))
			put(to, option->name, option, config);
		else if (option->kind == OPTION_ITEMS)
			put_items(config, reader, option, to);
		else if (option->kind == OPTION_SEVERITIES)
			put_severities(&config->severities, option->name, to);
		else
			put_resolvers(config, option, to);
	}
}

/* "balancers.3.socket": the list, the entry, the member. */
static bool
get_member(struct config *config, struct str name, struct str value)
{
	char words[CONFIG_TEXT_SIZE];

	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *list = &config_options[i];
		struct str rest = str_drop(name, strlen(list->name) + 1), number;
		const struct option *member;
		size_t count;
		int64_t n;

		if (list->kind != OPTION_ITEMS || !str_starts(name, str_of(list->name)) ||
		    !str_next(&rest, '.', &number) || !rest.p || !str_to_i64(number, &n) || n < 0 ||
		    n >= (int64_t)list->items->max)
			continue;
		member = option_named(list->items->members, list->items->member_count, rest);
		if (!member)
			return false;
		memcpy(&count, (char *)config + list->items->count_offset, sizeof(count));
		if ((size_t)n >= count) {
			count = (size_t)n + 1;
			memcpy((char *)config + list->items->count_offset, &count, sizeof(count));
		}
		return option_set(member,
		    (char *)config + list->items->offset + list->items->stride * (size_t)n, value,
		    words);
	}
	return false;
}

static bool
get(struct config *config, struct str name, struct str value)
{
	const struct option *option = option_named(config_options, config_option_count, name);
	char words[CONFIG_TEXT_SIZE];

	if (!option)
		return get_member(config, name, value);
	if (option_is_scalar(option))
		return option_set(option, config, value, words);
	if (option->kind == OPTION_SEVERITIES)
		return get_severity(&config->severities, value);
	return option->kind == OPTION_RESOLVERS &&
	       config_resolver_add((void *)((char *)config + option->offset), value);
}

int
config_get_slice(struct str slice, struct config *ret)
{
	struct str rest = slice, name, value;

	config_defaults(ret);
	while (rest.p && rest.len > 0)
		if (!str_next(&rest, '\0', &name) || !rest.p || !str_next(&rest, '\0', &value) ||
		    !rest.p || !get(ret, name, value))
			return error_origin(EBADMSG);
	for (size_t i = 0; i < ret->balancer_count; i++)
		copy_bytes(ret->balancers[i].lock_folder, ret->data, sizeof(ret->data));
	return 0;
}
