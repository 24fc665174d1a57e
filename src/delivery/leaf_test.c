/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/leaf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "pki/ca_test_kit.h"

#define NOW         ((when)1780000000 * 1000000)
#define DAYS_AGO(n) (NOW - DAYS(n))

enum who {
	ROOT,
	INTERMEDIATE, /* by ROOT */
	PRIVATE_CA,   /* by itself */
	LEAF,         /* by INTERMEDIATE */
	LEAF_PRIVATE,
	LEAF_SELF,
	WHO_MAX
};
#define END WHO_MAX

static struct test_certificate made[WHO_MAX];
static struct delivery_tools *tools;

static struct test_certificate
ca(const char *name, const struct test_certificate *issuer)
{
	return test_issue(
	    &(struct test_spec){
		.name = name, .ca = true, .from = DAYS_AGO(400), .until = NOW + DAYS(900) },
	    issuer);
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
	bool legacy;

	made[ROOT] = ca("Root", NULL);
	made[INTERMEDIATE] = ca("Issuing CA", &made[ROOT]);
	made[PRIVATE_CA] = ca("Private CA", NULL);
	made[LEAF] = leaf("leaf", &made[INTERMEDIATE]);
	made[LEAF_PRIVATE] = leaf("private", &made[PRIVATE_CA]);
	made[LEAF_SELF] = leaf("self", NULL);
	return delivery_tools_new(&tools, &legacy);
}

static int
tear_down(void **state UNUSED)
{
	for (size_t i = 0; i < WHO_MAX; i++)
		test_certificate_fini(&made[i]);
	delivery_tools_free(tools);
	return 0;
}

static void
deliver(const enum who list[], struct delivery *to)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);

	for (size_t i = 0; list[i] != END; i++)
		test_put_pem(&pem, made[list[i]].x509);
	delivery_add(to, tools, STR(""), buf_str(&pem), NULL);
}

static size_t
position_of(const struct delivery *delivery, enum who who)
{
	for (size_t i = 0; i < delivery->certificate_count; i++)
		if (X509_cmp(delivery->certificate[i].x509, made[who].x509) == 0)
			return i;
	fail_msg("not delivered");
	return 0;
}

struct leaf_case {
	const char *name;
	enum who delivered[6];
	enum who with_key; /* whose private key comes along; END = none */
	int outcome;
	enum who leaf;
};

/* clang-format off */
static const struct leaf_case leaf_cases[] = {
	{ "the only one that is no CA", { ROOT, INTERMEDIATE, LEAF, END }, END, 0, LEAF },
	{ "CAs only",                   { ROOT, INTERMEDIATE, END },       END, LEAF_E_NONE, END },
	{ "nothing",                    { END },                           END, LEAF_E_NONE, END },
	{ "two",                        { LEAF, LEAF_PRIVATE, END },       END, LEAF_E_SEVERAL, END },
	{ "two, one with its key",      { LEAF, LEAF_PRIVATE, END },       LEAF_PRIVATE, 0, LEAF_PRIVATE },
	{ "a CA with its key",          { ROOT, INTERMEDIATE, END },       INTERMEDIATE, 0, INTERMEDIATE },
	{ "signed by itself",           { LEAF_SELF, END },                END, 0, LEAF_SELF },
};
/* clang-format on */

static void
leaves(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(leaf_cases); i++) {
		CLEAN(delivery_fini) struct delivery delivery = { 0 };
		CLEAN(buf_fini) struct buf key = BUF(1 << 12);
		size_t at = 99;

		deliver(leaf_cases[i].delivered, &delivery);
		if (leaf_cases[i].with_key != END) {
			test_put_key_pem(&key, made[leaf_cases[i].with_key].key, NULL);
			delivery_add(&delivery, tools, STR(""), buf_str(&key), NULL);
		}
		print_message("%s\n", leaf_cases[i].name);
		assert_int_equal(leaf_choose(&delivery, NULL, &at), leaf_cases[i].outcome);
		assert_int_equal(
		    at, leaf_cases[i].outcome ? 99 : position_of(&delivery, leaf_cases[i].leaf));
	}
}

/* A key store of CAs: no one of them is the site's. */
static void
several_ca_keys(void **state UNUSED)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	CLEAN(buf_fini) struct buf keys = BUF(1 << 12);
	size_t at;

	deliver((const enum who[]){ ROOT, INTERMEDIATE, END }, &delivery);
	test_put_key_pem(&keys, made[ROOT].key, NULL);
	test_put_key_pem(&keys, made[INTERMEDIATE].key, NULL);
	delivery_add(&delivery, tools, STR("x"), buf_str(&keys), NULL);
	assert_int_equal(delivery.key_count, 2);
	assert_int_equal(leaf_choose(&delivery, NULL, &at), LEAF_E_NONE);
}

/* Ours wins over everything else that is in there. */
static void
our_leaf(void **state UNUSED)
{
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	size_t at;

	deliver((const enum who[]){ LEAF_PRIVATE, LEAF, LEAF_SELF, END }, &delivery);
	assert_int_equal(leaf_choose(&delivery, delivery.certificate[1].key_sha256, &at), 0);
	assert_int_equal(at, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves),
		cmocka_unit_test(several_ca_keys),
		cmocka_unit_test(our_leaf),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
