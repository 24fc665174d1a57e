/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key and signing request as one makes them with OpenSSL's own calls, for comparison:
 *
 *     openssl_csr KIND COUNT HOST COUNTRY STATE CITY ORGANIZATION
 *
 * EVP_PKEY_generate, X509_REQ with subject and subjectAltName, signed with SHA-256; request and key
 * (PKCS#8) as DER. Prints one JSON object.
 */
#include "tool.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

struct form {
	const char *host, *country, *state, *city, *organization;
};

static EVP_PKEY *
make_key(EVP_PKEY_CTX *maker)
{
	EVP_PKEY *key = NULL;

	must(EVP_PKEY_generate(maker, &key) == 1, "no key");
	return key;
}

static EVP_PKEY_CTX *
new_maker(struct str kind)
{
	bool rsa = str_eq(kind, STR("rsa2048"));
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, rsa ? "RSA" : "EC", NULL);

	must(rsa || str_eq(kind, STR("p256")), "the kind of key is p256 or rsa2048");
	must(maker && EVP_PKEY_keygen_init(maker) == 1, "no key generator");
	must((rsa ? EVP_PKEY_CTX_set_rsa_keygen_bits(maker, 2048)
		  : EVP_PKEY_CTX_set_group_name(maker, "P-256")) == 1,
	    "no such keys");
	return maker;
}

static void
add(X509_NAME *name, const char *type, const char *value)
{
	must(X509_NAME_add_entry_by_txt(
		 name, type, MBSTRING_UTF8, (const unsigned char *)value, -1, -1, 0) == 1,
	    "a part of the subject");
}

static void
add_names(X509_REQ *request, const char *host)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	char names[300];

	snprintf(names, sizeof(names), "DNS:%s", host);
	must(list &&
		 sk_X509_EXTENSION_push(
		     list, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names)) > 0 &&
		 X509_REQ_add_extensions(request, list) == 1,
	    "the names");
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void
make_request(EVP_PKEY *key, const struct form *form)
{
	X509_REQ *request = X509_REQ_new();
	X509_NAME *name = X509_REQ_get_subject_name(request);
	unsigned char *der = NULL;

	add(name, "C", form->country);
	add(name, "ST", form->state);
	add(name, "L", form->city);
	add(name, "O", form->organization);
	add(name, "CN", form->host);
	must(X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
		 X509_REQ_set_pubkey(request, key) == 1,
	    "the request");
	add_names(request, form->host);
	must(X509_REQ_sign(request, key, EVP_sha256()) > 0 && i2d_X509_REQ(request, &der) > 0,
	    "the signature");
	OPENSSL_free(der);
	X509_REQ_free(request);
}

static void
write_key(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;

	must(info && i2d_PKCS8_PRIV_KEY_INFO(info, &der) > 0, "the key as DER");
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
}

int
main(int argc, char *argv[])
{
	struct form form;
	EVP_PKEY_CTX *maker;
	double before = 0;
	int64_t count;

	must_have_arguments(argc == 8);
	count = number(argv[2], 1);
	form = (struct form){ argv[3], argv[4], argv[5], argv[6], argv[7] };
	maker = new_maker(str_of(argv[1]));
	for (int64_t i = 0; i < count + 1; i++) {
		EVP_PKEY *key = make_key(maker);

		make_request(key, &form);
		write_key(key);
		EVP_PKEY_free(key);
		if (i == 0) /* the first one loads what the others find loaded */
			before = cpu(CLOCK_PROCESS_CPUTIME_ID);
	}
	printf("{\"made\": %lld, \"cpu_seconds\": %.6f}\n", (long long)count,
	    cpu(CLOCK_PROCESS_CPUTIME_ID) - before);
	EVP_PKEY_CTX_free(maker);
	return 0;
}
