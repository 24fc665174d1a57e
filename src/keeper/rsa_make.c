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
