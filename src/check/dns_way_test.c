/* SPDX-License-Identifier: Apache-2.0 */
/* Against a real Knot DNS on loopback that is the signed root, and the resolver that knows it. Skips
 * without it. */
#include "check/dns_way.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "check/caa.h"
#include "check/dns_internal.h"
#include "check/peer_test_kit.h"
#include "sys/file.h"

#define KNOTD "/usr/sbin/knotd"

static const char knot_config[] =
    "server:\n    rundir: \"%s\"\n    listen: 127.0.0.1@%u\n"
    "database:\n    storage: \"%s\"\n"
    "policy:\n  - id: auto\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n"
    "zone:\n"
    "  - domain: .\n    file: \"%s/root.zone\"\n    dnssec-signing: on\n    dnssec-policy: auto\n"
    "    zonefile-sync: -1\n    zonefile-load: difference-no-serial\n    journal-content: all\n"
    "  - domain: contoso.com\n    file: \"%s/contoso.zone\"\n";

static const char head[] =
    "$TTL 300\n@ SOA ns1 host 1 3600 600 86400 120\n@ NS ns1\nns1 A 127.0.0.1\n";
static const char root[] =
    "owa.signed.org A 127.0.0.5\ncontoso.com NS ns1.contoso.com\n"
    "ns1.contoso.com A 127.0.0.1\nowa.signed.org CAA 0 issue \"ca.example\"\n";
static const char contoso[] = "owa A 127.0.0.5\nwrong A 203.0.113.9\ninside A 10.0.0.5\n";

struct lab {
	struct peer peer;
	struct config config;
	struct config_resolvers knot, closed, strange;
	char anchors[CONFIG_PATH_SIZE], wrong_anchors[CONFIG_PATH_SIZE];
	struct peer other; /* serves one zone, and refuses the root */
};

static void
point_to(struct config_resolvers *to, uint16_t port)
{
	char text[CONFIG_RESOLVER_SIZE];

	snprintf(text, sizeof(text), "127.0.0.1@%u", port);
	assert_true(config_resolver_add(to, str_of(text)));
}

static bool
root_is_signed(void *context)
{
	const struct lab *lab = context;
	struct addr address;
	uint16_t port;

	return config_resolver_parse(str_of(lab->knot.list[0]), &address, &port) &&
	       peer_zone_is_signed(&lab->peer, port, ".");
}

static void
write_anchors(struct lab *lab)
{
	CLEAN(buf_fini) struct buf out = BUF(65536);

	peer_zone_anchor(&lab->peer, ".", &out);
	peer_write(&lab->peer, "anchors", "%s\n", buf_text(&out));
	peer_write(&lab->peer, "wrong", "%s",
	    ". DS 65177 13 2 a94289d64a16165b15b83fd9fcd33893b9683663ac1c866f1116b8563a83cf4b\n");
	peer_path(&lab->peer, "anchors", lab->anchors);
	peer_path(&lab->peer, "wrong", lab->wrong_anchors);
}

static void
start_strange(struct lab *lab, uint16_t port)
{
	char path[PEER_PATH_SIZE], *folder = lab->other.folder;

	peer_init(&lab->other);
	peer_write(&lab->other, "contoso.zone", "%s%s", head, contoso);
	peer_write(&lab->other, "knot.conf",
	    "server:\n    rundir: \"%s\"\n    listen: 127.0.0.1@%u\ndatabase:\n    storage: \"%s\"\n"
	    "zone:\n  - domain: contoso.com\n    file: \"%s/contoso.zone\"\n",
	    folder, port, folder, folder);
	peer_start(&lab->other, KNOTD,
	    (const char *const[]){ "-c", peer_path(&lab->other, "knot.conf", path), NULL });
	peer_wait_port(&lab->other, port);
}

static int
set_up(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));
	uint16_t port = peer_free_port(), strange;
	char path[PEER_PATH_SIZE], *folder = lab->peer.folder;

	peer_init(&lab->peer);
	peer_write(&lab->peer, "root.zone", "%s%s", head, root);
	peer_write(&lab->peer, "contoso.zone", "%s%s", head, contoso);
	peer_write(&lab->peer, "knot.conf", knot_config, folder, port, folder, folder, folder);
	peer_start(&lab->peer, KNOTD,
	    (const char *const[]){ "-c", peer_path(&lab->peer, "knot.conf", path), NULL });
	peer_wait_port(&lab->peer, port);
	point_to(&lab->knot, port);
	peer_wait(&lab->peer, root_is_signed, lab);
	write_anchors(lab);
	strange = peer_free_port();
	start_strange(lab, strange);
	point_to(&lab->strange, strange);
	point_to(&lab->closed, peer_free_port());
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	peer_fini(&lab->other);
	peer_fini(&lab->peer);
	free(lab);
	return 0;
}

static struct config *
find(struct lab *lab, const struct config_resolvers *roots, const struct config_resolvers *views,
    const struct config_resolvers *inside, const char *anchors)
{
	struct config *config = &lab->config;
	when began = world_ticks();

	*config = (struct config){ .dns_timeout_ms = 1000,
		.dns_way = DNS_WAY_TO_FIND,
		.dns_views = *views,
		.dns_inside = *inside };
	assert_true(str_copy(str_of(anchors), config->dns_anchor_file, CONFIG_PATH_SIZE));
	dns_way_find_by(roots, config);
	assert_true(world_ticks() - began < SECONDS(6));
	return config;
}

static struct dns_report *
check(const struct config *config, const char *host)
{
	CLEAN(dns_free) struct dns *dns = NULL;
	struct dns_report *report = alloc_zero(sizeof(*report));
	struct addr ours = { .family = 4, .bytes = { 127, 0, 0, 5 } };
	struct host_name name;

	assert_true(str_copy(str_of(host), name.text, sizeof(name.text)));
	assert_int_equal(dns_new(config, world_real(), &dns), 0);
	assert_int_equal(dns_check(dns, &name, &ours, report), 0);
	return report;
}

static bool
tells(const struct findings *findings, enum finding_code code, const char *words)
{
	for (size_t i = 0; i < findings->count; i++) {
		CLEAN(buf_fini) struct buf text = BUF(8192);

		finding_render(&findings->list[i], FINDING_WHAT, &text);
		if (findings->list[i].code == code && strstr(buf_text(&text), words))
			return true;
	}
	return false;
}

static void
where_the_root_answers_servers_are_asked(void **state)
{
	struct lab *lab = *state;
	const struct config *config =
	    find(lab, &lab->knot, &lab->closed, &lab->closed, lab->anchors);

	assert_int_equal(config->dns_way, DNS_WAY_SERVERS);
	assert_int_equal(config->dns_views.count, 1); /* untouched */
}

static void
a_resolver_stands_for_them(void **state)
{
	struct lab *lab = *state;
	const struct config *config =
	    find(lab, &lab->closed, &lab->closed, &lab->knot, lab->anchors);
	struct dns_report *report = check(config, "owa.signed.org");

	assert_int_equal(config->dns_way, DNS_WAY_RESOLVER);
	assert_int_equal(report->verdict, DNS_POINTED);
	assert_true(report->secure && !report->unchecked);
	assert_true(strstr(report->asked_instead, "127.0.0.1 port "));
	assert_int_equal(report->server_count, 0);
	assert_int_equal(report->view_count, 1);
	assert_true(report->view[0].inside && report->view[0].good);
	assert_true(tells(
	    &report->findings, FINDING_DNS_SECOND_HAND, "The resolver of this machine (127."));
	free(report);
	report = check(config, "wrong.contoso.com");
	assert_int_equal(report->verdict, DNS_ELSEWHERE);
	assert_string_equal(report->zone, "contoso.com");
	assert_true(tells(&report->findings, FINDING_DNS_WRONG_IP, "203.0.113.9"));
	free(report);
	report = check(config, "nobody.contoso.com");
	assert_int_equal(report->verdict, DNS_ABSENT);
	free(report);
}

/* It may be that of an internal DNS. */
static void
an_inside_address_says_nothing(void **state)
{
	struct lab *lab = *state;
	struct addr ours = { .family = 4, .bytes = { 193, 0, 9, 5 } };
	const struct dns_terms terms = { .ours = &ours, .our_names = "" };
	const struct config *config =
	    find(lab, &lab->closed, &lab->closed, &lab->knot, lab->anchors);
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	struct dns_report *report = alloc_zero(sizeof(*report));

	assert_int_equal(dns_collect(config, "inside.contoso.com", 53, trace), 0);
	dns_judge(trace, &terms, report);
	assert_int_equal(report->verdict, DNS_UNKNOWN);
	assert_true(tells(&report->findings, FINDING_DNS_UNREACHABLE, "says: 10.0.0.5"));
	free(trace);
	free(report);
}

static void
a_public_one_comes_first(void **state)
{
	struct lab *lab = *state;
	const struct config *config =
	    find(lab, &lab->closed, &lab->knot, &lab->strange, lab->anchors);
	struct dns_report *report = check(config, "owa.signed.org");

	assert_int_equal(report->verdict, DNS_POINTED);
	assert_true(tells(&report->findings, FINDING_DNS_SECOND_HAND, "The public resolver 127."));
	free(report);
}

static void
signatures_that_cannot_be_checked_are_told(void **state)
{
	struct lab *lab = *state;
	const struct config *config =
	    find(lab, &lab->closed, &lab->closed, &lab->knot, lab->wrong_anchors);
	struct dns_report *report = check(config, "owa.signed.org");

	assert_int_equal(report->verdict, DNS_POINTED);
	assert_true(report->unchecked && !report->secure);
	assert_true(tells(&report->findings, FINDING_DNS_SECOND_HAND, "so they were not checked"));
	free(report);
}

/* The root is refused by one, the other does not answer: no verdict, what is said is shown. */
static void
nobody_who_knows_all_is_nobody(void **state)
{
	struct lab *lab = *state;
	const struct config *config =
	    find(lab, &lab->strange, &lab->closed, &lab->closed, lab->anchors);
	struct dns_report *report = check(config, "owa.contoso.com");

	assert_int_equal(config->dns_way, DNS_WAY_NOBODY);
	assert_int_equal(report->verdict, DNS_UNKNOWN);
	assert_int_equal(report->view_count, 0);
	assert_true(tells(
	    &report->findings, FINDING_DNS_UNREACHABLE, "name servers cannot be reached, and no"));
	free(report);
}

static void
expect_caa(const struct config *config, const char *host, enum caa_verdict verdict, int code)
{
	const struct ca ca = { .name = "Other",
		.caa = { .name = { "other.example" }, .count = 1 } };
	const struct caa_question question = {
		.host = host, .ca = &ca, .account = "", .method = ""
	};
	struct caa_report *report = alloc_zero(sizeof(*report));

	assert_int_equal(caa_check(config, &question, report), 0);
	assert_int_equal(report->verdict, verdict);
	assert_true(tells(&report->findings, (enum finding_code)code, ""));
	assert_true((*report->asked_instead != '\0') == (config->dns_way == DNS_WAY_RESOLVER));
	free(report);
}

static void
entries_are_told_at_second_hand(void **state)
{
	struct lab *lab = *state;
	struct config *config = find(lab, &lab->closed, &lab->closed, &lab->knot, lab->anchors);

	expect_caa(config, "owa.signed.org", CAA_FORBIDDEN, FINDING_CAA_FORBIDS);
	expect_caa(config, "owa.contoso.com", CAA_OPEN, FINDING_DNS_SECOND_HAND);
	config->dns_resolvers = lab->strange; /* what it refuses says nothing about anyone */
	expect_caa(config, "owa.fabrikam.com", CAA_UNKNOWN, FINDING_DNS_UNREACHABLE);
	config = find(lab, &lab->closed, &lab->closed, &lab->closed, lab->anchors);
	expect_caa(config, "owa.contoso.com", CAA_UNKNOWN, FINDING_DNS_UNREACHABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_the_root_answers_servers_are_asked),
		cmocka_unit_test(a_resolver_stands_for_them),
		cmocka_unit_test(an_inside_address_says_nothing),
		cmocka_unit_test(a_public_one_comes_first),
		cmocka_unit_test(signatures_that_cannot_be_checked_are_told),
		cmocka_unit_test(nobody_who_knows_all_is_nobody),
		cmocka_unit_test(entries_are_told_at_second_hand),
	};

	if (!file_may_run(KNOTD) || !file_may_run(PEER_KEYMGR) || !file_may_run(PEER_KDIG)) {
		print_message("skipped: Knot DNS is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
