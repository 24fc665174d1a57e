/* SPDX-License-Identifier: Apache-2.0 */
/* Each case is a trace as dns_collect() would make it, and the verdict and cause it must lead to.
 */
#include "check/dns_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <cmocka.h>
#include <jansson.h>

#include "check/proxies.h"
#include "pki/data.h"

/* A view in short: "A/AAAA", each a list of addresses by ',', or "nx", "-" (empty), "silent",
 * "unreached", "refused", "servfail", "lame", "garbled", "homeless", "=name" (alias), "=!name"
 * (alias with company). */
struct seen {
	const char *name, *zone;
	enum dns_zone_fate fate;
	bool outside;
	const char *view[4];
};

struct trace_case {
	const char *what, *ours; /* NULL = 8.8.8.8 */
	struct seen hop[3];
	enum dns_end end;
	bool unreached, secure, world_found;
	const char *bogus;
	enum dns_verdict verdict;
	int cause; /* -1 = none */
	bool answers_somewhere;
	const char *look[2], *inside; /* what resolvers say, and this machine's own */
	enum dns_way way;
	int settles;       /* seconds; -1 = none, 0 = not looked at */
	const char *words; /* must be in the finding's three sentences */
};

#define CAUSE(code) FINDING_DNS_##code
#define NONE        -1

/* clang-format off */
static const struct trace_case cases[] = {
	{ .what = "pointed", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-", "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "pointed, secure", .secure = true, .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "pointed by IPv6", .ours = "2a00::5", .hop = { { "owa.a.de", "a.de", .view = { "-/2a00::5" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "pointed by an alias", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de" } }, { "lb.b.de", "b.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "pointed at a private address that is ours", .ours = "127.0.0.5",
	  .hop = { { "owa.a.de", "a.de", .view = { "127.0.0.5/-" } } }, .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "a server out of our reach is no witness", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-", "unreached/unreached" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "AAAA said not to exist beside an A", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/nx" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "no record", .hop = { { "owa.a.de", "a.de", .view = { "-/-", "-/-" } } },
	  .verdict = DNS_ABSENT, .cause = CAUSE(NO_RECORD), .words = "to add: owa.a.de. A 8.8.8.8." },
	{ .what = "no record, IPv6 wanted", .ours = "2a00::5", .hop = { { "owa.a.de", "a.de", .view = { "-/-" } } },
	  .verdict = DNS_ABSENT, .cause = CAUSE(NO_RECORD), .words = "to add: owa.a.de. AAAA 2a00::5." },
	{ .what = "no such name", .hop = { { "owa.a.de", "a.de", .view = { "nx/nx" } } },
	  .verdict = DNS_ABSENT, .cause = CAUSE(NO_RECORD), .words = "for up to 5 minutes" },
	{ .what = "one says no name, one no address", .hop = { { "owa.a.de", "a.de", .view = { "nx/nx", "-/-" } } },
	  .verdict = DNS_ABSENT, .cause = CAUSE(NO_RECORD) },
	{ .what = "no such name, and a server is silent: the name comes first",
	  .hop = { { "owa.a.de", "a.de", .view = { "nx/nx", "silent/silent" } } }, .verdict = DNS_ABSENT, .cause = CAUSE(NO_RECORD) },
	{ .what = "the domain does not exist", .hop = { { "owa.a.de", "a.de", .outside = true, .view = { "nx/nx" } } },
	  .verdict = DNS_ABSENT, .cause = CAUSE(DOMAIN_ABSENT), .words = "\"a.de\" is not registered" },
	{ .what = "wrong", .hop = { { "owa.a.de", "a.de", .view = { "9.9.9.9/-", "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(WRONG_IP), .answers_somewhere = true, .words = "points to 9.9.9.9; it should point to 8.8.8.8" },
	{ .what = "only an AAAA, elsewhere", .hop = { { "owa.a.de", "a.de", .view = { "-/2a00::9" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(WRONG_IP), .answers_somewhere = true, .words = "2a00::9" },
	{ .what = "wrong, and ours is private: a private one is no special case", .ours = "10.0.0.5",
	  .hop = { { "owa.a.de", "a.de", .view = { "10.0.0.9/-" } } }, .verdict = DNS_ELSEWHERE, .cause = CAUSE(WRONG_IP), .answers_somewhere = true },
	{ .what = "mixed", .hop = { { "owa.a.de", "a.de", .view = { "9.9.9.9,8.8.8.8/-", "8.8.8.8,9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(MIXED), .answers_somewhere = true, .words = "9.9.9.9, 8.8.8.8. Only 8.8.8.8 is ours" },
	{ .what = "mixed, ours is IPv6", .ours = "2a00::5", .hop = { { "owa.a.de", "a.de", .view = { "9.9.9.9/2a00::5" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(MIXED), .answers_somewhere = true },
	{ .what = "a stale AAAA", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/2a00::9" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(AAAA_STALE), .answers_somewhere = true, .words = "pointing to 2a00::9" },
	{ .what = "mixed wins over a stale AAAA", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8,9.9.9.9/2a00::9" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(MIXED), .answers_somewhere = true },
	{ .what = "an internal address is published", .hop = { { "owa.a.de", "a.de", .view = { "192.168.1.5/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(PRIVATE_IP), .answers_somewhere = true, .words = "192.168.1.5" },
	{ .what = "an alias that ends elsewhere", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de" } }, { "lb.b.de", "b.de", .view = { "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .answers_somewhere = true,
	  .words = "owa.a.de -> lb.b.de: it ends at 9.9.9.9" },
	{ .what = "an alias in a circle", .end = END_LOOP, .hop = { { "owa.a.de", "a.de", .view = { "=x.a.de" } }, { "x.a.de", "a.de", .view = { "=owa.a.de" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .words = "owa.a.de -> x.a.de -> owa.a.de: it goes in a circle" },
	{ .what = "an alias to itself", .end = END_LOOP, .hop = { { "owa.a.de", "a.de", .view = { "=owa.a.de" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .words = "owa.a.de -> owa.a.de: it goes in a circle" },
	{ .what = "an alias that is too long", .end = END_TOO_LONG, .hop = { { "owa.a.de", "a.de", .view = { "=x.a.de" } }, { "x.a.de", "a.de", .view = { "=y.a.de" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .words = "too many steps" },
	{ .what = "an alias to no name", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de" } }, { "lb.b.de", "b.de", .view = { "nx/nx" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .words = "the last name does not exist" },
	{ .what = "an alias into no domain", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de" } }, { "lb.b.de", "b.de", .outside = true, .view = { "nx/nx" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN) },
	{ .what = "an alias to a name without address", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de" } }, { "lb.b.de", "b.de", .view = { "-/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .words = "has no address" },
	{ .what = "an alias with company", .hop = { { "owa.a.de", "a.de", .view = { "=!lb.b.de" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .words = "beside the alias" },
	{ .what = "an alias whose target's servers are silent", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de" } }, { "lb.b.de", "b.de", .view = { "silent/silent" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "The name servers of b.de" },
	{ .what = "servers disagree", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-", "9.9.9.9/-" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(DISAGREE), .answers_somewhere = true, .words = "ns0.a.de (192.0.2.1): 8.8.8.8; ns1.a.de (192.0.2.2): 9.9.9.9" },
	{ .what = "one knows it already", .hop = { { "owa.a.de", "a.de", .view = { "nx/nx", "8.8.8.8/-" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(DISAGREE), .words = "no such name" },
	{ .what = "one has an alias, one an address", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de", "8.8.8.8/-" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(DISAGREE), .words = "alias to lb.b.de" },
	{ .what = "all refuse", .hop = { { "owa.a.de", "a.de", .view = { "refused/refused", "refused/refused" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "REFUSED" },
	{ .what = "all fail", .hop = { { "owa.a.de", "a.de", .view = { "servfail/servfail" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "SERVFAIL" },
	{ .what = "all silent", .hop = { { "owa.a.de", "a.de", .view = { "silent/silent", "silent/silent" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "no answer in 3 s" },
	{ .what = "all silent to us, but a resolver gets an answer", .world_found = true, .hop = { { "owa.a.de", "a.de", .view = { "silent/silent" } } },
	  .verdict = DNS_UNKNOWN, .cause = CAUSE(UNREACHABLE), .words = "not this machine" },
	{ .what = "one silent", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-", "silent/silent" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "ns1.a.de (192.0.2.2): no answer in 3 s" },
	{ .what = "one fails on the way", .hop = { { "owa.a.de", "a.de", .view = { "=lb.b.de", "servfail/servfail" } }, { "lb.b.de", "b.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "The name servers of a.de" },
	{ .what = "fails for AAAA alone", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/servfail" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "questions of type AAAA" },
	{ .what = "one lame", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-", "lame/lame" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "not responsible" },
	{ .what = "one talks nonsense", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-", "garbled/garbled" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "makes no sense" },
	{ .what = "one has no address", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-", "homeless/homeless" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "has no address" },
	{ .what = "wrong and one silent: the address comes first", .hop = { { "owa.a.de", "a.de", .view = { "silent/silent", "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(WRONG_IP), .answers_somewhere = true },
	{ .what = "the zone is delegated and dead", .hop = { { "owa.a.de", "a.de", .fate = ZONE_DEAD } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL), .words = "none of them" },
	{ .what = "bogus, though the address is right", .bogus = "signature expired", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(BOGUS), .words = "do not check out (signature expired)" },
	{ .what = "bogus and dead", .bogus = "no keys", .hop = { { "owa.a.de", "a.de", .fate = ZONE_DEAD } },
	  .verdict = DNS_FAILING, .cause = CAUSE(BOGUS) },
	{ .what = "no keys because nobody answers: the silence comes first", .bogus = "no keys", .hop = { { "owa.a.de", "a.de", .view = { "silent/silent" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(SERVER_FAIL) },
	{ .what = "nobody answers anything", .unreached = true, .hop = { { "owa.a.de", "a.de", .view = { "silent/silent" } } },
	  .verdict = DNS_UNKNOWN, .cause = CAUSE(UNREACHABLE), .words = "no name server answered at all" },
	{ .what = "the zone's servers could not be found", .hop = { { "owa.a.de", "", .fate = ZONE_UNKNOWN } },
	  .verdict = DNS_UNKNOWN, .cause = CAUSE(UNREACHABLE) },
	{ .what = "behind a proxy", .hop = { { "owa.a.de", "a.de", .view = { "104.16.1.2,104.16.1.3/2606:4700::1" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(PROXIED), .answers_somewhere = true, .words = "At Cloudflare set the entry for owa.a.de to \"DNS only\"" },
	{ .what = "an alias to a proxy", .hop = { { "owa.a.de", "a.de", .view = { "=d1.cloudfront.net" } }, { "d1.cloudfront.net", "cloudfront.net", .view = { "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(PROXIED), .answers_somewhere = true, .words = "belongs to Amazon CloudFront" },
	{ .what = "an alias to a name of ours", .hop = { { "owa.a.de", "a.de", .view = { "=lb.provider.net" } }, { "lb.provider.net", "provider.net", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "a name of ours that is wrong", .hop = { { "owa.a.de", "a.de", .view = { "=LB.provider.net" } }, { "lb.provider.net", "provider.net", .view = { "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(OUR_ALIAS), .answers_somewhere = true, .words = "let lb.provider.net lead to 8.8.8.8" },
	{ .what = "a name of ours that is not there", .hop = { { "owa.a.de", "a.de", .view = { "=lb.provider.net" } }, { "lb.provider.net", "provider.net", .view = { "nx/nx" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(OUR_ALIAS) },
	{ .what = "an alias that is wrong, and what would be right", .hop = { { "owa.a.de", "a.de", .view = { "=x.b.de" } }, { "x.b.de", "b.de", .view = { "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(CNAME_BROKEN), .answers_somewhere = true, .words = "Point the CNAME to lb.provider.net, or" },
	{ .what = "pointed, and resolvers know it", .look = { "8.8.8.8/-", "8.8.8.8/-" }, .settles = -1, .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "pointed, and a resolver has the old address", .look = { "8.8.8.8/-", "9.9.9.9/-" }, .settles = 600, .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "pointed, and a resolver knows of no such name", .look = { "nx/nx", "silent/silent" }, .settles = 300, .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "what is replaced lives on", .settles = 600, .hop = { { "owa.a.de", "a.de", .view = { "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(WRONG_IP), .answers_somewhere = true },
	{ .what = "what is added is not seen at once", .settles = 300, .hop = { { "owa.a.de", "a.de", .view = { "nx/nx" } } }, .verdict = DNS_ABSENT, .cause = CAUSE(NO_RECORD) },
	{ .what = "pointed, and elsewhere inside", .inside = "10.0.0.5/-", .settles = -1, .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = CAUSE(SPLIT), .words = "(192.0.2.1) answers 10.0.0.5, the public name servers 8.8.8.8" },
	{ .what = "pointed, inside as well", .inside = "8.8.8.8/-", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } }, .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "a resolver inside that is silent", .inside = "silent/silent", .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } }, .verdict = DNS_POINTED, .cause = NONE },
	{ .what = "pointed, at second hand", .way = DNS_WAY_RESOLVER, .hop = { { "owa.a.de", "a.de", .view = { "8.8.8.8/-" } } },
	  .verdict = DNS_POINTED, .cause = CAUSE(SECOND_HAND), .words = "The resolver of this machine (192.0.2.1) was asked instead" },
	{ .what = "wrong, at second hand", .way = DNS_WAY_RESOLVER, .hop = { { "owa.a.de", "a.de", .view = { "9.9.9.9/-" } } },
	  .verdict = DNS_ELSEWHERE, .cause = CAUSE(WRONG_IP), .answers_somewhere = true },
	{ .what = "signatures that are broken, at second hand", .way = DNS_WAY_RESOLVER, .bogus = "expired", .hop = { { "owa.a.de", "a.de", .view = { "servfail/servfail" } } },
	  .verdict = DNS_FAILING, .cause = CAUSE(BOGUS) },
	{ .what = "the resolver in the servers' place fails", .way = DNS_WAY_RESOLVER, .hop = { { "owa.a.de", "a.de", .view = { "servfail/servfail" } } },
	  .verdict = DNS_UNKNOWN, .cause = CAUSE(UNREACHABLE), .words = "asked instead, says: SERVFAIL" },
	{ .what = "an internal address at second hand", .way = DNS_WAY_RESOLVER, .hop = { { "owa.a.de", "a.de", .view = { "10.0.0.5/-" } } },
	  .verdict = DNS_UNKNOWN, .cause = CAUSE(UNREACHABLE), .answers_somewhere = true, .words = "says: 10.0.0.5" },
	{ .what = "nobody to ask", .way = DNS_WAY_NOBODY, .hop = { { "owa.a.de", "a.de" } },
	  .verdict = DNS_UNKNOWN, .cause = CAUSE(UNREACHABLE), .words = "nor a public one, answers for all of the DNS" },
	{ .what = "no way to any server", .hop = { { "owa.a.de", "a.de", .view = { "unreached/unreached" } } },
	  .verdict = DNS_UNKNOWN, .cause = CAUSE(UNREACHABLE), .words = "no way from this machine" },
};
/* clang-format on */

static const struct {
	const char *word;
	enum dns_reply_kind kind;
	unsigned rcode;
} words[] = {
	{ "nx", REPLY_NO_NAME, 3 },
	{ "-", REPLY_EMPTY, 0 },
	{ "silent", REPLY_SILENT, 0 },
	{ "unreached", REPLY_UNREACHED, 0 },
	{ "refused", REPLY_RCODE, 5 },
	{ "servfail", REPLY_RCODE, 2 },
	{ "lame", REPLY_LAME, 0 },
	{ "garbled", REPLY_GARBLED, 0 },
	{ "homeless", REPLY_NO_ADDRESS, 0 },
};

static struct dns_reply
reply_of(struct str text)
{
	struct dns_reply reply = { .negative_ttl = 300 };
	struct str part;

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_eq(text, str_of(words[i].word))) {
			reply.kind = words[i].kind;
			reply.rcode = words[i].rcode;
			return reply;
		}
	if (str_starts(text, STR("="))) {
		reply.crowded = str_starts(text, STR("=!"));
		reply.kind = REPLY_ALIAS;
		assert_true(str_copy(
		    str_drop(text, reply.crowded ? 2 : 1), reply.alias, sizeof(reply.alias)));
		return reply;
	}
	reply.kind = REPLY_ADDRESSES;
	reply.ttl = 600;
	while (str_next(&text, ',', &part))
		assert_true(addr_parse(part, &reply.address[reply.address_count++]));
	return reply;
}

static void
build_view(const char *text, const char *zone, size_t at, struct dns_view *to)
{
	struct str rest = str_of(text), a, aaaa;

	assert_true(str_next(&rest, '/', &a));
	to->a = reply_of(a);
	to->aaaa = str_next(&rest, '/', &aaaa) ? reply_of(aaaa) : to->a;
	to->server = (struct dns_server){ .port = 53,
		.address = { .family = 4, .bytes = { 192, 0, 2, (uint8_t)(at + 1) } } };
	snprintf(to->server.name, sizeof(to->server.name), "ns%zu.%.200s", at, zone);
}

static void
build_resolver(const char *text, struct dns_hop *to)
{
	struct dns_view *view = &to->view[to->view_count++];

	build_view(text, "", 0, view);
	view->server.name[0] = '\0';
}

static void
build(const struct trace_case *c, struct dns_trace *to)
{
	*to = (struct dns_trace){ .end = c->end, .reached = !c->unreached, .timeout = SECONDS(3) };
	to->world = (struct dns_world_view){
		.secure = c->secure, .found = c->world_found, .bogus = c->bogus != NULL
	};
	str_copy(str_of(c->bogus), to->world.reason, sizeof(to->world.reason));
	to->relay = (struct dns_relay){ .way = c->way };
	if (c->way == DNS_WAY_RESOLVER)
		to->relay =
		    (struct dns_relay){ .way = c->way, .inside = true, .resolver = "192.0.2.1" };
	for (size_t h = 0; h < COUNT_OF(c->hop) && c->hop[h].name; h++) {
		struct dns_hop *hop = &to->hop[to->hop_count++];

		str_copy(str_of(c->hop[h].name), hop->name, sizeof(hop->name));
		str_copy(str_of(c->hop[h].zone), hop->zone, sizeof(hop->zone));
		hop->fate = c->hop[h].fate;
		hop->outside = c->hop[h].outside;
		for (size_t i = 0; i < COUNT_OF(c->hop[h].view) && c->hop[h].view[i]; i++)
			build_view(
			    c->hop[h].view[i], c->hop[h].zone, i, &hop->view[hop->view_count++]);
	}
	for (size_t i = 0; i < COUNT_OF(c->look) && c->look[i]; i++)
		build_resolver(c->look[i], &to->views);
	if (c->inside)
		build_resolver(c->inside, &to->views);
	to->inside_count = c->inside != NULL;
}

static void
check_words(const struct trace_case *c, const struct finding *finding)
{
	CLEAN(buf_fini) struct buf text = BUF(8192);

	finding_render(finding, FINDING_TITLE, &text);
	finding_render(finding, FINDING_WHAT, &text);
	finding_render(finding, FINDING_WHY, &text);
	finding_render(finding, FINDING_NEXT, &text);
	if (c->words && !strstr(buf_text(&text), c->words))
		fail_msg("%s: \"%s\" is not in: %s", c->what, c->words, buf_text(&text));
	if (strchr(buf_text(&text), '{'))
		fail_msg("%s: a placeholder is left: %s", c->what, buf_text(&text));
}

static struct proxies *proxies;

static void
judge_case(const struct trace_case *c, struct dns_trace *trace, struct dns_report *report)
{
	struct addr ours;

	assert_true(addr_parse(str_of(c->ours ? c->ours : "8.8.8.8"), &ours));
	build(c, trace);
	dns_judge(trace,
	    &(struct dns_terms){
		.ours = &ours, .our_names = "lb.provider.net", .proxies = proxies },
	    report);
}

static void
every_case_is_judged(void **state UNUSED)
{
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	struct dns_report *report = alloc_zero(sizeof(*report));

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct trace_case *c = &cases[i];
		const struct finding *first;

		judge_case(c, trace, report);
		first = findings_first(&report->findings);
		if (report->verdict != c->verdict || (first ? (int)first->code : -1) != c->cause)
			fail_msg("%s: %s, %s", c->what, dns_verdict_name(report->verdict),
			    first ? finding_rule(first->code)->code : "no cause");
		assert_true(report->findings.count <= (c->way == DNS_WAY_RESOLVER ? 2u : 1u));
		if (report->answers_somewhere != c->answers_somewhere)
			fail_msg("%s: answers_somewhere", c->what);
		assert_int_equal(report->secure, c->secure);
		if (c->settles)
			assert_int_equal(report->settles, c->settles > 0 ? c->settles : 0);
		if (first)
			check_words(c, first);
	}
	free(trace);
	free(report);
}

/* A verdict or a cause nobody can produce is dead. */
static void
every_verdict_and_cause_has_a_case(void **state UNUSED)
{
	for (int v = 0; v < DNS_VERDICT_MAX; v++) {
		bool found = false;

		for (size_t i = 0; i < COUNT_OF(cases); i++)
			found |= (int)cases[i].verdict == v;
		assert_true(found);
		assert_string_not_equal(dns_verdict_name((enum dns_verdict)v), "");
	}
	for (int f = 0; f < FINDING_MAX; f++) {
		bool found =
		    f == FINDING_DNS_STILL_POINTS || /* worker/step_release.c's own */
		    !str_starts(str_of(finding_rule((enum finding_code)f)->code), STR("DNS_"));

		for (size_t i = 0; i < COUNT_OF(cases); i++)
			found |= cases[i].cause == f;
		if (!found)
			fail_msg("%s has no case", finding_rule((enum finding_code)f)->code);
	}
}

static void
a_full_report_fits_and_is_json(void **state UNUSED)
{
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	struct dns_report *report = alloc_zero(sizeof(*report));
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	CLEAN(buf_fini) struct buf small = BUF(16);
	struct addr ours = { .family = 4, .bytes = { 8, 8, 8, 8 } };
	json_t *json;

	build(&cases[0], trace);
	trace->hop_count = COUNT_OF(trace->hop);
	for (size_t h = 0; h < trace->hop_count; h++) {
		struct dns_hop *hop = &trace->hop[h];

		hop->view_count = DNS_SERVERS_MAX;
		memset(hop->name, 'n', sizeof(hop->name) - 1);
		memset(hop->servers, 's', sizeof(hop->servers) - 1);
		for (size_t i = 0; i < DNS_SERVERS_MAX; i++) {
			hop->view[i] = trace->hop[0].view[0];
			memset(hop->view[i].server.name, '"', sizeof(hop->view[i].server.name) - 1);
			hop->view[i].a.address_count = hop->view[i].aaaa.address_count =
			    DNS_ADDRESSES_MAX;
			for (size_t k = 0; k < DNS_ADDRESSES_MAX; k++)
				memset(&hop->view[i].aaaa.address[k], 0x16, sizeof(struct addr));
		}
	}
	dns_judge(trace, &(struct dns_terms){ .ours = &ours, .our_names = "" }, report);
	assert_int_equal(report->server_count, DNS_SERVERS_MAX);
	assert_int_equal(dns_report_json(report, &text), 0);
	json = json_loads(buf_text(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "verdict")), "elsewhere");
	assert_int_equal(json_array_size(json_object_get(json, "servers")), DNS_SERVERS_MAX);
	json_decref(json);
	assert_true(dns_report_json(report, &small) < 0);
	free(trace);
	free(report);
}

static int
load_proxies(void **state UNUSED)
{
	char problem[PROXIES_WORDS_SIZE];

	return proxies_new(data_proxies, problem, &proxies);
}

static int
free_proxies(void **state UNUSED)
{
	proxies = proxies_free(proxies);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_judged),
		cmocka_unit_test(every_verdict_and_cause_has_a_case),
		cmocka_unit_test(a_full_report_fits_and_is_json),
	};

	return cmocka_run_group_tests(tests, load_proxies, free_proxies);
}
