/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "pki/csr.h"

static const struct csr_subject subject = { .country = STR_INIT("AT"),
	.state = STR_INIT(""),
	.locality = STR_INIT("Salzburg"),
	.organization = STR_INIT("Contoso GmbH & Co. KG") };

static void
ours_reads_as_it_was_made(void **state UNUSED)
{
	static const struct {
		const char *made, *reads;
	} keys[] = { { "RSA", "RSA, 2048 bits" }, { "P-256", "ECDSA, P-256" },
		{ "P-384", "ECDSA, P-384" } };
	const struct str names[] = { STR("owa.contoso.com"), STR("mail.contoso.com") };

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		EVP_PKEY *key = i == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen(keys[i].made);
		CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
		CLEAN(csr_facts_fini) struct csr_facts facts;
		uint8_t spki[32];

		assert_int_equal(csr_build(key, &subject, names, COUNT_OF(names), &der), 0);
		assert_int_equal(csr_describe(buf_str(&der), &facts), 0);
		assert_string_equal(facts.key, keys[i].reads);
		assert_string_equal(facts.common_name, "owa.contoso.com");
		assert_string_equal(facts.organization, "Contoso GmbH & Co. KG");
		assert_string_equal(facts.city, "Salzburg");
		assert_string_equal(facts.state, "");
		assert_string_equal(facts.country, "AT");
		assert_int_equal(facts.name_count, 2);
		assert_true(str_eq(facts.names[1], names[1]));
		assert_true(facts.has_key && facts.is_signed);
		assert_int_equal(csr_spki_sha256(key, spki), 0);
		assert_memory_equal(facts.spki_sha256, spki, 32);
		EVP_PKEY_free(key);
	}
}

static void
sign_with(X509_REQ *req, EVP_PKEY *key, EVP_PKEY *signer, struct buf *der)
{
	unsigned char *bytes = NULL;
	int len;

	assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
	assert_true(X509_REQ_sign(req, signer, EVP_sha256()) > 0);
	len = i2d_X509_REQ(req, &bytes);
	assert_true(len > 0);
	buf_put(der, bytes, (size_t)len);
	OPENSSL_free(bytes);
}

/* Others leave out what they like, and sign with what they like. */
static void
others_read_as_they_are(void **state UNUSED)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
	CLEAN(csr_facts_fini) struct csr_facts facts;

	assert_int_equal(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "O",
			     MBSTRING_UTF8, (const unsigned char *)"Cont\noso", -1, -1, 0),
	    1);
	sign_with(req, key, other, &der);
	assert_int_equal(csr_describe(buf_str(&der), &facts), 0);
	assert_null(strchr(facts.organization, '\n'));
	assert_string_equal(facts.common_name, "");
	assert_int_equal(facts.name_count, 0);
	assert_true(facts.has_key && !facts.is_signed);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void
what_is_none_is_told(void **state UNUSED)
{
	static const char bytes[] = "0\x82\x01\x02 no request";
	struct csr_facts facts;

	assert_int_equal(csr_describe(STR(""), &facts), CSR_E_MALFORMED);
	assert_int_equal(csr_describe(str_of(bytes), &facts), CSR_E_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_reads_as_it_was_made),
		cmocka_unit_test(others_read_as_they_are),
		cmocka_unit_test(what_is_none_is_told),
	};

	return cmocka_run_group_tests_name("csr_read", tests, NULL, NULL);
}
