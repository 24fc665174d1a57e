/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "delivery/inspect_internal.h"
#include "pki/certificate.h"
#include "pki/name.h"

static void
request_free(X509_REQ *request)
{
	X509_REQ_free(request);
}
CLEAN_DEFINE(request_free, X509_REQ *);

static void
names_free(GENERAL_NAMES *names)
{
	GENERAL_NAMES_free(names);
}
CLEAN_DEFINE(names_free, GENERAL_NAMES *);

static void
extensions_free(STACK_OF(X509_EXTENSION) * extensions)
{
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
CLEAN_DEFINE(extensions_free, STACK_OF(X509_EXTENSION) *);

static X509_REQ *
parse(struct str bytes)
{
	const unsigned char *der = (const unsigned char *)bytes.p;
	BIO *bio = BIO_new_mem_buf(bytes.p, (int)bytes.len);
	X509_REQ *request = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	if (!request)
		request = d2i_X509_REQ(NULL, &der, (long)bytes.len);
	ERR_clear_error();
	return request;
}

/* Only what is a host name as it stands: a request asks for exactly what it says. */
static bool
take_host(const ASN1_STRING *text, char ret[static READ_HOST_SIZE])
{
	struct str name = str_bytes(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
	struct name_report report;
	struct host_name host;

	if (host_name_parse(name, &host, &report) != 0 || report.changed)
		return false;
	return str_copy(str_of(host.text), ret, READ_HOST_SIZE);
}

static void
find_host(X509_REQ *request, char ret[static READ_HOST_SIZE])
{
	CLEAN(extensions_free)
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
	CLEAN(names_free)
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
	const X509_NAME *subject = X509_REQ_get_subject_name(request);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at >= 0 && take_host(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), ret))
		return;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS && take_host(name->d.dNSName, ret))
			return;
	}
}

int
inspect_csr(
    struct str bytes, uint8_t ret_key_sha256[static 32], char ret_host[static READ_HOST_SIZE])
{
	CLEAN(request_free) X509_REQ *request = parse(bytes);
	EVP_PKEY *key = request ? X509_REQ_get0_pubkey(request) : NULL;
	uint8_t spki_sha256[32];
	int r;

	*ret_host = '\0';
	r = key ? key_fingerprint(key, spki_sha256, ret_key_sha256) : INSPECT_E_NO_CSR;
	if (r == 0)
		find_host(request, ret_host);
	ERR_clear_error();
	return r;
}
