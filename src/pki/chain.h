/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a leaf to a root we trust. OpenSSL's verifier does not try a second path when the first is
 * bad, so all candidate paths are built here, out of what is given, the intermediates we know and
 * the roots, by raw issuer and subject names, key identifiers and signatures (V-07, I-16); OpenSSL
 * then verifies each path alone, with nothing else to choose from, as a web server's chain
 * (purpose, dates, basic constraints, path lengths, name constraints: I-19). The best is chosen by
 * I-17: whole, not distrusted by a browser, no SHA-1, every link at least as long as the
 * leaf, the shortest.
 *
 * Dates are looked at as of `now`, moved into the leaf's own validity: whether the leaf itself is
 * valid today, for a web server, or a pre-certificate, is not a question of the chain.
 *
 * Work is bounded: CHAIN_DEPTH_MAX certificates in a path, CHAIN_PATHS_MAX paths, CHAIN_CHECKS_MAX
 * signature checks; what lies beyond is not looked at. It does not grow with the number of
 * intermediates and roots known.
 */
#pragma once

#include "base/when.h"
#include "pki/trust.h"
#include "pki/url.h"

#define CHAIN_GIVEN_MAX  50 /* certificates at hand, roots and known intermediates aside */
#define CHAIN_DEPTH_MAX  8
#define CHAIN_PATHS_MAX  64
#define CHAIN_CHECKS_MAX 512
#define CHAIN_URLS_MAX   3
#define CHAIN_URL_SIZE   URL_SIZE
#define CHAIN_KNOWN      SIZE_MAX /* as a position: it was not given, we knew it */

enum {
	CHAIN_E_INCOMPLETE = 1, /* an issuer is neither given nor known: `missing` is its name */
	CHAIN_E_UNTRUSTED,      /* every path ends in a root we do not trust: `root` is its name */
	CHAIN_E_BROKEN,         /* a path to a trusted root exists, but none holds: `reason` */
	CHAIN_E_SELF_SIGNED,    /* the leaf is signed with its own key, and is no trusted root */
	CHAIN_E_DISTRUSTED, /* every path that holds leads through somebody the browsers distrust:
	                        `distrusted` */
};

struct chain_ask {
	X509 *const *given;
	size_t count, leaf; /* position of the leaf in `given` */
	const struct trust *trust;
	const struct shelf *known;    /* more intermediates, for this question alone; NULL = none */
	when now, issued;             /* issued: of the leaf (V-04) */
	const uint8_t (*without)[32]; /* SHA-256 of certificates that no path may lead through:
	                                 revoked ones (I-19) */
	size_t without_count;
};

struct chain_link {
	size_t at;      /* position in `given`, or CHAIN_KNOWN */
	struct str der; /* of a known one, borrowed from the trust's shelf; else "" */
};

struct chain {
	size_t count; /* certificates to serve, the leaf first, without the root */
	struct chain_link served[CHAIN_DEPTH_MAX];
	size_t completed;            /* of them were not given (I-18) */
	char root[512];              /* subject of the root the path ends in */
	uint8_t root_sha256[32];     /* of its DER */
	struct chain_link root_link; /* the root itself, as in `served` */
	bool order_repaired;         /* they came in another order */
	when ends;         /* the first link above the leaf to expire; 0 = none is served */
	size_t ways;       /* paths that hold, this one counted */
	size_t root_count; /* self-signed CA certificates given, not served (I-18) */
	size_t roots[CHAIN_GIVEN_MAX];
	size_t extra_count; /* the rest that is not served */
	size_t extras[CHAIN_GIVEN_MAX];
	const struct distrust_row *distrusted; /* borrowed from the trust */
	char missing[512];
	uint8_t missing_sha256[32]; /* of the missing issuer's raw name */
	char urls[CHAIN_URLS_MAX]
		 [CHAIN_URL_SIZE]; /* where it says it can be fetched (AIA caIssuers),
	                                               http only; "" behind the last */
	char reason[256];
};

/* On an outcome *ret still tells what it can: `missing`, `root`, `reason`; count is 0. */
int chain_build(const struct chain_ask *ask, struct chain *ret) MUST_USE;

/* Is `child` signed by the key of `issuer`, whose subject it names? Dates and purposes are not
 * looked at. */
bool chain_issued(X509 *issuer, X509 *child);
/* The longest path within what is given by names and signatures alone, a root included: positions,
 * the leaf first. For people who ask what a file holds; trust plays no part. */
size_t chain_follow(
    X509 *const given[], size_t count, size_t leaf, size_t ret[static CHAIN_DEPTH_MAX]);
