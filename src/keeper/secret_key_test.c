/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/secret_key.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "keeper/memory.h"

static struct ec_maker maker;

static int
set_up(void **state)
{
	bool locked;

	(void)state;
	return memory_protect(16, &locked) || ec_maker_init(&maker);
}

static int
tear_down(void **state)
{
	(void)state;
	ec_maker_fini(&maker);
	return 0;
}

static void
make(enum key_kind kind, struct secret_key *ret)
{
	int r = key_kind_is_rsa(kind) ? secret_key_make_rsa(world_real(), kind, ret)
	                              : secret_key_make_ec(&maker, kind, ret);

	assert_int_equal(r, 0);
}

/* Our PKCS#8 is, byte for byte, what OpenSSL's encoder writes for the same key. */
static void
test_form(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		CLEAN(secret_key_fini) struct secret_key key = { 0 };
		PKCS8_PRIV_KEY_INFO *info;
		unsigned char *der = NULL;
		int len;

		print_message("%s\n", key_kind_name((enum key_kind)kind));
		make((enum key_kind)kind, &key);
		assert_int_equal(secret_key_open(&key), 0);
		info = EVP_PKEY2PKCS8(key.pkey);
		len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
		assert_int_equal(len, key.len);
		assert_memory_equal(der, key.der, key.len);
		OPENSSL_clear_free(der, (size_t)len);
		PKCS8_PRIV_KEY_INFO_free(info);
	}
}

static void
test_reopened(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		CLEAN(secret_key_fini) struct secret_key key = { 0 };
		CLEAN(secret_key_fini) struct secret_key again = { 0 };
		EVP_PKEY_CTX *context;

		make((enum key_kind)kind, &key);
		assert_int_equal(secret_key_set(&again, key.kind, str_bytes(key.der, key.len)), 0);
		assert_int_equal(secret_key_open(&key), 0);
		assert_int_equal(secret_key_open(&again), 0);
		assert_int_equal(EVP_PKEY_eq(key.pkey, again.pkey), 1);
		context = EVP_PKEY_CTX_new(again.pkey, NULL);
		assert_int_equal(
		    EVP_PKEY_check(context), 1); /* OpenSSL's own test of all numbers */
		EVP_PKEY_CTX_free(context);
	}
}

static void
test_rsa_numbers(void **state)
{
	static const int bits[] = {
		[KEY_RSA2048] = 2048, [KEY_RSA3072] = 3072, [KEY_RSA4096] = 4096
	};

	(void)state;
	for (size_t kind = 0; kind < COUNT_OF(bits); kind++) {
		CLEAN(secret_key_fini) struct secret_key key = { 0 };
		BIGNUM *e = NULL;

		make((enum key_kind)kind, &key);
		assert_null(key.pkey); /* in stock lies the locked form alone */
		assert_int_equal(secret_key_open(&key), 0);
		assert_int_equal(EVP_PKEY_get_bits(key.pkey), bits[kind]);
		assert_true(EVP_PKEY_get_bn_param(key.pkey, OSSL_PKEY_PARAM_RSA_E, &e));
		assert_true(BN_is_word(e, 65537)); /* K-02 */
		BN_free(e);
	}
}

static void
test_refused(void **state)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };

	(void)state;
	assert_int_equal(secret_key_set(&key, KEY_P256, STR("no key at all")), 0);
	assert_true(secret_key_open(&key) < 0);
	assert_null(key.pkey);
}

static void
test_fresh(void **state)
{
	CLEAN(secret_key_fini) struct secret_key one = { 0 };
	CLEAN(secret_key_fini) struct secret_key two = { 0 };

	(void)state;
	make(KEY_P256, &one);
	make(KEY_P256, &two);
	assert_memory_not_equal(one.der, two.der, one.len);
	assert_true(CRYPTO_secure_allocated(one.der));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_reopened),
		cmocka_unit_test(test_rsa_numbers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fresh),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
