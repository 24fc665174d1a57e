/* SPDX-License-Identifier: Apache-2.0 */
/* Against a real Knot DNS on loopback: plain zones, a signed one, one whose signatures have
 * expired. Skips without it. */
#include "check/dns.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "check/dns_internal.h"
#include "check/peer_test_kit.h"
#include "sys/file.h"

#define KNOTD "/usr/sbin/knotd"

#define QUESTION_MS 250

static const char knot_config[] =
    "server:\n    rundir: \"%s\"\n    listen: 127.0.0.1@%u\n"
    "database:\n    storage: \"%s\"\n"
    "policy:\n  - id: auto\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n"
    "zone:\n"
    "  - domain: contoso.test\n    file: \"%s/contoso.zone\"\n"
    "  - domain: fabrikam.test\n    file: \"%s/fabrikam.zone\"\n"
    "  - domain: signed.test\n    file: \"%s/signed.zone\"\n    dnssec-signing: on\n"
    "    dnssec-policy: auto\n    zonefile-sync: -1\n    zonefile-load: difference-no-serial\n"
    "    journal-content: all\n"
    "  - domain: broken.test\n    file: \"%s/broken.zone\"\n"
    "  - domain: example\n    file: \"%s/example.zone\"\n"
    "  - domain: contoso.example\n    file: \"%s/contoso.example.zone\"\n"
    "  - domain: partner.example\n    file: \"%s/partner.example.zone\"\n";

static const char head[] =
    "$TTL 300\n@ SOA ns1 host %d 3600 600 86400 120\n@ NS ns1\nns1 A 127.0.0.1\n";

static const char contoso[] =
    "owa A 127.0.0.5\n"
    "wrong A 203.0.113.9\n"
    "several A 127.0.0.5\nseveral A 203.0.113.9\n"
    "stale A 127.0.0.5\nstale AAAA 2001:db8::9\n"
    "empty TXT hello\n"
    "alias CNAME lb.fabrikam.test.\n"
    "chain CNAME alias\n"
    "dangling CNAME nobody.fabrikam.test.\n"
    "loop CNAME loop2\nloop2 CNAME loop\n"
    "c1 CNAME c2\nc2 CNAME c3\nc3 CNAME c4\nc4 CNAME c5\nc5 CNAME c6\nc6 CNAME c7\nc7 CNAME c8\nc8 CNAME c9\n"
    "c9 CNAME c10\nc10 A 127.0.0.5\n"
    "sub NS ns.elsewhere.test.\n";

/* Delegations, as from the root: a healthy zone, one with a dead server and one with a server
 * without address, one that is dead. */
static const char example[] =
    "contoso NS ns1.contoso\nns1.contoso A 127.0.0.1\n"
    "partner NS ns1.partner\npartner NS ns2.partner\npartner NS ns3.partner\n"
    "ns1.partner A 127.0.0.1\nns2.partner A 127.0.0.9\n"
    "dead NS ns1.dead\nns1.dead A 127.0.0.9\n";
static const char contoso_example[] = "owa A 127.0.0.5\nalias CNAME lb.partner.example.\n";
static const char partner_example[] =
    "@ NS ns2\n@ NS ns3\nns2 A 127.0.0.9\nns3 TXT none\nlb A 127.0.0.5\n";

struct lab {
	struct peer peer;
	struct config config;
	uint16_t port;
	int serial;
};

static void
write_zone(const struct lab *lab, const char *name, const char *records)
{
	char start[256];

	snprintf(start, sizeof(start), head, lab->serial);
	peer_write(&lab->peer, name, "%s%s", start, records);
}

/* More addresses than a UDP answer of 512 bytes holds: the rest comes over TCP. */
static void
write_many(const struct lab *lab)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);

	buf_put_text(&text, contoso);
	for (int i = 1; i < 60; i++)
		buf_printf(&text, "large A 203.0.113.%d\n", i);
	write_zone(lab, "contoso.zone", buf_text(&text));
}

static void
set_stub(struct lab *lab, size_t at, const char *zone, uint16_t port)
{
	struct config_stub *stub = &lab->config.stubs[at];

	assert_true(str_copy(str_of(zone), stub->zone, sizeof(stub->zone)));
	assert_true(str_copy(STR("127.0.0.1"), stub->address, sizeof(stub->address)));
	stub->port = port;
	if (lab->config.stub_count <= at)
		lab->config.stub_count = at + 1;
}

static bool
signed_zone_answers(void *context)
{
	struct lab *lab = context;

	return peer_zone_is_signed(&lab->peer, lab->port, "signed.test");
}

/* The anchors: the key of the signed zone, and one for the broken zone which has no signatures at
 * all. */
static void
write_anchors(struct lab *lab)
{
	CLEAN(buf_fini) struct buf out = BUF(65536);

	peer_zone_anchor(&lab->peer, "signed.test", &out);
	peer_write(&lab->peer, "anchors",
	    "%s\nbroken.test. DS 65177 13 2 "
	    "a94289d64a16165b15b83fd9fcd33893b9683663ac1c866f1116b8563a83cf4b\n",
	    buf_text(&out));
	peer_path(&lab->peer, "anchors", lab->config.dns_anchor_file);
}

static int
set_up(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));
	char path[PEER_PATH_SIZE], *folder = lab->peer.folder;

	peer_init(&lab->peer);
	lab->port = peer_free_port();
	lab->serial = 1;
	lab->config.dns_timeout_ms = QUESTION_MS;
	write_many(lab);
	write_zone(lab, "example.zone", example);
	write_zone(lab, "contoso.example.zone", contoso_example);
	write_zone(lab, "partner.example.zone", partner_example);
	write_zone(lab, "fabrikam.zone", "lb A 127.0.0.5\n");
	write_zone(lab, "signed.zone", "owa A 127.0.0.5\n");
	write_zone(lab, "broken.zone", "owa A 127.0.0.5\n");
	peer_write(&lab->peer, "knot.conf", knot_config, folder, lab->port, folder, folder, folder,
	    folder, folder, folder, folder, folder);
	peer_start(&lab->peer, KNOTD,
	    (const char *const[]){ "-c", peer_path(&lab->peer, "knot.conf", path), NULL });
	peer_wait_port(&lab->peer, lab->port);
	peer_wait(&lab->peer, signed_zone_answers, lab);
	set_stub(lab, 0, "contoso.test", lab->port);
	set_stub(lab, 1, "fabrikam.test.", lab->port);
	set_stub(lab, 2, "signed.test", lab->port);
	set_stub(lab, 3, "broken.test", lab->port);
	set_stub(lab, 4, "dead.test", peer_free_port());
	set_stub(lab, 5, "unserved.test", lab->port);
	set_stub(lab, 6, "half.test", lab->port);
	write_anchors(lab);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	peer_fini(&lab->peer);
	free(lab);
	return 0;
}

static struct dns_report *
check(struct lab *lab, const char *host)
{
	CLEAN(dns_free) struct dns *dns = NULL;
	struct dns_report *report = alloc_zero(sizeof(*report));
	struct addr ours = { .family = 4, .bytes = { 127, 0, 0, 5 } };
	struct host_name name;

	assert_true(str_copy(str_of(host), name.text, sizeof(name.text)));
	assert_int_equal(dns_new(&lab->config, world_real(), &dns), 0);
	assert_int_equal(dns_check(dns, &name, &ours, report), 0);
	return report;
}

static void
show(const char *host, const struct dns_report *report)
{
	CLEAN(buf_fini) struct buf json = BUF(1 << 16);

	if (dns_report_json(report, &json) == 0)
		print_error("%s: %s\n", host, buf_text(&json));
}

static void
expect(struct lab *lab, const char *host, enum dns_verdict verdict, int cause, const char *words)
{
	struct dns_report *report = check(lab, host);
	const struct finding *first = findings_first(&report->findings);
	CLEAN(buf_fini) struct buf text = BUF(8192);

	if (first)
		finding_render(first, FINDING_WHAT, &text);
	if (report->verdict != verdict || (first ? (int)first->code : -1) != cause ||
	    (words && !strstr(buf_text(&text), words))) {
		show(host, report);
		fail();
	}
	free(report);
}

static void
every_name_gets_its_verdict(void **state)
{
	struct lab *lab = *state;

	expect(lab, "owa.contoso.test", DNS_POINTED, -1, NULL);
	expect(lab, "alias.contoso.test", DNS_POINTED, -1, NULL);
	expect(lab, "chain.contoso.test", DNS_POINTED, -1, NULL);
	expect(lab, "wrong.contoso.test", DNS_ELSEWHERE, FINDING_DNS_WRONG_IP, "203.0.113.9");
	expect(lab, "several.contoso.test", DNS_ELSEWHERE, FINDING_DNS_MIXED, "127.0.0.5");
	expect(lab, "stale.contoso.test", DNS_ELSEWHERE, FINDING_DNS_AAAA_STALE, "2001:db8::9");
	expect(lab, "empty.contoso.test", DNS_ABSENT, FINDING_DNS_NO_RECORD,
	    "contoso.test do not know");
	expect(lab, "nobody.contoso.test", DNS_ABSENT, FINDING_DNS_NO_RECORD, NULL);
	expect(lab, "dangling.contoso.test", DNS_ELSEWHERE, FINDING_DNS_CNAME_BROKEN,
	    "does not exist");
	expect(lab, "loop.contoso.test", DNS_ELSEWHERE, FINDING_DNS_CNAME_BROKEN, "circle");
	expect(lab, "c1.contoso.test", DNS_ELSEWHERE, FINDING_DNS_CNAME_BROKEN, "too many steps");
	expect(lab, "c2.contoso.test", DNS_POINTED, -1, NULL);
	expect(lab, "large.contoso.test", DNS_ELSEWHERE, FINDING_DNS_WRONG_IP, "203.0.113.");
	expect(
	    lab, "owa.sub.contoso.test", DNS_FAILING, FINDING_DNS_SERVER_FAIL, "not responsible");
	expect(lab, "owa.unserved.test", DNS_FAILING, FINDING_DNS_SERVER_FAIL, "REFUSED");
}

static void
a_report_tells_the_way(void **state)
{
	struct dns_report *report = check(*state, "chain.contoso.test");
	char server[64];

	snprintf(server, sizeof(server), "127.0.0.1 port %u", ((struct lab *)*state)->port);
	assert_string_equal(
	    report->chain, "chain.contoso.test -> alias.contoso.test -> lb.fabrikam.test");
	assert_string_equal(report->zone, "contoso.test");
	assert_int_equal(report->server_count, 3);
	assert_string_equal(report->server[0].server, server);
	assert_string_equal(report->server[0].answer, "alias to alias.contoso.test");
	assert_string_equal(report->server[2].answer, "127.0.0.5");
	assert_true(report->server[0].good && report->server[2].good);
	free(report);
	report = check(*state, "nobody.contoso.test");
	assert_int_equal(report->negative_ttl, 120);
	assert_string_equal(report->server[0].answer, "no such name");
	free(report);
}

static void
signatures_are_checked(void **state)
{
	struct dns_report *report = check(*state, "owa.signed.test");

	assert_int_equal(report->verdict, DNS_POINTED);
	assert_true(report->secure);
	free(report);
	report = check(*state, "nobody.signed.test");
	assert_int_equal(report->verdict, DNS_ABSENT);
	assert_true(report->secure);
	free(report);
	report = check(*state, "owa.contoso.test");
	assert_false(report->secure);
	free(report);
	expect(*state, "owa.broken.test", DNS_FAILING, FINDING_DNS_BOGUS, "DNSKEY");
}

static void
without_anchors_nothing_is_bogus(void **state)
{
	struct lab *lab = *state;
	char kept[CONFIG_PATH_SIZE];

	memcpy(kept, lab->config.dns_anchor_file, sizeof(kept));
	lab->config.dns_anchor_file[0] = '\0';
	expect(lab, "owa.broken.test", DNS_POINTED, -1, NULL);
	memcpy(lab->config.dns_anchor_file, kept, sizeof(kept));
}

static void
a_dead_server_is_told_in_time(void **state)
{
	struct lab *lab = *state;

	expect(
	    lab, "owa.dead.test", DNS_UNKNOWN, FINDING_DNS_UNREACHABLE, "no name server answered");
	set_stub(lab, lab->config.stub_count, "contoso.test", (uint16_t)lab->config.stubs[4].port);
	expect(
	    lab, "owa.contoso.test", DNS_FAILING, FINDING_DNS_SERVER_FAIL, "no answer in 0.25 s");
	lab->config.stub_count--;
}

/* The resolver is one that gives no answer to this question: its words, not ours, would be no use.
 */
static void
a_dead_resolver_says_nothing_about_the_customer(void **state)
{
	struct lab *lab = *state;
	size_t stubs = lab->config.stub_count;

	lab->config.stub_count = 0;
	lab->config.dns_resolvers.count = 1;
	snprintf(lab->config.dns_resolvers.list[0], CONFIG_RESOLVER_SIZE, "127.0.0.1@%d",
	    (int)lab->config.stubs[4].port);
	expect(lab, "owa.contoso.de", DNS_UNKNOWN, FINDING_DNS_UNREACHABLE, NULL);
	lab->config.dns_resolvers.count = 0;
	lab->config.stub_count = stubs;
}

/* The zones' servers are looked up here, with Knot as the resolver we forward to and as the server
 * of them all. */
static struct dns_report *
check_delegated(struct lab *lab, const char *host)
{
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	struct dns_report *report = alloc_zero(sizeof(*report));
	struct addr ours = { .family = 4, .bytes = { 127, 0, 0, 5 } };
	size_t stubs = lab->config.stub_count;
	char anchors[CONFIG_PATH_SIZE];

	memcpy(anchors, lab->config.dns_anchor_file, sizeof(anchors));
	lab->config.dns_anchor_file[0] = '\0';
	lab->config.stub_count = 0;
	lab->config.dns_resolvers.count = 1;
	snprintf(
	    lab->config.dns_resolvers.list[0], CONFIG_RESOLVER_SIZE, "127.0.0.1@%u", lab->port);
	assert_int_equal(dns_collect(&lab->config, host, lab->port, trace), 0);
	dns_judge(trace, &(struct dns_terms){ .ours = &ours, .our_names = "" }, report);
	lab->config.dns_resolvers.count = 0;
	lab->config.stub_count = stubs;
	memcpy(lab->config.dns_anchor_file, anchors, sizeof(anchors));
	free(trace);
	return report;
}

static void
expect_delegated(
    struct lab *lab, const char *host, enum dns_verdict verdict, int cause, const char *words)
{
	struct dns_report *report = check_delegated(lab, host);
	const struct finding *first = findings_first(&report->findings);
	CLEAN(buf_fini) struct buf text = BUF(8192);

	if (first)
		finding_render(first, FINDING_WHAT, &text);
	if (report->verdict != verdict || (first ? (int)first->code : -1) != cause ||
	    !strstr(buf_text(&text), words)) {
		show(host, report);
		fail();
	}
	free(report);
}

static void
a_zones_servers_are_found(void **state)
{
	struct lab *lab = *state;
	struct dns_report *report = check_delegated(lab, "owa.contoso.example");
	char server[128];

	snprintf(server, sizeof(server), "ns1.contoso.example (127.0.0.1 port %u)", lab->port);
	assert_string_equal(report->zone, "contoso.example");
	assert_int_equal(report->server_count, 1);
	assert_string_equal(report->server[0].server, server);
	free(report);
	expect_delegated(lab, "owa.contoso.example", DNS_POINTED, -1, "");
	expect_delegated(lab, "nobody.contoso.example", DNS_ABSENT, FINDING_DNS_NO_RECORD,
	    "contoso.example do not know");
	expect_delegated(lab, "owa.absent.example", DNS_ABSENT, FINDING_DNS_DOMAIN_ABSENT,
	    "\"absent.example\" is not registered");
	expect_delegated(
	    lab, "lb.partner.example", DNS_FAILING, FINDING_DNS_SERVER_FAIL, "no answer in 0.25 s");
	expect_delegated(
	    lab, "lb.partner.example", DNS_FAILING, FINDING_DNS_SERVER_FAIL, "ns3.partner.example");
	expect_delegated(lab, "alias.contoso.example", DNS_FAILING, FINDING_DNS_SERVER_FAIL,
	    "ns2.partner.example");
	expect_delegated(lab, "owa.dead.example", DNS_FAILING, FINDING_DNS_SERVER_FAIL, "");
	expect_delegated(lab, "owa.unknown", DNS_UNKNOWN, FINDING_DNS_UNREACHABLE, "");
}

static bool
zone_is_reloaded(void *context)
{
	struct dns_report *report = check(context, "later.contoso.test");
	bool pointed = report->verdict == DNS_POINTED;

	free(report);
	return pointed;
}

/* One `struct dns` for both looks: nothing may be remembered between them. */
static void
a_change_is_seen_at_once(void **state)
{
	struct lab *lab = *state;
	CLEAN(dns_free) struct dns *dns = NULL;
	struct dns_report *report = alloc_zero(sizeof(*report));
	struct addr ours = { .family = 4, .bytes = { 127, 0, 0, 5 } };
	struct host_name name = { .text = "later.contoso.test" };
	char more[2048];

	assert_int_equal(dns_new(&lab->config, world_real(), &dns), 0);
	assert_int_equal(dns_check(dns, &name, &ours, report), 0);
	assert_int_equal(report->verdict, DNS_ABSENT);
	snprintf(more, sizeof(more), "%slater A 127.0.0.5\n", contoso);
	lab->serial++;
	write_zone(lab, "contoso.zone", more);
	assert_int_equal(kill(lab->peer.pid, SIGHUP), 0);
	peer_wait(&lab->peer, zone_is_reloaded, lab);
	assert_int_equal(dns_check(dns, &name, &ours, report), 0);
	assert_int_equal(report->verdict, DNS_POINTED);
	free(report);
}

/* An answer over TCP would come only when the time for UDP is over. */
static void
udp_is_asked_first(void **state)
{
	struct lab *lab = *state;
	const struct dns_server server = { .address = peer_loopback(), .port = lab->port };
	struct dns_reply reply;
	when began = world_ticks();

	dns_ask(&server, "owa.contoso.test", DNS_TYPE_A, SECONDS(10), &reply);
	assert_int_equal(reply.kind, REPLY_ADDRESSES);
	assert_true(world_ticks() - began < SECONDS(5));
}

static void
the_roots_keys_are_anchors(void **state UNUSED)
{
	struct config *config = alloc_zero(sizeof(*config));
	CLEAN(dns_free) struct dns *dns = NULL;

	config->dns_root_anchors = true;
	assert_int_equal(dns_new(config, world_real(), &dns), 0);
	free(config);
}

static void
a_bad_setting_is_told_at_the_start(void **state)
{
	struct config *config = alloc_zero(sizeof(*config));
	struct dns *dns = NULL;

	(void)state;
	*config = (struct config){ .dns_anchor_file = "/nonexistent/anchors" };
	assert_true(dns_new(config, world_real(), &dns) < 0);
	assert_null(dns);
	free(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_gets_its_verdict),
		cmocka_unit_test(a_report_tells_the_way),
		cmocka_unit_test(signatures_are_checked),
		cmocka_unit_test(without_anchors_nothing_is_bogus),
		cmocka_unit_test(a_zones_servers_are_found),
		cmocka_unit_test(a_dead_server_is_told_in_time),
		cmocka_unit_test(a_dead_resolver_says_nothing_about_the_customer),
		cmocka_unit_test(a_change_is_seen_at_once),
		cmocka_unit_test(udp_is_asked_first),
		cmocka_unit_test(the_roots_keys_are_anchors),
		cmocka_unit_test(a_bad_setting_is_told_at_the_start),
	};

	if (!file_may_run(KNOTD) || !file_may_run(PEER_KEYMGR) || !file_may_run(PEER_KDIG)) {
		print_message("skipped: Knot DNS is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
