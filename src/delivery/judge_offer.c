/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The leaf's own private key, taken apart for the keeper (I-12; docs/decisions/0012): its numbers
 * alone, of the kinds and lengths that are kept (K-01, K-04).
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <sodium.h>

#include "delivery/judge_internal.h"

static void
number_free(BIGNUM *number)
{
	BN_clear_free(number);
}
CLEAN_DEFINE(number_free, BIGNUM *);

void
key_offer_fini(struct key_offer *offer)
{
	sodium_memzero(offer, sizeof(*offer));
}

/* False for a kind that is not kept. */
static bool
kind_of(EVP_PKEY *key, enum key_kind *ret)
{
	/* clang-format off */
	static const struct { const char *type, *group; int bits; enum key_kind kind; } kinds[] = {
		{ "RSA", "",           2048, KEY_RSA2048 },
		{ "RSA", "",           3072, KEY_RSA3072 },
		{ "RSA", "",           4096, KEY_RSA4096 },
		{ "EC",  "prime256v1", 256,  KEY_P256 },
		{ "EC",  "secp384r1",  384,  KEY_P384 },
	};
	/* clang-format on */
	char group[64] = "";
	size_t len;

	if (EVP_PKEY_is_a(key, "EC") && !EVP_PKEY_get_group_name(key, group, sizeof(group), &len))
		return false;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (EVP_PKEY_is_a(key, kinds[i].type) && strcmp(group, kinds[i].group) == 0 &&
		    EVP_PKEY_get_bits(key) == kinds[i].bits) {
			*ret = kinds[i].kind;
			return true;
		}
	return false;
}

static bool
take_number(EVP_PKEY *key, const char *name, uint8_t *to, size_t size)
{
	CLEAN(number_free) BIGNUM *number = NULL;

	return EVP_PKEY_get_bn_param(key, name, &number) && !BN_is_negative(number) &&
	       BN_bn2binpad(number, to, (int)size) == (int)size;
}

static bool
take_exponent(EVP_PKEY *key, uint32_t *ret)
{
	uint8_t bytes[4];

	if (!take_number(key, OSSL_PKEY_PARAM_RSA_E, bytes, sizeof(bytes)))
		return false;
	*ret = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
	return *ret > 0;
}

/* Two primes of half the length: a third one is not asked for, so such a key fits no modulus. */
static bool
take_numbers(EVP_PKEY *key, struct key_numbers *to)
{
	size_t size = key_number_size(to->kind);

	if (key_number_count(to->kind) == 1)
		return take_number(key, OSSL_PKEY_PARAM_PRIV_KEY, to->number[0], size);
	return take_exponent(key, &to->exponent) &&
	       take_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1, to->number[0], size) &&
	       take_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2, to->number[1], size);
}

static void
refuse(struct judging *j, const char *problem)
{
	struct finding *finding = judge_find_in(j, FINDING_CERT_FOREIGN_KEY_UNFIT, j->wanted->file);

	finding_param(finding, "problem", "%s", problem);
	j->report->accepted = false;
}

void
judge_offer(struct judging *j, struct key_offer *offer)
{
	EVP_PKEY *key = j->wanted ? j->wanted->kept : NULL;

	*offer = (struct key_offer){ 0 };
	if (!j->wanted)
		return;
	judge_without_lookups(j);   /* what is fetched is judged later, and the key cannot wait */
	if (!j->report->accepted) { /* what refuses it is told, and that the key is gone again */
		(void)judge_find_in(j, FINDING_CERT_KEY_RECEIVED, j->wanted->file);
		return;
	}
	if (!key || !kind_of(key, &offer->numbers.kind))
		refuse(j,
		    "it is of a kind or length that is not kept here: RSA with 2048, 3072 or 4096 "
		    "bits, P-256 and P-384 are");
	else if (!take_numbers(key, &offer->numbers))
		refuse(j, "parts of it are missing or too large");
	else
		offer->is_made = true;
	copy_bytes(offer->file, j->delivery->file[j->wanted->file].name, sizeof(offer->file));
	if (!offer->is_made)
		key_offer_fini(offer);
	ERR_clear_error();
}
