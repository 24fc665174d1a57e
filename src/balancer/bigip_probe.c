/* SPDX-License-Identifier: Apache-2.0 */
/* What a BIG-IP is, for people: its units, what they are to each other, and what would stand in the way
 * of a site. */
#include <assert.h>
#include <stdio.h>

#include "balancer/bigip_internal.h"

static void
add(struct probe *to, const char *words)
{
	size_t len = strlen(to->words);

	snprintf(to->words + len, sizeof(to->words) - len, "%s%s", len ? "; " : "", words);
}

static void
add_unit(struct probe *to, const struct bigip_unit *unit)
{
	char words[256];

	snprintf(words, sizeof(words), "%s is %s (%s)", unit->name,
	    *unit->role ? unit->role : "of no role", unit->version);
	add(to, words);
}

static int
add_other(struct balancer *b, struct probe *to, struct outcome *what)
{
	struct bigip_unit *other = bigip_other_unit(b);
	struct outcome aside = { 0 };
	int r = other ? bigip_visit(b, other, NULL, NULL, &aside) : 0;

	if (r < 0)
		*what = aside;
	if (r || !other)
		add(to, r ? aside.words : "no second unit is configured");
	else
		add_unit(to, other);
	return r < 0 ? r : 0;
}

/* What a new connection may be, sites inherit from it (rule X-02). The option is told as a list or,
 * by newer versions, as one text in braces. */
static bool
switches_13_off(const json_t *parent)
{
	const json_t *options = json_object_get(parent, "tmOptions"), *option;
	size_t i;

	if (strstr(bigip_text(parent, "tmOptions"), "no-tlsv1.3"))
		return true;
	json_array_foreach(options, i,
	    option) if (json_is_string(option) &&
			strcmp(json_string_value(option), "no-tlsv1.3") == 0) return true;
	return false;
}

static int
add_parent(struct balancer *b, struct probe *to, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE], words[CONFIG_TEXT_SIZE + 100];
	CLEAN(json_free) json_t *parent = NULL;
	int r;

	bigip_object(
	    "ltm/profile/client-ssl", b->config->parent_profile, "?$select=tmOptions", path);
	r = bigip_get(b, path, &parent, what);
	if (r || (parent && !switches_13_off(parent)))
		return r;
	snprintf(words, sizeof(words), "%s %s", b->config->parent_profile,
	    parent
		? "switches TLS 1.3 off, which a site's test asks for: give parent_profile one that does not"
		: "is not there: parent_profile must be");
	add(to, words);
	return 0;
}

/* ---- what our user may ---- */

static bool
is_admin(const json_t *user, const struct config_balancer *config, const char **ret_role)
{
	const size_t len = strcspn(config->partition, "/"); /* a folder may stand behind it */
	const json_t *access;
	size_t i;

	*ret_role = "none";
	json_array_foreach(json_object_get(user, "partitionAccess"), i, access)
	{
		const char *where = bigip_text(access, "name");

		if (strcmp(where, "all-partitions") != 0 &&
		    !str_eq(str_of(where), str_bytes(config->partition, len)))
			continue;
		*ret_role = bigip_text(access, "role");
		if (strcmp(*ret_role, "admin") == 0)
			return true;
	}
	return false;
}

/* Lower roles may do all but upload, on most versions, and say so when a key is on its way. */
static int
add_rights(struct balancer *b, struct probe *to, struct outcome *what)
{
	CLEAN(json_free) json_t *user = NULL;
	char path[BIGIP_PATH_SIZE], words[CONFIG_NAME_SIZE + 256];
	struct outcome aside = { 0 };
	const char *role;
	int r;

	bigip_object("auth/user", b->config->user, "?$select=partitionAccess", path);
	r = bigip_get(b, path, &user, &aside);
	if (r == BALANCER_E_AUTH || (r == 0 && !user))
		snprintf(
		    words, sizeof(words), "what the user %s may cannot be read", b->config->user);
	else if (r == 0 && !is_admin(user, b->config, &role))
		snprintf(words, sizeof(words),
		    "the user %s has the role %.60s: to upload files it needs admin, or a role for REST that may POST to "
		    "/mgmt/shared/file-transfer/uploads",
		    b->config->user, role);
	else if (r == 0)
		return 0;
	if (r && r != BALANCER_E_AUTH) {
		*what = aside;
		return r;
	}
	add(to, words);
	return 0;
}

int
bigip_probe(struct balancer *b, struct probe *ret, struct outcome *what)
{
	const struct bigip *d = b->self;
	struct probe probe = { .max_payload = SIZE_MAX };
	char sync[64] = "";
	int r = bigip_sync_words(b, sync, what);

	snprintf(probe.version, sizeof(probe.version), "%s", d->at->version);
	add_unit(&probe, d->at);
	if (r == 0)
		r = add_other(b, &probe, what);
	add(&probe, sync);
	if (r == 0)
		r = add_rights(b, &probe, what);
	if (r == 0)
		r = add_parent(b, &probe, what);
	if (r == 0)
		*ret = probe;
	return r;
}

/* ---- what it holds: nobody publishes how much that may be, and lists grow slow long before ---- */

/* clang-format off */
static const struct {
	const char *list, *words;
} holdings[] = {
	{ "sys/file/ssl-key",       "keys" },
	{ "sys/file/ssl-cert",      "certificates" },
	{ "ltm/profile/client-ssl", "client-ssl profiles" },
	{ "ltm/virtual",            "virtual servers" },
};
/* clang-format on */
static_assert(COUNT_OF(holdings) <= CAPACITY_MAX, "room for each");

/* One item of a page is enough to be told how many there are in all. */
int
bigip_capacity(struct balancer *b, struct capacity *ret, struct outcome *what)
{
	int r = 0;

	*ret = (struct capacity){ 0 };
	for (size_t i = 0; r == 0 && i < COUNT_OF(holdings); i++) {
		CLEAN(json_free) json_t *page = NULL;
		char path[BIGIP_PATH_SIZE];
		const json_t *total;

		snprintf(path, sizeof(path), "/mgmt/tm/%s?$select=name&$top=1", holdings[i].list);
		r = bigip_get(b, path, &page, what);
		total = json_object_get(page, "totalItems");
		if (r == 0 && json_is_integer(total)) {
			ret->of[ret->count].what = holdings[i].words;
			ret->of[ret->count++].used = json_integer_value(total);
		}
	}
	return r;
}
