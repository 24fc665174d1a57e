/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys by nettle, three to four times cheaper than by OpenSSL 3.0
 * (docs/decisions/0002-rsa-keys-from-nettle.md). memory_protect() has made GMP wipe what it frees.
 */
#pragma once

#include "pki/der_write.h"
#include "sys/world.h"

/* Writes a PrivateKeyInfo of a fresh key, e = 65537 (K-02), that passed rsa_check(). */
int rsa_make(const struct world *world, unsigned bits, struct der_write *to) MUST_USE;
