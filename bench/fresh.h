/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA in a folder and new P-256 certificates from it, hundreds in a second.
 */
#pragma once

#include <openssl/x509.h>

#include "balancer/balancer.h"
#include "base/buf.h"

#define PEM_MOST 65536

struct authority {
	EVP_PKEY *key;
	X509 *root, *issuing;
};

/* One new certificate with its key, in the forms that its takers want. */
struct fresh {
	struct buf leaf, chain, key_pem; /* DER, DER, PEM */
	struct bundle bundle;
};
void fresh_fini(struct fresh *f);
CLEAN_DEFINE_FINI(fresh_fini, struct fresh);

/* The folder gets root.pem, issuing.pem and issuing.key. */
struct authority authority_make(const char *folder);
struct authority authority_read(const char *folder);
void authority_free(struct authority *a);

/* For "siteNNNNN.contoso.com"; the bundle has name, leaf and chain. */
void fresh_make(const struct authority *a, int64_t site, struct fresh *ret);
/* One DER certificate as PEM. */
void put_certificate(struct buf *to, struct str der);
