/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/cas.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "pki/data_file.h"
#include "pki/name.h"
#include "pki/organization.h"

static_assert(CAS_WORDS_SIZE >= DATA_FILE_WORDS_SIZE, "room for what is wrong");

struct cas {
	struct ca ca[CAS_MAX];
	size_t count;
	when dated;
};

struct cas *
cas_free(struct cas *cas)
{
	free(cas);
	return NULL;
}

/* Fit for people, and nothing lost by that. */
static bool
read_text(const json_t *value, char to[static CA_TEXT_SIZE])
{
	str_show(data_file_text(value), to, CA_TEXT_SIZE);
	return *to != '\0' && str_eq(str_of(to), data_file_text(value));
}

static bool
read_names(const json_t *list, struct ca_names *to)
{
	const json_t *item;
	size_t i;

	if (list && (!json_is_array(list) || json_array_size(list) > CA_NAMES_MAX))
		return false;
	json_array_foreach(list, i, item)
	{
		if (!read_text(item, to->name[to->count]))
			return false;
		to->count++;
	}
	return true;
}

/* Lower case, as RFC 8659 section 4.2 has it: labels of letters, digits and '-'. */
static bool
is_issuer_name(const char *name)
{
	if (!strchr(name, '.') || name[0] == '.' || name[strlen(name) - 1] == '.')
		return false;
	for (const char *c = name; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '-' &&
		    !(*c == '.' && c[1] != '.'))
			return false;
	return true;
}

static bool
is_known_member(const char *name)
{
	static const char *const members[] = { "name", "caa", "brands", "issuers", "roots", "acme",
		"platform", "source" };

	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (strcmp(members[i], name) == 0)
			return true;
	return false;
}

static bool
has_only_known_members(json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) if (!is_known_member(name)) return false;
	return true;
}

static const char *
read_options(const json_t *from, struct ca *to)
{
	const json_t *acme = json_object_get(from, "acme"),
		     *platform = json_object_get(from, "platform"),
		     *source = json_object_get(from, "source");

	if (acme && !json_is_boolean(acme))
		return "\"acme\" must be true or false";
	to->acme = json_is_true(acme);
	if (platform && !read_text(platform, to->platform))
		return "\"platform\" must be a short text";
	if (source && data_file_text(source).len == 0)
		return "\"source\" must say where that was read";
	return NULL;
}

/* NULL, or what is wrong with it. */
static const char *
read_row(json_t *from, const struct cas *cas, struct ca *to)
{
	if (!json_is_object(from) || !has_only_known_members(from))
		return "has a member that is not known";
	if (!read_text(json_object_get(from, "name"), to->name))
		return "has no name";
	if (!read_names(json_object_get(from, "caa"), &to->caa) || to->caa.count == 0)
		return "names nothing for CAA records";
	for (size_t i = 0; i < to->caa.count; i++)
		if (!is_issuer_name(to->caa.name[i]))
			return "\"caa\" must be a list of host names in lower case";
	if (!read_names(json_object_get(from, "brands"), &to->brands))
		return "\"brands\" must be a list of at most 16 short texts";
	if (!read_names(json_object_get(from, "issuers"), &to->issuers))
		return "\"issuers\" must be a list of at most 16 short texts";
	if (!read_names(json_object_get(from, "roots"), &to->roots))
		return "\"roots\" must be a list of at most 16 short texts";
	for (size_t i = 0; i < cas->count; i++)
		if (strcmp(cas->ca[i].name, to->name) == 0)
			return "is there twice";
	return read_options(from, to);
}

static const char *
add_row(void *to, json_t *from)
{
	struct cas *cas = to;
	const char *wrong = read_row(from, cas, &cas->ca[cas->count]);

	cas->count += wrong == NULL;
	return wrong;
}

int
cas_new(struct str json, char words[static CAS_WORDS_SIZE], struct cas **ret)
{
	static const struct data_file_form form = {
		.least = 1, .most = CAS_MAX, .read_row = add_row
	};
	CLEAN(cas_free) struct cas *cas = alloc_zero(sizeof(*cas));

	if (data_file_read(json, &form, cas, &cas->dated, words))
		return CAS_E_MALFORMED;
	*ret = TAKE(cas);
	return 0;
}

when
cas_dated(const struct cas *cas)
{
	return cas->dated;
}

size_t
cas_count(const struct cas *cas)
{
	return cas->count;
}

const struct ca *
cas_at(const struct cas *cas, size_t at)
{
	return &cas->ca[at];
}

/* Letters and digits alone, in lower case: "Let's Encrypt" and "letsencrypt" are one name. */
static void
fold(struct str name, char to[static CA_TEXT_SIZE])
{
	size_t put = 0;

	for (size_t i = 0; i < name.len && put + 1 < CA_TEXT_SIZE; i++)
		if (isalnum((unsigned char)name.p[i]))
			to[put++] = (char)tolower((unsigned char)name.p[i]);
	to[put] = '\0';
}

/* Its n-th name of any kind; NULL behind the last. */
static const char *
name_of(const struct ca *ca, size_t n)
{
	if (n == 0)
		return ca->name;
	n--;
	if (n < ca->brands.count)
		return ca->brands.name[n];
	n -= ca->brands.count;
	return n < ca->caa.count ? ca->caa.name[n] : NULL;
}

/* How far the nearest of its names is from what was typed. */
static size_t
distance(const struct ca *ca, const char *typed, const char **ret_name)
{
	size_t least = SIZE_MAX;
	const char *name;

	for (size_t n = 0; (name = name_of(ca, n)) != NULL; n++) {
		char folded[CA_TEXT_SIZE];
		size_t away;

		fold(str_of(name), folded);
		away = str_distance(str_of(typed), str_of(folded));
		if (away < least) {
			least = away;
			*ret_name = name;
		}
	}
	return least;
}

/* One of those in its CAA records that it does not advise. */
static bool
is_lent(const struct ca *ca, const char *name)
{
	for (size_t i = 1; i < ca->caa.count; i++)
		if (name == ca->caa.name[i])
			return true;
	return false;
}

/* A name that a CA accepts and another advises is the other's: entrust.net, which Sectigo accepts. */
static const struct ca *
nearest(const struct cas *cas, struct str typed, size_t most, const char **ret_name)
{
	const struct ca *best = NULL;
	char folded[CA_TEXT_SIZE];

	fold(typed, folded);
	for (size_t i = 0; *folded && i < cas->count; i++) {
		const char *name;
		size_t away = distance(&cas->ca[i], folded, &name);
		bool lent = best && is_lent(best, *ret_name);

		if (away > most || (best && away == most && (!lent || is_lent(&cas->ca[i], name))))
			continue;
		best = &cas->ca[i];
		most = away;
		*ret_name = name;
	}
	return best;
}

const struct ca *
cas_find(const struct cas *cas, struct str name)
{
	const char *found;

	return nearest(cas, name, 0, &found);
}

bool
cas_named(const struct cas *cas, struct str typed, struct ca *ret)
{
	const struct ca *known = cas_find(cas, typed);
	struct name_report report;
	struct host_name name;
	int r = host_name_parse(typed, &name, &report);

	if (known) {
		*ret = *known;
		return true;
	}
	if ((r && r != NAME_E_INTERNAL) || str_find(typed, STR(".")) == typed.len ||
	    cas_like(cas, typed))
		return false;
	*ret = (struct ca){ .caa.count = 1 };
	return str_copy(typed, ret->name, CA_TEXT_SIZE) &&
	       str_copy(typed, ret->caa.name[0], CA_TEXT_SIZE);
}

static bool
is_among(const struct ca_names *names, struct str organization)
{
	const char *why;

	for (size_t i = 0; i < names->count; i++)
		if (organization_compare(organization, str_of(names->name[i]), "", &why) ==
		    ORGANIZATION_SAME)
			return true;
	return false;
}

const struct ca *
cas_of_issuer(const struct cas *cas, struct str organization)
{
	const char *why;

	for (size_t i = 0; i < cas->count; i++) {
		const struct ca *ca = &cas->ca[i];

		if (organization_compare(organization, str_of(ca->name), "", &why) ==
			ORGANIZATION_SAME ||
		    is_among(&ca->brands, organization) || is_among(&ca->issuers, organization))
			return ca;
	}
	return NULL;
}

const char *
cas_like(const struct cas *cas, struct str typed)
{
	const char *found;

	return nearest(cas, typed, 1 + typed.len / 5, &found) ? found : NULL;
}

bool
ca_accepts(const struct ca *ca, struct str issuer)
{
	for (size_t i = 0; i < ca->caa.count; i++)
		if (str_eq_nocase(str_of(ca->caa.name[i]), issuer))
			return true;
	return false;
}

const struct distrust_row *
ca_distrusted(const struct ca *ca, const struct distrust *distrust, when now)
{
	const struct distrust_row *row = NULL;

	for (size_t i = 0; i < ca->roots.count && !row; i++)
		row = distrust_named(distrust, str_of(ca->roots.name[i]), now);
	return row;
}
