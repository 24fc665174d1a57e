/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects what there is to see about one name: along its aliases (G-03), at each step the servers
 * of the zone, each asked directly (G-01, G-08), and beside it what a validating resolver makes of
 * the whole (G-09).
 *
 * Time is bounded: a lookup gets LOOKUP_QUESTIONS times the time of one question, the lookups of
 * the whole check no more than CHECK_LOOKUPS of those.
 */
#include "check/dns_internal.h"

#include <stdlib.h>
#include <unbound.h>

#define LOOKUP_QUESTIONS 4
#define CHECK_LOOKUPS    3

when
collector_deadline(const struct collector *c)
{
	when one = world_ticks() + LOOKUP_QUESTIONS * c->timeout;

	return one < c->end ? one : c->end;
}

/* "" unless all servers that answer usably give the same alias. */
static const char *
agreed_alias(const struct dns_hop *hop)
{
	const struct dns_view *first = NULL;

	for (size_t i = 0; i < hop->view_count; i++) {
		const struct dns_view *view = &hop->view[i];

		if (dns_view_failed(view))
			continue;
		if (!first)
			first = view;
		else if (!dns_view_same(first, view))
			return "";
	}
	return first && !first->a.crowded && !first->aaaa.crowded ? dns_view_alias(first) : "";
}

static bool
seen_before(const struct dns_trace *trace, const char *name)
{
	for (size_t i = 0; i < trace->hop_count; i++)
		if (strcmp(trace->hop[i].name, name) == 0)
			return true;
	return false;
}

int
collector_init(struct collector *c, const struct config *config, uint16_t port)
{
	*c = (struct collector){
		.config = config, .timeout = MILLIS(config->dns_timeout_ms), .port = port
	};
	c->end = world_ticks() + CHECK_LOOKUPS * LOOKUP_QUESTIONS * c->timeout;
	return resolver_new(config, true, &c->resolver);
}

void
collector_fini(struct collector *c)
{
	c->resolver = resolver_free(c->resolver);
}

static const char *
look_at(struct collector *c, struct dns_trace *trace, const char *name)
{
	struct dns_hop *hop = &trace->hop[trace->hop_count++];

	str_copy(str_of(name), hop->name, sizeof(hop->name));
	collector_find_servers(c, hop);
	dns_ask_all(hop, DNS_TYPE_A, c->timeout);
	for (size_t i = 0; i < hop->view_count; i++)
		c->reached |= !dns_view_failed(&hop->view[i]) ||
		              hop->view[i].a.kind == REPLY_RCODE ||
		              hop->view[i].a.kind == REPLY_LAME;
	return agreed_alias(hop);
}

static void
follow(struct collector *c, struct dns_trace *trace, const char *name)
{
	for (;;) {
		name = look_at(c, trace, name);
		if (*name == '\0')
			trace->end = END_REACHED;
		else if (seen_before(trace, name))
			trace->end = END_LOOP;
		else if (trace->hop_count == COUNT_OF(trace->hop))
			trace->end = END_TOO_LONG;
		else
			continue;
		return;
	}
}

/* Bogus for one type is bogus; secure only when both answers are. */
static void
see_world(const struct lookup *lookup, bool first, struct dns_world_view *view)
{
	const struct ub_result *result = lookup->result;

	view->answered |= lookup_answered(lookup);
	view->found |= result && result->havedata;
	view->secure = result && result->secure && (first || view->secure);
	if (!result || !result->bogus || view->bogus)
		return;
	view->bogus = true;
	str_show(str_of(result->why_bogus), view->reason, sizeof(view->reason));
}

void
dns_add_resolvers(const struct config_resolvers *from, struct dns_hop *to)
{
	for (size_t i = 0; i < from->count && to->view_count < COUNT_OF(to->view); i++) {
		struct dns_server *server = &to->view[to->view_count].server;

		server->resolver = true;
		to->view_count +=
		    config_resolver_parse(str_of(from->list[i]), &server->address, &server->port);
	}
}

static void
ask_resolvers(const struct collector *c, const char *name, struct dns_trace *trace)
{
	struct dns_hop *hop = &trace->views;

	str_copy(str_of(name), hop->name, sizeof(hop->name));
	dns_add_resolvers(&c->config->dns_views, hop);
	trace->inside_count = hop->view_count;
	dns_add_resolvers(&c->config->dns_inside, hop);
	trace->inside_count = hop->view_count - trace->inside_count;
	dns_ask_all(hop, DNS_TYPE_A, c->timeout);
}

/* Nobody answers a verdict; what resolvers say is shown all the same. */
static void
see_nobody(const struct collector *c, const char *name, struct dns_trace *trace)
{
	str_copy(str_of(name), trace->hop[0].name, sizeof(trace->hop[0].name));
	trace->hop_count = 1;
	ask_resolvers(c, name, trace);
}

int
dns_collect(const struct config *config, const char *name, uint16_t port, struct dns_trace *ret)
{
	CLEAN(lookup_fini) struct lookup a = { 0 };
	CLEAN(lookup_fini) struct lookup aaaa = { 0 };
	CLEAN(collector_fini) struct collector c = { 0 };
	int r = collector_init(&c, config, port);

	if (r)
		return r;
	ret->timeout = c.timeout;
	dns_relay_of(config, &ret->relay);
	if (ret->relay.way == DNS_WAY_NOBODY) {
		see_nobody(&c, name, ret);
		return 0;
	}
	resolver_start(c.resolver, name, DNS_TYPE_A, &a);
	resolver_start(c.resolver, name, DNS_TYPE_AAAA, &aaaa);
	follow(&c, ret, name);
	ask_resolvers(&c, name, ret);
	resolver_wait(c.resolver, &a, collector_deadline(&c));
	resolver_wait(c.resolver, &aaaa, collector_deadline(&c));
	see_world(&a, true, &ret->world);
	see_world(&aaaa, false, &ret->world);
	ret->reached = c.reached || ret->world.answered;
	return 0;
}
