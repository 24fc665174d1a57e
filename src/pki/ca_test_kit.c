/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ca_test_kit.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

EVP_PKEY *
test_key(const char *kind)
{
	EVP_PKEY *key;

	if (strncmp(kind, "RSA-", 4) == 0)
		key = EVP_RSA_gen(strcmp(kind, "RSA-1024") == 0 ? 1024u : 2048u);
	else if (strcmp(kind, "ED25519") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		key = EVP_EC_gen(kind);
	assert(key);
	return key;
}

static void
put_extension(X509 *to, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, to, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(extension);
	assert(X509_add_ext(to, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static void
put_poison(X509 *to)
{
	static const unsigned char null[] = { V_ASN1_NULL, 0 };
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	assert(ASN1_OCTET_STRING_set(value, null, sizeof(null)));
	extension = X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_poison, 1, value);
	assert(extension && X509_add_ext(to, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
}

static void
put_extensions(X509 *to, X509 *issuer, const struct test_spec *spec)
{
	char basic[] = "critical,CA:TRUE,pathlen:0";

	basic[sizeof(basic) - 2] =
	    (char)('0' + (spec->path_length > 0 ? spec->path_length - 1 : 0));
	if (spec->ca)
		put_extension(to, issuer, NID_basic_constraints,
		    spec->path_length > 0 ? basic : "critical,CA:TRUE");
	put_extension(to, issuer, NID_key_usage,
	    spec->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
	put_extension(to, issuer, NID_subject_key_identifier, "hash");
	if (issuer != to)
		put_extension(to, issuer, NID_authority_key_identifier, "keyid");
	if (spec->alternatives)
		put_extension(to, issuer, NID_subject_alt_name, spec->alternatives);
	if (spec->purposes)
		put_extension(to, issuer, NID_ext_key_usage, spec->purposes);
	if (spec->constraints)
		put_extension(to, issuer, NID_name_constraints, spec->constraints);
	if (spec->authority_info)
		put_extension(to, issuer, NID_info_access, spec->authority_info);
	if (spec->poison)
		put_poison(to);
}

static void
put_name(X509_NAME *to, const char *name)
{
	assert(X509_NAME_add_entry_by_txt(
		   to, "O", MBSTRING_UTF8, (const unsigned char *)"certdesk test", -1, -1, 0) == 1);
	assert(X509_NAME_add_entry_by_txt(
		   to, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1);
}

struct test_certificate
test_issue(const struct test_spec *spec, const struct test_certificate *issuer)
{
	static long serial = 0x1000;
	struct test_certificate made = { .x509 = X509_new(), .key = spec->key };
	X509 *by;
	EVP_PKEY *with;
	EVP_MD *digest = EVP_MD_fetch(NULL, spec->digest ? spec->digest : "SHA256", NULL);

	if (made.key)
		EVP_PKEY_up_ref(made.key);
	else
		made.key = test_key("P-256");
	by = issuer ? issuer->x509 : made.x509;
	with = issuer ? issuer->key : made.key;
	assert(X509_set_version(made.x509, 2) == 1);
	assert(ASN1_INTEGER_set(X509_get_serialNumber(made.x509), ++serial) == 1);
	put_name(X509_get_subject_name(made.x509), spec->name);
	assert(X509_set_issuer_name(made.x509, X509_get_subject_name(by)) == 1);
	assert(ASN1_TIME_set(X509_getm_notBefore(made.x509), (time_t)(spec->from / SECONDS(1))));
	assert(ASN1_TIME_set(X509_getm_notAfter(made.x509), (time_t)(spec->until / SECONDS(1))));
	assert(X509_set_pubkey(made.x509, made.key) == 1);
	put_extensions(made.x509, by, spec);
	assert(X509_sign(made.x509, with, EVP_PKEY_is_a(with, "ED25519") ? NULL : digest) > 0);
	EVP_MD_free(digest);
	return made;
}

void
test_certificate_fini(struct test_certificate *certificate)
{
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
	*certificate = (struct test_certificate){ 0 };
}

static void
put_bio(struct buf *to, BIO *bio)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(bio, &bytes);

	buf_put(to, bytes, (size_t)len);
	BIO_free(bio);
	assert(!buf_failed(to));
}

void
test_put_pem(struct buf *to, X509 *x509)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert(PEM_write_bio_X509(bio, x509) == 1);
	put_bio(to, bio);
}

void
test_put_der(struct buf *to, X509 *x509)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert(i2d_X509_bio(bio, x509) == 1);
	put_bio(to, bio);
}

void
test_put_key_pem(struct buf *to, EVP_PKEY *key, const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert(PEM_write_bio_PKCS8PrivateKey(bio, key, password ? EVP_aes_256_cbc() : NULL, NULL, 0,
		   NULL, (void *)(uintptr_t)password) == 1);
	put_bio(to, bio);
}
