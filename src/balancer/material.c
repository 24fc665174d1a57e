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
CLEAN_DEFINE(EVP_MD_CTX_free, EVP_MD_CTX *);

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

static int
fingerprint(const struct bundle *bundle, uint8_t ret[static 32])
{
	CLEAN(EVP_MD_CTX_free) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	bool good = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 &&
	            EVP_DigestUpdate(digest, bundle->leaf.p, bundle->leaf.len) == 1 &&
	            EVP_DigestUpdate(digest, bundle->chain.p, bundle->chain.len) == 1 &&
	            EVP_DigestFinal_ex(digest, ret, NULL) == 1;

	return good ? 0 : error_origin(ENOMEM);
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
	if (r == 0)
		r = fingerprint(bundle, m.sha256);
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

struct str
material_leaf(const struct material *m)
{
	static const struct str end = STR_INIT("-----END CERTIFICATE-----\n");
	struct str all = buf_str(&m->pem);

	return str_bytes(all.p, str_find(all, end) + end.len);
}

static bool
is_made_of(const struct material_kept *k, const struct bundle *bundle)
{
	return k->any && memcmp(k->leaf_sha256, bundle->leaf_sha256, sizeof(k->leaf_sha256)) == 0 &&
	       str_eq(buf_str(&k->leaf), bundle->leaf) && str_eq(buf_str(&k->chain), bundle->chain);
}

/* By its bytes, not only by the name: the same leaf may come with another chain. */
int
material_recall(struct material_kept *k, const struct bundle *bundle, const struct material **ret)
{
	struct material made = { .chain_count = 0 };
	int r;

	if (!is_made_of(k, bundle)) {
		r = material_make(bundle, &made);
		if (r)
			return r;
		material_kept_fini(k);
		*k = MATERIAL_KEPT;
		k->made = made;
		memcpy(k->leaf_sha256, bundle->leaf_sha256, sizeof(k->leaf_sha256));
		buf_put_str(&k->leaf, bundle->leaf);
		buf_put_str(&k->chain, bundle->chain);
		k->any = true;
	}
	*ret = &k->made;
	return 0;
}

void
material_kept_fini(struct material_kept *k)
{
	material_fini(&k->made);
	buf_fini(&k->leaf);
	buf_fini(&k->chain);
	k->any = false;
}

/* How long the DER is that begins so, head and all. 0 = no idea. */
static size_t
der_length(const unsigned char start[static 4])
{
	size_t len = 0;

	if (start[0] == 0x30 &&
	    start[1] == 0x81) /* X.690 8.1.3.5: the long form, one or two bytes */
		len = 3 + (size_t)start[2];
	if (start[0] == 0x30 && start[1] == 0x82)
		len = 4 + ((size_t)start[2] << 8 | start[3]);
	return len > LEAF_MAX ? 0 : len;
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
	    EVP_DecodeBlock(der, (const unsigned char *)line.p, PEM_LINE) < 4)
		return 0;
	len = der_length(der);
	base64 = (len + 2) / 3 * 4;
	return len == 0 ? 0
	                : PEM_BEGIN.len + base64 + (base64 + PEM_LINE - 1) / PEM_LINE + PEM_END.len;
}

/* Certificate of RFC 5280, 4.1, from outside: three parts in a sequence, and nothing behind. */
static bool
is_certificate(const unsigned char *der, size_t len)
{
	static const int parts[] = { V_ASN1_SEQUENCE, V_ASN1_SEQUENCE, V_ASN1_BIT_STRING };
	const unsigned char *at = der, *end = der + len;
	int tag, class;
	long part;

	if (len < 4 || der_length(der) != len ||
	    ASN1_get_object(&at, &part, &tag, &class, (long)len) != V_ASN1_CONSTRUCTED)
		return false;
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		int form = ASN1_get_object(&at, &part, &tag, &class, end - at);

		if ((form & ~V_ASN1_CONSTRUCTED) != 0 || tag != parts[i] ||
		    class != V_ASN1_UNIVERSAL)
			return false;
		at += part;
	}
	return at == end;
}

struct pem {
	char *name, *header;
	unsigned char *der;
	long len;
};

static void
pem_fini(struct pem *p)
{
	OPENSSL_free(p->name);
	OPENSSL_free(p->header);
	OPENSSL_free(p->der);
}
CLEAN_DEFINE_FINI(pem_fini, struct pem);

static int
add_block(struct str block, EVP_MD_CTX *digest)
{
	CLEAN(BIO_free_all) BIO *bio = BIO_new_mem_buf(block.p, (int)block.len);
	CLEAN(pem_fini) struct pem pem = { .len = 0 };
	bool good = bio && PEM_read_bio(bio, &pem.name, &pem.header, &pem.der, &pem.len) == 1;

	good = good && strcmp(pem.name, PEM_STRING_X509) == 0 && *pem.header == '\0' &&
	       BIO_pending(bio) == 0 && is_certificate(pem.der, (size_t)pem.len);
	return good && EVP_DigestUpdate(digest, pem.der, (size_t)pem.len) == 1 ? 0
	                                                                       : MATERIAL_E_FORM;
}

/* What stands at `at`; "" when the file ends before. */
static int
read_at(const char *path, size_t at, size_t len, struct buf *file, struct str *ret)
{
	int r;

	buf_clear(file);
	r = file_read_start(path, at + len, file);
	*ret = str_drop(buf_str(file), at);
	return r > 0 ? MATERIAL_E_ABSENT : r;
}

/* One more certificate, or *ret_len 0: something else begins, of which no more than the length of a
 * BEGIN line has been read. */
static int
take_block(const char *path, size_t at, struct buf *file, EVP_MD_CTX *digest, size_t *ret_len)
{
	struct str block;
	int r = read_at(path, at, PEM_BEGIN.len, file, &block);

	*ret_len = 0;
	if (r || !str_eq(block, PEM_BEGIN))
		return r;
	r = read_at(path, at, PEM_BEGIN.len + PEM_LINE, file, &block);
	if (r)
		return r;
	*ret_len = block_length(block);
	if (*ret_len == 0)
		return MATERIAL_E_FORM;
	r = read_at(path, at, *ret_len, file, &block);
	if (r)
		return r;
	return str_ends(block, PEM_END) ? add_block(block, digest) : MATERIAL_E_FORM;
}

int
material_of_file(const char *path, uint8_t ret_sha256[static 32])
{
	CLEAN(buf_fini) struct buf file = BUF((size_t)LEAF_MAX * 2 * (MATERIAL_CHAIN_MAX + 1));
	CLEAN(EVP_MD_CTX_free) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	size_t at = 0, len = 1;
	int r = 0;

	if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
		return error_origin(ENOMEM);
	for (int count = 0; r == 0 && len > 0 && count <= MATERIAL_CHAIN_MAX; count++) {
		r = take_block(path, at, &file, digest, &len);
		at += len;
	}
	if (r || at == 0)
		return r ? r : MATERIAL_E_FORM;
	return EVP_DigestFinal_ex(digest, ret_sha256, NULL) == 1 ? 0 : error_origin(ENOMEM);
}
