/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BIG-IP is most often two: what is changed on the active unit is synchronized to its group, and
 * saved on both. Who writes while the units disagree overwrites somebody's work, or loses his own; who
 * synchronizes carries along whatever is there.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define SYNC_WAIT  SECONDS(60)
#define LOOK_EVERY MILLIS(500)

/* ---- what the units say of each other ---- */

/* The texts of a statistics object are at the ends of a tree with addresses for names. */
static const char *
description_of(const json_t *entries, const char *name)
{
	return bigip_text(json_object_get(entries, name), "description");
}

static const json_t *
first_entries(const json_t *stats)
{
	json_t *entries = json_object_get(stats, "entries"), *inner;
	const char *key;

	json_object_foreach(entries, key, inner) return json_object_get(
	    json_object_get(inner, "nestedStats"), "entries");
	return NULL;
}

struct sync {
	json_t *json;
	const json_t *entries;
	char status[64], summary[128];
};

static void
sync_fini(struct sync *sync)
{
	json_decref(sync->json);
}
CLEAN_DEFINE_FINI(sync_fini, struct sync);

static int
look_at_sync(struct balancer *b, struct sync *to, struct outcome *what)
{
	int r;

	sync_fini(to);
	*to = (struct sync){ 0 };
	r = bigip_must(b, "GET", "/mgmt/tm/cm/sync-status", NULL, &to->json, what);
	if (r)
		return r;
	to->entries = first_entries(to->json);
	snprintf(to->status, sizeof(to->status), "%s", description_of(to->entries, "status"));
	snprintf(to->summary, sizeof(to->summary), "%s", description_of(to->entries, "summary"));
	return 0;
}

static bool
is_in_sync(const struct sync *sync)
{
	return strcmp(sync->status, "In Sync") == 0 || strcmp(sync->status, "Standalone") == 0;
}

static bool
is_apart(const struct sync *sync)
{
	return strcmp(sync->status, "Disconnected") == 0;
}

static bool
is_of_a_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._-", c));
}

static bool
names_unit(const char *text, const char *unit)
{
	size_t len = strlen(unit);
	const char *at = strstr(text, unit);

	while (at && ((at > text && is_of_a_name(at[-1])) || is_of_a_name(at[len])))
		at = strstr(at + 1, unit);
	return at != NULL;
}

/* The device recommends to give what this unit has to the others. */
static bool
recommends(const json_t *tree, const char *unit)
{
	const json_t *inner;
	const char *text = json_string_value(json_object_get(tree, "description")), *key;

	if (*unit && text && strstr(text, "ynchronize ") && names_unit(text, unit))
		return true;
	json_object_foreach(
	    (json_t *)(uintptr_t)tree, key, inner) if (recommends(inner, unit)) return true;
	return false;
}

int
bigip_sync_words(struct balancer *b, char to[static 64], struct outcome *what)
{
	CLEAN(sync_fini) struct sync sync = { 0 };
	int r = look_at_sync(b, &sync, what);

	if (r == 0)
		snprintf(to, 64, "%s", sync.status);
	return r;
}

/* Returns when they are in sync, or do not see each other, or have had their time. */
static int
await_sync(struct balancer *b, struct sync *ret, struct outcome *what)
{
	when deadline = world_ticks() + SYNC_WAIT;
	int r = look_at_sync(b, ret, what);

	while (r == 0 && !is_in_sync(ret) && !is_apart(ret) && world_ticks() < deadline) {
		balancer_wait(LOOK_EVERY);
		r = look_at_sync(b, ret, what);
	}
	return r;
}

/* ---- the group ---- */

struct group {
	char name[128];     /* "" = there is no other unit */
	bool by_itself;     /* each change is synchronized at once */
	bool peer_saves_it; /* and saved there */
};

/* The group that shares configuration and address. */
static int
find_group(struct balancer *b, struct group *ret, struct outcome *what)
{
	CLEAN(json_free) json_t *json = NULL;
	const json_t *group;
	size_t i;
	int r = bigip_must(
	    b, "GET", "/mgmt/tm/cm/device-group?expandSubcollections=true", NULL, &json, what);

	*ret = (struct group){ 0 };
	json_array_foreach(json_object_get(json, "items"), i, group)
	{
		const json_t *units =
		    json_object_get(json_object_get(group, "devicesReference"), "items");

		if (strcmp(bigip_text(group, "type"), "sync-failover") != 0 ||
		    json_array_size(units) < 2)
			continue;
		snprintf(ret->name, sizeof(ret->name), "%s", bigip_text(group, "name"));
		ret->by_itself = bigip_flag(group, "autoSync", false);
		ret->peer_saves_it = ret->by_itself && bigip_flag(group, "saveOnAutoSync", false);
	}
	return r;
}

/* From the unit that is asked to its group, whichever of them has the traffic. */
static int
push(struct balancer *b, void *about, struct outcome *what)
{
	const struct group *group = about;
	CLEAN(json_free) json_t *body = NULL;
	char arguments[200];

	snprintf(arguments, sizeof(arguments), "config-sync to-group %s", group->name);
	body = json_pack("{s:s, s:s}", "command", "run", "utilCmdArgs", arguments);
	return bigip_must(b, "POST", "/mgmt/tm/cm", body, NULL, what);
}

/* ---- before ---- */

/* An administrator is at work, as a rule: what waits for him goes on by itself when he has ended. */
static int
disagree(struct balancer *b, const struct sync *sync, const char *advice, struct outcome *what)
{
	return balancer_fail(what, BALANCER_E_BUSY, "%s: its units do not agree (%s: %s)%s",
	    b->config->name, sync->status, sync->summary, advice);
}

/* We were at it, and died or lost the unit: the standby has our changes, the active one nothing that
 * is newer. */
static int
bring_over(struct balancer *b, struct bigip_unit *from, struct group *group, struct outcome *what)
{
	CLEAN(sync_fini) struct sync sync = { 0 };
	int r = group->by_itself ? 0 : bigip_visit(b, from, push, group, what);

	if (r == 0)
		r = await_sync(b, &sync, what);
	if (r || is_in_sync(&sync))
		return r;
	return balancer_fail(what, BALANCER_E_BUSY,
	    "%s: what was changed before has not come to the other unit yet (%s)", b->config->name,
	    sync.status);
}

static int
finish_ours(struct balancer *b, const struct sync *sync, struct group *group, struct outcome *what)
{
	const struct bigip *d = b->self;
	struct bigip_unit *other = bigip_other_unit(b);
	int r = 0;

	if (recommends(sync->entries, d->at->name))
		return 0; /* with the next persist */
	if (other && !*other->name)
		r = bigip_visit(b, other, NULL, NULL, what);
	if (r)
		return r;
	return other && recommends(sync->entries, other->name)
	           ? bring_over(b, other, group, what)
	           : disagree(b, sync,
			 ", and not about something of ours alone: somebody must look", what);
}

static int
settle_difference(struct balancer *b, const struct sync *sync, struct outcome *what)
{
	CLEAN(sync_fini) struct sync later = { 0 };
	struct group group;
	int r;

	if (strcmp(sync->status, "Syncing") == 0)
		return balancer_fail(
		    what, BALANCER_E_BUSY, "%s: its units are being synchronized", b->config->name);
	r = find_group(b, &group, what);
	if (r == 0 && group.by_itself) {
		r = await_sync(b, &later, what);
		if (r || is_in_sync(&later) || is_apart(&later))
			return r;
	}
	if (r)
		return r;
	return bigip_has_note(b)
	           ? finish_ours(b, sync, &group, what)
	           : disagree(b, sync, ", about something that is not ours: synchronize them first",
			 what);
}

int
bigip_pair_ready(struct balancer *b, struct outcome *what)
{
	struct bigip *d = b->self;
	CLEAN(sync_fini) struct sync sync = { 0 };
	int r = d->agreed ? 0 : look_at_sync(b, &sync, what);

	if (r || d->agreed)
		return r;
	d->apart = is_apart(&sync);
	if (!is_in_sync(&sync) && !d->apart)
		r = settle_difference(b, &sync, what);
	if (r == 0 && strcmp(sync.status, "Standalone") != 0)
		r = bigip_set_note(b, true, what);
	d->agreed = r == 0;
	return r;
}

/* ---- after ---- */

static int
not_in_sync(struct balancer *b, const struct sync *sync, struct outcome *what)
{
	const struct bigip_unit *other = bigip_other_unit(b);
	char words[BIGIP_UNIT_WORDS] = "the other unit";

	if (other)
		bigip_unit_words(b, other, words);
	return balancer_fail(what, BALANCER_E_PARTIAL, "%s: not in sync with %s (%s: %s)",
	    b->config->name, words, sync->status, sync->summary);
}

static int
synchronize(struct balancer *b, struct group *group, struct outcome *what)
{
	const struct bigip *d = b->self;
	CLEAN(sync_fini) struct sync sync = { 0 };
	int r = d->apart ? look_at_sync(b, &sync, what) : 0;

	if (r || (d->apart && is_apart(&sync)))
		return r ? r : not_in_sync(b, &sync, what);
	if (!group->by_itself)
		r = push(b, group, what);
	if (r == 0)
		r = await_sync(b, &sync, what);
	if (r == 0 && !is_in_sync(&sync))
		r = not_in_sync(b, &sync, what);
	return r;
}

int
bigip_save(struct balancer *b, struct outcome *what)
{
	CLEAN(json_free) json_t *body = json_pack("{s:s}", "command", "save");

	return bigip_must(b, "POST", "/mgmt/tm/sys/config", body, NULL, what);
}

/* Synchronized first, then saved: who dies in between comes back as old as the other one knew it, and
 * not with a change of its own that conflicts with what was done without it. Alone, it saves all the
 * same. */
int
bigip_persist(struct balancer *b, const struct bundle *bundle UNUSED, struct outcome *what)
{
	struct outcome aside = { 0 };
	struct group group = { 0 };
	int r = bigip_pair_ready(b, what), saved;

	if (r == 0)
		r = find_group(b, &group, what);
	if (r == 0 && *group.name)
		r = synchronize(b, &group, what);
	if (r && r != BALANCER_E_PARTIAL)
		return r;
	saved = bigip_save(b, r ? &aside : what);
	if (r == 0)
		r = saved;
	if (r == 0)
		r = bigip_set_note(b, false, what);
	return r ? r : bigip_peer_keep(b, group.peer_saves_it, what);
}
