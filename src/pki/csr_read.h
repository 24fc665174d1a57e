/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a signing request (PKCS#10) asks for, whoever made it: its bytes are hostile. All text is
 * UTF-8, one line, fit for people's eyes (str_show); "" = not stated.
 */
#pragma once

#include <openssl/evp.h>

#include "base/buf.h"

#define CSR_READ_NAMES_MAX 250 /* further ones are passed over */

enum { CSR_E_MALFORMED = 1 };

struct csr_facts {
	char subject[512]; /* as certificate_name_text() writes it */
	char common_name[256], organization[256], city[256], state[256], country[64];
	size_t name_count; /* dNSNames of the subjectAltName, as they stand there */
	struct str *names; /* owned */
	char key[64];      /* "RSA, 2048 bits", "ECDSA, P-256"; "unknown" */
	bool has_key;      /* else the fingerprints are zero */
	uint8_t spki_sha256[32], key_sha256[32]; /* as of key_fingerprint() */
	bool is_signed; /* by that key: whoever made it had the private half */
};
void csr_facts_fini(struct csr_facts *facts);
CLEAN_DEFINE_FINI(csr_facts_fini, struct csr_facts);

int csr_describe(struct str der, struct csr_facts *ret) MUST_USE;
