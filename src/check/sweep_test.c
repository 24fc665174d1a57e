/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of names at a real Knot DNS on loopback, some of whose zones are dead. Skips without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check/peer_test_kit.h"
#include "check/sweep_internal.h"
#include "sys/file.h"

#define KNOTD       "/usr/sbin/knotd"
#define QUESTION_MS 400
#define ZONES       40
#define DEAD        4
#define HOSTS       50

static const char head[] =
    "$TTL 300\n@ SOA ns1 host 1 3600 600 86400 120\n@ NS ns1\nns1 A 127.0.0.1\n";

struct lab {
	struct peer peer;
	struct config config;
	uint16_t port;
};

/* "example" delegates c0 … c39, which are all the same, and dead0 … dead3. Knot plays the resolver,
 * too, and so has these as well; but nobody is where they say that their servers are. */
static void
write_zones(const struct lab *lab)
{
	CLEAN(buf_fini) struct buf top = BUF(1 << 16), sub = BUF(1 << 16);

	buf_put_text(&top, head);
	for (int i = 0; i < ZONES; i++)
		buf_printf(&top, "c%d NS ns1.c%d\nns1.c%d A 127.0.0.1\n", i, i, i);
	for (int i = 0; i < DEAD; i++)
		buf_printf(&top, "dead%d NS ns1.dead%d\nns1.dead%d A 127.0.0.9\n", i, i, i);
	buf_put_text(
	    &top, "half NS ns1.c0\nhalf NS ns2.half\nns2.half A 127.0.0.9\nlame NS ns1.c0\n");
	buf_put_text(&sub, head);
	for (int i = 0; i < HOSTS; i++)
		buf_printf(&sub, "h%d A 127.0.0.5\n", i);
	buf_put_text(&sub,
	    "six AAAA 2001:db8::5\nwrong A 127.0.0.6\nseveral A 127.0.0.5\nseveral A 127.0.0.6\n"
	    "stale A 127.0.0.5\nstale AAAA 2001:db8::5\nalias CNAME h0\nours CNAME lb.provider.test.\n"
	    "text TXT x\nsub NS ns1\n");
	for (int i = 0; i < DEAD; i++) {
		char name[32];

		snprintf(name, sizeof(name), "dead%d.zone", i);
		peer_write(&lab->peer, name,
		    "$TTL 300\n@ SOA ns1 host 1 3600 600 86400 120\n@ NS ns1\nns1 A 127.0.0.%d\n",
		    9 + i);
	}
	peer_write(&lab->peer, "top.zone", "%s", buf_text(&top));
	peer_write(&lab->peer, "sub.zone", "%s", buf_text(&sub));
	peer_write(&lab->peer, "half.zone", "%s@ NS ns2\nns2 A 127.0.0.9\nh0 A 127.0.0.5\n", head);
}

static void
write_config(const struct lab *lab)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	const char *folder = lab->peer.folder;

	buf_printf(&text,
	    "server:\n    rundir: \"%s\"\n    listen: 127.0.0.1@%u\ndatabase:\n    storage: \"%s\"\n"
	    "zone:\n  - domain: example\n    file: \"%s/top.zone\"\n"
	    "  - domain: half.example\n    file: \"%s/half.zone\"\n",
	    folder, lab->port, folder, folder, folder);
	for (int i = 0; i < ZONES; i++)
		buf_printf(
		    &text, "  - domain: c%d.example\n    file: \"%s/sub.zone\"\n", i, folder);
	for (int i = 0; i < DEAD; i++)
		buf_printf(&text, "  - domain: dead%d.example\n    file: \"%s/dead%d.zone\"\n", i,
		    folder, i);
	peer_write(&lab->peer, "knot.conf", "%s", buf_text(&text));
}

static int
set_up(void **state)
{
	struct lab *lab = alloc_zero(sizeof(*lab));
	char path[PEER_PATH_SIZE];

	peer_init(&lab->peer);
	lab->port = peer_free_port();
	lab->config.dns_timeout_ms = QUESTION_MS;
	assert_true(str_copy(STR("lb.provider.test"), lab->config.dns_our_names, CONFIG_TEXT_SIZE));
	lab->config.dns_resolvers.count = 1;
	snprintf(
	    lab->config.dns_resolvers.list[0], CONFIG_RESOLVER_SIZE, "127.0.0.1@%u", lab->port);
	write_zones(lab);
	write_config(lab);
	peer_start(&lab->peer, KNOTD,
	    (const char *const[]){ "-c", peer_path(&lab->peer, "knot.conf", path), NULL });
	peer_wait_port(&lab->peer, lab->port);
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

static struct dns_sweep_site
site_of(const char *name, const char *address)
{
	struct dns_sweep_site site = { .answer = DNS_SWEEP_LOOK };

	assert_true(str_copy(str_of(name), site.name.text, sizeof(site.name.text)));
	assert_true(addr_parse(str_of(address), &site.address));
	return site;
}

/* Its server is told, and no resolver is needed. */
static void
a_stub_is_asked_itself(void **state)
{
	const struct lab *lab = *state;
	struct config *config = alloc_zero(sizeof(*config));
	struct dns_sweep_site sites[] = { site_of("ns1.example", "127.0.0.1"),
		site_of("ns2.example", "127.0.0.1") };

	*config = lab->config;
	config->dns_resolvers.count = 0;
	config->stub_count = 1;
	config->stubs[0].port = lab->port;
	assert_true(str_copy(STR("example"), config->stubs[0].zone, 256));
	assert_true(str_copy(STR("127.0.0.1"), config->stubs[0].address, ADDR_TEXT_SIZE));
	assert_int_equal(sweep_run(config, lab->port, sites, COUNT_OF(sites)), 0);
	assert_int_equal(sites[0].answer, DNS_SWEEP_POINTED);
	assert_int_equal(sites[0].server_count, 1);
	assert_int_equal(sites[1].answer, DNS_SWEEP_LOOK);
	assert_int_equal(sweep_run(config, lab->port, NULL, 0), 0);
	free(config);
}

static void
each_site_gets_its_answer(void **state)
{
	/* clang-format off */
	static const struct { const char *name, *address; enum dns_sweep_answer answer; } cases[] = {
		{ "h0.c1.example", "127.0.0.5", DNS_SWEEP_POINTED },
		{ "h1.c1.example", "127.0.0.5", DNS_SWEEP_POINTED },
		{ "six.c1.example", "2001:db8::5", DNS_SWEEP_POINTED },
		{ "ours.c2.example", "127.0.0.5", DNS_SWEEP_POINTED },
		{ "h0.c2.example", "127.0.0.6", DNS_SWEEP_LOOK },
		{ "wrong.c2.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "several.c2.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "stale.c2.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "stale.c2.example", "2001:db8::5", DNS_SWEEP_LOOK },
		{ "alias.c2.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "text.c2.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "nobody.c2.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "h0.sub.c2.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "h0.half.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "h0.lame.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "h0.dead0.example", "127.0.0.5", DNS_SWEEP_LOOK },
		{ "h0.absent.example", "127.0.0.5", DNS_SWEEP_LOOK },
	};
	/* clang-format on */
	const struct lab *lab = *state;
	struct dns_sweep_site sites[COUNT_OF(cases)];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		sites[i] = site_of(cases[i].name, cases[i].address);
	assert_int_equal(sweep_run(&lab->config, lab->port, sites, COUNT_OF(sites)), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (sites[i].answer != cases[i].answer)
			fail_msg("%s: %d", cases[i].name, (int)sites[i].answer);
}

/* Every tenth zone is dead; the names of the others are all right, and it takes little longer than
 * finding out that one is dead. */
static void
the_dead_do_not_slow_the_others(void **state)
{
	const struct lab *lab = *state;
	size_t count = (ZONES + DEAD) * HOSTS, pointed = 0;
	struct dns_sweep_site *sites = alloc_array(count, sizeof(*sites));
	when began;

	for (size_t i = 0; i < count; i++) {
		size_t zone = i % (ZONES + DEAD);
		char name[64];

		snprintf(name, sizeof(name), "h%zu.%s%zu.example", i / (ZONES + DEAD),
		    zone < ZONES ? "c" : "dead", zone < ZONES ? zone : zone - ZONES);
		sites[i] = site_of(name, "127.0.0.5");
	}
	began = world_ticks();
	assert_int_equal(sweep_run(&lab->config, lab->port, sites, count), 0);
	assert_true(world_ticks() - began < SECONDS(6));
	assert_true(world_ticks() - began >= MILLIS(QUESTION_MS)); /* the dead were asked */
	for (size_t i = 0; i < count; i++)
		pointed += sites[i].answer == DNS_SWEEP_POINTED;
	assert_int_equal(pointed, ZONES * HOSTS);
	free(sites);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stub_is_asked_itself),
		cmocka_unit_test(each_site_gets_its_answer),
		cmocka_unit_test(the_dead_do_not_slow_the_others),
	};

	if (!file_may_run(KNOTD)) {
		print_message("skipped: Knot DNS is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
