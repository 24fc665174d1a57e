/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/secret_key.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <gmp.h>
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
		assert_int_equal(
		    secret_key_set(&again, key.kind, KEY_MADE_HERE, str_bytes(key.der, key.len)),
		    0);
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
	assert_int_equal(secret_key_set(&key, KEY_P256, KEY_MADE_HERE, STR("no key at all")), 0);
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

static void
take_number(EVP_PKEY *key, const char *name, uint8_t *to, size_t size)
{
	BIGNUM *number = NULL;

	assert_true(EVP_PKEY_get_bn_param(key, name, &number));
	assert_int_equal(BN_bn2binpad(number, to, (int)size), size);
	BN_clear_free(number);
}

static struct key_numbers
numbers_of(const struct secret_key *key)
{
	struct key_numbers numbers = { .kind = key->kind };
	size_t size = key_number_size(key->kind);

	if (!key_kind_is_rsa(key->kind)) {
		take_number(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, numbers.number[0], size);
		return numbers;
	}
	numbers.exponent = 65537;
	take_number(key->pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.number[0], size);
	take_number(key->pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.number[1], size);
	return numbers;
}

/* The whole key comes back from the numbers it cannot be made without. */
static void
test_from_numbers(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		CLEAN(secret_key_fini) struct secret_key key = { 0 };
		CLEAN(secret_key_fini) struct secret_key taken = { 0 };
		struct key_numbers numbers;
		EVP_PKEY_CTX *context;

		print_message("%s\n", key_kind_name((enum key_kind)kind));
		make((enum key_kind)kind, &key);
		assert_int_equal(secret_key_open(&key), 0);
		numbers = numbers_of(&key);
		assert_int_equal(secret_key_from_numbers(&numbers, &taken), 0);
		assert_int_equal(taken.kind, kind);
		assert_int_equal(taken.origin, KEY_FROM_CUSTOMER);
		assert_int_equal(key.origin, KEY_MADE_HERE);
		assert_true(CRYPTO_secure_allocated(taken.der));
		assert_int_equal(EVP_PKEY_eq(key.pkey, taken.pkey), 1);
		context = EVP_PKEY_CTX_new(taken.pkey, NULL);
		assert_int_equal(EVP_PKEY_check(context), 1);
		EVP_PKEY_CTX_free(context);
		if (!key_kind_is_rsa((enum key_kind)kind))
			assert_memory_equal(taken.der, key.der, key.len);
	}
}

static struct key_numbers rsa_numbers, ec_numbers;

static void
set_number(size_t at, const mpz_t number)
{
	size_t count = 0;

	assert_true(mpz_sizeinbase(number, 256) <= 128);
	memset(rsa_numbers.number[at], 0, KEY_NUMBER_MAX);
	mpz_export(
	    rsa_numbers.number[at] + 128 - mpz_sizeinbase(number, 256), &count, 1, 1, 1, 0, number);
}

/* 2^1023 + 2^1022 + seed and a prime: two of them make a modulus of 2048 bits. */
static void
prime(mpz_t ret, unsigned long seed)
{
	mpz_set_ui(ret, 3);
	mpz_mul_2exp(ret, ret, 982);
	mpz_add_ui(ret, ret, seed);
	mpz_mul_2exp(ret, ret, 40);
	mpz_nextprime(ret, ret);
}

static void
spoil_exponent(void)
{
	rsa_numbers.exponent = 3;
}
static void
spoil_even(void)
{
	rsa_numbers.exponent = 65538;
}
static void
spoil_same(void)
{
	memcpy(rsa_numbers.number[1], rsa_numbers.number[0], KEY_NUMBER_MAX);
}
static void
spoil_zero(void)
{
	memset(rsa_numbers.number[0], 0, KEY_NUMBER_MAX);
}
static void
spoil_short(void)
{
	rsa_numbers.number[0][0] = 0;
}
static void
spoil_composite(void)
{
	rsa_numbers.number[0][127] ^= 2;
}
static void
spoil_close(void)
{
	mpz_t p;

	mpz_init(p);
	prime(p, 1);
	set_number(0, p);
	mpz_nextprime(p, p);
	set_number(1, p);
	mpz_clear(p);
}
/* As in rsa_check_test.c. */
static void
spoil_roca(void)
{
	mpz_t primorial, p, power, least;

	mpz_inits(primorial, p, power, least, NULL);
	mpz_primorial_ui(primorial, 353);
	mpz_set_ui(least, 3);
	mpz_mul_2exp(least, least, 1022);
	for (unsigned i = 0; i < 2; i++) {
		mpz_set_ui(power, 65537);
		mpz_powm_ui(p, power, 123457 + 77 * i, primorial);
		mpz_cdiv_q(power, least, primorial);
		mpz_addmul(p, primorial, power); /* of full length */
		while (mpz_probab_prime_p(p, 20) == 0)
			mpz_addmul_ui(p, primorial, 1000003 + i);
		set_number(i, p);
	}
	mpz_clears(primorial, p, power, least, NULL);
}
static void
spoil_no_scalar(void)
{
	memset(ec_numbers.number[0], 0, KEY_NUMBER_MAX);
}
static void
spoil_large_scalar(void)
{
	memset(ec_numbers.number[0], 0xff, KEY_NUMBER_MAX);
}
static void
spoil_chosen_scalar(void)
{
	memset(ec_numbers.number[0], 0, 31);
}

static void
test_from_bad_numbers(void **state)
{
	/* clang-format off */
	static const struct { const char *what; void (*spoil)(void); struct key_numbers *numbers; int expected; } cases[] = {
		{ "exponent 3",       spoil_exponent,      &rsa_numbers, SECRET_KEY_E_WEAK },
		{ "even exponent",    spoil_even,          &rsa_numbers, SECRET_KEY_E_WEAK },
		{ "the same twice",   spoil_same,          &rsa_numbers, SECRET_KEY_E_BROKEN },
		{ "no prime",         spoil_zero,          &rsa_numbers, SECRET_KEY_E_BROKEN },
		{ "a short prime",    spoil_short,         &rsa_numbers, SECRET_KEY_E_BROKEN },
		{ "not prime",        spoil_composite,     &rsa_numbers, SECRET_KEY_E_BROKEN },
		{ "close primes",     spoil_close,         &rsa_numbers, SECRET_KEY_E_WEAK },
		{ "ROCA",             spoil_roca,          &rsa_numbers, SECRET_KEY_E_WEAK },
		{ "scalar 0",         spoil_no_scalar,     &ec_numbers,  SECRET_KEY_E_BROKEN },
		{ "scalar too large", spoil_large_scalar,  &ec_numbers,  SECRET_KEY_E_BROKEN },
		{ "scalar chosen",    spoil_chosen_scalar, &ec_numbers,  SECRET_KEY_E_WEAK },
	};
	/* clang-format on */
	CLEAN(secret_key_fini) struct secret_key rsa = { 0 };
	CLEAN(secret_key_fini) struct secret_key ec = { 0 };

	(void)state;
	make(KEY_RSA2048, &rsa);
	make(KEY_P256, &ec);
	assert_int_equal(secret_key_open(&rsa), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(secret_key_fini) struct secret_key taken = { 0 };

		print_message("%s\n", cases[i].what);
		rsa_numbers = numbers_of(&rsa);
		ec_numbers = numbers_of(&ec);
		cases[i].spoil();
		assert_int_equal(
		    secret_key_from_numbers(cases[i].numbers, &taken), cases[i].expected);
		assert_null(taken.der);
		assert_null(taken.pkey);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_reopened),
		cmocka_unit_test(test_rsa_numbers),
		cmocka_unit_test(test_from_numbers),
		cmocka_unit_test(test_from_bad_numbers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fresh),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
