/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/haproxy_lab.h"
#include "balancer/material.h"

#include "sys/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int
set_up(void **state)
{
	*state = lab_new(16384);
	return 0;
}

static int
tear_down(void **state)
{
	lab_free(*state);
	return 0;
}

/* 0.4d: an empty line ends the payload, and HAProxy runs the rest. */
static void
pem_has_nothing_but_certificates(void **state)
{
	CLEAN(lab_identity_free) struct identity *i = lab_identity(*state, "a.test", NULL, 3, 100);
	CLEAN(material_fini) struct material m = { .chain_count = 0 };
	struct str rest, line;
	size_t begins = 0;

	assert_int_equal(material_make(&i->bundle, &m), 0);
	assert_int_equal(m.chain_count, 3);
	assert_true(str_ends(buf_str(&m.pem), STR("-----END CERTIFICATE-----\n")));
	rest = str_bytes(m.pem.data, m.pem.len - 1);
	while (str_next(&rest, '\n', &line)) {
		assert_in_range(line.len, 1, 64);
		begins += str_eq(line, STR("-----BEGIN CERTIFICATE-----"));
		for (size_t k = 0; k < line.len; k++)
			assert_true(
			    line.p[k] > ' ' ? line.p[k] < 0x7f : str_starts(line, STR("-----")));
	}
	assert_int_equal(begins, 4);
}

static void
refused(const struct identity *i, struct str leaf, struct str chain)
{
	CLEAN(material_fini) struct material m = { .chain_count = 0 };
	struct bundle bundle = i->bundle;

	bundle.leaf = leaf;
	bundle.chain = chain;
	assert_int_equal(material_make(&bundle, &m), MATERIAL_E_FORM);
	assert_int_equal(m.pem.len, 0);
}

static void
anything_else_is_refused(void **state)
{
	CLEAN(lab_identity_free) struct identity *i = lab_identity(*state, "a.test", NULL, 1, 0);
	CLEAN(lab_identity_free)
	struct identity *other = lab_identity(*state, "a.test", NULL, 11, 0);
	CLEAN(lab_identity_free)
	struct identity *huge = lab_identity(*state, "a.test", NULL, 3, 20000);
	CLEAN(buf_fini) struct buf trailing = BUF(65536);
	struct str leaf = i->bundle.leaf, chain = i->bundle.chain;

	buf_put_str(&trailing, leaf);
	buf_put_text(&trailing, "\n\nshow cli level\n");
	refused(i, buf_str(&trailing), chain);
	refused(i, str_bytes(leaf.p, leaf.len - 1), chain);
	refused(i, STR(""), chain);
	refused(i, other->bundle.leaf, chain); /* not the SHA-256 we were told */
	refused(i, leaf, str_bytes(chain.p, chain.len - 1));
	refused(i, leaf, buf_str(&i->key_pem));
	refused(i, leaf, other->bundle.chain); /* too many */
	refused(i, leaf, huge->bundle.chain);
}

static void
put_file(struct lab *lab, struct str text, char path[static CONFIG_PATH_SIZE])
{
	lab_path(lab, "x.pem", path);
	assert_int_equal(file_write(path, text, 0600), 0);
}

static void
leaf_of_a_file(void **state)
{
	struct lab *lab = *state;
	char path[CONFIG_PATH_SIZE];
	uint8_t sha256[32];

	for (size_t padding = 0; padding < 200; padding += 7) { /* all lengths of a last line */
		char host[300];
		struct identity *i;
		CLEAN(material_fini) struct material m = { .chain_count = 0 };

		memset(host, 'a', sizeof(host));
		memcpy(host + 1 + padding % 60, ".test", 6);
		i = lab_identity(lab, host, NULL, 1, 0);
		assert_int_equal(material_make(&i->bundle, &m), 0);
		buf_put_str(&m.pem, buf_str(&i->key_pem));
		put_file(lab, buf_str(&m.pem), path);
		assert_int_equal(material_of_file(path, sha256), 0);
		assert_memory_equal(sha256, i->bundle.leaf_sha256, 32);
		lab_identity_free(i);
		lab->known_count = 0;
	}
}

static void
files_that_are_not_ours(void **state)
{
	static const char *const texts[] = {
		"",
		"-----BEGIN CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA\n",
		"Bag Attributes\n-----BEGIN CERTIFICATE-----\nMIIBkTCCATegAwIBAgIBAjAKBggqhkjOPQQDAjAT\n",
		"-----BEGIN CERTIFICATE-----\nMIIBkTCCATegAwIBAgIBAjAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhMYWIgUm9v\n",
		"-----BEGIN CERTIFICATE-----\n################################################################\n",
	};
	char path[CONFIG_PATH_SIZE];
	uint8_t sha256[32];

	lab_path(*state, "absent.pem", path);
	assert_int_equal(material_of_file(path, sha256), MATERIAL_E_ABSENT);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		put_file(*state, str_of(texts[i]), path);
		assert_int_equal(material_of_file(path, sha256), MATERIAL_E_FORM);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pem_has_nothing_but_certificates),
		TEST(anything_else_is_refused),
		TEST(leaf_of_a_file),
		TEST(files_that_are_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
