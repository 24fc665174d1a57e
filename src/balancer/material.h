/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of a bundle in the one form that may go to a device: PEM written by us from
 * parsed DER, so without text, attributes or blank lines. A blank line inside a payload would end
 * it, and HAProxy would run the rest as commands.
 *
 * The DER comes from our own store, which got it from the reader: still checked in full.
 */
#pragma once

#include "balancer/balancer.h"
#include "base/buf.h"

#define MATERIAL_PEM_MAX \
	((size_t)60 * 1024) /* with its command below what the keeper takes around a key */
#define MATERIAL_CHAIN_MAX 10

enum {
	MATERIAL_E_FORM = 1, /* not exactly the certificates it should be, or too many */
	MATERIAL_E_ABSENT,   /* there is no certificate in that file */
};

struct material {
	struct buf pem; /* the leaf, then its chain */
	uint8_t leaf_sha1[20];
	uint8_t sha256[32]; /* of all of them, DER behind DER */
	size_t chain_count;
};

int material_make(const struct bundle *bundle, struct material *ret) MUST_USE;
void material_fini(struct material *m);
CLEAN_DEFINE_FINI(material_fini, struct material);
struct str material_leaf(const struct material *m); /* the part of `pem` that is the leaf */

/* The last one made, beside what it was made of: the steps of an installation all ask for the same,
 * and to parse costs more than the rest of what they do here. */
struct material_kept {
	struct material made;
	struct buf leaf, chain;
	uint8_t leaf_sha256[32];
	bool any;
};
#define MATERIAL_KEPT \
	((struct material_kept){ .leaf = BUF(MATERIAL_PEM_MAX), .chain = BUF(MATERIAL_PEM_MAX) })
/* As material_make(); *ret stays ours, until the next call. */
int material_recall(
    struct material_kept *kept, const struct bundle *bundle, const struct material **ret) MUST_USE;
void material_kept_fini(struct material_kept *kept);
CLEAN_DEFINE_FINI(material_kept_fini, struct material_kept);

/* SHA-256 of the certificates at the head of a file we wrote, DER behind DER; of what follows, the
 * key, not a byte is read but its BEGIN line. What the certificate says is not looked at: who finds the hash he expects knows it.
 */
int material_of_file(const char *path, uint8_t ret_sha256[static 32]) MUST_USE;
