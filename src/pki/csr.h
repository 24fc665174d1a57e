/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate signing requests as CAs want them (D-13): PKCS#10 version 1, subject in the order C,
 * ST, L, O, CN (S-06; never OU, S-10), all host names in a subjectAltName, nothing else;
 * sha256WithRSAEncryption, ecdsa-with-SHA256 (P-256) or ecdsa-with-SHA384 (P-384).
 *
 * The DER is written by hand (pki/der_write.h): OpenSSL's encoders cost more than key and signature
 * together. The signature is verified before the request is handed out, so a request that exists
 * proves that its key's halves belong together (C-01) and that no fault happened while signing.
 *
 * Input is checked here once more; the caller's words for people come from its own checks.
 */
#pragma once

#include <openssl/evp.h>

#include "base/buf.h"

#define CSR_NAMES_MAX 32
#define CSR_MAX       (16 * 1024) /* bytes of DER */

enum {
	CSR_E_SUBJECT = 1, /* a part of the subject is too long (S-05), not UTF-8, has control
	                    * characters, or the country is not two capital letters */
	CSR_E_NAME, /* none, too many, twice the same, or not a lower-case DNS name of at most 253
	               characters */
	CSR_E_KEY,  /* not RSA, P-256 or P-384 (K-01) */
};

/* "" leaves a part out; all of them may be left out. */
struct csr_subject {
	struct str country, state, locality, organization;
};

/* What csr_build() would say of the input, before there is a key: 0, CSR_E_SUBJECT or CSR_E_NAME.
 */
int csr_check(const struct csr_subject *subject, const struct str names[], size_t count) MUST_USE;

/* Appends the DER. The first name becomes the CN if it has at most 64 characters (N-03). */
int csr_build(EVP_PKEY *key, const struct csr_subject *subject, const struct str names[],
    size_t count, struct buf *der) MUST_USE;

/* Appends "-----BEGIN CERTIFICATE REQUEST-----", lines of 64 characters, the end line. */
void csr_to_pem(struct str der, struct buf *to);

/* SHA-256 of the SubjectPublicKeyInfo, by which keys and certificates are matched. */
int csr_spki_sha256(EVP_PKEY *key, uint8_t ret[static 32]) MUST_USE;
