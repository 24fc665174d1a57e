/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/certificate_internal.h"

#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

/* Behind the alternative names in the same text. */
static size_t
put_common_name(const X509 *x509, struct certificate_facts *to)
{
	const X509_NAME *subject = X509_get_subject_name(x509);
	int at = -1, last = -1, len;
	unsigned char *text = NULL;

	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0)
		return 0;
	len = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
	if (len > 0)
		buf_put(&to->names_text, text, (size_t)len);
	OPENSSL_free(text);
	return len > 0 ? (size_t)len : 0;
}

static void
put_alternative_names(const X509 *x509, struct certificate_facts *to)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	int count = names ? sk_GENERAL_NAME_num(names) : 0;

	to->names = alloc_array(count > 0 ? (size_t)count : 0, sizeof(*to->names));
	for (int i = 0; i < count; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_IPADD)
			to->ip_count++;
		if (name->type != GEN_DNS)
			continue;
		buf_put(&to->names_text, ASN1_STRING_get0_data(name->d.dNSName),
		    (size_t)ASN1_STRING_length(name->d.dNSName));
		to->names[to->name_count++].len = (size_t)ASN1_STRING_length(name->d.dNSName);
	}
	GENERAL_NAMES_free(names);
}

/* Collected first and pointed at afterwards: only then does the text stay where it is. */
static void
all_names(const X509 *x509, struct certificate_facts *to)
{
	size_t common, offset = 0;

	put_alternative_names(x509, to);
	common = put_common_name(x509, to);
	for (size_t i = 0; i < to->name_count; i++) {
		to->names[i] = str_bytes(buf_text(&to->names_text) + offset, to->names[i].len);
		offset += to->names[i].len;
	}
	to->common_name = str_bytes(buf_text(&to->names_text) + offset, common);
}

static void
basic_constraints(const X509 *x509, struct certificate_facts *to)
{
	BASIC_CONSTRAINTS *basic = X509_get_ext_d2i(x509, NID_basic_constraints, NULL, NULL);

	if (!basic)
		return;
	to->is_ca = basic->ca != 0;
	if (basic->pathlen)
		to->path_length = ASN1_INTEGER_get(basic->pathlen);
	BASIC_CONSTRAINTS_free(basic);
}

static void
add_purpose(struct certificate_facts *to, const ASN1_OBJECT *purpose)
{
	char words[80];
	size_t len = strlen(to->purposes);
	int nid = OBJ_obj2nid(purpose);

	if (nid == NID_undef)
		OBJ_obj2txt(words, sizeof(words), purpose, 1);
	else
		str_show(str_of(OBJ_nid2ln(nid)), words, sizeof(words));
	snprintf(
	    to->purposes + len, sizeof(to->purposes) - len, "%s%s", len > 0 ? ", " : "", words);
}

static void
purposes(const X509 *x509, struct certificate_facts *to)
{
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);

	if (!usage)
		return;
	to->has_purposes = true;
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);
		int nid = OBJ_obj2nid(purpose);

		to->for_server |= nid == NID_server_auth;
		to->for_client |= nid == NID_client_auth;
		to->for_any |= nid == NID_anyExtendedKeyUsage;
		to->for_other |= nid != NID_server_auth && nid != NID_client_auth &&
		                 nid != NID_anyExtendedKeyUsage;
		add_purpose(to, purpose);
	}
	EXTENDED_KEY_USAGE_free(usage);
}

static void
key_usage(const X509 *x509, struct certificate_facts *to)
{
	ASN1_BIT_STRING *usage = X509_get_ext_d2i(x509, NID_key_usage, NULL, NULL);
	const unsigned char *bits;

	if (!usage)
		return;
	to->has_key_usage = true;
	bits = ASN1_STRING_get0_data(usage);
	for (int i = 0; i < ASN1_STRING_length(usage) && i < 2; i++)
		to->key_usage |= (uint32_t)bits[i] << (8 * i);
	ASN1_BIT_STRING_free(usage);
}

/* The earliest SCT is the best proof of when it was issued (V-04). */
static void
timestamps(const X509 *x509, struct certificate_facts *to)
{
	STACK_OF(SCT) *list = X509_get_ext_d2i(x509, NID_ct_precert_scts, NULL, NULL);
	int count = list ? sk_SCT_num(list) : 0;
	bool found = false;

	to->issued = to->not_before;
	to->sct_count = count > 0 ? (size_t)count : 0;
	for (int i = 0; i < count; i++) {
		uint64_t ms = SCT_get_timestamp(sk_SCT_value(list, i));
		when at = ms < INT64_MAX / 1000 ? MILLIS(ms) : 0;

		/* A time far from notBefore is no log's: the extension is only as true as its
		 * signer. */
		if (at < to->not_before - DAYS(2) || (found && at >= to->issued))
			continue;
		to->issued = at;
		found = true;
	}
	SCT_LIST_free(list);
}

static void
key_identifiers(const X509 *x509, struct certificate_facts *to)
{
	AUTHORITY_KEYID *aki = X509_get_ext_d2i(x509, NID_authority_key_identifier, NULL, NULL);
	ASN1_OCTET_STRING *ski = X509_get_ext_d2i(x509, NID_subject_key_identifier, NULL, NULL);

	if (aki && aki->keyid && (size_t)ASN1_STRING_length(aki->keyid) <= sizeof(to->aki)) {
		to->aki_len = (size_t)ASN1_STRING_length(aki->keyid);
		copy_bytes(to->aki, ASN1_STRING_get0_data(aki->keyid), to->aki_len);
	}
	if (ski && (size_t)ASN1_STRING_length(ski) <= sizeof(to->ski)) {
		to->ski_len = (size_t)ASN1_STRING_length(ski);
		copy_bytes(to->ski, ASN1_STRING_get0_data(ski), to->ski_len);
	}
	AUTHORITY_KEYID_free(aki);
	ASN1_OCTET_STRING_free(ski);
}

void
certificate_extension_facts(const X509 *x509, struct certificate_facts *to)
{
	all_names(x509, to);
	basic_constraints(x509, to);
	purposes(x509, to);
	key_usage(x509, to);
	timestamps(x509, to);
	key_identifiers(x509, to);
	to->is_precertificate = X509_get_ext_by_NID(x509, NID_ct_precert_poison, -1) >= 0;
	ERR_clear_error();
}

bool
certificate_is_ca(const X509 *x509)
{
	BASIC_CONSTRAINTS *basic = X509_get_ext_d2i(x509, NID_basic_constraints, NULL, NULL);
	bool is_ca = basic && basic->ca;

	BASIC_CONSTRAINTS_free(basic);
	ERR_clear_error();
	return is_ca;
}
