/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the keeper's secrets lie (C-03): what lives long (the KEK, keys in stock) in OpenSSL's
 * secure heap, which is locked, left out of core dumps, between guard pages and wiped when freed.
 * What lives for the length of one call is wiped by its owner; the numbers of a growing RSA key are
 * wiped by the allocator that memory_protect() gives to GMP, as GMP does not do it itself; JSON, which
 * a balancer's password becomes part of, is made in the secure heap.
 */
#pragma once

#include "base/macro.h"

/* Once, before the first secret and the first thread. `keys` is how many may be in stock.
 * *ret_locked: the operating system locked the memory; if not, secrets might reach the swap space.
 */
int memory_protect(size_t keys, bool *ret_locked) MUST_USE;

/* Bytes of the secure heap, or NULL when it is used up; wiped when freed. */
void *memory_secret(size_t len) MUST_USE;
void memory_secret_free(void *secret, size_t len);
