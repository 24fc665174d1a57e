/* SPDX-License-Identifier: Apache-2.0 */
/* For tests alone: a tiny CA that makes certificates of any kind, in memory. Nothing of it is
 * secret. */
#pragma once

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/when.h"

struct test_certificate {
	X509 *x509;
	EVP_PKEY *key;
};

#define TEST_EXTENSIONS_MAX 8

/* A timestamp of the log whose id is 32 times `log`; its signature is nobody's. */
struct test_sct {
	uint8_t log;
	when at;
};

struct test_spec {
	const char *name;    /* subject CN */
	const char *subject; /* NULL = "O=certdesk test|CN=name"; "T61:…", "BMP:…" set a value's
	                             encoding; a repeated entry is one more */
	const char *alternatives;   /* "DNS:a.example,DNS:b.example"; NULL = no SAN */
	const char *purposes;       /* extendedKeyUsage; NULL = none */
	const char *constraints;    /* nameConstraints; NULL = none */
	const char *authority_info; /* authorityInfoAccess; NULL = none */
	const char *crl_points;     /* crlDistributionPoints: "URI:http://…" */
	const char *digest;         /* NULL = SHA256 */
	bool ca;
	int path_length;     /* of a CA; 0 = not stated, else one more than stated */
	bool poison;         /* a pre-certificate */
	bool no_identifiers; /* neither of subject nor of authority */
	bool bare_key;       /* the key's kind without the NULL that belongs behind it */
	bool long_dates;     /* GeneralizedTime, whatever the year */
	const char *usage;   /* keyUsage; NULL = the usual, "" = none */
	const char *serial;  /* hex, "-" in front; NULL = the next one of 16 octets */
	int version;         /* 0 = 3 */
	const char *extensions[TEST_EXTENSIONS_MAX]; /* "certificatePolicies=2.23.140.1.2.1" */
	struct test_sct scts[TEST_EXTENSIONS_MAX];   /* up to the first with log 0 */
	when from, until;
	EVP_PKEY *key; /* NULL = a fresh P-256 key */
};

/* A list of revoked certificates (CRL). */
struct test_list {
	X509 *const *revoked; /* NULL = none, or the last one */
	int reason;           /* of all of them, CRLReason; -1 = none stated */
	size_t more;          /* entries of serial numbers that nobody has */
	const char
	    *scope; /* issuingDistributionPoint, as in OpenSSL's configuration; NULL = none */
	bool is_delta, no_end, has_strange; /* strange: a critical extension that nobody knows */
	const char *digest;                 /* NULL = SHA256 */
	when from, until;
};

/* An answer about one certificate (OCSP). */
struct test_answer {
	int status, reason; /* V_OCSP_CERTSTATUS_…; CRLReason of a revoked one, -1 = none stated */
	bool no_end, sha256; /* sha256: it names the certificate by SHA-256 */
	bool no_responder;   /* the signer's certificate is not in it */
	const char *digest;  /* NULL = SHA256 */
	when from, until;
};

EVP_PKEY *test_key(const char
	*kind); /* "P-256", "P-384", "RSA-1024", "RSA-2048", "RSA-2052", "ED25519", "secp256k1" */
/* A public key that nobody has the other half of: for what a CA should not have signed. */
EVP_PKEY *test_rsa_key(const char *modulus_hex, unsigned long exponent);
/* `issuer` NULL: signed by itself. */
struct test_certificate test_issue(
    const struct test_spec *spec, const struct test_certificate *issuer);
void test_certificate_fini(struct test_certificate *certificate);

/* Both are dated as revoked one day before `from`. */
void test_put_crl(
    struct buf *to, const struct test_list *list, const struct test_certificate *issuer);
void test_put_ocsp(struct buf *to, const struct test_answer *answer, X509 *certificate,
    X509 *issuer, const struct test_certificate *signer);

void test_put_pem(struct buf *to, X509 *x509);
void test_put_der(struct buf *to, X509 *x509);
void test_put_key_pem(struct buf *to, EVP_PKEY *key, const char *password);
