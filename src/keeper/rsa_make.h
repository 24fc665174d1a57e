/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys by nettle, three to four times cheaper than by OpenSSL 3.0
 * (docs/decisions/0002-rsa-keys-from-nettle.md). memory_protect() has made GMP wipe what it frees.
 */
#pragma once

#include "ipc/key_take.h"
#include "pki/rsa_check.h"
#include "pki/der_write.h"
#include "sys/world.h"

/* Writes a PrivateKeyInfo of a fresh key, e = 65537 (K-02), that passed rsa_check(). */
int rsa_make(const struct world *world, unsigned bits, struct der_write *to) MUST_USE;

enum {
	RSA_MAKE_E_BROKEN = 1, /* not two primes that make a modulus of that length */
};
/* Writes a PrivateKeyInfo of the key with these primes and this exponent, all else computed here.
 * *ret_fault: what rsa_check() says of it; a small or even exponent (K-02) is a fault, too. */
int rsa_complete(
    const struct key_numbers *from, struct der_write *to, enum rsa_fault *ret_fault) MUST_USE;
