/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The roots we trust: read once from a PEM bundle (the system's, or the provider's own), then only
 * looked at. The bundle is configuration, not customer input; certificates in it that do not parse
 * are skipped and counted.
 */
#pragma once

#include <openssl/x509.h>

#include "base/buf.h"

#define TRUST_ROOTS_MAX 2000
#define TRUST_FILE_MAX  (8u * 1024 * 1024)
#define TRUST_FILE      "/etc/ssl/certs/ca-certificates.crt"

enum {
	TRUST_E_NONE = 1, /* no certificate in it: an empty list would refuse every certificate */
	TRUST_E_LIMIT,    /* more than TRUST_ROOTS_MAX */
};

struct trust;

int trust_new(struct str pem, struct trust **ret) MUST_USE;
struct trust *trust_free(struct trust *trust);
CLEAN_DEFINE(trust_free, struct trust *);

size_t trust_count(const struct trust *trust);
X509 *trust_root(const struct trust *trust, size_t at); /* borrowed */
bool trust_has(const struct trust *trust, const uint8_t sha256[static 32]);
/* Roots whose subject is these bytes: positions into ret, at most `max`. */
size_t trust_by_subject(
    const struct trust *trust, struct str raw_subject, size_t ret[], size_t max);
