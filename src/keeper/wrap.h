/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys at rest (C-02). Every key is sealed with a data key of its own, the data key with
 * the KEK, both with AES-256-GCM and a random nonce. Whose key it is, is authenticated and not
 * stored: under any other id, customer or site it does not open, nor with a single bit changed. All
 * numbers big-endian:
 *
 *     offset  bytes
 *          0      4  "CDWK"
 *          4      1  version, 1
 *          5      1  kind of key (enum key_kind), and 128 for one that was not made here
 *          6      8  id of the KEK
 *         14     12  nonce of the data key
 *         26     32  the data key, sealed with the KEK
 *         58     16  tag of the data key
 *         74     12  nonce of the private key
 *         86      n  the private key (PKCS#8 PrivateKeyInfo, DER), sealed with the data key
 *       86+n     16  tag of the private key
 *
 * Additional data of the private key: bytes 0 to 5, then key id, customer id, site id (16 bytes
 * each). Additional data of the data key: the same, then the id of the KEK. So a new KEK needs only
 * the data key sealed again.
 */
#pragma once

#include "base/buf.h"
#include "base/id.h"
#include "keeper/secret_key.h"
#include "pki/kek_file.h"

#define WRAP_OVERHEAD 102

enum {
	WRAP_E_MALFORMED = 1, /* not such a thing, or of a version we do not know */
	WRAP_E_OTHER_KEK,     /* sealed with another KEK than ours */
	WRAP_E_FORGED,        /* changed, or not the key of this id, customer and site */
};

struct key_owner {
	struct id key, customer, site;
};

int wrap_key(const struct kek *kek, const struct world *world, const struct key_owner *owner,
    const struct secret_key *key, struct buf *to) MUST_USE;
int unwrap_key(const struct kek *kek, const struct key_owner *owner, struct str wrapped,
    struct secret_key *ret) MUST_USE;
const char *wrap_words(int r); /* for WRAP_E_… */
