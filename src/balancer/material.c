/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/material.h"

#include "base/error.h"
#include "sys/file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define PEM_BEGIN STR("-----BEGIN CERTIFICATE-----\n")
#define PEM_END   STR("-----END CERTIFICATE-----\n")
#define PEM_LINE  64
#define LEAF_MAX  32768 /* bytes of DER */

CLEAN_DEFINE(X509_free, X509 *);
CLEAN_DEFINE(BIO_free_all, BIO *);

void
material_fini(struct material *m)
{
	buf_fini(&m->pem);
}

/* Cuts the first certificate off *rest. */
static X509 *
take_certificate(struct str *rest)
{
	const unsigned char *at = (const unsigned char *)rest->p;
	X509 *x = d2i_X509(NULL, &at, (long)rest->len);

	if (x)
		*rest = str_drop(*rest, (size_t)((const char *)at - rest->p));
	return x;
}

static int
put_pem(BIO *to, X509 *x)
{
	return PEM_write_bio_X509(to, x) == 1 ? 0 : MATERIAL_E_FORM;
}

/* The digests are of what we write: if the DER given was another encoding of it, the device would
 * serve something else than was tested and stored. */
static int
put_leaf(BIO *to, const struct bundle *bundle, uint8_t ret_sha1[static 20])
{
	struct str rest = bundle->leaf;
	CLEAN(X509_free) X509 *x = take_certificate(&rest);
	uint8_t sha256[32];

	if (!x || rest.len > 0)
		return MATERIAL_E_FORM;
	if (X509_digest(x, EVP_sha256(), sha256, NULL) != 1 ||
	    X509_digest(x, EVP_sha1(), ret_sha1, NULL) != 1)
		return error_origin(ENOMEM);
	if (memcmp(sha256, bundle->leaf_sha256, sizeof(sha256)) != 0)
		return MATERIAL_E_FORM;
	return put_pem(to, x);
}

static int
put_chain(BIO *to, struct str chain, size_t *ret_count)
{
	size_t count = 0;

	for (; chain.len > 0; count++) {
		CLEAN(X509_free) X509 *x = take_certificate(&chain);
		int r = x && count < MATERIAL_CHAIN_MAX ? put_pem(to, x) : MATERIAL_E_FORM;

		if (r)
			return r;
	}
	*ret_count = count;
	return 0;
}

int
material_make(const struct bundle *bundle, struct material *ret)
{
	CLEAN(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
	struct material m = { .pem = BUF(MATERIAL_PEM_MAX) };
	char *bytes = NULL;
	long len;
	int r;

	if (!bio)
		return error_origin(ENOMEM);
	if (bundle->leaf.len > MATERIAL_PEM_MAX || bundle->chain.len > MATERIAL_PEM_MAX)
		return MATERIAL_E_FORM;
	r = put_leaf(bio, bundle, m.leaf_sha1);
	if (r == 0)
		r = put_chain(bio, bundle->chain, &m.chain_count);
	if (r)
		return r;
	len = BIO_get_mem_data(bio, &bytes);
	buf_put(&m.pem, bytes, len > 0 ? (size_t)len : 0);
	if (buf_failed(&m.pem)) {
		material_fini(&m);
		return MATERIAL_E_FORM;
	}
	*ret = m;
	return 0;
}

/* How long the PEM block is that starts with `start`: the DER inside says so in its first bytes. 0
 * = no idea. */
static size_t
block_length(struct str start)
{
	struct str line = str_drop(start, PEM_BEGIN.len);
	unsigned char der[PEM_LINE / 4 * 3 + 1];
	size_t len, base64;

	if (!str_starts(start, PEM_BEGIN) || line.len < PEM_LINE ||
	    EVP_DecodeBlock(der, (const unsigned char *)line.p, PEM_LINE) < 4 || der[0] != 0x30)
		return 0;
	if (der[1] == 0x81) /* X.690 8.1.3.5: the long form, one or two bytes */
		len = 3 + (size_t)der[2];
	else if (der[1] == 0x82)
		len = 4 + ((size_t)der[2] << 8 | der[3]);
	else
		return 0;
	base64 = (len + 2) / 3 * 4;
	return len > LEAF_MAX
	           ? 0
	           : PEM_BEGIN.len + base64 + (base64 + PEM_LINE - 1) / PEM_LINE + PEM_END.len;
}

static int
digest_of_block(struct str block, uint8_t ret_sha256[static 32])
{
	CLEAN(BIO_free_all) BIO *bio = BIO_new_mem_buf(block.p, (int)block.len);
	CLEAN(X509_free) X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	return x && X509_digest(x, EVP_sha256(), ret_sha256, NULL) == 1 ? 0 : MATERIAL_E_FORM;
}

int
material_of_file(const char *path, uint8_t ret_sha256[static 32])
{
	CLEAN(buf_fini) struct buf start = BUF(PEM_BEGIN.len + PEM_LINE);
	CLEAN(buf_fini) struct buf block = BUF((size_t)LEAF_MAX * 2);
	int r = file_read_start(path, start.max, &start);
	size_t len;

	if (r)
		return r < 0 ? r : MATERIAL_E_ABSENT;
	len = block_length(buf_str(&start));
	if (len == 0)
		return MATERIAL_E_FORM;
	r = file_read_start(path, len, &block);
	if (r)
		return r < 0 ? r : MATERIAL_E_ABSENT;
	if (!str_ends(buf_str(&block), PEM_END))
		return MATERIAL_E_FORM;
	return digest_of_block(buf_str(&block), ret_sha256);
}
