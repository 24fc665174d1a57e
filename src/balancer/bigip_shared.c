/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual server of the provider's that serves many names: the site's profile is one more of its
 * profiles. Nothing of it is written but that entry, as one item of the collection: whoever changes
 * another at the same time loses nothing. That a name is there twice, or two are the default, the
 * device itself refuses: to read all other profiles would cost as many requests as there are sites.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define VIRTUALS "ltm/virtual"

/* clang-format off */
static const struct reason {
	uint32_t number;
	const char *words;
} reasons[] = {
	{ 0x0107149e, "another profile there has this name already" },
	{ 0x0107149c, "none of its profiles is the default for SNI: set one first, the site's must not be it" },
	{ 0x01071809, "more than one of its profiles would be the default for SNI" },
};
/* clang-format on */

static int
refused(
    struct balancer *b, const char *virtual, const struct bigip_reply *reply, struct outcome *what)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].number == reply->number)
			return balancer_fail(what, BALANCER_E_CONFLICT, "%s: %s: %s (%.200s)",
			    b->config->name, virtual, reasons[i].words, reply->words);
	return bigip_fail(b, reply, virtual, what);
}

static const json_t *
profiles_in(const json_t *virtual)
{
	return json_object_get(json_object_get(virtual, "profilesReference"), "items");
}

bool
bigip_uses_profile(const json_t *virtual, const char *full_name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(profiles_in(virtual), i,
	    item) if (strcmp(bigip_text(item, "fullPath"), full_name) == 0) return true;
	return false;
}

/* The only profile of its kind is the default, whatever it says of itself. */
static bool
has_client_ssl(const json_t *virtual)
{
	const json_t *item;
	size_t i;

	json_array_foreach(profiles_in(virtual), i,
	    item) if (strstr(bigip_text(json_object_get(item, "nameReference"), "link"),
			  "/profile/client-ssl/")) return true;
	return false;
}

static int
get(struct balancer *b, const char *virtual, json_t **ret, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE];
	int r = bigip_get(
	    b, bigip_object(VIRTUALS, virtual, "?expandSubcollections=true", path), ret, what);

	if (r)
		return r;
	if (!*ret)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "%s: there is no virtual server %.200s, which shall be shared", b->config->name,
		    virtual);
	return bigip_must_be_free(b, virtual, *ret, what);
}

int
bigip_shared_observe(struct balancer *b, const char *virtual, const char *profile, bool *ret_routed,
    struct outcome *what)
{
	CLEAN(json_free) json_t *there = NULL;
	char full[BIGIP_FULL_SIZE];
	int r = get(b, virtual, &there, what);

	if (r == 0)
		*ret_routed = bigip_uses_profile(there, bigip_full_name(b, profile, full));
	return r;
}

int
bigip_profile_add(
    struct balancer *b, const char *virtual, const char *profile, struct outcome *what)
{
	CLEAN(json_free)
	json_t *body = json_pack("{s:s, s:s}", "name", profile, "context", "clientside");
	char path[BIGIP_PATH_SIZE];
	struct bigip_reply reply;
	int r;

	bigip_place(b, body);
	r = bigip_ask(b, "POST", bigip_object(VIRTUALS, virtual, "/profiles", path), body, &reply,
	    NULL, what);
	if (r || reply.answer == BIGIP_DONE || reply.answer == BIGIP_EXISTS)
		return r;
	return refused(b, virtual, &reply, what);
}

int
bigip_shared_add(struct balancer *b, const char *virtual, const char *profile, struct outcome *what)
{
	CLEAN(json_free) json_t *there = NULL;
	char full[BIGIP_FULL_SIZE];
	int r = get(b, virtual, &there, what);

	if (r)
		return r;
	if (bigip_uses_profile(there, bigip_full_name(b, profile, full)))
		return BALANCER_E_NOOP;
	if (!has_client_ssl(there))
		return balancer_fail(what, BALANCER_E_CONFLICT,
		    "%s: %.200s has no client-ssl profile: the site's would be its default",
		    b->config->name, virtual);
	r = bigip_owner_look(b, virtual, what);
	return r ? r : bigip_profile_add(b, virtual, profile, what);
}

/* An entry, or a virtual server, that is gone is fine. */
int
bigip_shared_remove(
    struct balancer *b, const char *virtual, const char *profile, struct outcome *what)
{
	char path[BIGIP_PATH_SIZE], full[BIGIP_FULL_SIZE], item[BIGIP_FULL_SIZE + 20];
	struct bigip_reply reply;
	int r;

	bigip_full_name(b, profile, full);
	for (char *c = full; *c; c++)
		*c = *c == '/' ? '~' : *c;
	snprintf(item, sizeof(item), "/profiles/%s", full);
	r = bigip_ask(
	    b, "DELETE", bigip_object(VIRTUALS, virtual, item, path), NULL, &reply, NULL, what);
	if (r || reply.answer == BIGIP_DONE || reply.answer == BIGIP_ABSENT)
		return r;
	return refused(b, virtual, &reply, what);
}
