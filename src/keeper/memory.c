/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/memory.h"

#include <errno.h>
#include <stdlib.h>

#include <gmp.h>
#include <jansson.h>
#include <openssl/crypto.h>

#include "base/error.h"

#define PER_KEY     4096 /* the PKCS#8 form of RSA-4096 has 2.4 KiB; the heap gives powers of two */
#define FOR_WORK    (512 * 1024) /* what OpenSSL itself puts there while it makes keys and signs */
#define LEAST_PIECE 32

static void *
gmp_make(size_t len)
{
	return alloc_zero(len);
}

static void
gmp_drop(void *old, size_t len)
{
	if (old)
		OPENSSL_cleanse(old, len);
	free(old);
}

static void *
gmp_resize(void *old, size_t old_len, size_t len)
{
	void *now = alloc_zero(len);

	copy_bytes(now, old, old_len < len ? old_len : len);
	gmp_drop(old, old_len);
	return now;
}

static void *
json_make(size_t len)
{
	return OPENSSL_secure_malloc(len);
}

static void
json_drop(void *old)
{
	OPENSSL_secure_free(old);
}

int
memory_protect(size_t keys, bool *ret_locked)
{
	size_t size = FOR_WORK;
	int r;

	while (size < FOR_WORK + keys * PER_KEY)
		size *= 2;
	r = CRYPTO_secure_malloc_init(size, LEAST_PIECE); /* 1 all, 2 made but not locked */
	if (r == 0)
		return error_origin(ENOMEM);
	mp_set_memory_functions(gmp_make, gmp_resize, gmp_drop);
	json_set_alloc_funcs(json_make, json_drop);
	*ret_locked = r == 1;
	return 0;
}

void *
memory_secret(size_t len)
{
	return OPENSSL_secure_zalloc(len);
}

void
memory_secret_free(void *secret, size_t len)
{
	OPENSSL_secure_clear_free(secret, len);
}
