/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of certificate_describe(): used by certificate*.c, csr_read.c and their tests alone. */
#pragma once

#include "pki/certificate_details.h"

/* The key's algorithm, size, curve and fingerprints. A key OpenSSL cannot decode has no numbers. */
int certificate_key_facts(const X509 *x509, struct certificate_facts *to) MUST_USE;
/* Of those the algorithm, size and curve. */
void certificate_key_numbers(EVP_PKEY *key, struct certificate_facts *to);
/* What version 3 extensions say. An extension that does not parse counts as absent here; the
 * chain's verification refuses it. */
void certificate_extension_facts(const X509 *x509, struct certificate_facts *to);
void certificate_subject_details(const X509 *x509, struct certificate_details *to);
