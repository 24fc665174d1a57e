/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/rsa_make.h"

#include <assert.h>
#include <errno.h>

#include <nettle/rsa.h>
#include <openssl/crypto.h>

#include "base/error.h"
#include "pki/rsa_check.h"
#include "pki/der_read.h"

#define EXPONENT   65537
#define NUMBER_MAX 512 /* bytes of RSA-4096's modulus */
#define ROUNDS     32  /* of Miller and Rabin; GMP goes before with the test of Baillie and PSW */

struct rsa_pair {
	struct rsa_public_key open;
	struct rsa_private_key secret;
};

static void
rsa_pair_fini(struct rsa_pair *pair)
{
	rsa_public_key_clear(&pair->open);
	rsa_private_key_clear(&pair->secret);
}
CLEAN_DEFINE_FINI(rsa_pair_fini, struct rsa_pair);

static void
random_for_nettle(void *context, size_t len, uint8_t *to)
{
	const struct world *world = *(const struct world **)context;

	world->random(world, to, len);
}

static void
put_number(struct der_write *to, const mpz_t number)
{
	uint8_t bytes[NUMBER_MAX];
	size_t len = (mpz_sizeinbase(number, 2) + 7) / 8;

	assert(len <= sizeof(bytes));
	mpz_export(bytes, &len, 1, 1, 1, 0, number);
	der_put_uint(to, bytes, len);
	OPENSSL_cleanse(bytes, len);
}

/* PrivateKeyInfo { 0, rsaEncryption, RSAPrivateKey } (RFC 5208; RFC 8017 A.1.2), last number first
 */
static void
put_pair(struct der_write *to, const struct rsa_pair *pair)
{
	static const uint8_t zero[] = { DER_INTEGER, 1, 0 };
	static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
		0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
	size_t mark = der_mark(to);

	put_number(to, pair->secret.c);
	put_number(to, pair->secret.b);
	put_number(to, pair->secret.a);
	put_number(to, pair->secret.q);
	put_number(to, pair->secret.p);
	put_number(to, pair->secret.d);
	put_number(to, pair->open.e);
	put_number(to, pair->open.n);
	der_put_bytes(to, zero, sizeof(zero));
	der_put_header(to, DER_SEQUENCE, mark);
	der_put_header(to, DER_OCTET_STRING, mark);
	der_put_bytes(to, algorithm, sizeof(algorithm));
	der_put_bytes(to, zero, sizeof(zero));
	der_put_header(to, DER_SEQUENCE, mark);
}

int
rsa_make(const struct world *world, unsigned bits, struct der_write *to)
{
	CLEAN(rsa_pair_fini) struct rsa_pair pair;

	rsa_public_key_init(&pair.open);
	rsa_private_key_init(&pair.secret);
	mpz_set_ui(pair.open.e, EXPONENT);
	if (!rsa_generate_keypair(
		&pair.open, &pair.secret, &world, random_for_nettle, NULL, NULL, bits, 0))
		return error_origin(ENOTRECOVERABLE);
	if (mpz_sizeinbase(pair.open.n, 2) != bits || rsa_check(pair.open.n) != RSA_FINE)
		return error_origin(ENOTRECOVERABLE);
	put_pair(to, &pair);
	return der_failed(to) ? error_origin(EMSGSIZE) : 0;
}

/* d = 1/e modulo lcm(p-1, q-1), its rests, and 1/q modulo p (RFC 8017, 3.2). */
static bool
derive(struct rsa_pair *pair)
{
	struct rsa_private_key *k = &pair->secret;
	mpz_t p1, q1, both;
	bool good;

	mpz_inits(p1, q1, both, NULL);
	mpz_sub_ui(p1, k->p, 1);
	mpz_sub_ui(q1, k->q, 1);
	mpz_lcm(both, p1, q1);
	good = mpz_invert(k->d, pair->open.e, both) != 0 && mpz_invert(k->c, k->q, k->p) != 0;
	if (good) {
		mpz_mod(k->a, k->d, p1);
		mpz_mod(k->b, k->d, q1);
	}
	mpz_clears(p1, q1, both, NULL);
	return good;
}

/* A modulus of full length is only made by primes of full length. */
static bool
is_pair(struct rsa_pair *pair, size_t bits)
{
	struct rsa_private_key *k = &pair->secret;

	mpz_mul(pair->open.n, k->p, k->q);
	return mpz_sizeinbase(pair->open.n, 2) == bits && mpz_cmp(k->p, k->q) != 0 &&
	       mpz_probab_prime_p(k->p, ROUNDS) != 0 && mpz_probab_prime_p(k->q, ROUNDS) != 0 &&
	       derive(pair);
}

int
rsa_complete(const struct key_numbers *from, struct der_write *to, enum rsa_fault *ret_fault)
{
	CLEAN(rsa_pair_fini) struct rsa_pair pair;
	size_t size = key_number_size(from->kind);

	rsa_public_key_init(&pair.open);
	rsa_private_key_init(&pair.secret);
	if (from->exponent < EXPONENT || from->exponent % 2 == 0) {
		*ret_fault = RSA_EXPONENT;
		return 0;
	}
	mpz_set_ui(pair.open.e, from->exponent);
	mpz_import(pair.secret.p, size, 1, 1, 1, 0, from->number[0]);
	mpz_import(pair.secret.q, size, 1, 1, 1, 0, from->number[1]);
	if (!is_pair(&pair, 16 * size))
		return RSA_MAKE_E_BROKEN;
	*ret_fault = rsa_check(pair.open.n);
	if (*ret_fault == RSA_FINE)
		put_pair(to, &pair);
	return der_failed(to) ? error_origin(EMSGSIZE) : 0;
}
