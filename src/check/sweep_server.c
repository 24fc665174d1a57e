/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The servers of a sweep and what is left to be asked there. A server that takes a question is in
 * the queue of those that are ready, so that none is scanned in vain, and each gets its turn.
 */
#include <stdlib.h>

#include "check/sweep_internal.h"

size_t
sweep_hash(const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ byte[i]) * 16777619u;
	return h;
}

static size_t
bucket_of(const struct addr *address, uint16_t port)
{
	return (sweep_hash(address->bytes, sizeof(address->bytes)) ^ port) % SWEEP_BUCKETS;
}

static struct sweep_server *
find(const struct sweep *s, const struct addr *address, uint16_t port)
{
	size_t at = s->bucket[bucket_of(address, port)];

	while (at > 0) {
		struct sweep_server *server = s->server[at - 1];

		if (server->port == port && addr_eq(&server->address, address))
			return server;
		at = server->next_in_bucket;
	}
	return NULL;
}

static struct sweep_server *
make(struct sweep *s, const struct addr *address, uint16_t port)
{
	struct sweep_server *server = alloc_zero(sizeof(*server));
	size_t *bucket = &s->bucket[bucket_of(address, port)];

	if (s->server_count == s->server_room) {
		s->server_room = s->server_room > 0 ? 2 * s->server_room : 64;
		s->server = alloc_again(s->server, s->server_room, sizeof(struct sweep_server *));
	}
	server->address = *address;
	server->port = port;
	server->next_in_bucket = *bucket;
	s->server[s->server_count++] = server;
	*bucket = s->server_count;
	return server;
}

static void
let_go(struct sweep *s, const struct sweep_server *server, size_t zone, size_t from)
{
	for (size_t i = from; !server->unreached && i < s->zone[zone].count; i++)
		sweep_site_look(s, s->order[s->zone[zone].first + i]);
}

void
sweep_server_add(struct sweep *s, const struct addr *address, uint16_t port, size_t zone)
{
	struct sweep_server *server = find(s, address, port);

	if (!server)
		server = make(s, address, port);
	if (server->dead) {
		let_go(s, server, zone, 0);
		return;
	}
	if (server->zone_count > 0 && server->zone[server->zone_count - 1] == zone)
		return; /* two names for one machine */
	if (server->zone_count == server->zone_room) {
		server->zone_room = server->zone_room > 0 ? 2 * server->zone_room : 2;
		server->zone = alloc_again(server->zone, server->zone_room, sizeof(size_t));
	}
	server->zone[server->zone_count++] = zone;
	sweep_server_ready(s, server);
}

/* A site that needs a look anyhow is not asked about. */
bool
sweep_server_next(
    struct sweep *s, struct sweep_server *server, size_t *ret_site, enum dns_type *ret_type)
{
	while (server->zone_at < server->zone_count) {
		const struct sweep_zone *zone = &s->zone[server->zone[server->zone_at]];
		size_t site;

		if (server->site_at == zone->count) {
			server->zone_at++;
			server->site_at = 0;
			continue;
		}
		site = s->order[zone->first + server->site_at];
		*ret_site = site;
		*ret_type = server->wants_aaaa ? DNS_TYPE_AAAA : DNS_TYPE_A;
		server->site_at += server->wants_aaaa;
		server->wants_aaaa = !server->wants_aaaa;
		if (s->state[site] != SITE_LOOK)
			return true;
	}
	return false;
}

void
sweep_server_ready(struct sweep *s, struct sweep_server *server)
{
	if (server->queued || server->dead || server->flying >= SWEEP_PER_SERVER ||
	    server->zone_at == server->zone_count)
		return;
	server->queued = true;
	server->next_ready = NULL;
	if (s->ready_last)
		s->ready_last->next_ready = server;
	else
		s->ready = server;
	s->ready_last = server;
}

struct sweep_server *
sweep_server_take(struct sweep *s)
{
	struct sweep_server *server = s->ready;

	if (!server)
		return NULL;
	s->ready = server->next_ready;
	if (!s->ready)
		s->ready_last = NULL;
	server->queued = false;
	return server;
}

void
sweep_server_heard(struct sweep_server *server)
{
	server->answered = true;
	server->silences = 0;
}

static void
die(struct sweep *s, struct sweep_server *server)
{
	server->dead = true;
	for (size_t z = server->zone_at; z < server->zone_count; z++)
		let_go(s, server, server->zone[z], z == server->zone_at ? server->site_at : 0);
	server->zone_at = server->zone_count;
}

/* One that did answer may lose a few: it is given up only when all that is under way is lost. */
void
sweep_server_silent(struct sweep *s, struct sweep_server *server)
{
	size_t most = server->answered ? 2 * SWEEP_PER_SERVER : SWEEP_NEVER_ANSWERED;

	server->silences++;
	if (!server->dead && server->silences >= most)
		die(s, server);
}

/* There is no way there from this machine, as without IPv6: it is no witness (dns_judge.c). */
void
sweep_server_unreached(struct sweep_server *server)
{
	server->dead = server->unreached = true;
	server->zone_at = server->zone_count;
}
