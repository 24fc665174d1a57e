/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/secret_key.h"

#include <assert.h>
#include <errno.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "keeper/memory.h"
#include "keeper/rsa_make.h"
#include "pki/der_read.h"
#include "pki/der_write.h"

CLEAN_DEFINE(EVP_PKEY_free, EVP_PKEY *);
CLEAN_DEFINE(EVP_PKEY_CTX_free, EVP_PKEY_CTX *);
CLEAN_DEFINE(BN_clear_free, BIGNUM *);
CLEAN_DEFINE(BN_CTX_free, BN_CTX *);
CLEAN_DEFINE(EC_GROUP_free, EC_GROUP *);
CLEAN_DEFINE(EC_POINT_free, EC_POINT *);
CLEAN_DEFINE(PKCS8_PRIV_KEY_INFO_free, PKCS8_PRIV_KEY_INFO *);

#define SCALAR_MAX 48
#define POINT_MAX  97

/* clang-format off */
static const struct recipe {
	unsigned rsa_bits;
	const char *group;
	int nid;                /* of the group */
	size_t scalar;          /* bytes of the private number; the point has twice as many and one */
	uint8_t algorithm[24];  /* AlgorithmIdentifier as in K-01 */
	size_t algorithm_len;
} recipes[] = {
	[KEY_RSA2048] = { .rsa_bits = 2048 },
	[KEY_RSA3072] = { .rsa_bits = 3072 },
	[KEY_RSA4096] = { .rsa_bits = 4096 },
	[KEY_P256]    = { .group = "P-256", .nid = NID_X9_62_prime256v1, .scalar = 32, .algorithm_len = 21,
		.algorithm = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
		               0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 } },
	[KEY_P384]    = { .group = "P-384", .nid = NID_secp384r1, .scalar = 48, .algorithm_len = 18,
		.algorithm = { 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
		               0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 } },
};
/* clang-format on */
static_assert(COUNT_OF(recipes) == KEY_KIND_MAX, "a recipe for every kind of key");

void
secret_key_fini(struct secret_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	memory_secret_free(key->der, key->len);
	*key = (struct secret_key){ 0 };
}

bool
key_kind_is_rsa(enum key_kind kind)
{
	return recipes[kind].rsa_bits > 0;
}

int
secret_key_set(struct secret_key *key, enum key_kind kind, enum key_origin origin, struct str der)
{
	uint8_t *copy = memory_secret(der.len);

	if (!copy)
		return error_origin(ENOMEM);
	copy_bytes(copy, der.p, der.len);
	secret_key_fini(key);
	*key = (struct secret_key){ .kind = kind, .origin = origin, .der = copy, .len = der.len };
	return 0;
}

int
secret_key_open(struct secret_key *key)
{
	CLEAN(PKCS8_PRIV_KEY_INFO_free) PKCS8_PRIV_KEY_INFO *info = NULL;
	const uint8_t *at = key->der;

	if (key->pkey)
		return 0;
	info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)key->len);
	if (!info || at != key->der + key->len)
		return error_origin(EBADMSG);
	key->pkey = EVP_PKCS82PKEY(info);
	return key->pkey ? 0 : error_origin(EBADMSG);
}

int
ec_maker_init(struct ec_maker *maker)
{
	*maker = (struct ec_maker){ 0 };
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		CLEAN(EVP_PKEY_CTX_free) EVP_PKEY_CTX *context = NULL;

		if (!recipes[kind].group)
			continue;
		context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
		if (!context || EVP_PKEY_keygen_init(context) <= 0 ||
		    EVP_PKEY_CTX_set_group_name(context, recipes[kind].group) <= 0) {
			ec_maker_fini(maker);
			return error_origin(ENOTRECOVERABLE);
		}
		maker->context[kind] = TAKE(context);
	}
	return 0;
}

void
ec_maker_fini(struct ec_maker *maker)
{
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++)
		EVP_PKEY_CTX_free(TAKE(maker->context[kind]));
}

/* PrivateKeyInfo { 0, algorithm, ECPrivateKey { 1, scalar, [1] point } } (RFC 5208, RFC 5915), as
 * OpenSSL writes it too, without the 100 microseconds of its encoder. */
static void
put_ec(
    struct der_write *w, const struct recipe *recipe, const uint8_t *scalar, const uint8_t *point)
{
	static const uint8_t one[] = { DER_INTEGER, 1, 1 }, zero[] = { DER_INTEGER, 1, 0 };

	der_put_bytes(w, point, 2 * recipe->scalar + 1);
	der_put_bytes(w, &(uint8_t){ 0 }, 1); /* unused bits */
	der_put_header(w, DER_BIT_STRING, 0);
	der_put_header(w, DER_CONTEXT_0 | 1, 0);
	size_t mark = der_mark(w);
	der_put_bytes(w, scalar, recipe->scalar);
	der_put_header(w, DER_OCTET_STRING, mark);
	der_put_bytes(w, one, sizeof(one));
	der_put_header(w, DER_SEQUENCE, 0);
	der_put_header(w, DER_OCTET_STRING, 0);
	der_put_bytes(w, recipe->algorithm, recipe->algorithm_len);
	der_put_bytes(w, zero, sizeof(zero));
	der_put_header(w, DER_SEQUENCE, 0);
}

static int
read_ec(EVP_PKEY *pkey, const struct recipe *recipe, uint8_t *scalar, uint8_t *point)
{
	CLEAN(BN_clear_free) BIGNUM *number = BN_secure_new();
	size_t len = 0;

	if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) ||
	    BN_bn2binpad(number, scalar, (int)recipe->scalar) < 0)
		return error_origin(ENOTRECOVERABLE);
	if (!EVP_PKEY_get_octet_string_param(
		pkey, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_MAX, &len) ||
	    len != 2 * recipe->scalar + 1 || point[0] != POINT_CONVERSION_UNCOMPRESSED)
		return error_origin(ENOTRECOVERABLE);
	return 0;
}

int
secret_key_make_ec(struct ec_maker *maker, enum key_kind kind, struct secret_key *ret)
{
	CLEAN(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
	uint8_t scalar[SCALAR_MAX], point[POINT_MAX], room[256];
	struct der_write w = DER_WRITE(room, sizeof(room));
	int r;

	if (EVP_PKEY_generate(maker->context[kind], &pkey) <= 0)
		return error_origin(ENOTRECOVERABLE);
	r = read_ec(pkey, &recipes[kind], scalar, point);
	if (!r)
		put_ec(&w, &recipes[kind], scalar, point);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	if (!r && der_failed(&w))
		r = error_origin(EMSGSIZE);
	if (!r)
		r = secret_key_set(ret, kind, KEY_MADE_HERE, der_str(&w));
	OPENSSL_cleanse(room, sizeof(room));
	if (!r)
		ret->pkey = TAKE(pkey);
	return r;
}

/* Sign and verify something: the halves belong together (C-01). */
static int
agree(EVP_PKEY *pkey)
{
	static const uint8_t hash[32] = "the two halves of a fresh key";
	CLEAN(EVP_PKEY_CTX_free)
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	uint8_t signature[512];
	size_t len = sizeof(signature);

	if (!context || EVP_PKEY_sign_init(context) <= 0 ||
	    EVP_PKEY_sign(context, signature, &len, hash, 32) <= 0 ||
	    EVP_PKEY_verify_init(context) <= 0 ||
	    EVP_PKEY_verify(context, signature, len, hash, 32) != 1)
		return error_origin(ENOTRECOVERABLE);
	return 0;
}

int
secret_key_make_rsa(const struct world *world, enum key_kind kind, struct secret_key *ret)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	uint8_t room[SECRET_KEY_DER_MAX];
	struct der_write w = DER_WRITE(room, sizeof(room));
	int r = rsa_make(world, recipes[kind].rsa_bits, &w);

	if (!r)
		r = secret_key_set(&key, kind, KEY_MADE_HERE, der_str(&w));
	OPENSSL_cleanse(room, sizeof(room));
	if (!r)
		r = secret_key_open(&key);
	if (!r)
		r = agree(key.pkey);
	if (r)
		return r;
	/* What lies in stock is the locked form alone. */
	EVP_PKEY_free(TAKE(key.pkey));
	secret_key_fini(ret);
	*ret = key;
	key = (struct secret_key){ 0 };
	return 0;
}

/* A number within 2^64 of zero was not drawn, it was chosen (K-03). */
static int
check_scalar(const BIGNUM *scalar, const EC_GROUP *group, size_t size)
{
	if (BN_is_zero(scalar) || BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0)
		return SECRET_KEY_E_BROKEN;
	return BN_num_bits(scalar) + 64 < (int)size * 8 ? SECRET_KEY_E_WEAK : 0;
}

static int
point_of(const uint8_t *number, const struct recipe *recipe, uint8_t point[static POINT_MAX])
{
	CLEAN(EC_GROUP_free) EC_GROUP *group = EC_GROUP_new_by_curve_name(recipe->nid);
	CLEAN(EC_POINT_free) EC_POINT *at = group ? EC_POINT_new(group) : NULL;
	CLEAN(BN_CTX_free) BN_CTX *context = BN_CTX_secure_new();
	CLEAN(BN_clear_free) BIGNUM *scalar = BN_secure_new();
	size_t len = 2 * recipe->scalar + 1;
	int r;

	if (!at || !context || !scalar || !BN_bin2bn(number, (int)recipe->scalar, scalar))
		return error_origin(ENOMEM);
	BN_set_flags(scalar, BN_FLG_CONSTTIME);
	r = check_scalar(scalar, group, recipe->scalar);
	if (r)
		return r;
	if (!EC_POINT_mul(group, at, scalar, NULL, NULL, context) ||
	    EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, point, len, context) !=
		len)
		return error_origin(ENOTRECOVERABLE);
	return 0;
}

static int
put_foreign(const struct key_numbers *from, struct der_write *to)
{
	uint8_t point[POINT_MAX];
	enum rsa_fault fault = RSA_FINE;
	int r;

	if (!key_kind_is_rsa(from->kind)) {
		r = point_of(from->number[0], &recipes[from->kind], point);
		if (!r)
			put_ec(to, &recipes[from->kind], from->number[0], point);
		return r;
	}
	r = rsa_complete(from, to, &fault);
	if (r == RSA_MAKE_E_BROKEN)
		return SECRET_KEY_E_BROKEN;
	return r == 0 && fault != RSA_FINE ? SECRET_KEY_E_WEAK : r;
}

int
secret_key_from_numbers(const struct key_numbers *from, struct secret_key *ret)
{
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	uint8_t room[SECRET_KEY_DER_MAX];
	struct der_write w = DER_WRITE(room, sizeof(room));
	int r = put_foreign(from, &w);

	if (!r && der_failed(&w))
		r = error_origin(EMSGSIZE);
	if (!r)
		r = secret_key_set(&key, from->kind, KEY_FROM_CUSTOMER, der_str(&w));
	OPENSSL_cleanse(room, sizeof(room));
	if (!r)
		r = secret_key_open(&key);
	if (!r && agree(key.pkey))
		r = SECRET_KEY_E_BROKEN; /* a "prime" made to pass for one */
	if (r)
		return r;
	secret_key_fini(ret);
	*ret = key;
	key = (struct secret_key){ 0 };
	return 0;
}
