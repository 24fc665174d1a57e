/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define NAME_63 "mail-with-a-name-as-long-as-a-label-can-be-in-the-domain-system"
#define NAME_64 "mail-with-a-name-that-has-sixty-four-chars.services.example.test"
#define NAME_65 "mail-with-a-name-that-has-sixty-five-chars.services.example.testx"

static_assert(sizeof(NAME_63) - 1 == 63, "a full label");
static_assert(sizeof(NAME_64) - 1 == 64, "the longest CN");
static_assert(sizeof(NAME_65) - 1 == 65, "one too long for a CN");

enum which_key { RSA_2048, RSA_3072, P_256, P_384, P_521, RSA_1024, SECP256K1, ED25519, KEYS };

static EVP_PKEY *keys[KEYS];

static EVP_PKEY *
key_of(enum which_key which)
{
	if (keys[which])
		return keys[which];
	switch (which) {
	case RSA_2048:
		return keys[which] = EVP_RSA_gen(2048);
	case RSA_3072:
		return keys[which] = EVP_RSA_gen(3072);
	case RSA_1024:
		return keys[which] = EVP_RSA_gen(1024);
	case P_256:
		return keys[which] = EVP_EC_gen("P-256");
	case P_384:
		return keys[which] = EVP_EC_gen("P-384");
	case P_521:
		return keys[which] = EVP_EC_gen("P-521");
	case SECP256K1:
		return keys[which] = EVP_EC_gen("secp256k1");
	case ED25519:
		return keys[which] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case KEYS:
		break;
	}
	return NULL;
}

static int
drop_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		EVP_PKEY_free(TAKE(keys[i]));
	return 0;
}

static const struct good {
	const char *what;
	enum which_key key;
	const char *country, *state, *locality, *organization;
	const char *names[3];
	bool critical;
} goods[] = {
	{ "rsa, full subject", RSA_2048, "DE", "Bayern", "Nuremberg", "Example GmbH",
	    { "mail.example.test" } },
	{ "rsa 3072", RSA_3072, "DE", "Bayern", "Nuremberg", "Example GmbH",
	    { "mail.example.test" } },
	{ "p-256, two names", P_256, "US", "Ohio", "", "Example Inc.",
	    { "a.example.test", "b.example.test" } },
	{ "p-384", P_384, "FR", "", "Lyon", "Exemple SA", { "mail.example.test" } },
	{ "organization that is not ASCII", P_256, "DE", "", "N\u00fcrnberg",
	    "M\u00fcller & S\u00f6hne \u682a\u5f0f\u4f1a\u793e", { "mail.example.test" } },
	{ "no subject but the name", P_256, "", "", "", "", { "mail.example.test" } },
	{ "64 characters are a CN", P_256, "DE", "", "", "Example GmbH", { NAME_64 } },
	{ "65 characters are none", P_256, "DE", "", "", "Example GmbH", { NAME_65 } },
	{ "65 characters and nothing else", P_256, "", "", "", "", { NAME_65 }, .critical = true },
	{ "a label of 63, punycode, digits", P_256, "DE", "", "", "",
	    { NAME_63 ".test", "xn--mller-kva.test", "1.2.test" } },
};

static size_t
names_of(const char *const texts[3], struct str to[3])
{
	size_t count = 0;

	for (; count < 3 && texts[count]; count++)
		to[count] = str_of(texts[count]);
	return count;
}

static struct csr_subject
subject_of(const struct good *g)
{
	return (struct csr_subject){ str_of(g->country), str_of(g->state), str_of(g->locality),
		str_of(g->organization) };
}

static void
add(X509_NAME *name, const char *field, int type, const char *value)
{
	if (value[0])
		assert_int_equal(X509_NAME_add_entry_by_txt(
				     name, field, type, (const unsigned char *)value, -1, -1, 0),
		    1);
}

/* What OpenSSL's own encoder makes of the same wishes, without the signature. */
static int
by_openssl(const struct good *g, unsigned char **ret)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_NAME_new();
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	CLEAN(buf_fini) struct buf san = BUF(2048);
	X509_EXTENSION *extension;
	int len;

	add(name, "C", V_ASN1_PRINTABLESTRING, g->country);
	add(name, "ST", V_ASN1_UTF8STRING, g->state);
	add(name, "L", V_ASN1_UTF8STRING, g->locality);
	add(name, "O", V_ASN1_UTF8STRING, g->organization);
	if (strlen(g->names[0]) <= 64)
		add(name, "CN", V_ASN1_UTF8STRING, g->names[0]);
	for (size_t i = 0; i < 3 && g->names[i]; i++)
		buf_printf(&san, "%sDNS:%s", i ? "," : g->critical ? "critical," : "", g->names[i]);
	extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, buf_text(&san));
	assert_non_null(extension);
	sk_X509_EXTENSION_push(extensions, extension);
	X509_REQ_set_version(req, X509_REQ_VERSION_1);
	X509_REQ_set_subject_name(req, name);
	X509_REQ_set_pubkey(req, key_of(g->key));
	X509_REQ_add_extensions(req, extensions);
	len = i2d_re_X509_REQ_tbs(req, ret);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_NAME_free(name);
	X509_REQ_free(req);
	return len;
}

static void
check_signature_algorithm(const X509_REQ *req, enum which_key key)
{
	const X509_ALGOR *algorithm;
	int expected = key == P_256   ? NID_ecdsa_with_SHA256
	               : key == P_384 ? NID_ecdsa_with_SHA384
	                              : NID_sha256WithRSAEncryption;

	X509_REQ_get0_signature(req, NULL, &algorithm);
	assert_int_equal(OBJ_obj2nid(algorithm->algorithm), expected);
	assert_int_equal(algorithm->parameter ? algorithm->parameter->type : -1,
	    expected == NID_sha256WithRSAEncryption ? V_ASN1_NULL : -1);
}

static void
check_good(const struct good *g)
{
	CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
	struct csr_subject subject = subject_of(g);
	struct str names[3];
	unsigned char *expected = NULL, *info = NULL;
	const unsigned char *at;
	X509_REQ *req;
	int len;

	print_message("%s\n", g->what);
	assert_int_equal(csr_check(&subject, names, names_of(g->names, names)), 0);
	assert_int_equal(
	    csr_build(key_of(g->key), &subject, names, names_of(g->names, names), &der), 0);
	at = (const unsigned char *)der.data;
	req = d2i_X509_REQ(NULL, &at, (long)der.len);
	assert_non_null(req);
	assert_ptr_equal(at, der.data + der.len);
	assert_int_equal(X509_REQ_verify(req, key_of(g->key)), 1);
	check_signature_algorithm(req, g->key);
	len = by_openssl(g, &expected);
	assert_int_equal(
	    i2d_re_X509_REQ_tbs(req, &info), len); /* D-13, S-06, S-10, K-01: byte for byte */
	assert_memory_equal(info, expected, (size_t)len);
	OPENSSL_free(info);
	OPENSSL_free(expected);
	X509_REQ_free(req);
}

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(goods); i++)
		check_good(&goods[i]);
}

#define REPEAT_16(x) x x x x x x x x x x x x x x x x
#define CHARS_64     REPEAT_16("\u00fc\u00fc\u00fc\u00fc")

static const struct bad {
	const char *what;
	int expected;
	enum which_key key;
	const char *country, *state, *organization;
	const char *names[3];
} bads[] = {
	{ "three letters of country", CSR_E_SUBJECT, P_256, "DEU", "", "E", { "a.test" } },
	{ "small country", CSR_E_SUBJECT, P_256, "de", "", "E", { "a.test" } },
	{ "65 characters of organization (S-05)", CSR_E_SUBJECT, P_256, "DE", "", CHARS_64 "x",
	    { "a.test" } },
	{ "129 characters of state", CSR_E_SUBJECT, P_256, "DE", CHARS_64 CHARS_64 "x", "E",
	    { "a.test" } },
	{ "not UTF-8", CSR_E_SUBJECT, P_256, "DE", "", "M\xfcller", { "a.test" } },
	{ "line end in a part", CSR_E_SUBJECT, P_256, "DE", "", "Example\nGmbH", { "a.test" } },
	{ "C1 control character", CSR_E_SUBJECT, P_256, "DE", "",
	    "Example\xc2\x85"
	    "GmbH",
	    { "a.test" } },
	{ "placeholder (S-07)", CSR_E_SUBJECT, P_256, "DE", "-", "E", { "a.test" } },
	{ "blank", CSR_E_SUBJECT, P_256, "DE", " ", "E", { "a.test" } },
	{ "no name", CSR_E_NAME, P_256, "DE", "", "E", { NULL } },
	{ "empty name", CSR_E_NAME, P_256, "DE", "", "E", { "" } },
	{ "one label", CSR_E_NAME, P_256, "DE", "", "E", { "mail" } },
	{ "capitals", CSR_E_NAME, P_256, "DE", "", "E", { "Mail.test" } },
	{ "dot at the end", CSR_E_NAME, P_256, "DE", "", "E", { "mail.test." } },
	{ "underscore", CSR_E_NAME, P_256, "DE", "", "E", { "a_b.test" } },
	{ "wildcard", CSR_E_NAME, P_256, "DE", "", "E", { "*.test" } },
	{ "hyphen first", CSR_E_NAME, P_256, "DE", "", "E", { "-a.test" } },
	{ "hyphen last", CSR_E_NAME, P_256, "DE", "", "E", { "a-.test" } },
	{ "address", CSR_E_NAME, P_256, "DE", "", "E", { "192.0.2.1" } },
	{ "label of 64", CSR_E_NAME, P_256, "DE", "", "E", { NAME_63 "x.test" } },
	{ "254 characters", CSR_E_NAME, P_256, "DE", "", "E",
	    { NAME_63 "." NAME_63 "." NAME_63 "."
		      "more-characters-than-there-may-be-in-a-name-of-a-host.test.test" } },
	{ "not ASCII", CSR_E_NAME, P_256, "DE", "", "E", { "m\u00fcller.test" } },
	{ "second name bad", CSR_E_NAME, P_256, "DE", "", "E", { "a.test", "b" } },
	{ "twice the same", CSR_E_NAME, P_256, "DE", "", "E", { "a.test", "b.test", "a.test" } },
	{ "P-521 (K-04)", CSR_E_KEY, P_521, "DE", "", "E", { "a.test" } },
	{ "RSA-1024", CSR_E_KEY, RSA_1024, "DE", "", "E", { "a.test" } },
	{ "another curve of 256 bits", CSR_E_KEY, SECP256K1, "DE", "", "E", { "a.test" } },
	{ "Ed25519", CSR_E_KEY, ED25519, "DE", "", "E", { "a.test" } },
};

static void
test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bads); i++) {
		CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
		const struct bad *b = &bads[i];
		struct csr_subject subject = { str_of(b->country), str_of(b->state), STR("Town"),
			str_of(b->organization) };
		struct str names[3];
		size_t count = names_of(b->names, names);

		print_message("%s\n", b->what);
		assert_int_equal(
		    csr_build(key_of(b->key), &subject, names, count, &der), b->expected);
		assert_int_equal(
		    csr_check(&subject, names, count), b->expected == CSR_E_KEY ? 0 : b->expected);
		assert_int_equal(der.len, 0);
	}
}

static void
test_limits(void **state)
{
	CLEAN(buf_fini) struct buf small = BUF(64);
	CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
	CLEAN(buf_fini) struct buf texts = BUF(CSR_MAX);
	struct str names[CSR_NAMES_MAX + 1];
	const struct csr_subject subject = { STR("DE"), STR(CHARS_64 CHARS_64),
		STR(CHARS_64 CHARS_64), STR(CHARS_64) };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) /* all as long as can be */
		buf_printf(&texts,
		    NAME_63 "." NAME_63 "." NAME_63
			    ".%03zu.the-last-label-of-all-has-only-fifty-four.example.test.te",
		    i);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		names[i] = str_bytes(
		    texts.data + i * (texts.len / COUNT_OF(names)), texts.len / COUNT_OF(names));
	assert_in_range(names[0].len, 250, 253);
	assert_int_equal(csr_build(key_of(RSA_3072), &subject, names, CSR_NAMES_MAX, &der), 0);
	assert_int_equal(
	    csr_build(key_of(P_256), &subject, names, CSR_NAMES_MAX + 1, &der), CSR_E_NAME);
	assert_true(csr_build(key_of(P_256), &subject, names, 1, &small) < 0);
}

static void
test_pem(void **state)
{
	CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
	CLEAN(buf_fini) struct buf pem = BUF(2 * CSR_MAX);
	const struct csr_subject subject = { STR("DE"), STR(""), STR(""), STR("Example GmbH") };
	struct str name = STR("mail.example.test"), rest, line;
	unsigned char *again = NULL;
	X509_REQ *req;
	BIO *bio;

	(void)state;
	assert_int_equal(csr_build(key_of(RSA_2048), &subject, &name, 1, &der), 0);
	csr_to_pem(buf_str(&der), &pem);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	assert_non_null(req);
	assert_int_equal(i2d_X509_REQ(req, &again), der.len);
	assert_memory_equal(again, der.data, der.len);
	for (rest = buf_str(&pem); str_next(&rest, '\n', &line);)
		assert_true(line.len <= 64);
	assert_true(str_starts(buf_str(&pem), STR("-----BEGIN CERTIFICATE REQUEST-----\n")));
	assert_true(str_ends(buf_str(&pem), STR("\n-----END CERTIFICATE REQUEST-----\n")));
	OPENSSL_free(again);
	X509_REQ_free(req);
	BIO_free(bio);
}

static void
test_spki(void **state)
{
	static const enum which_key ours[] = { RSA_2048, RSA_3072, P_256, P_384 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ours); i++) {
		unsigned char *spki = NULL;
		uint8_t is[32], expected[32];
		int len = i2d_PUBKEY(key_of(ours[i]), &spki);

		assert_true(EVP_Digest(spki, (size_t)len, expected, NULL, EVP_sha256(), NULL));
		assert_int_equal(csr_spki_sha256(key_of(ours[i]), is), 0);
		assert_memory_equal(is, expected, 32);
		OPENSSL_free(spki);
	}
	assert_int_equal(csr_spki_sha256(key_of(SECP256K1), (uint8_t[32]){ 0 }), CSR_E_KEY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_spki),
	};

	return cmocka_run_group_tests(tests, NULL, drop_keys);
}
