/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/key_kind.h"

#include <assert.h>

/* clang-format off */
static const struct kind_texts {
	const char *name, *words;
} kinds[] = {
	[KEY_RSA2048] = { "rsa2048", "RSA, 2048 bits" },
	[KEY_RSA3072] = { "rsa3072", "RSA, 3072 bits" },
	[KEY_RSA4096] = { "rsa4096", "RSA, 4096 bits" },
	[KEY_P256]    = { "p256",    "ECDSA, P-256" },
	[KEY_P384]    = { "p384",    "ECDSA, P-384" },
};
/* clang-format on */
static_assert(COUNT_OF(kinds) == KEY_KIND_MAX, "texts for every kind of key");

const char *
key_kind_name(enum key_kind kind)
{
	return kind < KEY_KIND_MAX ? kinds[kind].name : "unknown";
}

const char *
key_kind_words(enum key_kind kind)
{
	return kind < KEY_KIND_MAX ? kinds[kind].words : "unknown";
}

bool
key_kind_parse(struct str name, enum key_kind *ret)
{
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		if (!str_eq(name, str_of(kinds[kind].name)))
			continue;
		*ret = (enum key_kind)kind;
		return true;
	}
	return false;
}

const char *
key_origin_name(enum key_origin origin)
{
	return origin == KEY_MADE_HERE       ? "here"
	       : origin == KEY_FROM_CUSTOMER ? "customer"
	                                     : "unknown";
}
