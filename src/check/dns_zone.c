/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which servers answer for a name: where its zone begins, the names of the zone's servers and their
 * addresses, looked up by the resolver. For a zone with a stub in the configuration the stub is its
 * server. What the lookups bring is hostile input.
 */
#include "check/dns_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>

#include "pki/name.h"

/* "" above the top. */
static const char *
parent_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot[1] != '\0' ? dot + 1 : strcmp(name, ".") == 0 ? "" : ".";
}

static struct str
without_last_dot(const char *name)
{
	struct str s = str_of(name);

	if (s.len > 1 && str_ends(s, STR(".")))
		s.len--;
	return s;
}

static bool
is_below(struct str name, struct str zone)
{
	if (str_eq(zone, STR(".")) || str_eq_nocase(name, zone))
		return true;
	return name.len > zone.len && name.p[name.len - zone.len - 1] == '.' &&
	       str_eq_nocase(str_drop(name, name.len - zone.len), zone);
}

static void
add_server(struct dns_hop *hop, const struct dns_server *server)
{
	if (hop->view_count < DNS_SERVERS_MAX)
		hop->view[hop->view_count++] = (struct dns_view){ .server = *server };
}

static void
add_stub_server(struct dns_hop *hop, const struct config_stub *stub)
{
	struct dns_server server = { .port = (uint16_t)stub->port };

	if (addr_parse(str_of(stub->address), &server.address))
		add_server(hop, &server);
}

const struct config_stub *
dns_stub_of(const struct config *config, const char *name)
{
	const struct config_stub *best = NULL;

	for (size_t i = 0; i < config->stub_count; i++) {
		const struct config_stub *stub = &config->stubs[i];

		if (is_below(str_of(name), without_last_dot(stub->zone)) &&
		    (!best || strlen(stub->zone) > strlen(best->zone)))
			best = stub;
	}
	return best;
}

static void
use_stub(const struct collector *c, const struct config_stub *stub, struct dns_hop *hop)
{
	char words[DNS_NAME_SIZE + ADDR_TEXT_SIZE + 16];
	size_t len = 0;

	str_copy(without_last_dot(stub->zone), hop->zone, sizeof(hop->zone));
	for (size_t i = 0; i < c->config->stub_count; i++)
		if (str_eq_nocase(str_of(c->config->stubs[i].zone), str_of(stub->zone)))
			add_stub_server(hop, &c->config->stubs[i]);
	for (size_t i = 0; i < hop->view_count && len < sizeof(hop->servers); i++) {
		dns_server_words(&hop->view[i].server, words, sizeof(words));
		len += (size_t)snprintf(hop->servers + len, sizeof(hop->servers) - len, "%s%s",
		    len > 0 ? ", " : "", words);
	}
}

bool
dns_name_read(const char *bytes, size_t len, char to[static DNS_NAME_SIZE])
{
	size_t at = 0, put = 0;

	while (at < len && bytes[at] != 0) {
		size_t label = (uint8_t)bytes[at++];

		if (label > 63 || at + label > len || put + label + 2 > DNS_NAME_SIZE)
			return false;
		if (put > 0)
			to[put++] = '.';
		for (size_t i = 0; i < label; i++) {
			char ch = bytes[at + i];

			if ((ch < 'a' || ch > 'z') && (ch < 'A' || ch > 'Z') &&
			    (ch < '0' || ch > '9') && ch != '-' && ch != '_')
				return false;
			to[put++] = ch;
		}
		at += label;
	}
	to[put] = '\0';
	return at < len && put > 0;
}

/* Appends the answer's addresses as servers of that name. */
static size_t
add_addresses(struct dns_hop *hop, const char *name, uint16_t port, const struct lookup *lookup)
{
	const struct ub_result *result = lookup->result;
	size_t count = 0;

	for (size_t i = 0; result && result->havedata && result->data[i]; i++) {
		struct dns_server server = { .port = port };
		int len = result->len[i];

		if (len != 4 && len != 16)
			continue;
		str_copy(str_of(name), server.name, sizeof(server.name));
		server.address.family = len == 4 ? 4 : 6;
		memcpy(server.address.bytes, result->data[i], (size_t)len);
		add_server(hop, &server);
		count++;
	}
	return count;
}

static void
add_nameless(struct dns_hop *hop, const char *name)
{
	struct dns_server server = { .port = 53 };
	struct dns_view *view;

	if (hop->view_count == DNS_SERVERS_MAX)
		return;
	str_copy(str_of(name), server.name, sizeof(server.name));
	add_server(hop, &server);
	view = &hop->view[hop->view_count - 1];
	view->a.kind = view->aaaa.kind = REPLY_NO_ADDRESS;
}

struct ns {
	char name[DNS_NAME_SIZE];
	struct lookup a, aaaa;
};

static size_t
read_names(const struct ub_result *result, struct ns *ns, struct dns_hop *hop)
{
	size_t count = 0, len = 0;

	for (size_t i = 0; result->data[i] && count < DNS_SERVERS_MAX; i++)
		if (dns_name_read(result->data[i], (size_t)result->len[i], ns[count].name))
			count++;
	for (size_t i = 0; i < count && len < sizeof(hop->servers); i++)
		len += (size_t)snprintf(hop->servers + len, sizeof(hop->servers) - len, "%s%s",
		    len > 0 ? ", " : "", ns[i].name);
	return count;
}

/* All servers' addresses are looked up side by side. */
static void
add_addresses_of(struct collector *c, struct ns *ns, size_t count, struct dns_hop *hop)
{
	for (size_t i = 0; i < count; i++) {
		resolver_start(c->resolver, ns[i].name, DNS_TYPE_A, &ns[i].a);
		resolver_start(c->resolver, ns[i].name, DNS_TYPE_AAAA, &ns[i].aaaa);
	}
	for (size_t i = 0; i < count; i++) {
		resolver_wait(c->resolver, &ns[i].a, collector_deadline(c));
		resolver_wait(c->resolver, &ns[i].aaaa, collector_deadline(c));
		if (add_addresses(hop, ns[i].name, c->port, &ns[i].a) +
			add_addresses(hop, ns[i].name, c->port, &ns[i].aaaa) ==
		    0)
			add_nameless(hop, ns[i].name);
		lookup_fini(&ns[i].a);
		lookup_fini(&ns[i].aaaa);
	}
}

static void
add_zone_servers(struct collector *c, struct dns_hop *hop, const struct ub_result *result)
{
	struct ns *ns = alloc_array(DNS_SERVERS_MAX, sizeof(*ns));
	size_t count = read_names(result, ns, hop);

	if (c->config->dns_way == DNS_WAY_SERVERS)
		add_addresses_of(c, ns, count, hop);
	free(ns);
}

/* In the place of the zone's servers, however many those are: two resolvers that differ have caches
 * of different age, no more. */
static void
use_relay(const struct config *config, struct dns_hop *hop)
{
	dns_add_resolvers(&config->dns_resolvers, hop);
	hop->view_count = hop->view_count > 0;
}

/* A bogus answer without data may be no more than our own failure to fetch the keys. */
bool
lookup_answered(const struct lookup *lookup)
{
	const struct ub_result *result = lookup->result;

	return result &&
	       (result->havedata || (!result->bogus && (result->rcode == 0 || result->rcode == 3)));
}

/* An answer that came over an alias is about another name. */
static bool
is_cut(const struct ub_result *result, const char *name)
{
	return result && result->havedata && result->data[0] &&
	       (!result->canonname ||
		   str_eq_nocase(without_last_dot(result->canonname), without_last_dot(name)));
}

/* Climbs from the name to where its zone begins. A part of the way that gives no answer is a zone
 * that is delegated and dead. */
static void
find_zone(struct collector *c, struct dns_hop *hop)
{
	const char *dead = "", *at;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the first member of hop is no null */
	for (at = hop->name; *at; at = parent_of(at)) {
		CLEAN(lookup_fini) struct lookup lookup;
		bool answered, cut;

		resolver_start(c->resolver, at, DNS_TYPE_NS, &lookup);
		resolver_wait(c->resolver, &lookup, collector_deadline(c));
		answered = lookup_answered(&lookup);
		cut = is_cut(lookup.result, at);
		c->reached |= answered;
		if (cut && *dead == '\0')
			add_zone_servers(c, hop, lookup.result);
		if (cut)
			break;
		dead = answered ? "" : at;
	}
	hop->fate = *dead ? ZONE_DEAD : ZONE_FOUND;
	if (*at == '\0')
		hop->fate = ZONE_UNKNOWN;
	str_copy(str_of(*dead ? dead : at), hop->zone, sizeof(hop->zone));
}

void
collector_find_servers(struct collector *c, struct dns_hop *hop)
{
	const struct config_stub *stub = dns_stub_of(c->config, hop->name);
	char domain[DNS_NAME_SIZE];

	if (stub) {
		use_stub(c, stub, hop);
		return;
	}
	find_zone(c, hop);
	if (c->config->dns_way == DNS_WAY_RESOLVER)
		use_relay(c->config, hop);
	hop->outside = hop->fate == ZONE_FOUND &&
	               host_name_registrable(hop->name, domain, sizeof(domain)) &&
	               !is_below(str_of(hop->zone), str_of(domain));
	if (hop->outside)
		str_copy(str_of(domain), hop->zone, sizeof(hop->zone));
}
