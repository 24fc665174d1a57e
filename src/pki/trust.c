/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate.h"

struct root {
	X509 *x509;
	struct str subject; /* DER, borrowed from x509 */
	uint8_t sha256[32];
};

struct trust {
	struct root *root;
	size_t count, room;
};

struct trust *
trust_free(struct trust *trust)
{
	if (!trust)
		return NULL;
	for (size_t i = 0; i < trust->count; i++)
		x509_free(trust->root[i].x509);
	free(trust->root);
	free(trust);
	return NULL;
}

static void
add_root(struct trust *trust, X509 *x509)
{
	struct root root = { .x509 = x509,
		.subject = certificate_raw_name(X509_get_subject_name(x509)) };
	unsigned len = sizeof(root.sha256);

	if (!X509_digest(x509, EVP_sha256(), root.sha256, &len) || trust_has(trust, root.sha256)) {
		X509_free(x509);
		return;
	}
	(void)X509_check_purpose(x509, -1, 0); /* fills its caches now, not in every child */
	if (trust->count == trust->room) {
		trust->room = trust->room > 0 ? trust->room * 2 : 64;
		trust->root = alloc_again(trust->root, trust->room, sizeof(*trust->root));
	}
	trust->root[trust->count++] = root;
}

int
trust_new(struct str pem, struct trust **ret)
{
	CLEAN(trust_free) struct trust *trust = alloc_zero(sizeof(*trust));
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	bool full = false;

	while (bio && !full && !BIO_eof(bio)) {
		X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		full = x509 && trust->count == TRUST_ROOTS_MAX;
		if (full)
			X509_free(x509);
		else if (x509)
			add_root(trust, x509);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (full)
		return TRUST_E_LIMIT;
	if (trust->count == 0)
		return TRUST_E_NONE;
	*ret = TAKE(trust);
	return 0;
}

size_t
trust_count(const struct trust *trust)
{
	return trust->count;
}

X509 *
trust_root(const struct trust *trust, size_t at)
{
	return trust->root[at].x509;
}

bool
trust_has(const struct trust *trust, const uint8_t sha256[static 32])
{
	for (size_t i = 0; i < trust->count; i++)
		if (memcmp(trust->root[i].sha256, sha256, 32) == 0)
			return true;
	return false;
}

size_t
trust_by_subject(const struct trust *trust, struct str raw_subject, size_t ret[], size_t max)
{
	size_t found = 0;

	for (size_t i = 0; i < trust->count && found < max; i++)
		if (str_eq(trust->root[i].subject, raw_subject))
			ret[found++] = i;
	return found;
}
