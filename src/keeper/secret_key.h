/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private key in clear, as only this process has it: its PKCS#8 form in the secure heap, and on
 * demand OpenSSL's object for signing. There is no function that prints, logs or copies one.
 *
 * EC keys come from OpenSSL, RSA keys from nettle (docs/decisions/0002-rsa-keys-from-nettle.md).
 */
#pragma once

#include <openssl/evp.h>

#include "base/str.h"
#include "ipc/key_take.h"
#include "pki/key_kind.h"
#include "sys/world.h"

#define SECRET_KEY_DER_MAX 3072

struct secret_key {
	enum key_kind kind;
	enum key_origin origin;
	uint8_t *der; /* PrivateKeyInfo (RFC 5208), unencrypted */
	size_t len;
	EVP_PKEY *pkey; /* NULL until secret_key_open() */
};

void secret_key_fini(struct secret_key *key);
CLEAN_DEFINE_FINI(secret_key_fini, struct secret_key);

bool key_kind_is_rsa(enum key_kind kind);

/* What makes EC keys, one for each curve; kept, as making it costs more than a key. Not for two
 * threads. */
struct ec_maker {
	EVP_PKEY_CTX *context[KEY_KIND_MAX];
};
int ec_maker_init(struct ec_maker *maker) MUST_USE;
void ec_maker_fini(struct ec_maker *maker);

/* A fresh EC key, open. */
int secret_key_make_ec(struct ec_maker *maker, enum key_kind kind, struct secret_key *ret) MUST_USE;
/* A fresh RSA key with e = 65537 that passed the checks of K-01 to K-03 and C-01; takes 50 ms to 2
 * s of CPU. */
int secret_key_make_rsa(
    const struct world *world, enum key_kind kind, struct secret_key *ret) MUST_USE;

enum {
	SECRET_KEY_E_WEAK = 1, /* K-02, K-03 */
	SECRET_KEY_E_BROKEN,   /* these numbers are no key of that kind */
};
/* A key that was not made here, open: everything but the given numbers is computed, and its form is
 * the one we write ourselves. Takes as much as some signatures. */
int secret_key_from_numbers(const struct key_numbers *from, struct secret_key *ret) MUST_USE;

/* From the PKCS#8 form that we wrote once. */
int secret_key_set(
    struct secret_key *key, enum key_kind kind, enum key_origin origin, struct str der) MUST_USE;
/* Makes `pkey`, if it is not there yet. */
int secret_key_open(struct secret_key *key) MUST_USE;
