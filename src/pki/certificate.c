/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/certificate.h"

#include <errno.h>
#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "pki/certificate_internal.h"
#include "pki/der_read.h"

void
x509_free(X509 *x509)
{
	X509_free(x509);
}

void
certificate_facts_fini(struct certificate_facts *facts)
{
	free(facts->names);
	facts->names = NULL;
	facts->name_count = 0;
	buf_fini(&facts->names_text);
}

int
certificate_parse(struct str der, X509 **ret)
{
	const unsigned char *at = (const unsigned char *)der.p;
	CLEAN(x509_free) X509 *x509 = NULL;
	struct der whole;

	if (der.len > CERTIFICATE_MAX)
		return CERTIFICATE_E_LIMIT;
	if (!der_peek(der, &whole) || whole.indefinite || whole.whole.len != der.len)
		return CERTIFICATE_E_MALFORMED;
	x509 = d2i_X509(NULL, &at, (long)der.len);
	ERR_clear_error();
	if (!x509 || at != (const unsigned char *)der.p + der.len || X509_get_version(x509) > 2)
		return CERTIFICATE_E_MALFORMED;
	*ret = TAKE(x509);
	return 0;
}

void
certificate_name_text(const X509_NAME *name, char *to, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	*to = '\0';
	if (!bio)
		return;
	if (X509_NAME_print_ex(
		bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		str_show(str_bytes(text, len > 0 ? (size_t)len : 0), to, size);
	}
	BIO_free(bio);
	ERR_clear_error();
}

struct str
certificate_raw_name(const X509_NAME *name)
{
	const unsigned char *der = NULL;
	size_t len = 0;

	if (!X509_NAME_get0_der(name, &der, &len))
		return STR("");
	return str_bytes(der, len);
}

void
certificate_names_text(const struct certificate_facts *facts, char *to, size_t size)
{
	size_t put = 0;

	*to = '\0';
	for (size_t i = 0; i < facts->name_count; i++) {
		char name[256];
		int more;

		str_show(facts->names[i], name, sizeof(name));
		for (char *c = name; *c; c++)
			*c = *c == ' ' || (unsigned char)*c >= 0x80 ? '?' : *c;
		more = snprintf(to + put, size - put, "%s%s", i > 0 ? " " : "", name);
		if (more < 0 || (size_t)more + sizeof(" …") > size - put) {
			snprintf(
			    to + put, size - put, "%s", put + sizeof(" …") <= size ? " …" : "");
			return;
		}
		put += (size_t)more;
	}
}

/* The names as they stand in the TBSCertificate (RFC 5280 section 4.1): compared byte for byte
 * (V-07). */
static bool
raw_names(struct str der, struct certificate_facts *to)
{
	struct der whole, tbs, part, issuer, subject;
	struct str rest;

	if (!der_next_is(&der, DER_SEQUENCE, &whole))
		return false;
	rest = whole.body;
	if (!der_next_is(&rest, DER_SEQUENCE, &tbs))
		return false;
	rest = tbs.body;
	(void)der_next_is(&rest, DER_CONTEXT_0, &part); /* version: absent in v1 */
	if (!der_next_is(&rest, DER_INTEGER, &part) || !der_next_is(&rest, DER_SEQUENCE, &part) ||
	    !der_next_is(&rest, DER_SEQUENCE, &issuer) ||
	    !der_next_is(&rest, DER_SEQUENCE, &part) || !der_next_is(&rest, DER_SEQUENCE, &subject))
		return false;
	to->raw_issuer = issuer.whole;
	to->raw_subject = subject.whole;
	return true;
}

static void
serial_text(const X509 *x509, struct certificate_facts *to)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL;

	if (number && BN_is_zero(number))
		str_copy(
		    STR("00"), to->serial, sizeof(to->serial)); /* whole octets, as all others */
	else if (hex && strlen(hex) < sizeof(to->serial))
		for (size_t i = 0; hex[i]; i++)
			to->serial[i] =
			    (char)(hex[i] >= 'A' && hex[i] <= 'F' ? hex[i] + 32 : hex[i]);
	OPENSSL_free(hex);
	BN_free(number);
}

bool
certificate_time(const ASN1_TIME *from, when *ret)
{
	struct tm tm;

	return ASN1_TIME_to_tm(from, &tm) && when_from_utc(tm.tm_year + 1900, tm.tm_mon + 1,
						 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ret);
}

static void
signature_facts(const X509 *x509, struct certificate_facts *to)
{
	int digest = NID_undef, signature = X509_get_signature_nid(x509);

	X509_get_signature_info((X509 *)(uintptr_t)x509, &digest, NULL, NULL, NULL);
	if (signature != NID_undef) {
		str_show(str_of(OBJ_nid2ln(signature)), to->signature, sizeof(to->signature));
	} else {
		const X509_ALGOR *algorithm = NULL;

		X509_get0_signature(NULL, &algorithm, x509);
		if (algorithm)
			OBJ_obj2txt(to->signature, sizeof(to->signature), algorithm->algorithm, 1);
	}
	to->signature_is_weak = digest == NID_md2 || digest == NID_md4 || digest == NID_md5 ||
	                        digest == NID_mdc2 || digest == NID_sha1;
}

/* The first one counts. */
static void
organization_text(const X509_NAME *name, char *to, size_t size)
{
	int at = X509_NAME_get_index_by_NID((X509_NAME *)(uintptr_t)name, NID_organizationName, -1);
	unsigned char *text = NULL;
	int len = at < 0 ? -1
	                 : ASN1_STRING_to_UTF8(
			       &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));

	*to = '\0';
	if (len > 0)
		str_show(str_bytes((const char *)text, (size_t)len), to, size);
	OPENSSL_free(text);
}

static void
identity_facts(const X509 *x509, struct certificate_facts *to)
{
	to->version = (int)X509_get_version(x509) + 1;
	certificate_name_text(X509_get_subject_name(x509), to->subject, sizeof(to->subject));
	certificate_name_text(X509_get_issuer_name(x509), to->issuer, sizeof(to->issuer));
	organization_text(
	    X509_get_issuer_name(x509), to->issuer_organization, sizeof(to->issuer_organization));
	serial_text(x509, to);
	to->is_self_issued = str_eq(to->raw_subject, to->raw_issuer);
}

int
certificate_describe(struct str der, struct certificate_facts *ret)
{
	CLEAN(x509_free) X509 *x509 = NULL;
	int r = certificate_parse(der, &x509);

	return r ? r : certificate_describe_parsed(x509, der, ret);
}

int
certificate_describe_parsed(X509 *x509, struct str der, struct certificate_facts *ret)
{
	CLEAN(certificate_facts_fini)
	struct certificate_facts facts = {
		.path_length = -1, .common_name = STR(""), .names_text = BUF(4 * CERTIFICATE_MAX)
	};
	int r;

	if (!raw_names(der, &facts) ||
	    !certificate_time(X509_get0_notBefore(x509), &facts.not_before) ||
	    !certificate_time(X509_get0_notAfter(x509), &facts.not_after))
		return CERTIFICATE_E_MALFORMED;
	SHA256((const unsigned char *)der.p, der.len, facts.sha256);
	identity_facts(x509, &facts);
	r = certificate_key_facts(x509, &facts);
	if (r)
		return r;
	signature_facts(x509, &facts);
	certificate_extension_facts(x509, &facts);
	facts.is_self_signed =
	    facts.is_self_issued && X509_verify(x509, X509_get0_pubkey(x509)) == 1;
	ERR_clear_error();
	*ret = facts;
	facts.names = NULL;
	facts.names_text = BUF(0);
	return 0;
}
