/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/certificate_internal.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "base/error.h"
#include "pki/csr.h"
#include "pki/der_read.h"

void
pkey_free(EVP_PKEY *key)
{
	EVP_PKEY_free(key);
}

static bool
hash_public(EVP_PKEY *key, uint8_t ret[static 32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	if (len > 0)
		SHA256(der, (size_t)len, ret);
	OPENSSL_free(der);
	return len > 0;
}

/* The same modulus and exponent as a plain RSA key, or NULL. */
static EVP_PKEY *
plain_rsa(EVP_PKEY *from)
{
	BIGNUM *n = NULL, *e = NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *plain = NULL;

	if (build && ctx && EVP_PKEY_get_bn_param(from, OSSL_PKEY_PARAM_RSA_N, &n) &&
	    EVP_PKEY_get_bn_param(from, OSSL_PKEY_PARAM_RSA_E, &e) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
	    (params = OSSL_PARAM_BLD_to_param(build)) && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &plain, EVP_PKEY_PUBLIC_KEY, params) != 1)
		plain = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return plain;
}

/* The same point, encoded uncompressed on the curve's name; NULL when the curve has none. */
static EVP_PKEY *
plain_ec(EVP_PKEY *from)
{
	CLEAN(pkey_free) EVP_PKEY *plain = EVP_PKEY_dup(from);

	if (!plain ||
	    !EVP_PKEY_set_utf8_string_param(
		plain, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP) ||
	    !EVP_PKEY_set_utf8_string_param(plain, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED))
		return NULL;
	return TAKE(plain);
}

static bool
says(EVP_PKEY *key, const char *param, const char *wanted)
{
	char value[32] = "";
	size_t len;

	return EVP_PKEY_get_utf8_string_param(key, param, value, sizeof(value), &len) &&
	       strcmp(value, wanted) == 0;
}

/* Would it be encoded in the plain form? Then OpenSSL's encoder need not be asked: a millisecond
 * when it is the first time in a process, and most of the rest afterwards. */
static bool
is_held_plain(EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "RSA"))
		return true;
	return EVP_PKEY_is_a(key, "EC") &&
	       says(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP) &&
	       says(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
		   OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED);
}

int
key_fingerprint(EVP_PKEY *key, uint8_t ret_spki[static 32], uint8_t ret_key[static 32])
{
	CLEAN(pkey_free) EVP_PKEY *plain = NULL;
	uint8_t spki[32], numbers[32];

	if (is_held_plain(key) && csr_spki_sha256(key, spki) == 0) {
		copy_bytes(ret_spki, spki, sizeof(spki));
		copy_bytes(ret_key, spki, sizeof(spki));
		return 0;
	}
	if (!hash_public(key, spki)) {
		ERR_clear_error();
		return error_origin(EINVAL);
	}
	if (EVP_PKEY_is_a(key, "RSA-PSS"))
		plain = plain_rsa(key);
	else if (EVP_PKEY_is_a(key, "EC"))
		plain = plain_ec(key);
	if (!plain || !hash_public(plain, numbers))
		copy_bytes(numbers, spki, sizeof(numbers));
	ERR_clear_error();
	copy_bytes(ret_spki, spki, sizeof(spki));
	copy_bytes(ret_key, numbers, sizeof(numbers));
	return 0;
}

static void
curve_name(EVP_PKEY *key, struct certificate_facts *to)
{
	/* clang-format off */
	static const struct { const char *openssl, *usual; } curves[] = {
		{ "prime256v1", "P-256" },
		{ "secp384r1",  "P-384" },
		{ "secp521r1",  "P-521" },
	};
	/* clang-format on */
	char encoding[32] = "", name[sizeof(to->curve)] = "";
	size_t len;

	if (!EVP_PKEY_get_group_name(key, name, sizeof(name), &len))
		return;
	/* Explicit parameters are refused (K-01) even where they spell a curve that has a name. */
	if (EVP_PKEY_get_utf8_string_param(
		key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof(encoding), &len) &&
	    strcmp(encoding, OSSL_PKEY_EC_ENCODING_EXPLICIT) == 0)
		return;
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		if (strcmp(curves[i].openssl, name) == 0)
			str_copy(str_of(curves[i].usual), name, sizeof(name));
	copy_bytes(to->curve, name, sizeof(name));
}

/* As short as DER wants it. */
static bool
is_minimal(const struct der *d)
{
	size_t body = d->body.len, header = body < 128 ? 2 : body < 256 ? 3 : body < 65536 ? 4 : 5;

	return !d->indefinite && d->whole.len == header + body;
}

static bool
next_minimal(struct str *rest, uint8_t tag, struct der *ret)
{
	return der_next_is(rest, tag, ret) && is_minimal(ret);
}

static bool
next_positive(struct str *rest)
{
	struct der number;
	const unsigned char *p;

	if (!next_minimal(rest, DER_INTEGER, &number) || number.body.len == 0)
		return false;
	p = (const unsigned char *)number.body.p;
	return p[0] < 0x80 && (p[0] > 0 || (number.body.len > 1 && p[1] >= 0x80));
}

/* RFC 3279 section 2.3.1 and RFC 5480: algorithm and parameters, then what the key must begin with.
 */
static const struct plain_form {
	struct str algorithm;
	size_t point; /* bytes of an uncompressed point; 0 = an RSAPublicKey */
} plain_forms[] = {
	{ STR_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"), 0 },
	{ STR_INIT(
	      "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	    65 },
	{ STR_INIT("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"),
	    97 },
	{ STR_INIT("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"),
	    133 },
};

static bool
is_plain_key(struct str key, const struct plain_form *form)
{
	struct der numbers;

	if (form->point > 0)
		return key.len == form->point && key.p[0] == 4;
	if (!next_minimal(&key, DER_SEQUENCE, &numbers) || key.len > 0)
		return false;
	key = numbers.body;
	return next_positive(&key) && next_positive(&key) && key.len == 0;
}

/* Is it, byte for byte, what we would encode? Then nobody needs to. */
static bool
is_plain(struct str spki)
{
	struct der whole, algorithm, bits;
	struct str rest;

	if (!next_minimal(&spki, DER_SEQUENCE, &whole) || spki.len > 0)
		return false;
	rest = whole.body;
	if (!next_minimal(&rest, DER_SEQUENCE, &algorithm) ||
	    !next_minimal(&rest, DER_BIT_STRING, &bits) || rest.len > 0 || bits.body.len == 0 ||
	    bits.body.p[0] != 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(plain_forms); i++)
		if (str_eq(algorithm.whole, plain_forms[i].algorithm))
			return is_plain_key(str_drop(bits.body, 1), &plain_forms[i]);
	return false;
}

int
certificate_key_fingerprint(
    const X509 *x509, uint8_t ret_spki[static 32], uint8_t ret_key[static 32])
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	unsigned char *der = NULL;
	uint8_t again[32];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der), r = 0;
	bool plain = len > 0 && is_plain(str_bytes(der, (size_t)len));

	if (len <= 0)
		return CERTIFICATE_E_MALFORMED;
	SHA256(der, (size_t)len, ret_spki);
	OPENSSL_free(der);
	copy_bytes(ret_key, ret_spki, 32);
	/* The numbers decide; the encoded form above stays what was signed. */
	if (key && !plain)
		r = key_fingerprint(key, again, ret_key);
	ERR_clear_error();
	return r < 0 ? 0 : r;
}

void
certificate_key_numbers(EVP_PKEY *key, struct certificate_facts *to)
{
	const char *name = EVP_PKEY_get0_type_name(key);

	str_show(str_of(name ? name : "unknown"), to->key_algorithm, sizeof(to->key_algorithm));
	to->key_bits = EVP_PKEY_get_bits(key);
	if (EVP_PKEY_is_a(key, "EC"))
		curve_name(key, to);
}

int
certificate_key_facts(const X509 *x509, struct certificate_facts *to)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	int r;

	r = certificate_key_fingerprint(x509, to->spki_sha256, to->key_sha256);
	if (r)
		return r;
	if (!key) {
		str_copy(STR("unknown"), to->key_algorithm, sizeof(to->key_algorithm));
		ERR_clear_error();
		return 0;
	}
	certificate_key_numbers(key, to);
	return 0;
}
