/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/bigip_worn.h"

#include <assert.h>
#include <stdio.h>

/* Of the entries of certKeyChain; always the same, so that only files change. */
static const char *const entries[] = { "site", "twin" };
static_assert(COUNT_OF(entries) == BIGIP_PAIRS_MAX, "an entry for each pair");

int
bigip_wanted_of(
    struct balancer *b, const struct bundle *bundle, struct bigip_wanted *ret, struct outcome *what)
{
	int r = bigip_names_of(b, bundle, &ret->names[0], what);

	ret->count = 1;
	if (r || !bundle->twin)
		return r;
	ret->count = 2;
	return bigip_names_of(b, bundle->twin, &ret->names[1], what);
}

/* A name from the description is only ever one of ours. */
static bool
is_our_certificate(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!strchr(BIGIP_SAFE, name.p[i]) || name.p[i] == '\0')
			return false;
	return str_starts(name, STR("certdesk_")) && str_ends(name, STR(".crt"));
}

static void
read_before(const json_t *profile, struct bigip_worn *to)
{
	struct str text = str_of(bigip_text(profile, "description")), name;

	text = str_drop(text, str_find(text, STR(BIGIP_BEFORE)));
	text = str_drop(text, strlen(BIGIP_BEFORE));
	while (str_next(&text, ' ', &name))
		if (to->before_count < COUNT_OF(to->before) && is_our_certificate(name) &&
		    str_copy(name, to->before[to->before_count], BIGIP_NAME_SIZE))
			to->before_count++;
}

void
bigip_worn_read(const json_t *profile, struct bigip_worn *ret)
{
	const json_t *chain = json_object_get(profile, "certKeyChain");

	*ret = (struct bigip_worn){ .count = json_array_size(chain) };
	for (size_t i = 0; i < ret->count && i < BIGIP_PAIRS_MAX; i++) {
		const json_t *entry = json_array_get(chain, i);
		struct bigip_pair *pair = &ret->pairs[i];

		(void)str_copy(
		    str_of(bigip_text(entry, "cert")), pair->certificate, BIGIP_FULL_SIZE);
		(void)str_copy(str_of(bigip_text(entry, "key")), pair->key, BIGIP_FULL_SIZE);
		(void)str_copy(str_of(bigip_text(entry, "chain")), pair->chain, BIGIP_FULL_SIZE);
	}
	read_before(profile, ret);
}

static bool
is_pair(const struct balancer *b, const struct bigip_pair *pair, const struct bigip_names *names)
{
	char full[BIGIP_FULL_SIZE];

	return strcmp(pair->certificate, bigip_full_name(b, names->certificate, full)) == 0 &&
	       strcmp(pair->key, bigip_full_name(b, names->key, full)) == 0 &&
	       strcmp(pair->chain, bigip_full_name(b, names->chain, full)) == 0;
}

bool
bigip_wears(
    const struct balancer *b, const struct bigip_worn *worn, const struct bigip_wanted *wanted)
{
	if (worn->count != wanted->count)
		return false;
	for (size_t i = 0; i < wanted->count; i++) {
		bool found = false;

		for (size_t k = 0; k < worn->count; k++)
			found |= is_pair(b, &worn->pairs[k], &wanted->names[i]);
		if (!found)
			return false;
	}
	return true;
}

/* The chain is always named: some versions refuse an entry without (26214401). */
json_t *
bigip_pairs(const struct balancer *b, const struct bigip_wanted *wanted)
{
	char certificate[BIGIP_FULL_SIZE], key[BIGIP_FULL_SIZE], chain[BIGIP_FULL_SIZE];
	json_t *list = json_array();

	for (size_t i = 0; i < wanted->count && i < COUNT_OF(entries); i++) {
		const struct bigip_names *names = &wanted->names[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s}", "name", entries[i], "cert",
			      bigip_full_name(b, names->certificate, certificate), "key",
			      bigip_full_name(b, names->key, key), "chain",
			      *names->chain ? bigip_full_name(b, names->chain, chain) : "none"));
	}
	return list;
}

static void
put_name(const char *full_name, const char *separator, struct buf *to)
{
	const char *name = strrchr(full_name, '/');

	if (name)
		buf_printf(to, "%s%s", separator, name + 1);
}

void
bigip_worn_put(const struct bigip_worn *worn, struct buf *to)
{
	for (size_t i = 0; i < worn->count && i < BIGIP_PAIRS_MAX; i++) {
		put_name(worn->pairs[i].certificate, i == 0 ? BIGIP_BEFORE : " ", to);
		put_name(worn->pairs[i].chain, " ", to);
	}
}

static bool
is_named(const char *full_name, const char *name)
{
	const char *last = strrchr(full_name, '/');

	return last && strcmp(last + 1, name) == 0;
}

bool
bigip_worn_is_over(
    const struct bigip_worn *worn, const char *before, const struct bigip_wanted *wanted)
{
	for (size_t i = 0; i < worn->count && i < BIGIP_PAIRS_MAX; i++)
		if (is_named(worn->pairs[i].certificate, before) ||
		    is_named(worn->pairs[i].chain, before))
			return false;
	for (size_t i = 0; i < wanted->count; i++)
		if (strcmp(wanted->names[i].certificate, before) == 0 ||
		    strcmp(wanted->names[i].chain, before) == 0)
			return false;
	return true;
}
