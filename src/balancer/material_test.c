/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/haproxy_test_kit.h"
#include "balancer/material.h"

#include "sys/file.h"

#include <openssl/pem.h>

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
		assert_memory_equal(sha256, m.sha256, 32);
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

static void
the_last_one_is_kept(void **state)
{
	CLEAN(lab_identity_free) struct identity *i = lab_identity(*state, "a.test", NULL, 1, 0);
	CLEAN(lab_identity_free)
	struct identity *other = lab_identity(*state, "a.test", NULL, 2, 0);
	CLEAN(material_kept_fini) struct material_kept kept = MATERIAL_KEPT;
	CLEAN(buf_fini) struct buf copy = BUF(65536);
	const struct material *first = NULL, *m = NULL;
	struct bundle bundle = i->bundle;
	const char *bytes;

	assert_int_equal(material_recall(&kept, &bundle, &first), 0);
	assert_int_equal(first->chain_count, 1);
	bytes = first->pem.data;
	buf_put_str(&copy, bundle.leaf);
	bundle.leaf = buf_str(&copy); /* the same bytes elsewhere */
	assert_int_equal(material_recall(&kept, &bundle, &m), 0);
	assert_ptr_equal(m->pem.data, bytes);
	copy.data[copy.len - 1] ^= 1; /* another certificate under the same hash */
	assert_int_equal(material_recall(&kept, &bundle, &m), MATERIAL_E_FORM);
	bundle = i->bundle;
	bundle.chain = other->bundle.chain;
	assert_int_equal(material_recall(&kept, &bundle, &m), 0);
	assert_int_equal(m->chain_count, 2);
	bundle.chain = STR("");
	assert_int_equal(material_recall(&kept, &bundle, &m), 0);
	assert_int_equal(m->chain_count, 0);
	bundle.leaf_sha256[0] ^= 1;
	assert_int_equal(material_recall(&kept, &bundle, &m), MATERIAL_E_FORM);
	assert_int_equal(material_recall(&kept, &other->bundle, &m), 0);
	assert_int_equal(m->chain_count, 2);
}

/* A leaf of ours with one byte changed, in the frame of our files. */
static void
files_with_something_else_inside(void **state)
{
	enum { BODY = 4 }; /* where the first part begins */
	static const struct {
		const char *name;
		size_t at;
		uint8_t change;
		int result;
	} cases[] = {
		{ "nothing changed", BODY + 10, 0, 0 },
		{ "no sequence", 0, 0x01, MATERIAL_E_FORM },
		{ "another form of length", 1, 0x01, MATERIAL_E_FORM },
		{ "another length", 3, 0x01, MATERIAL_E_FORM },
		{ "a byte less or more", 3, 0x02, MATERIAL_E_FORM },
		{ "first part is no sequence", BODY, 0x01, MATERIAL_E_FORM },
		{ "first part is of another class", BODY, 0x80, MATERIAL_E_FORM },
		{ "first part of another length", BODY + 2, 0x01, MATERIAL_E_FORM },
		{ "another certificate", BODY + 20, 0x01, 0 },
	};
	CLEAN(lab_identity_free) struct identity *i = lab_identity(*state, "a.test", NULL, 0, 0);
	char path[CONFIG_PATH_SIZE];
	uint8_t sha256[32];

	for (size_t k = 0; k < COUNT_OF(cases); k++) {
		BIO *bio = BIO_new(BIO_s_mem());
		char *text;
		long len;
		bool same;
		int r;

		i->leaf.data[cases[k].at] ^= (char)cases[k].change;
		PEM_write_bio(
		    bio, PEM_STRING_X509, "", (unsigned char *)i->leaf.data, (long)i->leaf.len);
		i->leaf.data[cases[k].at] ^= (char)cases[k].change;
		len = BIO_get_mem_data(bio, &text);
		put_file(*state, str_bytes(text, (size_t)len), path);
		BIO_free(bio);
		r = material_of_file(path, sha256);
		if (r != cases[k].result)
			fail_msg("%s: %d", cases[k].name, r);
		same = r == 0 &&
		       memcmp(sha256, i->bundle.leaf_sha256, sizeof(sha256)) == 0; /* no chain */
		assert_int_equal(same, k == 0);
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
		TEST(files_with_something_else_inside),
		TEST(the_last_one_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
