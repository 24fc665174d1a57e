/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/delivery.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "pki/ca_test_kit.h"
#include "pki/certificate.h"

#define FROM   ((when)1767225600 * 1000000)
#define UNTIL  (FROM + DAYS(199))
#define ROUNDS 2048

static struct delivery_tools *tools;
static bool legacy;
static OSSL_LIB_CTX *maker; /* makes what only the legacy provider can */
static OSSL_PROVIDER *maker_default, *maker_legacy;

static struct delivery
opened(struct str bytes, const char *password)
{
	struct delivery delivery = { 0 };
	struct str given = str_of(password);

	delivery_add(&delivery, tools, STR("x"), bytes, password ? &given : NULL);
	return delivery;
}

/* The only key of the delivery, and what became of it. */
static void
expect_key(const char *name, struct str bytes, const char *password, enum delivery_error error,
    EVP_PKEY *key)
{
	CLEAN(delivery_fini) struct delivery delivery = opened(bytes, password);
	uint8_t spki[32], sha256[32];

	print_message(
	    "%s: %s %s\n", name, delivery_error_name(delivery.key[0].error), delivery.key[0].words);
	assert_int_equal(delivery.key_count, 1);
	assert_int_equal(delivery.file[0].error, DELIVERY_FINE); /* it hides nothing beside it */
	assert_int_equal(delivery.key[0].error, error);
	assert_int_equal(delivery.key[0].readable, error == DELIVERY_FINE);
	if (error != DELIVERY_FINE)
		return;
	assert_int_equal(key_fingerprint(key, spki, sha256), 0);
	assert_memory_equal(delivery.key[0].spki_sha256, spki, 32);
}

/* `algorithm` is handed over. */
static void
put_pkcs8(struct buf *to, EVP_PKEY *key, X509_ALGOR *algorithm, const char *password)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	X509_SIG *sig;
	int len;

	assert_non_null(algorithm);
	sig = PKCS8_set0_pbe_ex(password, (int)strlen(password), info, algorithm, maker, NULL);
	assert_non_null(sig);
	len = i2d_X509_SIG(sig, &der);
	buf_clear(to);
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
	X509_SIG_free(sig);
	PKCS8_PRIV_KEY_INFO_free(info);
}

static X509_ALGOR *
pbes2(const char *name, int prf, int rounds)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(maker, name, NULL);
	X509_ALGOR *algorithm = PKCS5_pbe2_set_iv_ex(cipher, rounds, NULL, 0, NULL, prf, maker);

	EVP_CIPHER_free(cipher);
	return algorithm;
}

static void
algorithms(void **state UNUSED)
{
	/* clang-format off */
	static const struct { int prf; const char *cipher; bool needs_legacy; } ways[] = {
		{ NID_hmacWithSHA1,       "AES-128-CBC", false },
		{ NID_hmacWithSHA224,     "AES-192-CBC", false },
		{ NID_hmacWithSHA256,     "AES-256-CBC", false },
		{ NID_hmacWithSHA384,     "DES-EDE3-CBC", false },
		{ NID_hmacWithSHA512,     "CAMELLIA-256-CBC", false },
		{ NID_hmacWithSHA512_256, "ARIA-128-CBC", false },
		{ NID_hmacWithSHA1,       "DES-CBC", true },
	};
	static const struct { int pbe; bool needs_legacy; } old[] = {
		{ NID_pbe_WithSHA1And3_Key_TripleDES_CBC, false },
		{ NID_pbe_WithSHA1And2_Key_TripleDES_CBC, false },
		{ NID_pbe_WithSHA1And40BitRC2_CBC, true },
		{ NID_pbe_WithSHA1And128BitRC4, true },
		{ NID_pbeWithMD5AndDES_CBC, true },
		{ NID_pbeWithSHA1AndRC2_CBC, true },
	};
	/* clang-format on */
	CLEAN(pkey_free) EVP_PKEY *key = test_key("P-256");
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		if (ways[i].needs_legacy && !legacy)
			continue;
		put_pkcs8(&der, key, pbes2(ways[i].cipher, ways[i].prf, ROUNDS), "geheim");
		expect_key(ways[i].cipher, buf_str(&der), "geheim", DELIVERY_FINE, key);
		expect_key("wrong", buf_str(&der), "Geheim", DELIVERY_PASSWORD_WRONG, key);
		expect_key("none", buf_str(&der), NULL, DELIVERY_PASSWORD_REQUIRED, key);
		expect_key("empty", buf_str(&der), "", DELIVERY_PASSWORD_WRONG, key);
	}
	for (size_t i = 0; i < COUNT_OF(old); i++) {
		if (old[i].needs_legacy && !legacy)
			continue;
		put_pkcs8(&der, key, PKCS5_pbe_set_ex(old[i].pbe, ROUNDS, NULL, 0, maker),
		    "geh\xc3\xa4im");
		expect_key(
		    OBJ_nid2sn(old[i].pbe), buf_str(&der), "geh\xc3\xa4im", DELIVERY_FINE, key);
		expect_key("wrong", buf_str(&der), "geheim", DELIVERY_PASSWORD_WRONG, key);
	}
}

static void
kinds(void **state UNUSED)
{
	static const char *const names[] = { "RSA-2048", "P-384", "secp256k1", "brainpoolP256r1",
		"ED25519" };
	static const char *const more[] = { "ED448", "X25519" };
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);

	for (size_t i = 0; i < COUNT_OF(names) + COUNT_OF(more); i++) {
		const char *name = i < COUNT_OF(names) ? names[i] : more[i - COUNT_OF(names)];
		CLEAN(pkey_free)
		EVP_PKEY *key =
		    i < COUNT_OF(names) ? test_key(name) : EVP_PKEY_Q_keygen(NULL, NULL, name);

		put_pkcs8(&der, key, pbes2("AES-256-CBC", NID_hmacWithSHA256, ROUNDS), "x");
		expect_key(name, buf_str(&der), "x", DELIVERY_FINE, key);
	}
}

static void
scrypt(void **state UNUSED)
{
	CLEAN(pkey_free) EVP_PKEY *key = test_key("P-256");
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	size_t at;

	put_pkcs8(&der, key, PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, 16384, 8, 1),
	    "geheim");
	expect_key("scrypt", buf_str(&der), "geheim", DELIVERY_FINE, key);
	expect_key("scrypt, wrong", buf_str(&der), "no", DELIVERY_PASSWORD_WRONG, key);
	/* N = 16384 becomes 32512: more than 32 MiB with r = 9 */
	at = str_find(buf_str(&der), STR("\x02\x02\x40\x00\x02\x01\x08"));
	assert_true(at < der.len);
	copy_bytes(der.data + at, "\x02\x02\x7f\x00\x02\x01\x09", 7);
	expect_key("scrypt, too much", buf_str(&der), "geheim", DELIVERY_LIMIT, key);
}

/* The count is read before anything is derived (I-07). */
static void
rounds(void **state UNUSED)
{
	CLEAN(pkey_free) EVP_PKEY *key = test_key("P-256");
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	CLEAN(delivery_fini) struct delivery delivery = { 0 };
	struct str password = STR("geheim");
	size_t at;

	put_pkcs8(&der, key, pbes2("AES-256-CBC", NID_hmacWithSHA256, 65537), "geheim");
	at = str_find(buf_str(&der), STR("\x02\x03\x01\x00\x01"));
	assert_true(at < der.len);
	copy_bytes(der.data + at, "\x02\x03\x7f\xff\xff", 5); /* 8,388,607 */
	delivery.iterations = 2000000;
	delivery_add(&delivery, tools, STR("x"), buf_str(&der), &password);
	assert_int_equal(delivery.key[0].error, DELIVERY_LIMIT);
	assert_int_equal(delivery.iterations, 2000000);
	put_pkcs8(&der, key, pbes2("AES-256-CBC", NID_hmacWithSHA256, ROUNDS), "geheim");
	delivery.iterations = DELIVERY_ITERATIONS_MAX - ROUNDS;
	delivery_add(&delivery, tools, STR("x"), buf_str(&der), &password);
	assert_true(delivery.key[1].readable);
	delivery_add(
	    &delivery, tools, STR("x"), buf_str(&der), &password); /* the sum is the delivery's */
	assert_int_equal(delivery.key_count, 3);
	assert_int_equal(delivery.key[2].error, DELIVERY_LIMIT);
	at = str_find(buf_str(&der), STR("\x02\x02\x08\x00"));
	assert_true(at < der.len);
	copy_bytes(der.data + at, "\x02\x02\x00\x00", 4);
	expect_key("no round at all", buf_str(&der), "geheim", DELIVERY_MALFORMED, key);
}

static void
unknown_algorithm(void **state UNUSED)
{
	static const struct str cipher = STR_INIT("\x60\x86\x48\x01\x65\x03\x04\x01\x2a");
	CLEAN(pkey_free) EVP_PKEY *key = test_key("P-256");
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	size_t at;

	put_pkcs8(&der, key, pbes2("AES-256-CBC", NID_hmacWithSHA256, ROUNDS), "geheim");
	at = str_find(buf_str(&der), cipher);
	assert_true(at < der.len);
	der.data[at + cipher.len - 1] = 0x7f;
	expect_key("no such cipher", buf_str(&der), "geheim", DELIVERY_UNSUPPORTED_ALGORITHM, key);
}

static void
put_headed(struct buf *to, EVP_PKEY *key, const EVP_CIPHER *cipher, const char *password)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long len;

	assert_int_equal(
	    PEM_write_bio_PrivateKey_traditional(out, key, cipher,
		(unsigned char *)(uintptr_t)password, (int)strlen(password), NULL, NULL),
	    1);
	len = BIO_get_mem_data(out, &bytes);
	buf_clear(to);
	buf_put(to, bytes, (size_t)len);
	BIO_free(out);
}

static void
replace(struct str in, struct str from, struct str by, struct buf *to)
{
	size_t at = str_find(in, from);

	assert_true(at < in.len);
	buf_clear(to);
	buf_put(to, in.p, at);
	buf_put_str(to, by);
	buf_put_str(to, str_drop(in, at + from.len));
}

/* "Proc-Type: 4,ENCRYPTED" */
static void
old_pem(void **state UNUSED)
{
	static const char *const ciphers[] = { "DES-EDE3-CBC", "AES-128-CBC", "AES-256-CBC",
		"CAMELLIA-128-CBC" };
	/* clang-format off */
	static const struct { const char *name; struct str from, by; enum delivery_error error; } damages[] = {
		{ "unknown cipher", STR_INIT("AES-256-CBC"),    STR_INIT("AES-257-CBC"), DELIVERY_UNSUPPORTED_ALGORITHM },
		{ "not CBC",        STR_INIT("AES-256-CBC"),    STR_INIT("AES-256-CFB"), DELIVERY_UNSUPPORTED_ALGORITHM },
		{ "no vector",      STR_INIT("AES-256-CBC,"),   STR_INIT("AES-256-CBC\nX: "), DELIVERY_MALFORMED },
		{ "short vector",   STR_INIT("AES-256-CBC,"),   STR_INIT("AES-256-CBC,aaaa\nX: "), DELIVERY_MALFORMED },
		{ "no hex",         STR_INIT("AES-256-CBC,"),   STR_INIT("AES-256-CBC,zzzz\nX: "), DELIVERY_MALFORMED },
		{ "no DEK-Info",    STR_INIT("DEK-Info:"),      STR_INIT("X-Info:"), DELIVERY_MALFORMED },
		{ "windows lines",  STR_INIT("ENCRYPTED\n"),    STR_INIT("ENCRYPTED\r\n"), DELIVERY_FINE },
	};
	/* clang-format on */
	CLEAN(pkey_free) EVP_PKEY *key = test_key("P-256");
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	CLEAN(buf_fini) struct buf sent = BUF(1 << 16);

	for (size_t i = 0; i < COUNT_OF(ciphers); i++) {
		put_headed(&pem, key, EVP_get_cipherbyname(ciphers[i]), "geheim");
		expect_key(ciphers[i], buf_str(&pem), "geheim", DELIVERY_FINE, key);
		expect_key("wrong", buf_str(&pem), "Geheim", DELIVERY_PASSWORD_WRONG, key);
		expect_key("none", buf_str(&pem), NULL, DELIVERY_PASSWORD_REQUIRED, key);
	}
	put_headed(&pem, key, EVP_aes_256_cbc(), "geh\xe4im"); /* by a Latin-1 terminal */
	expect_key("latin-1", buf_str(&pem), "geh\xc3\xa4im", DELIVERY_FINE, key);
	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		put_headed(&pem, key, EVP_aes_256_cbc(), "geheim");
		replace(buf_str(&pem), damages[i].from, damages[i].by, &sent);
		expect_key(damages[i].name, buf_str(&sent), "geheim", damages[i].error, key);
	}
}

/* A closed key hides neither a certificate nor the damage beside it. */
static void
beside_others(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct test_certificate one = test_issue(
	    &(struct test_spec){ .name = "owa.contoso.com", .from = FROM, .until = UNTIL }, NULL);

	test_put_key_pem(&pem, one.key, "geheim");
	test_put_pem(&pem, one.x509);
	{
		CLEAN(delivery_fini) struct delivery delivery = opened(buf_str(&pem), "wrong");

		assert_int_equal(delivery.certificate_count, 1);
		assert_int_equal(delivery.file[0].error, DELIVERY_FINE);
		assert_int_equal(delivery.key[0].error, DELIVERY_PASSWORD_WRONG);
	}
	buf_put_text(&pem, "-----BEGIN CERTIFICATE-----\nMIIC");
	{
		CLEAN(delivery_fini) struct delivery delivery = opened(buf_str(&pem), NULL);

		assert_int_equal(delivery.certificate_count, 1);
		assert_int_equal(delivery.file[0].error, DELIVERY_MALFORMED);
		assert_int_equal(delivery.key[0].error, DELIVERY_PASSWORD_REQUIRED);
	}
	test_certificate_fini(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms),
		cmocka_unit_test(kinds),
		cmocka_unit_test(scrypt),
		cmocka_unit_test(rounds),
		cmocka_unit_test(unknown_algorithm),
		cmocka_unit_test(old_pem),
		cmocka_unit_test(beside_others),
	};
	int failed;

	maker = OSSL_LIB_CTX_new();
	maker_default = OSSL_PROVIDER_load(maker, "default");
	maker_legacy = OSSL_PROVIDER_load(maker, "legacy");
	if (delivery_tools_new(&tools, &legacy))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	delivery_tools_free(tools);
	OSSL_PROVIDER_unload(maker_default);
	if (maker_legacy)
		OSSL_PROVIDER_unload(maker_legacy);
	OSSL_LIB_CTX_free(maker);
	return failed;
}
