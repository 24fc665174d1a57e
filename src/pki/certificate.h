/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a certificate says, as plain facts: read once, strictly, from its DER. Nothing here judges.
 *
 * Input is hostile (a customer's file, a TLS peer); the answer is bounded by the certificate's
 * size, which is limited first. Names are kept as encoded: a dNSName may hold any byte, and is text
 * for people only after certificate_names_text().
 */
#pragma once

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/when.h"

#define CERTIFICATE_MAX         (128u * 1024) /* bytes of DER */
#define CERTIFICATE_SERIAL_SIZE 144
#define CERTIFICATE_NAME_SIZE   512

enum {
	CERTIFICATE_E_MALFORMED =
	    1, /* not one certificate, exactly: damaged, trailing bytes, version above 3 */
	CERTIFICATE_E_LIMIT, /* larger than CERTIFICATE_MAX */
};

struct certificate_facts {
	uint8_t sha256[32];      /* of the DER: its identity (V-06) */
	uint8_t spki_sha256[32]; /* of the SubjectPublicKeyInfo as encoded */
	uint8_t key_sha256[32];  /* of the key's numbers, in whatever form it is encoded: see
	                            key_fingerprint() */
	char serial[CERTIFICATE_SERIAL_SIZE]; /* hex, lower case, "-" before a negative one */
	char subject[CERTIFICATE_NAME_SIZE];  /* RFC 2253, UTF-8, one line; cut at a character when
	                                         longer */
	char issuer[CERTIFICATE_NAME_SIZE];
	char issuer_organization[128]; /* UTF-8, one line, cut at a character; "" = none */
	struct str common_name; /* the last CN of the subject, UTF-8 (may hold a NUL); "" = none */
	struct str raw_subject, raw_issuer; /* DER, as encoded; borrowed from the bytes described */
	struct str *names;                  /* dNSNames, as encoded (may hold any byte) */
	size_t name_count;
	size_t ip_count; /* iPAddresses */
	when not_before, not_after;
	when issued;            /* the earliest SCT's time, else not_before (V-04) */
	int version;            /* 1, 2 or 3 */
	bool is_ca;             /* basicConstraints cA */
	long path_length;       /* -1 = none stated */
	bool is_self_issued;    /* subject and issuer are the same bytes */
	bool is_self_signed;    /* and its own key verifies its signature */
	char key_algorithm[24]; /* "RSA", "RSA-PSS", "EC", "ED25519" …; "unknown" when OpenSSL has
	                           no name */
	int key_bits;
	char curve[48];     /* EC: "P-256", "P-384", "P-521" or OpenSSL's name; "" = no or explicit
	                       curve */
	char signature[64]; /* "sha256WithRSAEncryption" */
	bool signature_is_weak; /* MD2, MD4, MD5 or SHA-1 */
	bool has_purposes;      /* an extendedKeyUsage exists */
	bool for_server, for_client, for_any, for_other;
	char purposes[192]; /* in words, for people: "e-mail protection, code signing" */
	bool has_key_usage;
	uint32_t key_usage;     /* KU_… bits of OpenSSL */
	bool is_precertificate; /* the poison extension (T-03) */
	size_t sct_count;
	uint8_t aki[64], ski[64]; /* key identifiers; longer ones are left out */
	size_t aki_len, ski_len;
	struct buf names_text; /* what `names` and `common_name` point into */
};

void certificate_facts_fini(struct certificate_facts *facts);
CLEAN_DEFINE_FINI(certificate_facts_fini, struct certificate_facts);

/* All of `der` as one certificate. */
int certificate_describe(struct str der, struct certificate_facts *ret) MUST_USE;
/* The same of one that certificate_parse() made of these bytes: decoding is half of the price. */
int certificate_describe_parsed(X509 *x509, struct str der, struct certificate_facts *ret) MUST_USE;
/* Parses strictly, as above; the caller frees. */
int certificate_parse(struct str der, X509 **ret) MUST_USE;

/* False, and *ret untouched: it is no time, or beyond what `when` holds. */
bool certificate_time(const ASN1_TIME *from, when *ret);

bool certificate_is_ca(const X509 *x509); /* basicConstraints cA, nothing else (E-05) */

/* The name as people read it: RFC 2253, UTF-8, control characters as spaces, cut at a character. */
void certificate_name_text(const X509_NAME *name, char *to, size_t size);
/* The DER bytes of a name as encoded; borrowed. */
struct str certificate_raw_name(const X509_NAME *name);
/* dNSNames with a space between, unprintable bytes as "?", cut at a name ("…" behind) to fit. */
void certificate_names_text(const struct certificate_facts *facts, char *to, size_t size);

/*
 * Two fingerprints of a public key: of its SubjectPublicKeyInfo as encoded, and of its numbers in
 * the plain form (rsaEncryption, named curve, uncompressed point), which is the same for a key that
 * came as RSASSA-PSS or with explicit curve parameters. For ordinary keys both are equal.
 */
int key_fingerprint(
    EVP_PKEY *key, uint8_t ret_spki[static 32], uint8_t ret_key[static 32]) MUST_USE;

/* Both for a certificate's key; where it cannot be decoded, both are that of the encoded form. */
int certificate_key_fingerprint(
    const X509 *x509, uint8_t ret_spki[static 32], uint8_t ret_key[static 32]) MUST_USE;

void x509_free(X509 *x509);
CLEAN_DEFINE(x509_free, X509 *);
void pkey_free(EVP_PKEY *key);
CLEAN_DEFINE(pkey_free, EVP_PKEY *);
