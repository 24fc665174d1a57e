/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has the issuer withdrawn this certificate? Out of what the issuer publishes: a list
 * of revoked serial numbers (CRL, RFC 5280 5) or an answer about single certificates (OCSP, RFC
 * 6960). Nothing is fetched here; revocation_lookups() says where it can be had.
 *
 * Files are hostile: from the network, unauthenticated, or out of a customer's delivery. Nothing in
 * one counts before its signature is verified with the key of the issuer that the caller names, and
 * made with a digest of A-01 (no SHA-1: SC-097). The issuer is one whose certificate the caller
 * trusts already. Work is bounded by the sizes below.
 *
 * A list that names the certificate speaks, whatever its scope and age, as a revocation is never
 * taken back (but for a "hold", which counts only while the list is current). Scope and age limit
 * what its silence means.
 */
#pragma once

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/when.h"
#include "pki/revocation_state.h"
#include "pki/url.h"

#define REVOCATION_FILE_MAX    (4u * 1024 * 1024) /* a CRL; the largest public ones have about 1 MiB */
#define REVOCATION_OCSP_MAX    (64u * 1024) /* an OCSP response; real ones have 0.5 to 4 KiB */
#define REVOCATION_REQUEST_MAX 512
#define REVOCATION_WHY_SIZE    160
#define REVOCATION_SKEW        HOURS(1) /* by which a publisher's clock may be ahead of ours */

struct revocation {
	enum revocation_state state;
	when since;         /* REVOKED: as of when */
	const char *reason; /* REVOKED: " (…)", in words that follow "revoked since DATE"; or "" */
	char why
	    [REVOCATION_WHY_SIZE]; /* UNSEEN, UNKNOWN: why it does not tell; a part of a sentence */
};

/* One file of either kind, told by its content; a CRL may be PEM. State: UNSEEN, UNKNOWN, GOOD or
 * REVOKED. */
void revocation_by_file(
    struct str bytes, X509 *issuer, X509 *certificate, when now, struct revocation *ret);
void revocation_by_crl(
    struct str bytes, X509 *issuer, X509 *certificate, when now, struct revocation *ret);
void revocation_by_ocsp(
    struct str bytes, X509 *issuer, X509 *certificate, when now, struct revocation *ret);

/* Adds the DER of the first CRL in a PEM text; false when there is none. For whoever asks of one file
 * about several certificates: finding it costs more than anything but its decoding. */
bool revocation_put_from_pem(struct str pem, struct buf *to);

/* False for short-lived ones (V-05) and self-issued ones: no status is to be asked for. */
bool revocation_is_needed(const X509 *certificate);

struct revocation_lookup {
	enum revocation_kind kind;
	char url[URL_SIZE];
	uint8_t request[REVOCATION_REQUEST_MAX]; /* OCSP: DER, to be POSTed */
	size_t request_len;                      /* 0 = GET */
};

/* Where its status can be had (E-03): the OCSP responder first, as its answer is small and young,
 * then complete CRLs; http only. At most `max`; 0 when none is needed. */
size_t revocation_lookups(
    const X509 *certificate, const X509 *issuer, struct revocation_lookup ret[], size_t max);
