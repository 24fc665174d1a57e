/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr.h"

#include <errno.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "base/error.h"
#include "pki/der_read.h"
#include "pki/der_write.h"

CLEAN_DEFINE(EVP_PKEY_CTX_free, EVP_PKEY_CTX *);
CLEAN_DEFINE(BN_free, BIGNUM *);

#define SPKI_MAX       1024
#define SIGNATURE_MAX  1024
#define CN_MAX         64
#define LABEL_MAX      63
#define NAME_MAX_LEN   253
#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST  4096 /* K-04 */

enum {
	DER_UTF8_STRING = 0x0c,
	DER_PRINTABLE_STRING = 0x13,
	DER_DNS_NAME = 0x82, /* GeneralName [2] IMPLICIT IA5String (RFC 5280 4.2.1.6) */
};

/* clang-format off */
#define ALGORITHM(...) { .bytes = { __VA_ARGS__ }, .len = sizeof((uint8_t[]){ __VA_ARGS__ }) }

struct algorithm {
	uint8_t bytes[24];
	size_t len;
};

/* AlgorithmIdentifiers byte for byte: K-01 and BR 7.1.3.2. */
static const struct key_shape {
	const char *group; /* NULL: RSA */
	const char *digest;
	size_t point;      /* bytes of the uncompressed point */
	struct algorithm key, signature;
} shapes[] = {
	{ NULL, "SHA256", 0,
	  ALGORITHM(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00),
	  ALGORITHM(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00) },
	{ "prime256v1", "SHA256", 65,
	  ALGORITHM(0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	            0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07),
	  ALGORITHM(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02) },
	{ "secp384r1", "SHA384", 97,
	  ALGORITHM(0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	            0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22),
	  ALGORITHM(0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03) },
};

/* In the order they are written into the subject (S-06), with the limits of S-05 in characters. */
static const struct subject_part {
	size_t offset;
	uint8_t oid[5];
	size_t max;
	uint8_t tag;
} subject_parts[] = {
	{ offsetof(struct csr_subject, country),      { 0x06, 0x03, 0x55, 0x04, 0x06 }, 2,   DER_PRINTABLE_STRING },
	{ offsetof(struct csr_subject, state),        { 0x06, 0x03, 0x55, 0x04, 0x08 }, 128, DER_UTF8_STRING },
	{ offsetof(struct csr_subject, locality),     { 0x06, 0x03, 0x55, 0x04, 0x07 }, 128, DER_UTF8_STRING },
	{ offsetof(struct csr_subject, organization), { 0x06, 0x03, 0x55, 0x04, 0x0a }, 64,  DER_UTF8_STRING },
};
static const uint8_t oid_common_name[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
static const uint8_t oid_san[] = { 0x06, 0x03, 0x55, 0x1d, 0x11 };
static const uint8_t oid_extension_request[] = {
	0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e
};
static const uint8_t critical_true[] = { 0x01, 0x01, 0xff };
static const uint8_t version_1[] = { 0x02, 0x01, 0x00 };
/* clang-format on */

static struct str
part_of(const struct csr_subject *subject, const struct subject_part *part)
{
	return *(const struct str *)(const void *)((const char *)subject + part->offset);
}

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* No control characters (C0, DEL, and C1 as UTF-8 writes them), and something to read in it (S-07).
 */
static bool
is_readable(struct str s)
{
	bool found = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < s.len && (uint8_t)s.p[i + 1] < 0xa0)
			return false;
		found = found || c >= 0x80 || is_capital((char)c) || is_letter_or_digit((char)c);
	}
	return found;
}

static bool
subject_is_fine(const struct csr_subject *subject)
{
	for (size_t i = 0; i < COUNT_OF(subject_parts); i++) {
		struct str s = part_of(subject, &subject_parts[i]);
		size_t characters;

		if (s.len > 0 && (!str_utf8_length(s, &characters) ||
				     characters > subject_parts[i].max || !is_readable(s)))
			return false;
	}
	return subject->country.len == 0 ||
	       (subject->country.len == 2 && is_capital(subject->country.p[0]) &&
		   is_capital(subject->country.p[1]));
}

static bool
label_is_fine(struct str label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.p[0] == '-' ||
	    label.p[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_letter_or_digit(label.p[i]) && label.p[i] != '-')
			return false;
	return true;
}

/* Two labels at least, the last one not a number: neither internal names nor addresses. */
static bool
name_is_fine(struct str name)
{
	struct str rest = name, label = STR("");
	size_t labels = 0;
	int64_t number;

	if (name.len > NAME_MAX_LEN)
		return false;
	for (; str_next(&rest, '.', &label); labels++)
		if (!label_is_fine(label))
			return false;
	return labels >= 2 && !str_to_i64(label, &number);
}

static bool
names_are_fine(const struct str names[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!name_is_fine(names[i]))
			return false;
		for (size_t j = 0; j < i; j++)
			if (str_eq(names[i], names[j]))
				return false;
	}
	return count > 0 && count <= CSR_NAMES_MAX;
}

int
csr_check(const struct csr_subject *subject, const struct str names[], size_t count)
{
	if (!subject_is_fine(subject))
		return CSR_E_SUBJECT;
	return names_are_fine(names, count) ? 0 : CSR_E_NAME;
}

static const struct key_shape *
shape_of(EVP_PKEY *key)
{
	char group[32];
	size_t len;
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return bits >= RSA_BITS_LEAST && bits <= RSA_BITS_MOST && bits % 8 == 0 ? &shapes[0]
		                                                                        : NULL;
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    !EVP_PKEY_get_group_name(key, group, sizeof(group), &len))
		return NULL;
	for (size_t i = 1; i < COUNT_OF(shapes); i++)
		if (strcmp(shapes[i].group, group) == 0)
			return &shapes[i];
	return NULL;
}

static int
put_number(struct der_write *w, EVP_PKEY *key, const char *which)
{
	CLEAN(BN_free) BIGNUM *number = NULL;
	uint8_t bytes[RSA_BITS_MOST / 8];
	int len;

	if (!EVP_PKEY_get_bn_param(key, which, &number) ||
	    BN_num_bytes(number) > (int)sizeof(bytes))
		return error_origin(ENOTRECOVERABLE);
	len = BN_bn2bin(number, bytes);
	der_put_uint(w, bytes, (size_t)len);
	return 0;
}

/* RSAPublicKey (RFC 8017 A.1.1) */
static int
put_rsa_public(struct der_write *w, EVP_PKEY *key)
{
	size_t mark = der_mark(w);
	int r = put_number(w, key, OSSL_PKEY_PARAM_RSA_E);

	if (!r)
		r = put_number(w, key, OSSL_PKEY_PARAM_RSA_N);
	der_put_header(w, DER_SEQUENCE, mark);
	return r;
}

/* ECPoint, uncompressed (RFC 5480 2.2) */
static int
put_ec_public(struct der_write *w, EVP_PKEY *key, const struct key_shape *shape)
{
	uint8_t point[128];
	size_t len = 0;

	if (!EVP_PKEY_get_octet_string_param(
		key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len))
		return error_origin(ENOTRECOVERABLE);
	if (len != shape->point || point[0] != 0x04)
		return error_origin(EINVAL);
	der_put_bytes(w, point, len);
	return 0;
}

static void
put_bit_string_header(struct der_write *w, size_t mark)
{
	der_put_bytes(w, &(uint8_t){ 0 }, 1); /* unused bits */
	der_put_header(w, DER_BIT_STRING, mark);
}

static int
put_spki(struct der_write *w, EVP_PKEY *key, const struct key_shape *shape)
{
	size_t mark = der_mark(w);
	int r = shape->group ? put_ec_public(w, key, shape) : put_rsa_public(w, key);

	put_bit_string_header(w, mark);
	der_put_bytes(w, shape->key.bytes, shape->key.len);
	der_put_header(w, DER_SEQUENCE, mark);
	return r;
}

static void
put_subject_part(struct der_write *w, const uint8_t oid[static 5], uint8_t tag, struct str value)
{
	size_t mark = der_mark(w);

	der_put_bytes(w, value.p, value.len);
	der_put_header(w, tag, mark);
	der_put_bytes(w, oid, 5);
	der_put_header(w, DER_SEQUENCE, mark);
	der_put_header(w, DER_SET, mark);
}

static void
put_subject(struct der_write *w, const struct csr_subject *subject, struct str common_name)
{
	size_t mark = der_mark(w);

	if (common_name.len > 0)
		put_subject_part(w, oid_common_name, DER_UTF8_STRING, common_name);
	for (size_t i = COUNT_OF(subject_parts); i-- > 0;) {
		const struct subject_part *part = &subject_parts[i];
		struct str value = part_of(subject, part);

		if (value.len > 0)
			put_subject_part(w, part->oid, part->tag, value);
	}
	der_put_header(w, DER_SEQUENCE, mark);
}

/* [0] IMPLICIT SET { extensionRequest { { subjectAltName } } } (RFC 2986 4.1, RFC 2985 5.4.2) */
static void
put_attributes(struct der_write *w, const struct str names[], size_t count, bool critical)
{
	size_t mark = der_mark(w);

	for (size_t i = count; i-- > 0;) {
		size_t name_mark = der_mark(w);

		der_put_bytes(w, names[i].p, names[i].len);
		der_put_header(w, DER_DNS_NAME, name_mark);
	}
	der_put_header(w, DER_SEQUENCE, mark);
	der_put_header(w, DER_OCTET_STRING, mark);
	if (critical)
		der_put_bytes(w, critical_true, sizeof(critical_true));
	der_put_bytes(w, oid_san, sizeof(oid_san));
	der_put_header(w, DER_SEQUENCE, mark);
	der_put_header(w, DER_SEQUENCE, mark);
	der_put_header(w, DER_SET, mark);
	der_put_bytes(w, oid_extension_request, sizeof(oid_extension_request));
	der_put_header(w, DER_SEQUENCE, mark);
	der_put_header(w, DER_CONTEXT_0, mark);
}

static bool
subject_is_empty(const struct csr_subject *subject)
{
	for (size_t i = 0; i < COUNT_OF(subject_parts); i++)
		if (part_of(subject, &subject_parts[i]).len > 0)
			return false;
	return true;
}

/* CertificationRequestInfo (RFC 2986 4.1) */
static int
put_info(struct der_write *w, EVP_PKEY *key, const struct key_shape *shape,
    const struct csr_subject *subject, const struct str names[], size_t count)
{
	struct str common_name = names[0].len <= CN_MAX ? names[0] : STR("");
	size_t mark = der_mark(w);
	int r;

	/* Where the subject says nothing, the SAN must be heeded (RFC 5280 4.2.1.6, N-02). */
	put_attributes(w, names, count, common_name.len == 0 && subject_is_empty(subject));
	r = put_spki(w, key, shape);
	put_subject(w, subject, common_name);
	der_put_bytes(w, version_1, sizeof(version_1));
	der_put_header(w, DER_SEQUENCE, mark);
	return r;
}

static bool
signer_knows(EVP_PKEY_CTX *signer, const struct key_shape *shape, const EVP_MD *digest)
{
	if (!shape->group && EVP_PKEY_CTX_set_rsa_padding(signer, RSA_PKCS1_PADDING) <= 0)
		return false;
	return EVP_PKEY_CTX_set_signature_md(signer, digest) > 0;
}

/* Signs and verifies what was signed: C-01's pairwise test, and nothing made by a fault gets out.
 */
static int
sign(EVP_PKEY *key, const struct key_shape *shape, struct str what,
    uint8_t to[static SIGNATURE_MAX], size_t *ret_len)
{
	CLEAN(EVP_PKEY_CTX_free) EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const EVP_MD *digest = EVP_get_digestbyname(shape->digest);
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned int hash_len = 0;
	size_t len = SIGNATURE_MAX;

	if (!signer || !EVP_Digest(what.p, what.len, hash, &hash_len, digest, NULL))
		return error_origin(ENOTRECOVERABLE);
	if (EVP_PKEY_sign_init(signer) <= 0 || !signer_knows(signer, shape, digest) ||
	    EVP_PKEY_sign(signer, to, &len, hash, hash_len) <= 0)
		return error_origin(ENOTRECOVERABLE);
	if (EVP_PKEY_verify_init(signer) <= 0 || !signer_knows(signer, shape, digest) ||
	    EVP_PKEY_verify(signer, to, len, hash, hash_len) != 1)
		return error_origin(ENOTRECOVERABLE);
	*ret_len = len;
	return 0;
}

static int
put_request(struct str info, const struct key_shape *shape, const uint8_t *signature, size_t len,
    struct buf *to)
{
	uint8_t room[CSR_MAX];
	struct der_write w = DER_WRITE(room, sizeof(room));

	der_put_bytes(&w, signature, len);
	put_bit_string_header(&w, 0);
	der_put_bytes(&w, shape->signature.bytes, shape->signature.len);
	der_put_bytes(&w, info.p, info.len);
	der_put_header(&w, DER_SEQUENCE, 0);
	if (der_failed(&w))
		return error_origin(EMSGSIZE);
	buf_put_str(to, der_str(&w));
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}

int
csr_build(EVP_PKEY *key, const struct csr_subject *subject, const struct str names[], size_t count,
    struct buf *der)
{
	const struct key_shape *shape = shape_of(key);
	uint8_t room[CSR_MAX], signature[SIGNATURE_MAX];
	struct der_write w = DER_WRITE(room, sizeof(room));
	size_t signature_len = 0;
	int r = shape ? csr_check(subject, names, count) : CSR_E_KEY;

	if (!r)
		r = put_info(&w, key, shape, subject, names, count);
	if (r)
		return r;
	if (der_failed(&w))
		return error_origin(EMSGSIZE);
	r = sign(key, shape, der_str(&w), signature, &signature_len);
	return r ? r : put_request(der_str(&w), shape, signature, signature_len, der);
}

void
csr_to_pem(struct str der, struct buf *to)
{
	const size_t line = 48; /* bytes, 64 characters */

	buf_put_text(to, "-----BEGIN CERTIFICATE REQUEST-----\n");
	for (; der.len > 0; der = str_drop(der, line)) {
		buf_put_base64(to, der.p, der.len < line ? der.len : line);
		buf_put_byte(to, '\n');
	}
	buf_put_text(to, "-----END CERTIFICATE REQUEST-----\n");
}

int
csr_spki_sha256(EVP_PKEY *key, uint8_t ret[static 32])
{
	const struct key_shape *shape = shape_of(key);
	uint8_t room[SPKI_MAX];
	struct der_write w = DER_WRITE(room, sizeof(room));
	int r = shape ? put_spki(&w, key, shape) : CSR_E_KEY;

	if (r)
		return r;
	if (der_failed(&w) ||
	    !EVP_Digest(der_str(&w).p, der_str(&w).len, ret, NULL, EVP_sha256(), NULL))
		return error_origin(ENOTRECOVERABLE);
	return 0;
}
