/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many certificates, as bytes, found by subject in a time that does not grow with their number:
 * the roots we trust, the intermediates we know. Of each only the outline is read when it is put
 * there (names, key identifier); it is decoded when somebody takes it down, which for a chain are
 * three or four of thousands.
 *
 * Filled once, then only read: any number of threads and forked children may look at the same time.
 * What is put there may come from outside (AIA, deliveries): an outline that cannot be read is not
 * taken, a full shelf takes no more, and equal subjects only make a lookup give the first few that
 * fit best. The order of the index is not to be steered from outside (SHA-256).
 */
#pragma once

#include <openssl/x509.h>

#include "base/buf.h"

#define SHELF_MAX      100000
#define SHELF_FILE_MAX (64u * 1024 * 1024) /* a PEM bundle */

struct shelf;

struct shelf_item {
	struct str der, subject, issuer; /* borrowed from the shelf, raw DER */
	struct str key_id;               /* subjectKeyIdentifier's content; "" = none */
	uint8_t sha256[32];              /* of the DER */
};

struct shelf *shelf_new(void) MUST_USE;
struct shelf *shelf_free(struct shelf *shelf);
CLEAN_DEFINE(shelf_free, struct shelf *);

/* Copies one certificate there; twice the same is there once. False: no certificate's outline, or
 * the shelf is full. */
bool shelf_add(struct shelf *shelf, struct str der);
/* All CERTIFICATE blocks of a PEM text; how many were taken or were there already, and how many
 * were not. */
size_t shelf_add_pem(struct shelf *shelf, struct str pem, size_t *ret_refused);

size_t shelf_count(const struct shelf *shelf);
const struct shelf_item *shelf_at(const struct shelf *shelf, size_t at);
bool shelf_has(const struct shelf *shelf, struct str raw_subject, const uint8_t sha256[static 32]);

/* Positions of certificates with this subject, at most `max`: those whose key identifier is
 * `key_id` first (E-04); "" = none known. */
size_t shelf_by_subject(
    const struct shelf *shelf, struct str raw_subject, struct str key_id, size_t ret[], size_t max);
/* Decoded, the caller's to free; NULL when it is no certificate after all. */
X509 *shelf_x509(const struct shelf *shelf, size_t at) MUST_USE;
