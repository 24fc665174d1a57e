/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was delivered for an order and judged, until it is accepted (K-08) or another takes its
 * place: facts, findings, and the certificates alone: never the file that came, a key in clear or a
 * password. An order has one open delivery at most.
 *
 * A key that was not made here waits with its delivery, wrapped: it is in `keys`, where it can be
 * exported from, only once somebody accepted it, and gone from here when the delivery ends, whatever
 * way (docs/decisions/0012).
 */
#pragma once

#include "base/buf.h"
#include "order/finding.h"
#include "pki/key_kind.h"
#include "store/store.h"

enum delivered_state {
	DELIVERED_FETCHING, /* what its issuers publish of it is being fetched */
	DELIVERED_REVIEW,   /* judged good: waits to be accepted */
	DELIVERED_ACCEPTED,
	DELIVERED_DISCARDED, /* refused after all, or replaced by the next */
	DELIVERED_STATE_MAX
};
const char *delivered_state_name(enum delivered_state state);

struct delivered {
	struct id id, order;
	bool by_mail; /* its sender has gone: what becomes of it is told by mail */
	enum delivered_state state;
	char container[96]; /* what came, in words */
	bool accept_clean;  /* its sender accepts it beforehand if there is nothing to decide */
	uint8_t review[32]; /* names what was judged and how: whoever accepts says it again */
	uint8_t sha256[32]; /* of the leaf's DER */
	char serial[48], subject[512], issuer[512];
	char names[2048]; /* as in struct certificate */
	int64_t chain_length;
	when not_before, not_after;
	when created, ended; /* ended 0 = open */
	struct id key;       /* ID_NONE: none came along; the rest is of it */
	enum key_kind key_kind;
	uint8_t key_spki[32];
};

struct delivered_bytes {
	struct buf leaf, chain; /* as in store_certificate_add() */
	struct buf wrapped;     /* the key that came along, as long as it is open; else "" */
	struct buf differences; /* a JSON list, for people */
	struct buf given;       /* of one that is being completed: all its certificates, as PEM */
};
void delivered_bytes_init(struct delivered_bytes *bytes);
void delivered_bytes_fini(struct delivered_bytes *bytes);
CLEAN_DEFINE_FINI(delivered_bytes_fini, struct delivered_bytes);

/* Ends the order's open one, if any, and puts this one there; fills in id and created. */
int store_delivered_add(struct store *s, struct delivered *d, const struct delivered_bytes *bytes,
    const struct findings *findings) MUST_USE;
int store_delivered_open(struct store *s, struct id order, struct delivered *ret) MUST_USE;
int store_delivered_bytes(struct store *s, struct id id, struct delivered_bytes *ret) MUST_USE;
int store_delivered_findings(struct store *s, struct id id, struct findings *ret) MUST_USE;
/* Its sender has gone. STORE_E_ABSENT: it is no longer being completed. */
int store_delivered_by_mail(struct store *s, struct id id) MUST_USE;
/* The latest of the order, open or ended; the same otherwise. */
int store_delivered_latest(struct store *s, struct id order, struct delivered *ret) MUST_USE;
/* Ends one that turned out not to be good, with what was found; as store_delivered_end(). */
int store_delivered_refuse(struct store *s, struct id id, const struct findings *findings) MUST_USE;
/* The key that came along is wiped: who accepts it has stored it before. */
int store_delivered_end(struct store *s, struct id id, enum delivered_state state) MUST_USE;
/* The order ended or went on without it: its open one is discarded, if there is one. */
int store_delivered_drop(struct store *s, struct id order) MUST_USE;
/* For the audit log: who accepted which risk, in which words. */
int store_delivered_key_offered(
    struct store *s, const struct delivered *d, const char *author, const char *statement) MUST_USE;
