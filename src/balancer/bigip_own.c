/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of certdesk's own that the sites of a partition share: its rule, its profiles. The first
 * site makes them. What is there under their name is compared, never written: who changed it has a
 * reason, and all sites would follow.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

/* A device may add or drop white space around a rule. */
static bool
is_same(const struct bigip_own *own, const json_t *there)
{
	for (size_t i = 0; i < BIGIP_OWN_MEMBERS && own->members[i][0]; i++) {
		struct str has = str_of(bigip_text(there, own->members[i][0]));

		if (!str_eq(str_trim(has), str_of(own->members[i][1])))
			return false;
	}
	return true;
}

static int
compare(struct balancer *b, const struct bigip_own *own, const json_t *there, struct outcome *what)
{
	char full[BIGIP_FULL_SIZE];

	if (is_same(own, there))
		return 0;
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: somebody changed %s: name an object of your own in its place in the configuration, "
	    "or remove it and it is made anew",
	    b->config->name, bigip_full_name(b, own->name, full));
}

static json_t *
body_of(const struct balancer *b, const struct bigip_own *own)
{
	json_t *body = json_pack("{s:s}", "name", own->name);

	bigip_place(b, body);
	for (size_t i = 0; i < BIGIP_OWN_MEMBERS && own->members[i][0]; i++)
		json_object_set_new(body, own->members[i][0], json_string(own->members[i][1]));
	return body;
}

static int
make(struct balancer *b, const struct bigip_own *own, struct outcome *what)
{
	CLEAN(json_free) json_t *body = body_of(b, own);
	char path[BIGIP_PATH_SIZE];

	snprintf(path, sizeof(path), "/mgmt/tm/%s", own->kind);
	return bigip_must(b, "POST", path, body, NULL, what);
}

static int
make_one(struct balancer *b, const char *name, struct outcome *what)
{
	const struct bigip_own *own = bigip_own_named(name);
	CLEAN(json_free) json_t *there = NULL;
	char path[BIGIP_PATH_SIZE];
	int r = own ? bigip_get(b, bigip_path(b, own->kind, name, "", path), &there, what) : 0;

	if (r || !own)
		return r;
	return there ? compare(b, own, there, what) : make(b, own, what);
}

int
bigip_own_make(struct balancer *b, const struct bigip_template *t, struct outcome *what)
{
	const char *const names[] = { t->http, t->tcp, t->redirect };
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(names); i++)
		r = make_one(b, names[i], what);
	return r;
}
