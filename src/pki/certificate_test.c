/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/certificate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "pki/der_read.h"
#include "pki/ca_test_kit.h"

#define DAY_ONE ((when)1767225600 * 1000000) /* 2026-01-01 */

static struct test_certificate
leaf_of(const struct test_certificate *issuer)
{
	static const struct test_spec spec = {
		.name = "owa.contoso.com",
		.alternatives = "DNS:owa.contoso.com,DNS:autodiscover.contoso.com,IP:192.0.2.7",
		.purposes = "serverAuth,emailProtection",
		.from = DAY_ONE,
		.until = DAY_ONE + DAYS(199),
	};

	return test_issue(&spec, issuer);
}

static void
facts(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf der = BUF(CERTIFICATE_MAX);
	CLEAN(certificate_facts_fini) struct certificate_facts facts = { 0 };
	struct test_certificate root = test_issue(&(struct test_spec){ .name = "Root",
						      .ca = true,
						      .path_length = 3,
						      .from = DAY_ONE,
						      .until = DAY_ONE + DAYS(999) },
	    NULL);
	struct test_certificate leaf = leaf_of(&root);
	char names[64];

	test_put_der(&der, leaf.x509);
	assert_int_equal(certificate_describe(buf_str(&der), &facts), 0);
	assert_string_equal(facts.subject, "CN=owa.contoso.com,O=certdesk test");
	assert_string_equal(facts.issuer, "CN=Root,O=certdesk test");
	assert_true(str_eq(facts.common_name, STR("owa.contoso.com")));
	assert_int_equal(facts.name_count, 2);
	assert_true(str_eq(facts.names[1], STR("autodiscover.contoso.com")));
	assert_int_equal(facts.ip_count, 1);
	assert_true(facts.not_before == DAY_ONE && facts.not_after == DAY_ONE + DAYS(199));
	assert_true(facts.issued == DAY_ONE);
	assert_int_equal(facts.version, 3);
	assert_false(facts.is_ca || facts.is_self_signed || facts.is_self_issued);
	assert_int_equal(facts.path_length, -1);
	assert_string_equal(facts.key_algorithm, "EC");
	assert_string_equal(facts.curve, "P-256");
	assert_string_equal(facts.signature, "ecdsa-with-SHA256");
	assert_false(facts.signature_is_weak);
	assert_true(facts.for_server && facts.for_other && !facts.for_client && !facts.for_any);
	assert_string_equal(facts.purposes, "TLS Web Server Authentication, E-mail Protection");
	assert_int_equal(facts.aki_len, 20);
	assert_memory_equal(facts.spki_sha256, facts.key_sha256, 32);
	certificate_names_text(&facts, names, sizeof(names));
	assert_string_equal(names, "owa.contoso.com autodiscover.contoso.com");
	certificate_names_text(&facts, names, 30);
	assert_string_equal(names, "owa.contoso.com …");
	certificate_facts_fini(&facts);

	buf_clear(&der);
	test_put_der(&der, root.x509);
	assert_int_equal(certificate_describe(buf_str(&der), &facts), 0);
	assert_true(facts.is_ca && facts.is_self_issued && facts.is_self_signed);
	assert_int_equal(facts.path_length, 2);
	test_certificate_fini(&leaf);
	test_certificate_fini(&root);
}

static void
strictness(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf der = BUF(2 * CERTIFICATE_MAX);
	struct test_certificate leaf = leaf_of(NULL);
	struct certificate_facts facts;
	size_t len;

	test_put_der(&der, leaf.x509);
	len = der.len;
	for (size_t cut = 0; cut < len; cut += 7)
		assert_int_equal(certificate_describe(str_bytes(der.data, cut), &facts),
		    CERTIFICATE_E_MALFORMED);
	buf_put_byte(&der, 0);
	assert_int_equal(certificate_describe(buf_str(&der), &facts), CERTIFICATE_E_MALFORMED);
	while (der.len <= CERTIFICATE_MAX)
		buf_put_byte(&der, 0);
	assert_int_equal(certificate_describe(buf_str(&der), &facts), CERTIFICATE_E_LIMIT);
	test_certificate_fini(&leaf);
}

/* The same numbers in another form are the same key (RSASSA-PSS, explicit curve, compressed point).
 */
static void
key_forms(void **state UNUSED)
{
	CLEAN(pkey_free) EVP_PKEY *plain = test_key("P-256");
	CLEAN(pkey_free) EVP_PKEY *odd = EVP_PKEY_dup(plain);
	CLEAN(pkey_free) EVP_PKEY *other = test_key("P-256");
	uint8_t spki[3][32], key[3][32];

	assert_true(EVP_PKEY_set_utf8_string_param(
	    odd, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT));
	assert_true(EVP_PKEY_set_utf8_string_param(odd, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
	    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED));
	assert_int_equal(key_fingerprint(plain, spki[0], key[0]), 0);
	assert_int_equal(key_fingerprint(odd, spki[1], key[1]), 0);
	assert_int_equal(key_fingerprint(other, spki[2], key[2]), 0);
	assert_memory_not_equal(spki[0], spki[1], 32);
	assert_memory_equal(key[0], key[1], 32);
	assert_memory_equal(spki[0], key[0], 32);
	assert_memory_not_equal(key[0], key[2], 32);
}

/* The short way to a certificate's fingerprints, where there is one, says what the long way does. */
static void
certificate_keys(void **state UNUSED)
{
	static const char *const kinds[] = { "P-256", "P-384", "RSA-1024", "RSA-2048", "ED25519",
		"secp256k1" };

	for (size_t i = 0; i <= COUNT_OF(kinds); i++) {
		CLEAN(pkey_free) EVP_PKEY *own = test_key(i < COUNT_OF(kinds) ? kinds[i] : "P-256");
		struct test_certificate one;
		uint8_t spki[2][32], key[2][32];

		if (i == COUNT_OF(kinds)) /* encoded in another way than ours */
			assert_true(EVP_PKEY_set_utf8_string_param(own,
			    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
			    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED));
		one = test_issue(
		    &(struct test_spec){
			.name = "x", .from = DAYS(20000), .until = DAYS(20009), .key = own },
		    NULL);
		assert_int_equal(key_fingerprint(own, spki[0], key[0]), 0);
		assert_int_equal(certificate_key_fingerprint(one.x509, spki[1], key[1]), 0);
		assert_memory_equal(spki[0], spki[1], 32);
		assert_memory_equal(key[0], key[1], 32);
		assert_int_equal(memcmp(spki[1], key[1], 32) == 0, i < COUNT_OF(kinds));
		test_certificate_fini(&one);
	}
}

static void
pss_key(void **state UNUSED)
{
	CLEAN(pkey_free) EVP_PKEY *plain = test_key("RSA-2048");
	CLEAN(pkey_free) EVP_PKEY *pss = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	OSSL_PARAM *params = NULL;
	uint8_t spki[2][32], key[2][32];

	assert_int_equal(EVP_PKEY_todata(plain, EVP_PKEY_PUBLIC_KEY, &params), 1);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pss, EVP_PKEY_PUBLIC_KEY, params), 1);
	assert_int_equal(key_fingerprint(plain, spki[0], key[0]), 0);
	assert_int_equal(key_fingerprint(pss, spki[1], key[1]), 0);
	assert_memory_not_equal(spki[0], spki[1], 32);
	assert_memory_equal(key[0], key[1], 32);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
}

static void
elements(void **state UNUSED)
{
	static const struct {
		const char *name;
		struct str bytes;
		bool good, indefinite;
		size_t body;
	} cases[] = {
		{ "nothing", STR_INIT(""), false, false, 0 },
		{ "header only", STR_INIT("\x30"), false, false, 0 },
		{ "short form", STR_INIT("\x30\x02\x05\x00z"), true, false, 2 },
		{ "more than there is", STR_INIT("\x30\x03\x05\x00"), false, false, 0 },
		{ "long form", STR_INIT("\x30\x81\x01z"), true, false, 1 },
		{ "length without its bytes", STR_INIT("\x30\x84\x01"), false, false, 0 },
		{ "length of five bytes", STR_INIT("\x30\x85\x00\x00\x00\x00\x01z"), false, false,
		    0 },
		{ "huge", STR_INIT("\x30\x84\xff\xff\xff\xffz"), false, false, 0 },
		{ "indefinite", STR_INIT("\x30\x80\x05\x00\x00\x00"), true, true, 4 },
		{ "high tag", STR_INIT("\x3f\x81\x01\x00"), false, false, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct der element;
		struct str rest = cases[i].bytes;

		print_message("%s\n", cases[i].name);
		assert_int_equal(der_peek(cases[i].bytes, &element), cases[i].good);
		if (!cases[i].good)
			continue;
		assert_int_equal(element.body.len, cases[i].body);
		assert_int_equal(der_next(&rest, &element), !cases[i].indefinite);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts),
		cmocka_unit_test(strictness),
		cmocka_unit_test(key_forms),
		cmocka_unit_test(certificate_keys),
		cmocka_unit_test(pss_key),
		cmocka_unit_test(elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
