/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dns_sweep.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/sweep_internal.h"
#include "sys/net.h"

#define DNS_PORT 53
#define REST     MILLIS(50) /* a lookup's deadline is looked at that often */

void
sweep_site_look(struct sweep *s, size_t site)
{
	s->state[site] = SITE_LOOK;
}

static bool
is_our_name(const struct sweep *s, const char *alias)
{
	struct str rest = str_of(s->config->dns_our_names), one;

	while (str_next(&rest, ' ', &one))
		if (one.len > 0 && str_eq_nocase(one, str_of(alias)))
			return true;
	return false;
}

/* One address, ours; for the other type none. */
static bool
is_right(const struct sweep *s, const struct addr *ours, enum dns_type type,
    const struct dns_reply *reply)
{
	bool own_type = (type == DNS_TYPE_AAAA) == (ours->family == 6);

	if (reply->kind == REPLY_ALIAS)
		return !reply->crowded && is_our_name(s, reply->alias);
	if (own_type)
		return reply->kind == REPLY_ADDRESSES && reply->address_count == 1 &&
		       addr_eq(&reply->address[0], ours);
	return reply->kind == REPLY_EMPTY || reply->kind == REPLY_NO_NAME;
}

void
sweep_site_judge(struct sweep *s, size_t site, enum dns_type type, const struct dns_reply *reply)
{
	if (!is_right(s, &s->site[site].address, type, reply)) {
		sweep_site_look(s, site);
		return;
	}
	if (s->state[site] == SITE_OPEN)
		s->state[site] = SITE_HEARD;
	s->site[site].server_count += type == DNS_TYPE_A; /* each is asked twice */
}

static void
sweep_free(struct sweep *s)
{
	if (!s)
		return;
	s->resolver = resolver_free(s->resolver); /* before its lookups */
	for (size_t i = 0; i < s->zone_count; i++)
		sweep_zone_fini(&s->zone[i]);
	for (size_t i = 0; i < s->server_count; i++) {
		free(s->server[i]->zone);
		free(s->server[i]);
	}
	sweep_hosts_free(s);
	sweep_flights_close(s);
	free(s->server);
	free(s->zone);
	free(s->order);
	free(s->state);
	free(s);
}
CLEAN_DEFINE(sweep_free, struct sweep *);

static struct sweep *
sweep_new(const struct config *config, uint16_t port, struct dns_sweep_site *sites, size_t count)
{
	struct sweep *s = alloc_zero(sizeof(*s));

	for (size_t i = 0; i < count; i++)
		sites[i].server_count = 0;
	for (size_t i = 0; i < SWEEP_SOCKETS; i++)
		s->fd[0][i] = s->fd[1][i] = -1;
	s->config = config;
	s->port = port;
	s->timeout = MILLIS(config->dns_timeout_ms);
	s->site = sites;
	s->site_count = count;
	s->order = alloc_array(count, sizeof(*s->order));
	s->state = alloc_zero(count);
	return s;
}

/* Until something has come, or the oldest question's time is over. */
static int
wait_for_more(struct sweep *s)
{
	int fds[2 * SWEEP_SOCKETS + 1], r;
	when rest = s->oldest ? s->oldest->deadline - world_ticks() : REST;
	size_t count = 0;

	for (size_t family = 0; family < 2; family++)
		for (size_t i = 0; i < SWEEP_SOCKETS; i++)
			if (s->fd[family][i] >= 0)
				fds[count++] = s->fd[family][i];
	if (s->resolver)
		fds[count++] = resolver_fd(s->resolver);
	if (s->looking_count > 0 && rest > REST)
		rest = REST;
	r = net_wait_any(fds, count, rest > 0 ? rest : 0);
	return r < 0 ? r : 0;
}

static int
turn(struct sweep *s)
{
	int r = sweep_zones_start(s);

	if (r == 0)
		r = sweep_flights_send(s);
	if (r == 0)
		r = wait_for_more(s);
	if (r == 0 && s->resolver)
		r = resolver_process(s->resolver);
	if (r)
		return r;
	sweep_zones_step(s);
	r = sweep_flights_receive(s);
	return r ? r : sweep_flights_expire(s);
}

int
sweep_run(const struct config *config, uint16_t port, struct dns_sweep_site *sites, size_t count)
{
	CLEAN(sweep_free) struct sweep *s = NULL;
	int r;

	if (count == 0)
		return 0;
	if (count > DNS_SWEEP_MOST)
		return error_origin(E2BIG);
	s = sweep_new(config, port, sites, count);
	r = sweep_zones_make(s);
	if (r == 0)
		r = sweep_flights_open(s);
	while (r == 0 &&
	       (s->zone_next < s->zone_count || s->looking_count > 0 || s->ready || s->flying > 0))
		r = turn(s);
	for (size_t i = 0; r == 0 && i < count; i++)
		sites[i].answer = s->state[i] == SITE_HEARD ? DNS_SWEEP_POINTED : DNS_SWEEP_LOOK;
	return r;
}

int
dns_sweep(const struct config *config, struct dns_sweep_site *sites, size_t count)
{
	return sweep_run(config, DNS_PORT, sites, count);
}
