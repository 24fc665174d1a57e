/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include <openssl/x509v3.h>

#include "pki/ca_test_kit.h"
#include "pki/certificate.h"

#define NOW ((when)1780000000 * 1000000)

static struct test_certificate
made(const char *name, EVP_PKEY *key)
{
	return test_issue(
	    &(struct test_spec){
		.name = name, .ca = true, .key = key, .from = NOW, .until = NOW + DAYS(9) },
	    NULL);
}

static struct str
subject_of(const struct test_certificate *from)
{
	return certificate_raw_name(X509_get_subject_name(from->x509));
}

static struct str
key_id_of(const struct test_certificate *from)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(from->x509);

	return id ? str_bytes(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)) : STR("");
}

static void
empty(void **state UNUSED)
{
	CLEAN(shelf_free) struct shelf *shelf = shelf_new();
	const uint8_t none[32] = { 0 };
	size_t found[2];

	assert_int_equal(shelf_count(shelf), 0);
	assert_int_equal(shelf_by_subject(shelf, STR("x"), STR(""), found, 2), 0);
	assert_false(shelf_has(shelf, STR("x"), none));
}

/* More than the first room, so that the index is made anew; each is found by its subject alone. */
static void
many(void **state UNUSED)
{
	CLEAN(shelf_free) struct shelf *shelf = shelf_new();
	EVP_PKEY *key = test_key("P-256");
	struct test_certificate all[300];

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		CLEAN(buf_fini) struct buf der = BUF(1 << 14);
		char name[32];

		snprintf(name, sizeof(name), "CA %zu", i);
		all[i] = made(name, key);
		test_put_der(&der, all[i].x509);
		assert_true(shelf_add(shelf, buf_str(&der)));
		assert_true(shelf_add(shelf, buf_str(&der)));
	}
	assert_int_equal(shelf_count(shelf), COUNT_OF(all));
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		size_t found[4];
		X509 *taken;

		assert_int_equal(
		    shelf_by_subject(shelf, subject_of(&all[i]), STR(""), found, 4), 1);
		assert_int_equal(found[0], i);
		taken = shelf_x509(shelf, i);
		assert_int_equal(X509_cmp(taken, all[i].x509), 0);
		assert_true(shelf_has(shelf, subject_of(&all[i]), shelf_at(shelf, i)->sha256));
		X509_free(taken);
		test_certificate_fini(&all[i]);
	}
	EVP_PKEY_free(key);
}

/* E-04: of many with one name, the one whose key was named comes first, wherever it stands. */
static void
by_key_identifier(void **state UNUSED)
{
	CLEAN(shelf_free) struct shelf *shelf = shelf_new();
	struct test_certificate all[12];
	size_t found[3];

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		CLEAN(buf_fini) struct buf der = BUF(1 << 14);

		all[i] = made("Same CA", NULL);
		test_put_der(&der, all[i].x509);
		assert_true(shelf_add(shelf, buf_str(&der)));
	}
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		assert_true(key_id_of(&all[i]).len > 0);
		assert_int_equal(shelf_by_subject(shelf, subject_of(&all[0]), key_id_of(&all[i]),
				     found, COUNT_OF(found)),
		    COUNT_OF(found));
		assert_int_equal(found[0], i);
		assert_int_not_equal(found[1], i);
	}
	for (size_t i = 0; i < COUNT_OF(all); i++)
		test_certificate_fini(&all[i]);
}

static void
bundles(void **state UNUSED)
{
	CLEAN(shelf_free) struct shelf *shelf = shelf_new();
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct test_certificate one = made("One", NULL), two = made("Two", NULL);
	size_t refused;

	buf_put_text(&pem, "# comments are fine\n");
	test_put_pem(&pem, one.x509);
	buf_put_text(&pem, "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n");
	test_put_pem(&pem, two.x509);
	test_put_pem(&pem, one.x509);
	buf_put_text(&pem, "the end\n");
	assert_int_equal(shelf_add_pem(shelf, buf_str(&pem), &refused), 3);
	assert_int_equal(refused, 1);
	assert_int_equal(shelf_count(shelf), 2);
	assert_int_equal(shelf_add_pem(shelf, STR("no PEM at all"), &refused), 0);
	assert_int_equal(refused, 0);
	test_certificate_fini(&one);
	test_certificate_fini(&two);
}

static void
hostile(void **state UNUSED)
{
	CLEAN(shelf_free) struct shelf *shelf = shelf_new();
	CLEAN(buf_fini) struct buf der = BUF(1 << 14);
	struct test_certificate one = made("One", NULL);

	test_put_der(&der, one.x509);
	for (size_t len = 0; len < der.len; len++)
		assert_false(shelf_add(shelf, str_bytes(der.data, len)));
	buf_put_byte(&der, 0);
	assert_false(shelf_add(shelf, buf_str(&der)));
	assert_int_equal(shelf_count(shelf), 0);
	test_certificate_fini(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty),
		cmocka_unit_test(many),
		cmocka_unit_test(by_key_identifier),
		cmocka_unit_test(bundles),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
