/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BIG-IP is most often two: what is changed on the active unit is saved, and synchronized to its
 * group. Who writes while the units disagree overwrites somebody's work, or loses his own.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"
#include "base/error.h"

#define SYNC_WAIT  SECONDS(60)
#define LOOK_EVERY MILLIS(500)

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
	char status[64];
	bool from_us; /* the recommended action is to give what this unit has to the others */
};

static bool
recommends(const json_t *tree, const char *unit)
{
	const json_t *inner;
	const char *text = json_string_value(json_object_get(tree, "description")), *key;

	if (text && strstr(text, "ynchronize") && *unit && strstr(text, unit))
		return true;
	json_object_foreach(
	    (json_t *)(uintptr_t)tree, key, inner) if (recommends(inner, unit)) return true;
	return false;
}

static int
look_at_sync(struct balancer *b, struct sync *ret, struct outcome *what)
{
	const struct bigip *d = b->self;
	CLEAN(json_free) json_t *json = NULL;
	const json_t *entries;
	int r = bigip_must(b, "GET", "/mgmt/tm/cm/sync-status", NULL, &json, what);

	if (r)
		return r;
	entries = first_entries(json);
	snprintf(ret->status, sizeof(ret->status), "%s", description_of(entries, "status"));
	ret->from_us = recommends(entries, d->unit);
	return 0;
}

static bool
is_in_sync(const struct sync *sync)
{
	return strcmp(sync->status, "In Sync") == 0 || strcmp(sync->status, "Standalone") == 0;
}

/* This unit, its version, and whether it is the one that has the traffic. */
static int
look_at_unit(struct balancer *b, bool *ret_active, struct outcome *what)
{
	struct bigip *d = b->self;
	CLEAN(json_free) json_t *json = NULL;
	const json_t *unit;
	size_t i;
	int r = bigip_must(b, "GET",
	    "/mgmt/tm/cm/device?$select=name,failoverState,selfDevice,version", NULL, &json, what);

	*ret_active = false;
	json_array_foreach(json_object_get(json, "items"), i, unit)
	{
		if (!bigip_flag(unit, "selfDevice", false))
			continue;
		*ret_active = strcmp(bigip_text(unit, "failoverState"), "active") == 0;
		snprintf(d->failover, sizeof(d->failover), "%s", bigip_text(unit, "failoverState"));
		snprintf(d->unit, sizeof(d->unit), "%s", bigip_text(unit, "name"));
		snprintf(d->version, sizeof(d->version), "%s", bigip_text(unit, "version"));
	}
	return r;
}

int
bigip_pair_look(struct balancer *b, struct outcome *what)
{
	struct bigip *d = b->self;
	struct sync sync = { 0 };
	bool active;
	int r = look_at_unit(b, &active, what);

	if (r == 0)
		r = look_at_sync(b, &sync, what);
	snprintf(d->sync, sizeof(d->sync), "%s", sync.status);
	return r;
}

int
bigip_pair_ready(struct balancer *b, struct outcome *what)
{
	const struct bigip *d = b->self;
	struct sync sync;
	bool active;
	int r = look_at_unit(b, &active, what);

	if (r)
		return r;
	if (!active)
		return balancer_fail(what, BALANCER_E_UNREACHABLE,
		    "%s: %s is not the active unit now", b->config->name, d->unit);
	r = look_at_sync(b, &sync, what);
	if (r || is_in_sync(&sync) || sync.from_us)
		return r;
	if (strcmp(sync.status, "Syncing") == 0)
		return balancer_fail(
		    what, BALANCER_E_BUSY, "%s: its units are being synchronized", b->config->name);
	return balancer_fail(what, BALANCER_E_CONFLICT,
	    "%s: its units do not agree (%s), and not for something this unit has: synchronize them "
	    "first",
	    b->config->name, sync.status);
}

/* The group that shares configuration and address; "" = there is no other unit. */
static int
find_group(struct balancer *b, char *to, size_t size, bool *ret_by_itself, struct outcome *what)
{
	CLEAN(json_free) json_t *json = NULL;
	const json_t *group;
	size_t i;
	int r = bigip_must(
	    b, "GET", "/mgmt/tm/cm/device-group?expandSubcollections=true", NULL, &json, what);

	*to = '\0';
	json_array_foreach(json_object_get(json, "items"), i, group)
	{
		const json_t *units =
		    json_object_get(json_object_get(group, "devicesReference"), "items");

		if (strcmp(bigip_text(group, "type"), "sync-failover") != 0 ||
		    json_array_size(units) < 2)
			continue;
		snprintf(to, size, "%s", bigip_text(group, "name"));
		*ret_by_itself = bigip_flag(group, "autoSync", false);
	}
	return r;
}

static int
await_sync(struct balancer *b, struct outcome *what)
{
	when deadline = world_ticks() + SYNC_WAIT;
	struct sync sync = { 0 };
	int r = look_at_sync(b, &sync, what);

	while (r == 0 && !is_in_sync(&sync) && world_ticks() < deadline) {
		balancer_wait(LOOK_EVERY);
		r = look_at_sync(b, &sync, what);
	}
	if (r || is_in_sync(&sync))
		return r;
	return balancer_fail(what, BALANCER_E_PARTIAL,
	    "%s: saved, but its units are not in sync (%s)", b->config->name, sync.status);
}

static int
synchronize(struct balancer *b, struct outcome *what)
{
	CLEAN(json_free) json_t *body = NULL;
	char group[128], arguments[200];
	bool by_itself = false;
	int r = find_group(b, group, sizeof(group), &by_itself, what);

	if (r || !*group)
		return r;
	if (!by_itself) {
		snprintf(arguments, sizeof(arguments), "config-sync to-group %s", group);
		body = json_pack("{s:s, s:s}", "command", "run", "utilCmdArgs", arguments);
		r = bigip_must(b, "POST", "/mgmt/tm/cm", body, NULL, what);
	}
	return r ? r : await_sync(b, what);
}

int
bigip_persist(struct balancer *b, const struct bundle *bundle UNUSED, struct outcome *what)
{
	CLEAN(json_free) json_t *body = json_pack("{s:s}", "command", "save");
	int r = bigip_must(b, "POST", "/mgmt/tm/sys/config", body, NULL, what);

	return r ? r : synchronize(b, what);
}
