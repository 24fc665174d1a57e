/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that answer "no memory" with a shorter list, or with the words for a damaged file, are
 * made to die as base/macro.h does. */
#include <errno.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/error.h"
#include "delivery/delivery.h"

/* OpenSSL takes NULL for an answer where it asked for nothing. */
static void *
take(size_t size, const char *file UNUSED, int line UNUSED)
{
	return size > 0 ? alloc_again(NULL, size, 1) : NULL;
}

static void
give_back(void *p, const char *file UNUSED, int line UNUSED)
{
	free(p);
}

static void *
take_again(void *old, size_t size, const char *file UNUSED, int line UNUSED)
{
	if (size > 0)
		return alloc_again(old, size, 1);
	free(old);
	return NULL;
}

static void *
take_for_json(size_t size)
{
	return alloc_again(NULL, size, 1);
}

int
delivery_strict_memory(void)
{
	if (CRYPTO_set_mem_functions(take, take_again, give_back) != 1)
		return error_origin(EBUSY);
	json_set_alloc_funcs(take_for_json, free);
	return 0;
}
