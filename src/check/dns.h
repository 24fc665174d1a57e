/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where does a name point? Asked as a certificate authority and a visitor would: the zone's
 * authoritative servers directly (each of them, UDP then TCP, ldns), and once through a validating
 * resolver (libunbound). Rules G-01…G-09. Answers are hostile input; everything is bounded.
 *
 * dns_check() always yields a verdict in words, also when nothing answers.
 */
#pragma once

#include "base/addr.h"
#include "config/config.h"
#include "order/finding.h"
#include "pki/name.h"
#include "sys/world.h"

#define DNS_SERVERS_MAX   16
#define DNS_ADDRESSES_MAX 16
#define DNS_CHAIN_MAX     8 /* CNAME hops (G-03) */
#define DNS_VIEWS_MAX     (2 * CONFIG_RESOLVERS_MAX)

enum dns_verdict {
	DNS_POINTED,   /* every server says: our address, and nothing else */
	DNS_ELSEWHERE, /* it answers, but not (only) with our address: see the finding */
	DNS_ABSENT,    /* no such name, or no address record yet */
	DNS_FAILING,   /* servers fail, disagree, or the signatures are broken */
	DNS_UNKNOWN,   /* could not be asked from here: says nothing about the customer's DNS */
	DNS_VERDICT_MAX
};
const char *dns_verdict_name(
    enum dns_verdict verdict); /* "pointed", "elsewhere", "absent", "failing", "unknown" */

struct dns_server_answer {
	char server[256]; /* name and address, for people */
	char answer[512]; /* "203.0.113.5", "no such name", "no answer in 3 s", "REFUSED" … */
	struct addr address[DNS_ADDRESSES_MAX];
	size_t address_count;
	bool good;
};

/* What a resolver makes of the name, out of its cache perhaps. */
struct dns_outlook {
	char resolver[ADDR_TEXT_SIZE + 16];
	char answer[512];
	bool inside;    /* of this machine: it may know another, internal DNS (G-07) */
	bool good;      /* as the name servers have it */
	uint32_t until; /* seconds it may go on to say so */
};

struct dns_report {
	enum dns_verdict verdict;
	struct findings findings; /* at most one DNS_… cause, none when pointed; and DNS_SPLIT,
	                             DNS_SECOND_HAND */
	/* The resolver in the name servers' place; "" = they were asked themselves. */
	char asked_instead[ADDR_TEXT_SIZE + 16];
	bool unchecked; /* that resolver does not pass signatures on: nobody has checked them */
	char zone[254];
	char chain[1024]; /* "owa.contoso.com -> lb.provider.net", "" without CNAME */
	struct dns_server_answer server[DNS_SERVERS_MAX];
	size_t server_count;
	bool secure;  /* validated by DNSSEC */
	unsigned ede; /* RFC 8914's number of what is wrong with the signatures; 0 = nothing */
	uint32_t negative_ttl; /* seconds an earlier "does not exist" may live on (G-06) */
	struct dns_outlook view[DNS_VIEWS_MAX];
	size_t view_count;
	uint32_t
	    settles; /* seconds until caches have forgotten what was there before (G-06): the entry
	                     when it is right, what it replaces when it is not; 0 = nothing is known */
	when everyone_by;       /* the same as a time */
	bool answers_ours;      /* some server says our address, whatever the others say */
	bool answers_somewhere; /* there is an address record that is not ours: a live site perhaps
	                         */
};

struct dns; /* resolver contexts made once from the configuration; one per thread */

int dns_new(const struct config *config, const struct world *world, struct dns **ret) MUST_USE;
struct dns *dns_free(struct dns *dns);
CLEAN_DEFINE(dns_free, struct dns *);

/* `address`: the one the name must lead to, version 4 or 6. */
int dns_check(struct dns *dns, const struct host_name *name, const struct addr *address,
    struct dns_report *ret) MUST_USE;
/* The report as one JSON object, for store_look_set() and the API. */
int dns_report_json(const struct dns_report *report, struct buf *to) MUST_USE;
