/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/rsa_check.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#define SMALL_FACTOR_MAX 751
#define FERMAT_ROUNDS    110

static bool
has_small_factor(const mpz_t modulus)
{
	mpz_t primes;
	bool found;

	mpz_init(primes);
	mpz_primorial_ui(primes, SMALL_FACTOR_MAX);
	mpz_gcd(primes, primes, modulus);
	found = mpz_cmp_ui(primes, 1) != 0;
	mpz_clear(primes);
	return found;
}

/* n = a^2 - b^2 = (a + b)(a - b): for close p and q, a is just above the root of n. */
static bool
has_close_primes(const mpz_t modulus)
{
	mpz_t a, square;
	bool found = false;

	mpz_inits(a, square, NULL);
	mpz_sqrt(a, modulus);
	for (int i = 0; i <= FERMAT_ROUNDS && !found; i++) {
		mpz_mul(square, a, a);
		mpz_sub(square, square, modulus);
		found = mpz_sgn(square) >= 0 && mpz_perfect_square_p(square) != 0;
		mpz_add_ui(a, a, 1);
	}
	mpz_clears(a, square, NULL);
	return found;
}

/* Is `rest` a power of 65537 modulo `prime`? */
static bool
is_power(unsigned long rest, unsigned long prime)
{
	unsigned long power = 1;

	for (unsigned long i = 0; i < prime; i++) {
		if (power == rest)
			return true;
		power = power * (65537 % prime) % prime;
	}
	return false;
}

/* Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack, section 3.2 */
static bool
has_roca(const mpz_t modulus)
{
	/* clang-format off */
	static const uint8_t primes[] = {
		3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
		101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT_OF(primes); i++)
		if (!is_power(mpz_fdiv_ui(modulus, primes[i]), primes[i]))
			return false;
	return true;
}

enum rsa_fault
rsa_check(const mpz_t modulus)
{
	if (has_small_factor(modulus))
		return RSA_SMALL_FACTOR;
	if (has_close_primes(modulus))
		return RSA_CLOSE_PRIMES;
	return has_roca(modulus) ? RSA_ROCA : RSA_FINE;
}

enum rsa_fault
rsa_check_key(const EVP_PKEY *key)
{
	unsigned char bytes[RSA_CHECK_BITS_MAX / 8];
	enum rsa_fault fault = RSA_FINE;
	BIGNUM *n = NULL;
	mpz_t modulus;
	int len;

	if (!EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n)) {
		ERR_clear_error();
		return RSA_FINE;
	}
	len = BN_num_bits(n) <= RSA_CHECK_BITS_MAX ? BN_bn2bin(n, bytes) : 0;
	BN_free(n);
	if (len <= 0)
		return RSA_FINE;
	mpz_init(modulus);
	mpz_import(modulus, (size_t)len, 1, 1, 0, 0, bytes);
	fault = rsa_check(modulus);
	mpz_clear(modulus);
	return fault;
}
