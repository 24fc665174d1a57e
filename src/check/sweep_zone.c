/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zones of a sweep's sites and their servers. A zone is the registrable domain, or a stub of the
 * configuration: what is delegated below it answers with a referral, and gets a look. Two steps for
 * each, many zones side by side: the names of its servers, then their addresses, which the
 * resolver's cache knows when another zone had the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <unbound.h>

#include "base/error.h"
#include "check/sweep_internal.h"

#define ZONE_QUESTIONS 4 /* a step may take as long as that many questions */

struct zone_server {
	char name[DNS_NAME_SIZE];
	struct lookup a, aaaa;
};

struct zone_lookup {
	struct lookup ns;
	struct zone_server server[DNS_SERVERS_MAX];
	size_t server_count;
	bool has_names;
	when deadline;
};

/* ---- which zone a site is in ---- */

struct placed {
	const char *zone; /* in the site's name, or the stub's */
	const struct config_stub *stub;
	size_t site;
};

static int
compare_placed(const void *a, const void *b)
{
	return strcmp(((const struct placed *)a)->zone, ((const struct placed *)b)->zone);
}

static struct placed
place(const struct sweep *s, size_t site)
{
	const char *name = s->site[site].name.text;
	struct placed placed = { .zone = name, .stub = dns_stub_of(s->config, name), .site = site };
	char domain[DNS_NAME_SIZE];

	if (placed.stub)
		placed.zone = placed.stub->zone;
	else if (host_name_registrable(name, domain, sizeof(domain)))
		placed.zone = name + strlen(name) - strlen(domain);
	return placed;
}

static void
put_in_zone(struct sweep *s, const struct placed *placed, size_t at)
{
	struct sweep_zone *zone = s->zone_count > 0 ? &s->zone[s->zone_count - 1] : NULL;

	if (!zone || strcmp(zone->name, placed->zone) != 0) {
		zone = &s->zone[s->zone_count++];
		(void)str_copy(str_of(placed->zone), zone->name, sizeof(zone->name));
		zone->stub = placed->stub;
		zone->first = at;
	}
	zone->count++;
	s->order[at] = placed->site;
}

int
sweep_zones_make(struct sweep *s)
{
	struct placed *placed = alloc_array(s->site_count, sizeof(*placed));
	bool stubs_alone = true;
	size_t zones = 0;

	for (size_t i = 0; i < s->site_count; i++)
		placed[i] = place(s, i);
	qsort(placed, s->site_count, sizeof(*placed), compare_placed);
	for (size_t i = 0; i < s->site_count; i++) {
		stubs_alone &= placed[i].stub != NULL;
		zones += i == 0 || strcmp(placed[i].zone, placed[i - 1].zone) != 0;
	}
	s->zone = alloc_array(zones, sizeof(*s->zone));
	memset(s->zone, 0, zones * sizeof(*s->zone));
	for (size_t i = 0; i < s->site_count; i++)
		put_in_zone(s, &placed[i], i);
	free(placed);
	return stubs_alone ? 0 : resolver_new(s->config, true, &s->resolver);
}

/* ---- its servers ---- */

void
sweep_zone_fini(struct sweep_zone *zone)
{
	struct zone_lookup *l = zone->lookup;

	for (size_t i = 0; l && i < l->server_count; i++) {
		lookup_fini(&l->server[i].a);
		lookup_fini(&l->server[i].aaaa);
	}
	if (l)
		lookup_fini(&l->ns);
	free(l);
	zone->lookup = NULL;
}

static void
use_stubs(struct sweep *s, size_t zone)
{
	for (size_t i = 0; i < s->config->stub_count; i++) {
		const struct config_stub *stub = &s->config->stubs[i];
		struct addr address;

		if (str_eq_nocase(str_of(stub->zone), str_of(s->zone[zone].name)) &&
		    addr_parse(str_of(stub->address), &address))
			sweep_server_add(s, &address, (uint16_t)stub->port, zone);
	}
}

static void
start_names(struct sweep *s, struct sweep_zone *zone)
{
	zone->lookup = alloc_zero(sizeof(*zone->lookup));
	zone->lookup->deadline = world_ticks() + ZONE_QUESTIONS * s->timeout;
	s->looking[s->looking_count++] = zone;
	resolver_start(s->resolver, zone->name, DNS_TYPE_NS, &zone->lookup->ns);
}

int
sweep_zones_start(struct sweep *s)
{
	while (s->zone_next < s->zone_count && s->looking_count < SWEEP_LOOKUPS_MOST) {
		struct sweep_zone *zone = &s->zone[s->zone_next];

		if (zone->stub)
			use_stubs(s, s->zone_next);
		else
			start_names(s, zone);
		s->zone_next++;
	}
	return 0;
}

/* True: their addresses are on the way. */
static bool
start_addresses(struct sweep *s, struct zone_lookup *l)
{
	const struct ub_result *result = l->ns.result;

	for (size_t i = 0; result && result->havedata && result->data[i]; i++) {
		struct zone_server *server = &l->server[l->server_count];

		if (l->server_count == DNS_SERVERS_MAX ||
		    !dns_name_read(result->data[i], (size_t)result->len[i], server->name))
			continue;
		resolver_start(s->resolver, server->name, DNS_TYPE_A, &server->a);
		resolver_start(s->resolver, server->name, DNS_TYPE_AAAA, &server->aaaa);
		l->server_count++;
	}
	l->has_names = true;
	l->deadline = world_ticks() + ZONE_QUESTIONS * s->timeout;
	return l->server_count > 0;
}

static bool
has_addresses(const struct zone_lookup *l)
{
	for (size_t i = 0; i < l->server_count; i++)
		if (!l->server[i].a.done || !l->server[i].aaaa.done)
			return false;
	return true;
}

static size_t
add_servers(struct sweep *s, const struct lookup *lookup, size_t zone)
{
	const struct ub_result *result = lookup->result;
	size_t count = 0;

	for (size_t i = 0; result && result->havedata && result->data[i]; i++) {
		struct addr address = { .family = result->len[i] == 4 ? 4 : 6 };

		if (result->len[i] != 4 && result->len[i] != 16)
			continue;
		copy_bytes(address.bytes, result->data[i], (size_t)result->len[i]);
		sweep_server_add(s, &address, s->port, zone);
		count++;
	}
	return count;
}

/* A server whose address could not be found is one that needs a look. */
static void
finish(struct sweep *s, struct sweep_zone *zone)
{
	const struct zone_lookup *l = zone->lookup;
	size_t number = (size_t)(zone - s->zone);
	bool all = l->server_count > 0;

	for (size_t i = 0; i < l->server_count; i++)
		all &= add_servers(s, &l->server[i].a, number) +
		           add_servers(s, &l->server[i].aaaa, number) >
		       0;
	for (size_t i = 0; !all && i < zone->count; i++)
		sweep_site_look(s, s->order[zone->first + i]);
}

static void
give_up(struct sweep *s, struct zone_lookup *l)
{
	resolver_wait(s->resolver, &l->ns, 0);
	for (size_t i = 0; i < l->server_count; i++) {
		resolver_wait(s->resolver, &l->server[i].a, 0);
		resolver_wait(s->resolver, &l->server[i].aaaa, 0);
	}
}

/* True: nothing more comes for it. */
static bool
step(struct sweep *s, struct sweep_zone *zone)
{
	struct zone_lookup *l = zone->lookup;

	if (world_ticks() > l->deadline)
		give_up(s, l);
	if (!l->has_names && l->ns.done && start_addresses(s, l))
		return false;
	return l->ns.done && has_addresses(l);
}

void
sweep_zones_step(struct sweep *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->looking_count; i++) {
		struct sweep_zone *zone = s->looking[i];

		if (!step(s, zone)) {
			s->looking[kept++] = zone;
			continue;
		}
		finish(s, zone);
		sweep_zone_fini(zone);
	}
	s->looking_count = kept;
}
