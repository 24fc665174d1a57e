/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/rsa_check.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A prime at or above 2^bits + seed * 2^(bits - 40), so that different seeds lie far apart. */
static void
prime(mpz_t ret, unsigned bits, unsigned long seed)
{
	mpz_t step;

	mpz_init_set_ui(step, seed);
	mpz_mul_2exp(step, step, bits - 40);
	mpz_set_ui(ret, 1);
	mpz_mul_2exp(ret, ret, bits);
	mpz_add(ret, ret, step);
	mpz_nextprime(ret, ret);
	mpz_clear(step);
}

static void
test_fine(void **state)
{
	mpz_t p, q;

	(void)state;
	mpz_inits(p, q, NULL);
	prime(p, 1023, 1234567);
	prime(q, 1023, 7654321);
	mpz_mul(p, p, q);
	assert_int_equal(rsa_check(p), RSA_FINE);
	mpz_clears(p, q, NULL);
}

static void
test_small_factor(void **state)
{
	static const struct {
		unsigned long factor;
		enum rsa_fault expected;
	} cases[] = {
		{ 2, RSA_SMALL_FACTOR },
		{ 3, RSA_SMALL_FACTOR },
		{ 743, RSA_SMALL_FACTOR },
		{ 751, RSA_SMALL_FACTOR },
		{ 757, RSA_FINE },
	};
	mpz_t p, n;

	(void)state;
	mpz_inits(p, n, NULL);
	prime(p, 2037, 99);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		mpz_mul_ui(n, p, cases[i].factor);
		assert_int_equal(rsa_check(n), cases[i].expected);
	}
	mpz_clears(p, n, NULL);
}

static void
test_close_primes(void **state)
{
	mpz_t p, q, n;

	(void)state;
	mpz_inits(p, q, n, NULL);
	prime(p, 1023, 42);
	mpz_mul(n, p, p); /* the same twice: a square */
	assert_int_equal(rsa_check(n), RSA_CLOSE_PRIMES);
	mpz_nextprime(q, p);
	mpz_mul(n, p, q);
	assert_int_equal(rsa_check(n), RSA_CLOSE_PRIMES);
	mpz_set_ui(q, 1); /* far enough apart for some 50 rounds: (p - q)^2 / 8 root(n) */
	mpz_mul_2exp(q, q, 516);
	mpz_add(q, p, q);
	mpz_nextprime(q, q);
	mpz_mul(n, p, q);
	assert_int_equal(rsa_check(n), RSA_CLOSE_PRIMES);
	mpz_clears(p, q, n, NULL);
}

/* Primes of the form k * M + (65537^a mod M), M the product of the first 71 primes (1024 bits). */
static void
test_roca(void **state)
{
	mpz_t primorial, p, q, power;

	(void)state;
	mpz_inits(primorial, p, q, power, NULL);
	mpz_primorial_ui(primorial, 353);
	mpz_set_ui(power, 65537);
	mpz_powm_ui(p, power, 123457, primorial);
	mpz_powm_ui(q, power, 7654321, primorial);
	for (unsigned long i = 0; mpz_probab_prime_p(p, 20) == 0; i++)
		mpz_addmul_ui(p, primorial, 1000 + i);
	for (unsigned long i = 0; mpz_probab_prime_p(q, 20) == 0; i++)
		mpz_addmul_ui(q, primorial, 900000 + i);
	mpz_mul(p, p, q);
	assert_int_equal(rsa_check(p), RSA_ROCA);
	mpz_clears(primorial, p, q, power, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fine),
		cmocka_unit_test(test_small_factor),
		cmocka_unit_test(test_close_primes),
		cmocka_unit_test(test_roca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
