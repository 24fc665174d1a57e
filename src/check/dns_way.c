/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dns_way.h"

#include <assert.h>
#include <stdlib.h>
#include <unbound.h>

#include "check/dns_internal.h"

/* One question is asked over UDP, then TCP, each for that long: in all 3 seconds where v4 and v6
 * are both silent, and the same for resolvers. */
#define ROOT_WAIT     MILLIS(750)
#define RESOLVER_WAIT MILLIS(1000)
#define KEYS_WAIT     MILLIS(2000)

/* a and k.root-servers.net, operated by two parties (https://www.internic.net/domain/named.root). */
static const struct config_resolvers root_servers = {
	.list = { "198.41.0.4", "193.0.14.129", "2001:503:ba3e::2:30", "2001:7fd::1" }, .count = 4
};

static_assert(2 * CONFIG_RESOLVERS_MAX <= DNS_SERVERS_MAX, "views and inside are asked at once");

/* They must say themselves, as authority, what the root's name servers are: what stands in between
 * and answers for them does not. */
static bool
root_answers(const struct config_resolvers *roots, uint8_t family)
{
	struct dns_hop *hop = alloc_zero(sizeof(*hop));
	bool found = false;

	str_copy(STR("."), hop->name, sizeof(hop->name));
	for (size_t i = 0; i < roots->count; i++) {
		struct dns_server *server = &hop->view[hop->view_count].server;

		if (config_resolver_parse(str_of(roots->list[i]), &server->address, &server->port))
			hop->view_count += server->address.family == family;
	}
	dns_ask_all(hop, DNS_TYPE_NS, ROOT_WAIT);
	for (size_t i = 0; i < hop->view_count; i++)
		found |= hop->view[i].a.kind == REPLY_RECORDS;
	free(hop);
	return found;
}

static bool
knows_root(const struct dns_view *view)
{
	return view->a.kind == REPLY_RECORDS;
}

static bool
answers(const struct dns_view *view)
{
	return !dns_reply_failed(view->a.kind);
}

static void
keep(const struct dns_view *view, bool (*wanted)(const struct dns_view *view),
    struct config_resolvers *resolvers)
{
	struct config_resolvers kept = { 0 };

	for (size_t i = 0; i < resolvers->count; i++)
		if (wanted(&view[i]))
			(void)config_resolver_add(&kept, str_of(resolvers->list[i]));
	*resolvers = kept;
}

/* One that does not know the root knows some names alone, and its "does not exist" means nothing. Of
 * this machine's what it says is shown all the same, if only it answers. */
static void
find_resolvers(struct config *config, struct config_resolvers *ret_inside)
{
	struct dns_hop *hop = alloc_zero(sizeof(*hop));
	const struct dns_view *inside = &hop->view[config->dns_views.count];

	str_copy(STR("."), hop->name, sizeof(hop->name));
	dns_add_resolvers(&config->dns_views, hop);
	dns_add_resolvers(&config->dns_inside, hop);
	dns_ask_all(hop, DNS_TYPE_NS, RESOLVER_WAIT);
	keep(hop->view, knows_root, &config->dns_views);
	*ret_inside = config->dns_inside;
	keep(inside, knows_root, ret_inside);
	keep(inside, answers, &config->dns_inside);
	free(hop);
}

/* Does what it says of the root check out? Else nothing below can. */
static bool
passes_signatures(const struct config *config)
{
	CLEAN(lookup_fini) struct lookup root = { 0 };
	CLEAN(resolver_free) struct resolver *resolver = NULL;

	if (resolver_new(config, true, &resolver))
		return false;
	resolver_start(resolver, ".", DNS_TYPE_NS, &root);
	resolver_wait(resolver, &root, world_ticks() + KEYS_WAIT);
	return root.result && root.result->secure;
}

static void
use(struct config *config, const char *resolver)
{
	config->dns_way = DNS_WAY_RESOLVER;
	config->stub_count = 0;
	config->dns_resolvers.count = 0;
	(void)config_resolver_add(&config->dns_resolvers, str_of(resolver));
	if (passes_signatures(config))
		return;
	config->dns_anchor_file[0] = '\0';
	config->dns_root_anchors = false;
}

void
dns_way_find_by(const struct config_resolvers *roots, struct config *config)
{
	struct config_resolvers inside;

	config->dns_way = DNS_WAY_SERVERS;
	if (root_answers(roots, 4) || root_answers(roots, 6))
		return;
	find_resolvers(config, &inside);
	if (config->dns_views.count > 0)
		use(config, config->dns_views.list[0]);
	else if (inside.count > 0)
		use(config, inside.list[0]);
	else
		config->dns_way = DNS_WAY_NOBODY;
}

void
dns_way_find(struct config *config)
{
	dns_way_find_by(&root_servers, config);
}
