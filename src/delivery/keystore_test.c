/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/delivery.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "delivery/leaf.h"
#include "pki/ca_test_kit.h"

#define FROM  ((when)1767225600 * 1000000)
#define UNTIL (FROM + DAYS(199))

#define JKS   "\xfe\xed\xfe\xed"
#define JCEKS "\xce\xce\xce\xce"

static struct delivery_tools *tools;
static struct test_certificate root, leaf;

static void
put_number(struct buf *to, size_t size, uint64_t number)
{
	while (size-- > 0)
		buf_put_byte(to, (uint8_t)(number >> 8 * size));
}

static void
put_counted(struct buf *to, size_t size, struct str bytes)
{
	put_number(to, size, bytes.len);
	buf_put_str(to, bytes);
}

static void
put_head(struct buf *to, const char *magic, uint32_t version, uint32_t entries)
{
	buf_put_text(to, magic);
	put_number(to, 4, version);
	put_number(to, 4, entries);
}

static void
put_entry(struct buf *to, uint32_t tag, const char *alias)
{
	put_number(to, 4, tag);
	put_counted(to, 2, str_of(alias));
	put_number(to, 8, 1767225600000);
}

static void
put_certificate(struct buf *to, uint32_t version, X509 *x509)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);

	test_put_der(&der, x509);
	if (version > 1)
		put_counted(to, 2, STR("X.509"));
	put_counted(to, 4, buf_str(&der));
}

/* `utf16` is the password as Java digests it. */
static void
put_digest(struct buf *to, struct str utf16)
{
	CLEAN(buf_fini) struct buf all = BUF(1 << 17);
	unsigned char digest[SHA_DIGEST_LENGTH];

	buf_put_str(&all, utf16);
	buf_put_text(&all, "Mighty Aphrodite");
	buf_put_str(&all, buf_str(to));
	SHA1((unsigned char *)all.data, all.len, digest);
	buf_put(to, digest, sizeof(digest));
}

static void
make(struct buf *to, const char *magic, uint32_t version)
{
	put_head(to, magic, version, 2);
	put_entry(to, 2, "root");
	put_certificate(to, version, root.x509);
	put_entry(to, 1, "owa");
	put_counted(to, 4, STR("what Java made of the key"));
	put_number(to, 4, 2);
	put_certificate(to, version, leaf.x509);
	put_certificate(to, version, root.x509);
	put_digest(to, STR("\0g\0\xe4"));
}

static struct delivery
opened(struct str bytes, const char *password)
{
	struct delivery delivery = { 0 };
	struct str given = str_of(password);

	delivery_add(&delivery, tools, STR("x"), bytes, password ? &given : NULL);
	print_message("%s: %s %s\n", delivery.file[0].container,
	    delivery_error_name(delivery.file[0].error), delivery.file[0].words);
	return delivery;
}

static void
expect(struct str bytes, const char *password, enum delivery_error error, size_t certificates)
{
	CLEAN(delivery_fini) struct delivery delivery = opened(bytes, password);

	assert_int_equal(delivery.file[0].error, error);
	assert_int_equal(delivery.certificate_count, certificates);
}

static void
both_versions(void **state UNUSED)
{
	for (uint32_t version = 1; version <= 2; version++) {
		CLEAN(buf_fini) struct buf store = BUF(1 << 16);
		CLEAN(delivery_fini) struct delivery delivery = { 0 };
		size_t at;

		make(&store, version == 1 ? JKS : JCEKS, version);
		delivery = opened(buf_str(&store), "g\xc3\xa4");
		assert_string_equal(delivery.file[0].container, version == 1 ? "JKS" : "JCEKS");
		assert_int_equal(delivery.file[0].error, DELIVERY_FINE);
		assert_int_equal(delivery.certificate_count, 2);
		assert_int_equal(delivery.file[0].certificates, 3);
		assert_int_equal(delivery.key_count, 1);
		assert_false(delivery.key[0].readable);
		assert_int_equal(leaf_choose(&delivery, NULL, &at), 0);
		assert_int_equal(at, 1);
	}
}

static void
passwords(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf store = BUF(1 << 16);

	make(&store, JKS, 2);
	expect(buf_str(&store), NULL, DELIVERY_FINE, 2);
	expect(buf_str(&store), "", DELIVERY_PASSWORD_WRONG, 0);
	expect(buf_str(&store), "ga", DELIVERY_PASSWORD_WRONG, 0);
	store.data[40]++;
	expect(buf_str(&store), "g\xc3\xa4", DELIVERY_PASSWORD_WRONG, 0);
}

/* Cut anywhere, it is damaged, and what stands before the cut is kept. */
static void
cut_off(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf store = BUF(1 << 16);

	make(&store, JKS, 2);
	for (size_t len = 4; len < store.len; len += 7) {
		CLEAN(delivery_fini) struct delivery delivery = { 0 };

		delivery_add(&delivery, tools, STR(""), str_bytes(store.data, len), NULL);
		assert_int_equal(delivery.file[0].error, DELIVERY_MALFORMED);
		assert_true(delivery.certificate_count <= 2);
	}
	expect(str_bytes(store.data, store.len - 40), NULL, DELIVERY_MALFORMED, 2);
}

static void
sizes_that_lie(void **state UNUSED)
{
	/* clang-format off */
	static const struct { uint32_t version, entries, tag, certificates; } cases[] = {
		{ 3, 0, 0, 0 },           /* of the future */
		{ 2, 0xffffffff, 9, 0 },  /* no such entry */
		{ 2, 0xffffffff, 1, 0xffffffff },
		{ 2, 0, 1, 0 },           /* more than it says */
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf store = BUF(1 << 16);

		put_head(&store, JKS, cases[i].version, cases[i].entries);
		put_entry(&store, cases[i].tag, "x");
		put_counted(&store, 4, STR("key"));
		put_number(&store, 4, cases[i].certificates);
		put_digest(&store, STR(""));
		expect(buf_str(&store), NULL, DELIVERY_MALFORMED, 0);
		expect(buf_str(&store), "", DELIVERY_MALFORMED, 0);
	}
}

/* A secret key has no length: what lies behind it cannot be reached. */
static void
secret_key(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf store = BUF(1 << 16);

	put_head(&store, JCEKS, 2, 3);
	put_entry(&store, 2, "root");
	put_certificate(&store, 2, root.x509);
	put_entry(&store, 3, "secret");
	buf_put_text(&store, "\xac\xed");
	put_digest(&store, STR(""));
	expect(buf_str(&store), NULL, DELIVERY_UNSUPPORTED_FORMAT, 1);
}

static void
empty_store(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf store = BUF(1 << 10);

	put_head(&store, JKS, 2, 0);
	put_digest(&store, STR(""));
	expect(buf_str(&store), "", DELIVERY_NO_CERTIFICATE, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_versions),
		cmocka_unit_test(passwords),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(sizes_that_lie),
		cmocka_unit_test(secret_key),
		cmocka_unit_test(empty_store),
	};
	bool legacy;
	int failed;

	root = test_issue(
	    &(struct test_spec){ .name = "Root", .ca = true, .from = FROM, .until = UNTIL }, NULL);
	leaf = test_issue(
	    &(struct test_spec){ .name = "owa.contoso.com", .from = FROM, .until = UNTIL }, &root);
	if (delivery_tools_new(&tools, &legacy))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	delivery_tools_free(tools);
	test_certificate_fini(&leaf);
	test_certificate_fini(&root);
	return failed;
}
