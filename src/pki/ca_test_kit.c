/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ca_test_kit.h"

#include <assert.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/ct.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

EVP_PKEY *
test_key(const char *kind)
{
	EVP_PKEY *key;

	if (strncmp(kind, "RSA-", 4) == 0)
		key = EVP_RSA_gen(strcmp(kind, "RSA-1024") == 0   ? 1024u
				  : strcmp(kind, "RSA-2052") == 0 ? 2052u
								  : 2048u);
	else if (strcmp(kind, "ED25519") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		key = EVP_EC_gen(kind);
	assert(key);
	return key;
}

EVP_PKEY *
test_rsa_key(const char *modulus_hex, unsigned long exponent)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = NULL, *e = BN_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	assert(BN_hex2bn(&n, modulus_hex) > 0 && BN_set_word(e, exponent));
	assert(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	       OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e));
	params = OSSL_PARAM_BLD_to_param(build);
	assert(EVP_PKEY_fromdata_init(ctx) == 1 &&
	       EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
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

/* "name=value" as a configuration file has it: arbitrary ones too, "1.2.3.4=critical,DER:0500". */
static void
put_configured(X509 *to, X509 *issuer, const char *line)
{
	struct str value = str_of(line), name;
	CONF *conf = NCONF_new(NULL);
	char key[80];
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	assert(str_next(&value, '=', &name) && str_copy(name, key, sizeof(key)));
	X509V3_set_ctx(&ctx, issuer, to, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	extension = X509V3_EXT_nconf(conf, &ctx, key, value.p);
	assert(extension && X509_add_ext(to, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	NCONF_free(conf);
}

static void
put_scts(X509 *to, const struct test_sct scts[])
{
	STACK_OF(SCT) *list = sk_SCT_new_null();

	for (size_t i = 0; i < TEST_EXTENSIONS_MAX && scts[i].log; i++) {
		static const unsigned char nobody[8] = { 0 };
		unsigned char log[32];
		SCT *sct = SCT_new();

		memset(log, scts[i].log, sizeof(log));
		assert(SCT_set_version(sct, SCT_VERSION_V1));
		assert(SCT_set1_log_id(sct, log, sizeof(log)));
		SCT_set_timestamp(sct, (uint64_t)(scts[i].at / MILLIS(1)));
		assert(SCT_set_signature_nid(sct, NID_ecdsa_with_SHA256));
		assert(SCT_set1_signature(sct, nobody, sizeof(nobody)));
		assert(sk_SCT_push(list, sct) > 0);
	}
	if (sk_SCT_num(list) > 0)
		assert(X509_add1_ext_i2d(to, NID_ct_precert_scts, list, 0, 0) == 1);
	SCT_LIST_free(list);
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
	if (!spec->usage)
		put_extension(to, issuer, NID_key_usage,
		    spec->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
	else if (*spec->usage)
		put_extension(to, issuer, NID_key_usage, spec->usage);
	if (!spec->no_identifiers)
		put_extension(to, issuer, NID_subject_key_identifier, "hash");
	if (issuer != to && !spec->no_identifiers)
		put_extension(to, issuer, NID_authority_key_identifier, "keyid");
	if (spec->alternatives)
		put_extension(to, issuer, NID_subject_alt_name, spec->alternatives);
	if (spec->purposes)
		put_extension(to, issuer, NID_ext_key_usage, spec->purposes);
	if (spec->constraints)
		put_extension(to, issuer, NID_name_constraints, spec->constraints);
	if (spec->authority_info)
		put_extension(to, issuer, NID_info_access, spec->authority_info);
	for (size_t i = 0; i < TEST_EXTENSIONS_MAX && spec->extensions[i]; i++)
		put_configured(to, issuer, spec->extensions[i]);
	put_scts(to, spec->scts);
	if (spec->crl_points)
		put_extension(to, issuer, NID_crl_distribution_points, spec->crl_points);
	if (spec->poison)
		put_poison(to);
}

static void
put_entry(X509_NAME *to, const char *field, struct str value)
{
	int type = MBSTRING_UTF8;

	if (str_starts(value, STR("T61:")) || str_starts(value, STR("BMP:"))) {
		type = *value.p == 'T' ? V_ASN1_T61STRING : V_ASN1_BMPSTRING;
		value = str_drop(value, 4);
	}
	assert(X509_NAME_add_entry_by_txt(
		   to, field, type, (const unsigned char *)value.p, (int)value.len, -1, 0) == 1);
}

static void
put_subject(X509_NAME *to, const struct test_spec *spec)
{
	struct str rest = str_of(spec->subject), entry, field;
	char name[64];

	if (!spec->subject) {
		put_entry(to, "O", STR("certdesk test"));
		put_entry(to, "CN", str_of(spec->name));
	}
	while (spec->subject && *spec->subject && str_next(&rest, '|', &entry)) {
		assert(str_next(&entry, '=', &field) && str_copy(field, name, sizeof(name)));
		put_entry(to, name, entry);
	}
}

/* As CAs make them: 16 octets, never twice the same. */
static void
put_serial(X509 *to, const char *hex)
{
	static unsigned long next = 0x1000;
	char made[40];
	BIGNUM *number = NULL;

	snprintf(made, sizeof(made), "4a5b6c7d8e9f0011%016lx", ++next);
	assert(BN_hex2bn(&number, hex ? hex : made) > 0);
	assert(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(to)));
	BN_free(number);
}

static void
put_dates(X509 *to, const struct test_spec *spec)
{
	time_t from = (time_t)(spec->from / SECONDS(1)), until = (time_t)(spec->until / SECONDS(1));
	ASN1_GENERALIZEDTIME *date = ASN1_GENERALIZEDTIME_set(NULL, from);

	assert(ASN1_TIME_set(X509_getm_notBefore(to), from));
	assert(ASN1_TIME_set(X509_getm_notAfter(to), until));
	if (spec->long_dates)
		assert(X509_set1_notBefore(to, date) == 1);
	ASN1_GENERALIZEDTIME_free(date);
}

static void
strip_parameters(X509_PUBKEY *key)
{
	const unsigned char *bytes = NULL;
	ASN1_OBJECT *kind = NULL;
	int len = 0;

	assert(X509_PUBKEY_get0_param(&kind, &bytes, &len, NULL, key) == 1);
	assert(X509_PUBKEY_set0_param(key, OBJ_dup(kind), V_ASN1_UNDEF, NULL,
		   OPENSSL_memdup(bytes, (size_t)len), len) == 1);
}

struct test_certificate
test_issue(const struct test_spec *spec, const struct test_certificate *issuer)
{
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
	assert(X509_set_version(made.x509, spec->version ? spec->version - 1 : 2) == 1);
	put_serial(made.x509, spec->serial);
	put_subject(X509_get_subject_name(made.x509), spec);
	assert(X509_set_issuer_name(made.x509, X509_get_subject_name(by)) == 1);
	put_dates(made.x509, spec);
	assert(X509_set_pubkey(made.x509, made.key) == 1);
	if (spec->bare_key)
		strip_parameters(X509_get_X509_PUBKEY(made.x509));
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

static ASN1_TIME *
time_from(when at)
{
	ASN1_TIME *made = ASN1_TIME_set(NULL, (time_t)(at / SECONDS(1)));

	assert(made);
	return made;
}

static void
add_revoked(X509_CRL *to, const ASN1_INTEGER *serial, when since, int reason)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *copy = ASN1_INTEGER_dup(serial);
	ASN1_TIME *date = time_from(since);

	assert(X509_REVOKED_set_serialNumber(entry, copy) == 1);
	assert(X509_REVOKED_set_revocationDate(entry, date) == 1);
	if (reason >= 0) {
		ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();

		assert(ASN1_ENUMERATED_set(value, reason) == 1);
		assert(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, 0) == 1);
		ASN1_ENUMERATED_free(value);
	}
	assert(X509_CRL_add0_revoked(to, entry) == 1);
	ASN1_TIME_free(date);
	ASN1_INTEGER_free(copy);
}

static void
put_list_extension(X509_CRL *to, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, NULL, NULL, NULL, to, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert(extension && X509_CRL_add_ext(to, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* A name of OpenSSL's own that is never seen in a list. */
static void
put_strange(X509_CRL *to)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension;

	assert(ASN1_OCTET_STRING_set(value, (const unsigned char *)"\x05", 2) == 1);
	extension = X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 1, value);
	assert(extension && X509_CRL_add_ext(to, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
}

static void
fill_list(X509_CRL *crl, const struct test_list *list)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	when since = list->from - DAYS(1);

	for (size_t i = 0; list->revoked && list->revoked[i]; i++)
		add_revoked(crl, X509_get0_serialNumber(list->revoked[i]), since, list->reason);
	for (size_t i = 0; i < list->more; i++) {
		assert(ASN1_INTEGER_set_uint64(serial, 0x7000000000000000u + i) == 1);
		add_revoked(crl, serial, since, -1);
	}
	ASN1_INTEGER_free(serial);
	if (list->scope)
		put_list_extension(crl, NID_issuing_distribution_point, list->scope);
	if (list->is_delta) {
		ASN1_INTEGER *base = ASN1_INTEGER_new();

		assert(ASN1_INTEGER_set(base, 1) == 1);
		assert(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 0, 0) == 1);
		ASN1_INTEGER_free(base);
	}
	if (list->has_strange)
		put_strange(crl);
}

void
test_put_crl(struct buf *to, const struct test_list *list, const struct test_certificate *issuer)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *from = time_from(list->from), *until = time_from(list->until);
	EVP_MD *digest = EVP_MD_fetch(NULL, list->digest ? list->digest : "SHA256", NULL);
	unsigned char *der = NULL;
	int len;

	assert(X509_CRL_set_version(crl, 1) == 1);
	assert(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x509)) == 1);
	assert(X509_CRL_set1_lastUpdate(crl, from) == 1);
	if (!list->no_end)
		assert(X509_CRL_set1_nextUpdate(crl, until) == 1);
	fill_list(crl, list);
	assert(X509_CRL_sign(crl, issuer->key, digest) > 0);
	len = i2d_X509_CRL(crl, &der);
	assert(len > 0);
	buf_put(to, der, (size_t)len);
	assert(!buf_failed(to));
	OPENSSL_free(der);
	EVP_MD_free(digest);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	X509_CRL_free(crl);
}

void
test_put_ocsp(struct buf *to, const struct test_answer *answer, X509 *certificate, X509 *issuer,
    const struct test_certificate *signer)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id =
	    OCSP_cert_to_id(answer->sha256 ? EVP_sha256() : EVP_sha1(), certificate, issuer);
	ASN1_TIME *from = time_from(answer->from), *until = time_from(answer->until),
		  *since = time_from(answer->from - DAYS(1));
	EVP_MD *digest = EVP_MD_fetch(NULL, answer->digest ? answer->digest : "SHA256", NULL);
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;
	int len;

	assert(OCSP_basic_add1_status(basic, id, answer->status, answer->reason,
	    answer->status == V_OCSP_CERTSTATUS_REVOKED ? since : NULL, from,
	    answer->no_end ? NULL : until));
	assert(OCSP_basic_sign(basic, signer->x509, signer->key, digest, NULL,
		   answer->no_responder ? OCSP_NOCERTS : 0) == 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	len = i2d_OCSP_RESPONSE(response, &der);
	assert(len > 0);
	buf_put(to, der, (size_t)len);
	assert(!buf_failed(to));
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	EVP_MD_free(digest);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	ASN1_TIME_free(since);
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(basic);
}
