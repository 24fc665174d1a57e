/* SPDX-License-Identifier: Apache-2.0 */
#include "check/proxies.h"

#include <assert.h>
#include <stdlib.h>

#include "pki/data_file.h"

static_assert(PROXIES_WORDS_SIZE >= DATA_FILE_WORDS_SIZE, "room for what is wrong");

struct proxy {
	char name[PROXIES_NAME_SIZE];
	char alias[PROXIES_ALIASES_MAX][PROXIES_NAME_SIZE];
	size_t alias_count;
};

struct proxies {
	struct proxy proxy[PROXIES_MAX];
	struct {
		struct addr_prefix prefix;
		size_t proxy;
	} range[PROXIES_PREFIXES_MAX];
	size_t count, range_count;
	when dated;
};

struct proxies *
proxies_free(struct proxies *proxies)
{
	free(proxies);
	return NULL;
}

static bool
read_prefixes(const json_t *list, struct proxies *to)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (to->range_count == PROXIES_PREFIXES_MAX ||
		    !addr_prefix_parse(data_file_text(item), &to->range[to->range_count].prefix))
			return false;
		to->range[to->range_count++].proxy = to->count;
	}
	return json_is_array(list);
}

static bool
read_aliases(const json_t *list, struct proxy *to)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (to->alias_count == PROXIES_ALIASES_MAX ||
		    !str_copy(
			data_file_text(item), to->alias[to->alias_count], PROXIES_NAME_SIZE) ||
		    !strchr(to->alias[to->alias_count], '.'))
			return false;
		to->alias_count++;
	}
	return json_is_array(list);
}

/* NULL, or what is wrong with it. */
static const char *
read_row(const json_t *from, struct proxies *to)
{
	struct proxy *proxy = &to->proxy[to->count];

	str_show(data_file_text(json_object_get(from, "name")), proxy->name, sizeof(proxy->name));
	if (!*proxy->name)
		return "has no name";
	if (data_file_text(json_object_get(from, "source")).len == 0)
		return "names no source";
	if (!read_prefixes(json_object_get(from, "prefixes"), to))
		return "\"prefixes\" must be a list of prefixes such as 192.0.2.0/24";
	if (!read_aliases(json_object_get(from, "aliases"), proxy))
		return "\"aliases\" must be a list of at most 16 domains";
	return NULL;
}

static const char *
add_row(void *to, json_t *from)
{
	struct proxies *proxies = to;
	const char *wrong = read_row(from, proxies);

	proxies->count += wrong == NULL;
	return wrong;
}

int
proxies_new(struct str json, char words[static PROXIES_WORDS_SIZE], struct proxies **ret)
{
	static const struct data_file_form form = { .most = PROXIES_MAX, .read_row = add_row };
	CLEAN(proxies_free) struct proxies *proxies = alloc_zero(sizeof(*proxies));

	if (data_file_read(json, &form, proxies, &proxies->dated, words))
		return PROXIES_E_MALFORMED;
	*ret = TAKE(proxies);
	return 0;
}

when
proxies_dated(const struct proxies *proxies)
{
	return proxies->dated;
}

const char *
proxies_of_address(const struct proxies *proxies, const struct addr *address)
{
	for (size_t i = 0; i < proxies->range_count; i++)
		if (addr_in_prefix(address, &proxies->range[i].prefix))
			return proxies->proxy[proxies->range[i].proxy].name;
	return NULL;
}

/* Whole labels: "notfastly.net" is not below "fastly.net". */
static bool
is_below(struct str name, struct str domain)
{
	return name.len > domain.len && name.p[name.len - domain.len - 1] == '.' &&
	       str_eq_nocase(str_drop(name, name.len - domain.len), domain);
}

const char *
proxies_of_alias(const struct proxies *proxies, struct str name)
{
	for (size_t i = 0; i < proxies->count; i++)
		for (size_t a = 0; a < proxies->proxy[i].alias_count; a++)
			if (is_below(name, str_of(proxies->proxy[i].alias[a])))
				return proxies->proxy[i].name;
	return NULL;
}
