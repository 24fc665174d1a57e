/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/chain.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "pki/ca_test_kit.h"

#define NOW         ((when)1780000000 * 1000000)
#define DAYS_AGO(n) (NOW - DAYS(n))

enum who {
	ROOT,
	OLD_ROOT,
	PRIVATE_ROOT,
	INTERMEDIATE,  /* by ROOT */
	CROSS,         /* INTERMEDIATE's name and key, by OLD_ROOT */
	CROSS_EXPIRED, /* the same, over */
	WEAK_LINK,     /* the same by ROOT, signed with SHA-1 */
	DEEP,          /* a CA below INTERMEDIATE, which allows none */
	NARROW,        /* a CA for example.org only */
	PRIVATE_CA,    /* by PRIVATE_ROOT */
	LEAF,
	LEAF_PRIVATE,
	LEAF_DEEP,
	LEAF_NARROW,
	LEAF_SELF,
	FORGED,
	WHO_MAX
};

static struct test_certificate made[WHO_MAX];

static struct test_certificate
ca(const char *name, const struct test_certificate *issuer, struct test_spec more)
{
	more.name = name;
	more.ca = true;
	more.from = more.from ? more.from : DAYS_AGO(400);
	more.until = more.until ? more.until : NOW + DAYS(900);
	return test_issue(&more, issuer);
}

static struct test_certificate
leaf(const char *name, const struct test_certificate *issuer)
{
	return test_issue(&(struct test_spec){ .name = name,
			      .alternatives = "DNS:owa.contoso.com",
			      .purposes = "serverAuth",
			      .from = DAYS_AGO(10),
			      .until = NOW + DAYS(180) },
	    issuer);
}

static int
set_up(void **state UNUSED)
{
	struct test_spec none = { 0 };

	made[ROOT] = ca("Root", NULL, none);
	made[OLD_ROOT] = ca("Old Root", NULL, none);
	made[PRIVATE_ROOT] = ca("Private Root", NULL, none);
	made[INTERMEDIATE] = ca("Issuing CA", &made[ROOT], (struct test_spec){ .path_length = 1 });
	made[CROSS] =
	    ca("Issuing CA", &made[OLD_ROOT], (struct test_spec){ .key = made[INTERMEDIATE].key });
	made[CROSS_EXPIRED] = ca("Issuing CA", &made[OLD_ROOT],
	    (struct test_spec){ .key = made[INTERMEDIATE].key, .until = DAYS_AGO(20) });
	made[WEAK_LINK] = ca("Issuing CA", &made[ROOT],
	    (struct test_spec){ .key = made[INTERMEDIATE].key, .digest = "SHA1" });
	made[DEEP] = ca("Deep CA", &made[INTERMEDIATE], none);
	made[NARROW] = ca("Narrow CA", &made[ROOT],
	    (struct test_spec){ .constraints = "critical,permitted;DNS:example.org" });
	made[PRIVATE_CA] = ca("Private CA", &made[PRIVATE_ROOT], none);
	made[LEAF] = leaf("leaf", &made[INTERMEDIATE]);
	made[LEAF_PRIVATE] = leaf("private", &made[PRIVATE_CA]);
	made[LEAF_DEEP] = leaf("deep", &made[DEEP]);
	made[LEAF_NARROW] = leaf("narrow", &made[NARROW]);
	made[LEAF_SELF] = leaf("self", NULL);
	{
		/* Names the issuing CA, but another key signed it. */
		struct test_certificate imposter = { made[INTERMEDIATE].x509,
			made[PRIVATE_CA].key };

		made[FORGED] = leaf("forged", &imposter);
	}
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	for (size_t i = 0; i < WHO_MAX; i++)
		test_certificate_fini(&made[i]);
	return 0;
}

#define END WHO_MAX

struct given {
	X509 *x509[CHAIN_GIVEN_MAX];
	size_t count;
};

static struct given
give(const enum who list[])
{
	struct given given = { 0 };

	while (list[given.count] != END) {
		given.x509[given.count] = made[list[given.count]].x509;
		given.count++;
	}
	return given;
}

static void
put_on(struct shelf *shelf, enum who who)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 14);

	test_put_der(&der, made[who].x509);
	assert_true(shelf_add(shelf, buf_str(&der)));
}

static struct trust
trusting(bool old_root_too)
{
	struct trust trust = { .roots = shelf_new() };

	put_on(trust.roots, ROOT);
	if (old_root_too)
		put_on(trust.roots, OLD_ROOT);
	return trust;
}

static int
build(
    const struct given *given, size_t leaf, const struct trust *trust, when now, struct chain *ret)
{
	struct chain_ask ask = { .given = given->x509,
		.count = given->count,
		.leaf = leaf,
		.trust = trust,
		.now = now,
		.issued = DAYS_AGO(10) };

	return chain_build(&ask, ret);
}

struct chain_case {
	const char *name;
	enum who delivered[8];
	enum who leaf;
	int outcome;
	enum who served[4]; /* behind the leaf */
	bool repaired;
	size_t roots, extras;
	const char *says; /* part of `missing`, `root` or `reason` */
};

/* clang-format off */
static const struct chain_case cases[] = {
	{ "in order",            { LEAF, INTERMEDIATE, END },             LEAF, 0, { INTERMEDIATE, END }, false, 0, 0, "CN=Root" },
	{ "with root",           { LEAF, INTERMEDIATE, ROOT, END },       LEAF, 0, { INTERMEDIATE, END }, false, 1, 0, "CN=Root" },
	{ "root first",          { ROOT, INTERMEDIATE, LEAF, END },       LEAF, 0, { INTERMEDIATE, END }, true, 1, 0, NULL },
	{ "unrelated CA too",    { LEAF, NARROW, INTERMEDIATE, END },     LEAF, 0, { INTERMEDIATE, END }, false, 0, 1, NULL },
	{ "shorter or equal: the one that outlives", { LEAF, CROSS_EXPIRED, INTERMEDIATE, END }, LEAF, 0, { INTERMEDIATE, END }, false, 0, 1, NULL },
	{ "one branch by SHA-1", { LEAF, WEAK_LINK, CROSS, END },         LEAF, 0, { CROSS, END }, false, 0, 1, "CN=Old Root" },
	{ "leaf alone",          { LEAF, END },                           LEAF, CHAIN_E_INCOMPLETE, { END }, false, 0, 0, "CN=Issuing CA" },
	{ "gap",                 { LEAF_DEEP, INTERMEDIATE, END },        LEAF_DEEP, CHAIN_E_INCOMPLETE, { END }, false, 0, 0, "CN=Deep CA" },
	{ "private root",        { LEAF_PRIVATE, PRIVATE_CA, PRIVATE_ROOT, END }, LEAF_PRIVATE, CHAIN_E_UNTRUSTED, { END }, false, 0, 0, "CN=Private Root" },
	{ "private, no root",    { LEAF_PRIVATE, PRIVATE_CA, END },       LEAF_PRIVATE, CHAIN_E_INCOMPLETE, { END }, false, 0, 0, "CN=Private Root" },
	{ "signed by itself",    { LEAF_SELF, END },                      LEAF_SELF, CHAIN_E_SELF_SIGNED, { END }, false, 0, 0, NULL },
	{ "forged",              { FORGED, INTERMEDIATE, END },           FORGED, CHAIN_E_BROKEN, { END }, false, 0, 0, "signature" },
	{ "path length",         { LEAF_DEEP, DEEP, INTERMEDIATE, END },  LEAF_DEEP, CHAIN_E_BROKEN, { END }, false, 0, 0, "path length" },
	{ "name constraints",    { LEAF_NARROW, NARROW, END },            LEAF_NARROW, CHAIN_E_BROKEN, { END }, false, 0, 0, "permitted subtree" },
	{ "expired link only",   { LEAF, CROSS_EXPIRED, END },            LEAF, CHAIN_E_BROKEN, { END }, false, 0, 0, "expired" },
	{ "SHA-1 link only",     { LEAF, WEAK_LINK, END },                LEAF, CHAIN_E_BROKEN, { END }, false, 0, 0, "SHA-1" },
};
/* clang-format on */

static size_t
position_of(const struct given *given, enum who who)
{
	for (size_t i = 0; i < given->count; i++)
		if (given->x509[i] == made[who].x509)
			return i;
	fail_msg("not given");
	return 0;
}

static void
check_served(const struct chain_case *row, const struct given *given, const struct chain *chain)
{
	size_t count = 0;

	while (row->served[count] != END)
		count++;
	assert_int_equal(chain->count, count + 1);
	assert_int_equal(chain->served[0].at, position_of(given, row->leaf));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(chain->served[i + 1].at, position_of(given, row->served[i]));
	assert_int_equal(chain->order_repaired, row->repaired);
	assert_int_equal(chain->root_count, row->roots);
	assert_int_equal(chain->extra_count, row->extras);
}

static void
chains(void **state UNUSED)
{
	CLEAN(trust_fini) struct trust trust = trusting(true);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct given given = give(cases[i].delivered);
		struct chain chain;
		int r;

		r = build(&given, position_of(&given, cases[i].leaf), &trust, NOW, &chain);
		print_message("%s: %d missing '%s' root '%s' reason '%s'\n", cases[i].name, r,
		    chain.missing, chain.root, chain.reason);
		assert_int_equal(r, cases[i].outcome);
		if (r == 0)
			check_served(&cases[i], &given, &chain);
		else
			assert_int_equal(chain.count, 0);
		if (cases[i].says)
			assert_true(strstr(chain.missing, cases[i].says) ||
				    strstr(chain.root, cases[i].says) ||
				    strstr(chain.reason, cases[i].says));
	}
}

/* A leaf that is over or not begun yet is judged where it is valid; its dates are another question.
 */
static void
other_moments(void **state UNUSED)
{
	CLEAN(trust_fini) struct trust trust = trusting(false);
	struct given given = give((const enum who[]){ LEAF, INTERMEDIATE, END });
	struct chain chain;

	assert_int_equal(build(&given, 0, &trust, NOW + DAYS(2000), &chain), 0);
	assert_int_equal(build(&given, 0, &trust, NOW - DAYS(2000), &chain), 0);
}

/* Many certificates of one name and key sign each other: paths multiply, the work does not. */
static void
bounded_work(void **state UNUSED)
{
	CLEAN(trust_fini) struct trust trust = trusting(false);
	struct test_certificate level[4], loop[48], end;
	struct given given = { 0 };
	struct chain chain;

	for (size_t i = 0; i < COUNT_OF(level); i++)
		level[i] = ca("Loop", NULL, (struct test_spec){ 0 });
	for (int i = 0; i < (int)COUNT_OF(loop); i++) {
		loop[i] = ca("Loop", &level[i % 4],
		    (struct test_spec){
			.key = level[(i / 4) % 4].key, .until = NOW + DAYS(i + 1) });
		given.x509[given.count++] = loop[i].x509;
	}
	end = leaf("end", &level[0]);
	given.x509[given.count++] = end.x509;
	assert_int_not_equal(build(&given, given.count - 1, &trust, NOW, &chain), 0);
	test_certificate_fini(&end);
	for (size_t i = 0; i < COUNT_OF(loop); i++)
		test_certificate_fini(&loop[i]);
	for (size_t i = 0; i < COUNT_OF(level); i++)
		test_certificate_fini(&level[i]);
}

/* What is not given is taken from what we know, at the price of a lookup each (I-16, I-18). */
static void
completed(void **state UNUSED)
{
	CLEAN(trust_fini) struct trust trust = trusting(false);
	struct given given = give((const enum who[]){ LEAF, END });
	struct chain chain;

	trust.intermediates = shelf_new();
	assert_int_equal(build(&given, 0, &trust, NOW, &chain), CHAIN_E_INCOMPLETE);
	put_on(trust.intermediates, NARROW);
	put_on(trust.intermediates, INTERMEDIATE);
	assert_int_equal(build(&given, 0, &trust, NOW, &chain), 0);
	assert_int_equal(chain.count, 2);
	assert_int_equal(chain.completed, 1);
	assert_int_equal(chain.served[1].at, CHAIN_KNOWN);
	assert_true(str_eq(chain.served[1].der, shelf_at(trust.intermediates, 1)->der));
	assert_false(chain.order_repaired);
	assert_int_equal(chain.ends, NOW + DAYS(900));
}

/* Two branches, one of them bad in some way: the verifier alone would take whichever comes first. */
static void
second_paths(void **state UNUSED)
{
	static const enum who bad[] = { CROSS_EXPIRED, WEAK_LINK };

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		for (int bad_first = 0; bad_first < 2; bad_first++) {
			CLEAN(trust_fini) struct trust trust = trusting(true);
			struct given given = give((const enum who[]){ LEAF, END });
			struct chain chain;

			trust.intermediates = shelf_new();
			put_on(trust.intermediates, bad_first ? bad[i] : CROSS);
			put_on(trust.intermediates, bad_first ? CROSS : bad[i]);
			assert_int_equal(build(&given, 0, &trust, NOW, &chain), 0);
			assert_string_equal(chain.root, "CN=Old Root,O=certdesk test");
			assert_int_equal(chain.ways, 1);
		}
}

/* I-19: what was revoked is no link, and no root; the other branch is taken while there is one. */
static void
without(void **state UNUSED)
{
	static const enum who closed[] = { INTERMEDIATE, CROSS };
	CLEAN(trust_fini) struct trust trust = trusting(true);
	struct given given = give((const enum who[]){ LEAF, INTERMEDIATE, CROSS, END });
	uint8_t list[COUNT_OF(closed) + 1][32] = { 0 };
	struct chain_ask ask = { .given = given.x509,
		.count = given.count,
		.trust = &trust,
		.now = NOW,
		.issued = NOW,
		.without = (const uint8_t(*)[32])list };
	struct chain chain;

	for (size_t i = 0; i < COUNT_OF(closed); i++)
		assert_int_equal(X509_digest(made[closed[i]].x509, EVP_sha256(), list[i], NULL), 1);
	assert_int_equal(chain_build(&ask, &chain), 0);
	assert_int_equal(chain.served[1].at, 1);
	ask.without_count = 1;
	assert_int_equal(chain_build(&ask, &chain), 0);
	assert_int_equal(chain.served[1].at, 2);
	assert_int_equal(chain.root_link.at, CHAIN_KNOWN);
	copy_bytes(list[1], chain.root_sha256, 32);
	ask.without_count = 2;
	assert_int_equal(chain_build(&ask, &chain), CHAIN_E_INCOMPLETE);
	assert_int_equal(chain.count, 0);
}

static struct distrust *
against(enum who who, const char *how)
{
	CLEAN(buf_fini) struct buf json = BUF(4096);
	char words[DISTRUST_TEXT_SIZE];
	struct distrust *list = NULL;
	uint8_t sha256[32];
	unsigned len = sizeof(sha256);

	assert_int_equal(X509_digest(made[who].x509, EVP_sha256(), sha256, &len), 1);
	buf_put_text(
	    &json, "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"Somebody\",");
	buf_put_text(&json, "\"programs\":[\"Chrome\"],\"sha256\":\"");
	buf_put_hex(&json, sha256, 32);
	buf_printf(&json, "\",%s}]}", how);
	assert_int_equal(distrust_new(buf_str(&json), words, &list), 0);
	return list;
}

/* a distrusted branch is left for one that is not; where there is none, it is said who. */
static void
distrusted(void **state UNUSED)
{
	CLEAN(trust_fini) struct trust trust = trusting(true);
	struct given both = give((const enum who[]){ LEAF, INTERMEDIATE, CROSS, END });
	struct given one = give((const enum who[]){ LEAF, INTERMEDIATE, END });
	struct chain chain;

	trust.distrust = against(ROOT, "\"since\":\"2026-01-01T00:00:00Z\"");
	assert_int_equal(build(&both, 0, &trust, NOW, &chain), 0);
	assert_string_equal(chain.root, "CN=Old Root,O=certdesk test");
	assert_int_equal(build(&one, 0, &trust, NOW, &chain), CHAIN_E_DISTRUSTED);
	assert_string_equal(chain.distrusted->name, "Somebody");
	assert_int_equal(chain.count, 0);
	distrust_free(trust.distrust);
	trust.distrust = against(INTERMEDIATE, "\"issued_after\":\"2026-01-01T00:00:00Z\"");
	assert_int_equal(build(&one, 0, &trust, NOW, &chain), CHAIN_E_DISTRUSTED);
	distrust_free(trust.distrust);
	trust.distrust = against(ROOT, "\"issued_after\":\"2026-05-27T00:00:00Z\"");
	assert_int_equal(build(&one, 0, &trust, NOW, &chain), 0);
}

/* Where the missing issuer can be had, as the certificate says it: http only (I-16). */
static void
gaps(void **state UNUSED)
{
	CLEAN(trust_fini) struct trust trust = trusting(false);
	struct test_certificate one = test_issue(
	    &(struct test_spec){ .name = "pointing",
		.alternatives = "DNS:owa.contoso.com",
		.authority_info =
		    "caIssuers;URI:http://ca.example/one.cer,caIssuers;URI:ldap://ca.example/,"
		    "OCSP;URI:http://ocsp.example/,caIssuers;URI:HTTP://ca.example/two.cer",
		.from = DAYS_AGO(1),
		.until = NOW + DAYS(9) },
	    &made[INTERMEDIATE]);
	struct given given = { .x509 = { one.x509 }, .count = 1 };
	struct chain chain;

	assert_int_equal(build(&given, 0, &trust, NOW, &chain), CHAIN_E_INCOMPLETE);
	assert_non_null(strstr(chain.missing, "CN=Issuing CA"));
	assert_string_equal(chain.urls[0], "http://ca.example/one.cer");
	assert_string_equal(chain.urls[1], "HTTP://ca.example/two.cer");
	assert_string_equal(chain.urls[2], "");
	test_certificate_fini(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		cmocka_unit_test(other_moments),
		cmocka_unit_test(bounded_work),
		cmocka_unit_test(completed),
		cmocka_unit_test(second_paths),
		cmocka_unit_test(without),
		cmocka_unit_test(distrusted),
		cmocka_unit_test(gaps),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
