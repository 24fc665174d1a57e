/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside check/dns: what was seen (struct dns_trace), collected by dns_collect.c and judged by
 * dns_judge.c, which does no I/O. Everything in a trace came from strangers and is bounded here.
 */
#pragma once

#include "check/dns.h"

#define DNS_NAME_SIZE 256 /* presentation form without the last dot; "." is the root */

enum dns_type { /* IANA's numbers */
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_CAA = 257,
};

enum dns_reply_kind {
	REPLY_NOT_ASKED,
	REPLY_ADDRESSES,
	REPLY_RECORDS,    /* there are records of another type that was asked for */
	REPLY_EMPTY,      /* the name exists, but has no record of this type */
	REPLY_NO_NAME,    /* NXDOMAIN */
	REPLY_ALIAS,      /* CNAME */
	REPLY_SILENT,     /* no answer in time, over UDP and TCP */
	REPLY_UNREACHED,  /* no way there from this machine, as without IPv6: says nothing about the
	                     server */
	REPLY_RCODE,      /* SERVFAIL, REFUSED … */
	REPLY_LAME,       /* answers, but is not responsible for the zone */
	REPLY_GARBLED,    /* not an answer to our question */
	REPLY_NO_ADDRESS, /* the server's own name has no address */
	REPLY_KIND_MAX
};

struct dns_reply {
	enum dns_reply_kind kind;
	unsigned rcode;
	struct addr address[DNS_ADDRESSES_MAX];
	size_t address_count;
	char alias[DNS_NAME_SIZE];
	bool crowded; /* an alias with other entries beside it (RFC 1034 section 3.6.2) */
	uint32_t ttl; /* of the records */
	uint32_t negative_ttl;
};

struct dns_server {
	char name[DNS_NAME_SIZE]; /* "" for a server told by the configuration */
	struct addr address;
	uint16_t port;
	bool resolver; /* it is asked to find out, aliases and all; else it must know by itself */
};

/* What one server says about one name. */
struct dns_view {
	struct dns_server server;
	struct dns_reply a, aaaa;
};

enum dns_zone_fate {
	ZONE_FOUND,
	ZONE_DEAD,   /* delegated, but its servers give no answer: `zone` is its name */
	ZONE_UNKNOWN /* could not be looked up */
};

/* One name on the way: the one asked for, then the target of each alias. */
struct dns_hop {
	char name[DNS_NAME_SIZE], zone[DNS_NAME_SIZE];
	enum dns_zone_fate fate;
	bool outside; /* the zone lies above the registrable domain: that domain is delegated to
	                 nobody */
	char servers[512]; /* names of the zone's servers, for people */
	struct dns_view view[DNS_SERVERS_MAX];
	size_t view_count;
};

enum dns_end { END_REACHED, END_LOOP, END_TOO_LONG };

/* What a resolver sees that follows and validates everything by itself. */
struct dns_world_view {
	bool answered, found; /* found: it got an address */
	bool secure, bogus;
	char reason[256]; /* why bogus */
};

/* Who was asked in the name servers' place. */
struct dns_relay {
	enum dns_way way;
	char resolver[ADDR_TEXT_SIZE + 16];
	bool inside;    /* it is this machine's */
	bool unchecked; /* it does not pass signatures on */
};

struct dns_trace {
	struct dns_hop hop[DNS_CHAIN_MAX + 1];
	size_t hop_count; /* at least 1 */
	enum dns_end end;
	bool reached; /* somebody out there answered something */
	when timeout; /* of one question, for the words */
	struct dns_world_view world;
	struct dns_relay relay;
	struct dns_hop views; /* what resolvers make of the name: dns.views, then this machine's */
	size_t inside_count;  /* the last ones of those */
};

/* What the name is held against. */
struct dns_terms {
	const struct addr *ours;
	const char *our_names;         /* dns.our_names */
	const struct proxies *proxies; /* NULL = none are known */
};

/* Fills all of *ret but everyone_by. Pure. */
void dns_judge(
    const struct dns_trace *trace, const struct dns_terms *terms, struct dns_report *ret);
/* dns_outlook.c, of the same: what resolvers still say, and how long. */
void dns_judge_views(
    const struct dns_trace *trace, const struct dns_terms *terms, struct dns_report *ret);
bool dns_view_is(
    const struct dns_view *view, const struct addr *address); /* it, and nothing else */

/* dns_relay.c: who it is by the configuration; a finding that tells it, where there is one; and why a
 * name could not be asked for, when `says` is what the relay said ("" = no matter). */
void dns_relay_of(const struct config *config, struct dns_relay *ret);
void dns_relay_tell(const struct dns_relay *relay, const char *fqdn, struct findings *findings);
void dns_relay_blame(const struct dns_relay *relay, const char *says, char *to, size_t size);

/* What one server says, in words: "203.0.113.5", "no answer in 3 s". */
void dns_view_words(const struct dns_view *view, when timeout, char *to, size_t size);
void dns_server_words(const struct dns_server *server, char *to, size_t size);
bool dns_reply_failed(enum dns_reply_kind kind);
/* Words for one of those: "SERVFAIL", "no answer in 3 s". */
void dns_failure_words(const struct dns_reply *reply, when timeout, char *to, size_t size);
bool dns_view_failed(const struct dns_view *view); /* it gave no usable answer */
bool dns_view_unreached(const struct dns_view *view);
bool dns_view_same(const struct dns_view *a, const struct dns_view *b);
const char *dns_view_alias(const struct dns_view *view); /* "" when it is none */
/* A server of the last name that gave a usable answer; NULL = none did. */
const struct dns_view *dns_trace_witness(const struct dns_trace *trace);
size_t dns_view_addresses(const struct dns_view *view, struct addr ret[static DNS_ADDRESSES_MAX]);

/* Asks one server one question: UDP, then TCP when that is cut off or not answered. */
void dns_ask(const struct dns_server *server, const char *name, enum dns_type type, when timeout,
    struct dns_reply *ret);
/* dns_way.c: as dns_way_find(), by those servers of the root. */
void dns_way_find_by(const struct config_resolvers *roots, struct config *config);

/* Asks all servers of the hop side by side: the type, answered in `a` of the view, and for addresses
 * (DNS_TYPE_A) AAAA as well. */
void dns_ask_all(struct dns_hop *hop, enum dns_type type, when timeout);

struct resolver; /* one libunbound context with nothing in its cache */
struct ub_result;

struct lookup {
	bool done;
	int id;
	struct ub_result *result; /* NULL: failed */
};

void lookup_fini(struct lookup *lookup);
CLEAN_DEFINE_FINI(lookup_fini, struct lookup);

/* `validating`: if the configuration names anchors. */
int resolver_new(const struct config *config, bool validating, struct resolver **ret) MUST_USE;
struct resolver *resolver_free(struct resolver *resolver); /* before its lookups go */
CLEAN_DEFINE(resolver_free, struct resolver *);
void resolver_start(struct resolver *resolver, const char *name, int type, struct lookup *lookup);
void resolver_wait(struct resolver *resolver, struct lookup *lookup, when deadline);
/* For a loop of one's own: readable when something has come, which is taken over then. */
int resolver_fd(struct resolver *resolver);
int resolver_process(struct resolver *resolver) MUST_USE;

/* One collection under way. */
struct collector {
	const struct config *config;
	struct resolver *resolver;
	when timeout, end;
	uint16_t port;
	bool reached; /* somebody out there answered something */
};

/* `port`: where the servers of zones listen, 53 but in tests. To be ended with collector_fini(). */
int collector_init(struct collector *c, const struct config *config, uint16_t port) MUST_USE;
void collector_fini(struct collector *c);
CLEAN_DEFINE_FINI(collector_fini, struct collector);
/* When a lookup that starts now must have ended. */
when collector_deadline(const struct collector *c);
/* Which servers answer for the hop's name: its zone, fate and views, not asked yet. */
void collector_find_servers(struct collector *c, struct dns_hop *hop);
bool lookup_answered(const struct lookup *lookup);
/* The longest stub zone the name lies in; NULL when none. */
const struct config_stub *dns_stub_of(const struct config *config, const char *name);
/* Appends them as servers to be asked to find out. */
void dns_add_resolvers(const struct config_resolvers *from, struct dns_hop *to);
/* The name in a record's bytes, uncompressed: labels of letters, digits, '-' and '_' alone, as
 * servers' names are. */
bool dns_name_read(const char *bytes, size_t len, char to[static DNS_NAME_SIZE]) MUST_USE;

int dns_collect(
    const struct config *config, const char *name, uint16_t port, struct dns_trace *ret) MUST_USE;
