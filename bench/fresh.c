/* SPDX-License-Identifier: Apache-2.0 */
#include "fresh.h"

#include "tool.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "config/config.h"
#include "sys/file.h"
#include "sys/world.h"

#define VALID (199 * 86400L)

static void
host_of(int64_t site, char to[static 254])
{
	snprintf(to, 254, "site%05lld.contoso.com", (long long)site);
}

static void
add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(e && X509_add_ext(x, e, -1) == 1, "an extension");
	X509_EXTENSION_free(e);
}

static X509 *
certificate(const char *name, EVP_PKEY *key, const X509 *issuer)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_NAME_new();
	struct id serial = world_id(world_real());
	BIGNUM *value = BN_bin2bn(serial.b, sizeof(serial.b), NULL);

	must(x && subject && value &&
		 X509_NAME_add_entry_by_txt(
		     subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1,
	    "a certificate");
	X509_set_version(x, X509_VERSION_3);
	must(BN_to_ASN1_INTEGER(value, X509_get_serialNumber(x)) != NULL, "a serial number");
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), VALID);
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(x, key);
	X509_NAME_free(subject);
	BN_free(value);
	return x;
}

static X509 *
signed_by(X509 *x, EVP_PKEY *key)
{
	must(X509_sign(x, key, EVP_sha256()) > 0, "a signature");
	return x;
}

static X509 *
ca_certificate(const char *name, EVP_PKEY *key, const X509 *issuer)
{
	X509 *x = certificate(name, key, issuer);

	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(x, NID_key_usage, "critical,keyCertSign,cRLSign");
	return x;
}

static void
write_pem(const char *folder, const char *name, BIO *from)
{
	char path[CONFIG_PATH_SIZE], *bytes;
	long len = BIO_get_mem_data(from, &bytes);

	snprintf(path, sizeof(path), "%s%s", folder, name);
	must(len > 0 && file_write(path, str_bytes(bytes, (size_t)len), 0600) == 0, path);
	(void)BIO_reset(from);
}

static BIO *
read_pem(const char *folder, const char *name)
{
	CLEAN(buf_fini) struct buf text = BUF(PEM_MOST);
	char path[CONFIG_PATH_SIZE];
	BIO *bio = BIO_new(BIO_s_mem());

	snprintf(path, sizeof(path), "%s%s", folder, name);
	must(file_read(path, &text) == 0, path);
	must(bio && BIO_write(bio, text.data, (int)text.len) == (int)text.len, path);
	return bio;
}

struct authority
authority_make(const char *folder)
{
	struct authority a = { .key = EVP_EC_gen("P-256") };
	EVP_PKEY *root_key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());

	must(a.key && root_key && bio && file_make_folder(folder, 0700) == 0, "the CA");
	a.root = signed_by(ca_certificate("Bench Root", root_key, NULL), root_key);
	a.issuing = signed_by(ca_certificate("Bench Issuing", a.key, a.root), root_key);
	must(PEM_write_bio_X509(bio, a.root) == 1, "the root");
	write_pem(folder, "/root.pem", bio);
	must(PEM_write_bio_X509(bio, a.issuing) == 1, "the issuing CA");
	write_pem(folder, "/issuing.pem", bio);
	must(PEM_write_bio_PrivateKey(bio, a.key, NULL, NULL, 0, NULL, NULL) == 1, "its key");
	write_pem(folder, "/issuing.key", bio);
	BIO_free(bio);
	EVP_PKEY_free(root_key);
	return a;
}

struct authority
authority_read(const char *folder)
{
	BIO *key = read_pem(folder, "/issuing.key"), *root = read_pem(folder, "/root.pem"),
	    *issuing = read_pem(folder, "/issuing.pem");
	struct authority a = { .key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL),
		.root = PEM_read_bio_X509(root, NULL, NULL, NULL),
		.issuing = PEM_read_bio_X509(issuing, NULL, NULL, NULL) };

	must(a.key && a.root && a.issuing, "the CA is not there: make it first");
	BIO_free(key);
	BIO_free(root);
	BIO_free(issuing);
	return a;
}

void
authority_free(struct authority *a)
{
	EVP_PKEY_free(a->key);
	X509_free(a->root);
	X509_free(a->issuing);
}

static void
put_der(struct buf *to, const X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	must(len > 0, "DER");
	buf_put(to, der, (size_t)len);
	OPENSSL_free(der);
}

static void
put_memory(struct buf *to, BIO *from)
{
	char *bytes;
	long len = BIO_get_mem_data(from, &bytes);

	buf_put(to, bytes, (size_t)len);
	(void)BIO_reset(from);
}

static X509 *
leaf_of(const struct authority *a, const char *host, EVP_PKEY *key)
{
	char names[300];
	X509 *x = certificate(host, key, a->issuing);

	snprintf(names, sizeof(names), "DNS:%s", host);
	add_extension(x, NID_subject_alt_name, names);
	add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(x, NID_key_usage, "critical,digitalSignature");
	add_extension(x, NID_ext_key_usage, "serverAuth");
	return signed_by(x, a->key);
}

void
fresh_fini(struct fresh *f)
{
	buf_fini(&f->leaf);
	buf_fini(&f->chain);
	buf_fini(&f->key_pem);
}

void
fresh_make(const struct authority *a, int64_t site, struct fresh *ret)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	char host[254];
	X509 *x;

	host_of(site, host);
	*ret = (struct fresh){
		.leaf = BUF(PEM_MOST), .chain = BUF(PEM_MOST), .key_pem = BUF_SECRET(PEM_MOST)
	};
	must(key && bio, "a key");
	x = leaf_of(a, host, key);
	put_der(&ret->leaf, x);
	put_der(&ret->chain, a->issuing);
	must(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1, "a key as PEM");
	put_memory(&ret->key_pem, bio);
	must(X509_digest(x, EVP_sha256(), ret->bundle.leaf_sha256, NULL) == 1, "a digest");
	snprintf(ret->bundle.name.text, sizeof(ret->bundle.name.text), "%s", host);
	ret->bundle.leaf = buf_str(&ret->leaf);
	ret->bundle.chain = buf_str(&ret->chain);
	BIO_free(bio);
	X509_free(x);
	EVP_PKEY_free(key);
}

void
put_certificate(struct buf *to, struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	BIO *bio = BIO_new(BIO_s_mem());

	must(x && bio && PEM_write_bio_X509(bio, x) == 1, "PEM");
	put_memory(to, bio);
	BIO_free(bio);
	X509_free(x);
}
