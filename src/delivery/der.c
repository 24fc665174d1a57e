/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which structure is it? Decided by the first elements, never by a label or a name (I-01, I-03);
 * then OpenSSL decodes it. Rows are in an order in which the first that tells is right.
 */
#include "delivery/read.h"

#include <openssl/cms.h>
#include <openssl/err.h>

#include "pki/certificate.h"
#include "pki/der_read.h"
#include "pki/revocation.h"

/* The tags of the outermost sequence's first elements; 0 behind the last. */
#define SHAPE_MAX 6

struct shape {
	uint8_t tag[SHAPE_MAX];
	struct der element[SHAPE_MAX];
	size_t count;
};

struct kind {
	bool (*tells)(const struct shape *shape);
	void (*read)(struct intake *, struct str der);
};

/* BER may leave the length open (0x80): what is inside can be looked at as far as its elements tell
 * theirs. */
static bool
shape_of(struct str der, struct shape *ret)
{
	struct der whole;
	struct str rest;

	*ret = (struct shape){ 0 };
	if (!der_peek(der, &whole) || whole.tag != DER_SEQUENCE)
		return false;
	rest = whole.body;
	while (ret->count < SHAPE_MAX && der_peek(rest, &ret->element[ret->count])) {
		ret->tag[ret->count] = ret->element[ret->count].tag;
		rest = str_drop(rest, ret->element[ret->count].whole.len);
		ret->count++;
	}
	return ret->count > 0;
}

static bool
starts_with(const struct shape *shape, const uint8_t *tags, size_t count)
{
	return shape->count >= count && memcmp(shape->tag, tags, count) == 0;
}

#define STARTS_WITH(shape, ...) \
	starts_with(            \
	    (shape), (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static bool
is_number(const struct der *element, uint8_t number)
{
	return element->tag == DER_INTEGER && element->body.len == 1 &&
	       (uint8_t)element->body.p[0] == number;
}

static bool
tells_pkcs12(const struct shape *shape)
{
	struct der type;

	return STARTS_WITH(shape, DER_INTEGER, DER_SEQUENCE) && is_number(&shape->element[0], 3) &&
	       der_peek(shape->element[1].body, &type) && type.tag == DER_OID;
}

/* 1.2.840.113549.1.7.x, and 1.2.840.113549.1.9.16.1.x that only CMS has */
static bool
tells_pkcs7(const struct shape *shape)
{
	static const struct str arcs[] = { STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x07"),
		STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01") };

	return shape->tag[0] == DER_OID && (str_starts(shape->element[0].body, arcs[0]) ||
					       str_starts(shape->element[0].body, arcs[1]));
}

/* SEQUENCE, algorithm, BIT STRING, and nothing behind: certificate, request and revocation list
 * alike. */
static bool
tells_signed(const struct shape *shape)
{
	return STARTS_WITH(shape, DER_SEQUENCE, DER_SEQUENCE, DER_BIT_STRING);
}

static bool
tells_encrypted_key(const struct shape *shape)
{
	struct der algorithm;

	return STARTS_WITH(shape, DER_SEQUENCE, DER_OCTET_STRING) &&
	       der_peek(shape->element[0].body, &algorithm) && algorithm.tag == DER_OID;
}

/* PKCS#8; PKCS#1 and DSA (numbers only); SEC 1 */
static bool
tells_key(const struct shape *shape)
{
	return STARTS_WITH(shape, DER_INTEGER, DER_SEQUENCE, DER_OCTET_STRING) ||
	       STARTS_WITH(shape, DER_INTEGER, DER_INTEGER, DER_INTEGER, DER_INTEGER, DER_INTEGER,
		   DER_INTEGER) ||
	       STARTS_WITH(shape, DER_INTEGER, DER_OCTET_STRING);
}

static bool
tells_public_key(const struct shape *shape)
{
	return STARTS_WITH(shape, DER_SEQUENCE, DER_BIT_STRING) ||
	       (STARTS_WITH(shape, DER_INTEGER, DER_INTEGER) && shape->count == 2);
}

static bool
tells_ocsp(const struct shape *shape)
{
	return STARTS_WITH(shape, DER_ENUMERATED, DER_CONTEXT_0);
}

/* What the issuer says of revocation came along: it counts as if it had been fetched. */
static void
keep_status(struct intake *in, struct str der)
{
	struct delivery *to = in->delivery;

	if (to->status_count < COUNT_OF(to->status) && der.len <= REVOCATION_FILE_MAX)
		to->status[to->status_count++] = (struct str){ .p = str_dup(der), .len = der.len };
}

static void
keep_csr(struct delivery *to, struct str der)
{
	if (to->csr_count < COUNT_OF(to->csr))
		to->csr[to->csr_count++] = (struct str){ .p = str_dup(der), .len = der.len };
}

/* A certificate's first part ends in extensions or a key; what else has this shape is tried first
 * as such. */
static void
read_signed(struct intake *in, struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p;
	X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der.len);
	X509_CRL *crl;

	X509_REQ_free(csr);
	if (csr) {
		in->file->csrs++;
		keep_csr(in->delivery, der);
		return;
	}
	at = (const unsigned char *)der.p;
	crl = d2i_X509_CRL(NULL, &at, (long)der.len);
	X509_CRL_free(crl);
	ERR_clear_error();
	if (crl) {
		in->file->crls++;
		keep_status(in, der);
		intake_answer(in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_CRL,
		    "a list of revoked certificates (CRL)");
	} else {
		intake_certificate(in, der);
	}
}

static void
read_key(struct intake *in, struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p;
	CLEAN(pkey_free)
	EVP_PKEY *key = d2i_AutoPrivateKey_ex(NULL, &at, (long)der.len, in->tools->library, NULL);

	ERR_clear_error();
	if (key)
		intake_key(in, key);
	else
		intake_problem(
		    in, DELIVERY_MALFORMED, "the private key is damaged or of an unknown kind");
}

static void
read_public_key(struct intake *in, struct str der UNUSED)
{
	intake_answer(in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_PUBLIC_KEY, "a public key");
}

static void
read_ocsp(struct intake *in, struct str der)
{
	keep_status(in, der);
	intake_answer(in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_OCSP, "an OCSP response");
}

/* clang-format off */
static const struct kind kinds[] = {
	{ tells_pkcs12,        intake_pkcs12 },
	{ tells_pkcs7,         intake_pkcs7 },
	{ tells_signed,        read_signed },
	{ tells_encrypted_key, intake_encrypted_key },
	{ tells_key,           read_key },
	{ tells_public_key,    read_public_key },
	{ tells_ocsp,          read_ocsp },
};
/* clang-format on */

static const struct kind *
kind_of(struct str der)
{
	struct shape shape;

	if (!shape_of(der, &shape))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].tells(&shape))
			return &kinds[i];
	return NULL;
}

/* Also a structure that claims more bytes than came: cut off, but clearly DER. */
bool
intake_tells_der(struct str bytes)
{
	return bytes.len >= 4 && bytes.p[0] == DER_SEQUENCE &&
	       ((uint8_t)bytes.p[1] == 0x80 || (uint8_t)bytes.p[1] == 0x82 ||
		   (uint8_t)bytes.p[1] == 0x83 || kind_of(bytes));
}

/* Bytes that the outermost element says it has, with its header; 0 when that makes no sense for a
 * delivery. */
static size_t
claimed_size(struct str der)
{
	size_t count = der.len > 1 ? (uint8_t)der.p[1] & 0x7f : 0, size = 0;

	if (count < 2 || count > 3 || der.len < 2 + count || !((uint8_t)der.p[1] & 0x80))
		return 0;
	for (size_t i = 0; i < count; i++)
		size = size << 8 | (uint8_t)der.p[2 + i];
	return size <= DELIVERY_FILE_MAX ? size + 2 + count : 0;
}

static void
tell_cut_off(struct intake *in, struct str der)
{
	size_t claimed = claimed_size(der);

	if (claimed > der.len)
		intake_answer(in, DELIVERY_MALFORMED, FINDING_CERT_TRUNCATED,
		    "it stops after %zu of %zu bytes", der.len, claimed);
	else
		intake_problem(in, DELIVERY_MALFORMED, "it is cut off or damaged");
}

void
intake_der(struct intake *in, struct str der)
{
	const struct kind *kind = kind_of(der);
	struct der whole;

	if (++in->depth > INTAKE_DEPTH_MAX) {
		intake_problem(in, DELIVERY_LIMIT, "packed too deep");
	} else if (!der_peek(der, &whole)) {
		tell_cut_off(in, der);
	} else if (!kind) {
		intake_problem(in, DELIVERY_UNKNOWN_FORMAT,
		    "a structure that is no certificate, request or key");
	} else if (!whole.indefinite && !intake_is_blank(str_drop(der, whole.whole.len))) {
		intake_problem(in, DELIVERY_MALFORMED, "something else follows behind its end");
	} else {
		kind->read(in, whole.whole);
	}
	in->depth--;
}

/* A message without certificates: what else it is. */
static void
tell_message(struct intake *in, CMS_ContentInfo *cms, bool has_crls)
{
	switch (OBJ_obj2nid(CMS_get0_type(cms))) {
	case NID_pkcs7_signed:
		if (!has_crls)
			intake_answer(in, DELIVERY_NO_CERTIFICATE, FINDING_CERT_IS_SIGNATURE,
			    "a signature without certificates");
		else
			intake_answer(in, DELIVERY_NO_CERTIFICATE, FINDING_CERT_IS_CRL,
			    "a PKCS#7 that holds nothing but lists of revoked certificates (CRL)");
		return;
	case NID_pkcs7_enveloped:
	case NID_pkcs7_encrypted:
	case NID_id_smime_ct_authEnvelopedData:
		intake_answer(in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_ENCRYPTED,
		    "an encrypted message (S/MIME)");
		return;
	default:
		return;
	}
}

/* Certificates of a SignedData of any version, BER or DER (I-04); their order means nothing. */
void
intake_pkcs7(struct intake *in, struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
	STACK_OF(X509) *certificates = cms ? CMS_get1_certs(cms) : NULL;
	STACK_OF(X509_CRL) *crls = cms ? CMS_get1_crls(cms) : NULL;

	if (!*in->part)
		in->file->container = "PKCS#7";
	if (!cms)
		intake_problem(in, DELIVERY_MALFORMED, "the PKCS#7 is damaged or cut off");
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		unsigned char *bytes = NULL;
		int len = i2d_X509(sk_X509_value(certificates, i), &bytes);

		if (len > 0)
			intake_certificate(in, str_bytes(bytes, (size_t)len));
		OPENSSL_free(bytes);
	}
	for (int i = 0; i < sk_X509_CRL_num(crls); i++) {
		unsigned char *bytes = NULL;
		int len = i2d_X509_CRL(sk_X509_CRL_value(crls, i), &bytes);

		in->file->crls++;
		if (len > 0)
			keep_status(in, str_bytes(bytes, (size_t)len));
		OPENSSL_free(bytes);
	}
	if (cms && sk_X509_num(certificates) <= 0)
		tell_message(in, cms, sk_X509_CRL_num(crls) > 0);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	sk_X509_pop_free(certificates, x509_free);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
}
