/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_KEY_MAKE, worker to keeper: a fresh private key for one site and the signing request made
 * from it. The key comes back wrapped: opaque to all but the keeper, which stores nothing. So a
 * question that got no answer may be asked again with the same or a new key id: nothing is lost,
 * nothing is left.
 */
#pragma once

#include "base/id.h"
#include "ipc/channel.h"
#include "pki/csr.h"
#include "pki/key_kind.h"

#define KEY_WRAPPED_MAX (8 * 1024)

enum {
	KEY_MAKE_E_LATER = 1, /* such a key is being made: ask again in `later_ms` */
	KEY_MAKE_E_AWAY,      /* the keeper is not there or did not answer in time: ask again */
	KEY_MAKE_E_REFUSED,   /* the order breaks a rule of csr_build() or names no such kind of key
	                       */
};

struct key_order {
	struct id key, customer, site; /* all three are bound into the wrapped key */
	enum key_kind kind;
	struct csr_subject subject;
	struct str names[CSR_NAMES_MAX]; /* lower case; the first is the site's */
	size_t name_count;
};

struct key_made {
	struct buf wrapped;
	struct buf csr; /* DER */
	uint8_t spki_sha256[32];
	uint8_t kek[8];    /* which key-encryption key it is wrapped with */
	uint32_t later_ms; /* only with KEY_MAKE_E_LATER */
};

void key_made_fini(struct key_made *made);
CLEAN_DEFINE_FINI(key_made_fini, struct key_made);

/* *ret is filled from scratch, to be given to key_made_fini(). */
int key_make_ask(
    struct channel *keeper, const struct key_order *order, struct key_made *ret) MUST_USE;

/* The codec. What is got borrows from the payload; false for anything ill-formed. */
void key_order_put(struct buf *to, const struct key_order *order);
bool key_order_get(struct str payload, struct key_order *ret) MUST_USE;
void key_made_put(struct buf *to, const struct key_made *made);
void key_later_put(struct buf *to, uint32_t later_ms);
/* Returns 0, KEY_MAKE_E_LATER, or -EBADMSG. */
int key_made_get(struct str payload, struct key_made *ret) MUST_USE;
