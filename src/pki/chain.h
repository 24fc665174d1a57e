/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a leaf to a root we trust. All candidate paths are built here, out of what is given and the
 * trust store, by raw issuer and subject names, key identifiers and signatures (V-07, I-16);
 * OpenSSL then verifies each path alone, with nothing else to choose from, as a web server's chain
 * (purpose, dates, basic constraints, path lengths, name constraints: I-19). The best is chosen by
 * I-17.
 *
 * Dates are looked at as of `now`, moved into the leaf's own validity: whether the leaf itself is
 * valid today, for a web server, or a pre-certificate, is not a question of the chain.
 *
 * Work is bounded: CHAIN_DEPTH_MAX certificates in a path, CHAIN_PATHS_MAX paths, CHAIN_CHECKS_MAX
 * signature checks; what lies beyond is not looked at.
 */
#pragma once

#include "base/when.h"
#include "pki/trust.h"

#define CHAIN_GIVEN_MAX  50 /* certificates to build from, roots aside */
#define CHAIN_DEPTH_MAX  8
#define CHAIN_PATHS_MAX  64
#define CHAIN_CHECKS_MAX 512

enum {
	CHAIN_E_INCOMPLETE = 1, /* an issuer is neither given nor trusted: `missing` is its name */
	CHAIN_E_UNTRUSTED,      /* every path ends in a root we do not trust: `root` is its name */
	CHAIN_E_BROKEN,         /* a path to a trusted root exists, but none holds: `reason` */
	CHAIN_E_SELF_SIGNED,    /* the leaf is signed with its own key, and is no trusted root */
};

struct chain {
	size_t count; /* certificates to serve, the leaf first, without the root */
	size_t served[CHAIN_DEPTH_MAX]; /* positions in `given` */
	char root[512];                 /* subject of the root the path ends in */
	bool order_repaired;            /* they came in another order */
	size_t root_count;              /* self-signed CA certificates given, not served (I-18) */
	size_t roots[CHAIN_GIVEN_MAX];
	size_t extra_count; /* the rest that is not served */
	size_t extras[CHAIN_GIVEN_MAX];
	char missing[512];
	char reason[256];
};

/* On an outcome *ret still tells what it can: `missing`, `root`, `reason`; count is 0. */
int chain_build(X509 *const given[], size_t count, size_t leaf, const struct trust *trust, when now,
    struct chain *ret) MUST_USE;

/* Is `child` signed by the key of `issuer`, whose subject it names? Dates and purposes are not
 * looked at. */
bool chain_issued(X509 *issuer, X509 *child);
/* The longest path within what is given by names and signatures alone, a root included: positions,
 * the leaf first. For people who ask what a file holds; trust plays no part. */
size_t chain_follow(
    X509 *const given[], size_t count, size_t leaf, size_t ret[static CHAIN_DEPTH_MAX]);
