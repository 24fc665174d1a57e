/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/leaf.h"

#include <openssl/err.h>
#include "pki/certificate.h"
#include "pki/chain.h"

static bool
issued_another(const struct delivery *delivery, size_t at)
{
	for (size_t i = 0; i < delivery->certificate_count; i++)
		if (i != at &&
		    chain_issued(delivery->certificate[at].x509, delivery->certificate[i].x509))
			return true;
	return false;
}

size_t
leaf_candidates(const struct delivery *delivery, size_t ret[], size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < delivery->certificate_count && count < max; i++)
		if (!certificate_is_ca(delivery->certificate[i].x509) &&
		    !issued_another(delivery, i))
			ret[count++] = i;
	return count;
}

/* Finds the certificate of this key: an end-entity one before a CA's, then the one valid longest.
 */
static bool
find_by_key(const struct delivery *delivery, const uint8_t *key_sha256, size_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < delivery->certificate_count; i++) {
		const struct delivery_certificate *it = &delivery->certificate[i];
		X509 *best = found ? delivery->certificate[*ret].x509 : NULL;

		if (memcmp(it->key_sha256, key_sha256, 32) != 0)
			continue;
		if (best && certificate_is_ca(it->x509) != certificate_is_ca(best) &&
		    certificate_is_ca(it->x509))
			continue;
		if (best && certificate_is_ca(it->x509) == certificate_is_ca(best) &&
		    ASN1_TIME_compare(X509_get0_notAfter(it->x509), X509_get0_notAfter(best)) <= 0)
			continue;
		*ret = i;
		found = true;
	}
	return found;
}

/* Among the private keys that came along, one with an end-entity certificate goes before one of a
 * CA; two end-entity certificates with their keys say nothing. */
static int
choose_by_any_key(const struct delivery *delivery, size_t *ret)
{
	size_t leaves = 0, found = 0, best = 0;

	for (size_t i = 0; i < delivery->key_count; i++) {
		size_t at;

		if (!delivery->key[i].readable ||
		    !find_by_key(delivery, delivery->key[i].key_sha256, &at))
			continue;
		if (!certificate_is_ca(delivery->certificate[at].x509))
			leaves++;
		if (found++ == 0 || !certificate_is_ca(delivery->certificate[at].x509))
			best = at;
	}
	if (leaves > 1)
		return LEAF_E_SEVERAL;
	if (leaves == 0 && found > 1) /* a key store of CAs: none of them is a site's */
		return LEAF_E_NONE;
	if (found > 0)
		*ret = best;
	return found > 0 ? 0 : LEAF_E_NONE;
}

int
leaf_choose(const struct delivery *delivery, const uint8_t *key_sha256, size_t *ret)
{
	size_t at, candidates[2], count;
	int r;

	if (key_sha256 && find_by_key(delivery, key_sha256, &at)) {
		*ret = at;
		return 0;
	}
	r = choose_by_any_key(delivery, ret);
	if (r != LEAF_E_NONE)
		return r;
	count = leaf_candidates(delivery, candidates, COUNT_OF(candidates));
	if (count == 1)
		*ret = candidates[0];
	return count == 0 ? LEAF_E_NONE : count > 1 ? LEAF_E_SEVERAL : 0;
}
