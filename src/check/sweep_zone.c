/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zones of a sweep's sites and their servers. A zone is the registrable domain, or a stub of the
 * configuration: what is delegated below it answers with a referral, and gets a look. Two steps for
 * each, many zones side by side: the names of its servers, then their addresses, looked up once for
 * all zones that have the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <unbound.h>

#include "base/error.h"
#include "check/sweep_internal.h"

#define ZONE_QUESTIONS 4 /* a step may take as long as that many questions */

/* The name of a server, which many zones may have in common. */
struct sweep_host {
	char name[DNS_NAME_SIZE];
	struct lookup a, aaaa;
	when deadline;
	struct sweep_host *next_in_bucket;
};

struct zone_lookup {
	struct lookup ns;
	struct sweep_host *host[DNS_SERVERS_MAX];
	size_t host_count;
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
	if (zone->lookup)
		lookup_fini(&zone->lookup->ns);
	free(zone->lookup);
	zone->lookup = NULL;
}

void
sweep_hosts_free(struct sweep *s)
{
	for (size_t i = 0; i < SWEEP_BUCKETS; i++)
		while (s->host[i]) {
			struct sweep_host *host = s->host[i];

			s->host[i] = host->next_in_bucket;
			lookup_fini(&host->a);
			lookup_fini(&host->aaaa);
			free(host);
		}
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

static when
step_deadline(const struct sweep *s)
{
	return world_ticks() + ZONE_QUESTIONS * s->timeout;
}

static void
start_names(struct sweep *s, struct sweep_zone *zone)
{
	zone->lookup = alloc_zero(sizeof(*zone->lookup));
	zone->lookup->deadline = step_deadline(s);
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

/* Its addresses are on the way, or known already. */
static struct sweep_host *
host_of(struct sweep *s, const char *name)
{
	struct sweep_host **bucket = &s->host[sweep_hash(name, strlen(name)) % SWEEP_BUCKETS];
	struct sweep_host *host = *bucket;

	while (host && strcmp(host->name, name) != 0)
		host = host->next_in_bucket;
	if (host)
		return host;
	host = alloc_zero(sizeof(*host));
	(void)str_copy(str_of(name), host->name, sizeof(host->name));
	host->deadline = step_deadline(s);
	host->next_in_bucket = *bucket;
	*bucket = host;
	resolver_start(s->resolver, host->name, DNS_TYPE_A, &host->a);
	resolver_start(s->resolver, host->name, DNS_TYPE_AAAA, &host->aaaa);
	return host;
}

static void
take_names(struct sweep *s, struct zone_lookup *l)
{
	const struct ub_result *result = l->ns.result;
	char name[DNS_NAME_SIZE];

	for (size_t i = 0; result && result->havedata && result->data[i]; i++)
		if (l->host_count < DNS_SERVERS_MAX &&
		    dns_name_read(result->data[i], (size_t)result->len[i], name))
			l->host[l->host_count++] = host_of(s, name);
	l->has_names = true;
}

/* True: it has come, or nothing will. */
static bool
has_come(struct sweep *s, struct lookup *lookup, when deadline)
{
	if (!lookup->done && world_ticks() > deadline)
		resolver_wait(s->resolver, lookup, 0);
	return lookup->done;
}

static bool
has_addresses(struct sweep *s, const struct zone_lookup *l)
{
	for (size_t i = 0; i < l->host_count; i++)
		if (!has_come(s, &l->host[i]->a, l->host[i]->deadline) ||
		    !has_come(s, &l->host[i]->aaaa, l->host[i]->deadline))
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
	bool all = l->host_count > 0;

	for (size_t i = 0; i < l->host_count; i++)
		all &= add_servers(s, &l->host[i]->a, number) +
		           add_servers(s, &l->host[i]->aaaa, number) >
		       0;
	for (size_t i = 0; !all && i < zone->count; i++)
		sweep_site_look(s, s->order[zone->first + i]);
}

/* True: nothing more comes for it. */
static bool
step(struct sweep *s, const struct sweep_zone *zone)
{
	struct zone_lookup *l = zone->lookup;

	if (!has_come(s, &l->ns, l->deadline))
		return false;
	if (!l->has_names)
		take_names(s, l);
	return has_addresses(s, l);
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
