/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside site/: one TLS connection (site_tls.c), the judgement of the certificates it showed
 * (site_chain.c), one HTTP request (site_http.c).
 */
#pragma once

#include <openssl/ssl.h>

#include "site/site.h"

#define SITE_REASON_SIZE 256
#define SITE_SERVED_MAX  16

enum site_offer { /* the protocol versions one connection offers */
	OFFER_BOTH,
	OFFER_TLS13,
	OFFER_TLS12,
	OFFER_TLS11,
	OFFER_TLS10,
	OFFER_MAX
};
const char *site_offer_words(enum site_offer offer); /* "TLS 1.3" */

struct site_trust {
	X509_STORE *store;
	SSL_CTX *ctx[OFFER_MAX]; /* made once: a context costs more than a handshake; NULL = the
	                            library cannot */
};

enum site_shake_end {
	SHAKE_DONE,
	SHAKE_UNCONNECTED, /* no connection: reason */
	SHAKE_SILENT,      /* connected, then no answer in time */
	SHAKE_REFUSED,     /* the peer said no, or closed: reason */
	SHAKE_UNOFFERED    /* our own library would not offer it */
};

struct site_shake {
	enum site_shake_end end;
	bool chosen; /* the peer's ServerHello took the version offered, however it ended */
	char reason[SITE_REASON_SIZE];
	char cipher[64];
	uint8_t leaf_sha256[32];
	X509 *served[SITE_SERVED_MAX]; /* the leaf first; owned */
	size_t served_count;
	int64_t micros;
};

void site_shake_fini(struct site_shake *shake);
CLEAN_DEFINE_FINI(site_shake_fini, struct site_shake);
/* One full handshake with SNI; 0 in all of the cases above. */
int site_shake(
    const struct site_target *target, enum site_offer offer, struct site_shake *ret) MUST_USE;

/* Adds one with the parameters all of them may use. */
struct finding *site_blame(
    const struct site_target *target, enum finding_code code, struct site_report *report);
void site_pass(const struct site_target *target, const char *check, const char *found,
    struct site_report *report);

/* Leaf, names, order, completeness, dates: judged from what was served alone. True when the
 * leaf is the one wanted. */
bool site_judge_served(
    const struct site_target *target, const struct site_shake *shake, struct site_report *report);

/* Are all of target->chain among what came behind the leaf? If not, the first that is not. */
bool site_serves_chain(
    const struct site_target *target, const struct site_shake *shake, char *missing, size_t size);

/* GET path; the status, 0 when there was no answer. */
int site_judge_http(
    const struct site_target *target, struct site_report *report, long *ret_status) MUST_USE;
/* Where its answer leads to, as an absolute URL. */
void site_judge_redirect(
    const struct site_target *target, const char *to, struct site_report *report);
