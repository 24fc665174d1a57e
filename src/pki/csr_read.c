/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/csr_read.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate_internal.h"

static void
req_free(X509_REQ *req)
{
	X509_REQ_free(req);
}
CLEAN_DEFINE(req_free, X509_REQ *);

void
csr_facts_fini(struct csr_facts *facts)
{
	for (size_t i = 0; i < facts->name_count; i++)
		free((void *)(uintptr_t)facts->names[i].p);
	free(facts->names);
	*facts = (struct csr_facts){ 0 };
}

static void
read_part(const X509_NAME *subject, int nid, char *to, size_t size)
{
	int at = X509_NAME_get_index_by_NID(subject, nid, -1);
	unsigned char *text = NULL;
	int len = at >= 0 ? ASN1_STRING_to_UTF8(
				&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)))
	                  : 0;

	str_show(str_bytes(text, len > 0 ? (size_t)len : 0), to, size);
	OPENSSL_free(text);
}

static void
read_subject(const X509_NAME *subject, struct csr_facts *to)
{
	certificate_name_text(subject, to->subject, sizeof(to->subject));
	read_part(subject, NID_commonName, to->common_name, sizeof(to->common_name));
	read_part(subject, NID_organizationName, to->organization, sizeof(to->organization));
	read_part(subject, NID_localityName, to->city, sizeof(to->city));
	read_part(subject, NID_stateOrProvinceName, to->state, sizeof(to->state));
	read_part(subject, NID_countryName, to->country, sizeof(to->country));
}

static void
add_name(const GENERAL_NAME *name, struct csr_facts *to)
{
	struct str text;

	if (name->type != GEN_DNS || to->name_count == CSR_READ_NAMES_MAX)
		return;
	text = str_bytes(
	    ASN1_STRING_get0_data(name->d.dNSName), (size_t)ASN1_STRING_length(name->d.dNSName));
	to->names[to->name_count++] = (struct str){ .p = str_dup(text), .len = text.len };
}

static void
read_names(X509_REQ *req, struct csr_facts *to)
{
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
	GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);

	to->names = alloc_array(CSR_READ_NAMES_MAX, sizeof(*to->names));
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_name(sk_GENERAL_NAME_value(names, i), to);
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

/* In the words of key_kind_words() where it is a kind we make. */
static void
read_key(X509_REQ *req, struct csr_facts *to)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(req);
	struct certificate_facts numbers = { 0 };

	snprintf(to->key, sizeof(to->key), "unknown");
	if (!key || key_fingerprint(key, to->spki_sha256, to->key_sha256) != 0)
		return;
	to->has_key = true;
	to->is_signed = X509_REQ_verify(req, key) == 1;
	certificate_key_numbers(key, &numbers);
	if (EVP_PKEY_is_a(key, "EC"))
		snprintf(to->key, sizeof(to->key), "ECDSA, %s",
		    *numbers.curve ? numbers.curve : "a curve without a name");
	else
		snprintf(to->key, sizeof(to->key), "%s, %d bits", numbers.key_algorithm,
		    numbers.key_bits);
}

int
csr_describe(struct str der, struct csr_facts *ret)
{
	const unsigned char *at = (const unsigned char *)der.p;
	CLEAN(req_free) X509_REQ *req = der.len > 0 ? d2i_X509_REQ(NULL, &at, (long)der.len) : NULL;

	*ret = (struct csr_facts){ 0 };
	if (req) {
		read_subject(X509_REQ_get_subject_name(req), ret);
		read_names(req, ret);
		read_key(req, ret);
	}
	ERR_clear_error();
	return req ? 0 : CSR_E_MALFORMED;
}
