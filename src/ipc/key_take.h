/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_KEY_TAKE, reader to keeper: a private key that was not made here, to be checked and
 * wrapped at once (K-03, I-12; docs/decisions/0012). It travels as bare numbers of the exact length
 * of its kind, so that the keeper decodes no file; everything else it computes itself. The keeper
 * stores nothing: a question that got no answer may be asked again.
 *
 * Trust: the reader has touched hostile files. The ids only say whom the wrapped key is bound to;
 * whoever stores it takes them from itself.
 */
#pragma once

#include "base/id.h"
#include "ipc/channel.h"
#include "ipc/key_make.h"
#include "ipc/wire.h"

#define KEY_NUMBERS_MAX 2
#define KEY_NUMBER_MAX  256 /* bytes of a prime of RSA-4096 */

enum {
	KEY_TAKE_E_AWAY = 1, /* the keeper is not there or did not answer in time: ask again */
	KEY_TAKE_E_LATER,    /* too many in a short time: in a minute */
	KEY_TAKE_E_REFUSED,  /* not allowed by the policy, or an ill-formed question */
	KEY_TAKE_E_WEAK,     /* it breaks K-02 or K-03 */
	KEY_TAKE_E_BROKEN,   /* the numbers are no key, or not of the certificate it came with */
};

/* What a private key cannot be made without: RSA: exponent and the two primes; EC: the scalar, and
 * exponent 0. Big-endian, each key_number_size() long. */
struct key_numbers {
	enum key_kind kind;
	uint32_t exponent;
	uint8_t number[KEY_NUMBERS_MAX][KEY_NUMBER_MAX];
};
size_t key_number_size(enum key_kind kind);         /* bytes */
size_t key_number_count(enum key_kind kind);        /* how many of them */
void key_numbers_fini(struct key_numbers *numbers); /* wipes */
CLEAN_DEFINE_FINI(key_numbers_fini, struct key_numbers);

struct key_take {
	struct id key, customer, site; /* all three are bound into the wrapped key */
	uint8_t spki_sha256[32];       /* of the certificate that came with it */
	struct key_numbers numbers;
};
void key_take_fini(struct key_take *take); /* wipes */
CLEAN_DEFINE_FINI(key_take_fini, struct key_take);

/* Fills *wrapped (of KEY_WRAPPED_MAX at least). */
int key_take_ask(
    struct channel *keeper, const struct key_take *question, struct buf *wrapped) MUST_USE;

/* The codec; `to` is secret where numbers go in. False for anything ill-formed: *ret is empty then. */
void key_numbers_put(struct buf *to, const struct key_numbers *numbers);
bool key_numbers_get(struct wire *from, struct key_numbers *ret) MUST_USE;
void key_take_put(struct buf *to, const struct key_take *take);
bool key_take_get(struct str payload, struct key_take *ret) MUST_USE;
/* `result`: 0, KEY_TAKE_E_LATER, _REFUSED, _WEAK or _BROKEN; `wrapped` is "" but for 0. */
void key_taken_put(struct buf *to, int result, struct str wrapped);
int key_taken_get(struct str payload, struct buf *wrapped) MUST_USE;
