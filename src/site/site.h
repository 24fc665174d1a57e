/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests a site as its users meet it: a full handshake (no resumption) with SNI against an address,
 * the leaf served equals the installed one, the chain on the wire is complete, in order and without
 * root, TLS 1.2 and 1.3 work, older ones do not, and the service behind answers an HTTP
 * request through the balancer. What the peer sends is hostile input; everything is
 * bounded.
 */
#pragma once

#include "base/addr.h"
#include "base/outcome.h"
#include "order/finding.h"
#include "pki/name.h"
#include "sys/world.h"

struct site_trust; /* the roots, loaded once */
int site_trust_load(const char *file /* "" = the system's */, struct site_trust **ret) MUST_USE;
struct site_trust *site_trust_free(struct site_trust *trust);
CLEAN_DEFINE(site_trust_free, struct site_trust *);

struct site_target {
	struct host_name name;
	struct addr address;
	uint16_t port;
	uint8_t leaf_sha256[32]; /* what must be served */
	struct str chain; /* for site_serves(): and these with it, DER behind DER; "" = any */
	const char *path; /* "/owa/" for owa, "/" else */
	/* Signature algorithms offered, as OpenSSL lists them: which of two certificates a server
	 * shows. NULL = all. */
	const char *signatures;
	const struct site_trust *trust;
	when timeout;                             /* each step; 5 s */
	const struct severity_policy *severities; /* NULL = the catalogue's */
};

struct site_report {
	bool good;                /* nothing of hold or reject */
	struct findings findings; /* SITE_PASSED for what is well, SITE_… for what is not */
	char words[256];          /* "TLS 1.3 and 1.2, chain of 2, HTTP 200" or the first cause */
	int64_t micros;           /* how long it took */
};

int site_test(const struct site_target *target, struct site_report *ret) MUST_USE;
/* Only the handshake and what came with it: does the address serve this leaf, with this chain, for
 * this name? For a driver's verify step. */
int site_serves(const struct site_target *target, struct outcome *what) MUST_USE;
int site_report_json(const struct site_report *report, struct buf *to) MUST_USE;
