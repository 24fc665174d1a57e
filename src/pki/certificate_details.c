/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/addr.h"
#include "pki/certificate_internal.h"

#define TLS_STATUS_REQUEST 5 /* RFC 7633, RFC 6066 */

static const struct {
	const char *name, *words, *oid;
} types[] = {
	[CERTIFICATE_UNTYPED] = { "", "of no stated type", "" },
	[CERTIFICATE_DV] = { "dv", "domain-validated (DV)", "2.23.140.1.2.1" },
	[CERTIFICATE_OV] = { "ov", "organization-validated (OV)", "2.23.140.1.2.2" },
	[CERTIFICATE_IV] = { "iv", "individual-validated (IV)", "2.23.140.1.2.3" },
	[CERTIFICATE_EV] = { "ev", "extended-validation (EV)", "2.23.140.1.1" },
};
static_assert(COUNT_OF(types) == CERTIFICATE_TYPE_MAX, "words for every type");

const char *
certificate_type_name(enum certificate_type type)
{
	return (size_t)type < COUNT_OF(types) ? types[type].name : "";
}

const char *
certificate_type_words(enum certificate_type type)
{
	return types[(size_t)type < COUNT_OF(types) ? type : CERTIFICATE_UNTYPED].words;
}

/* Appends, a comma between; what does not fit is left out. */
static void
add_word(char to[static CERTIFICATE_WORDS_SIZE], const char *word)
{
	size_t len = strlen(to);

	if (len + strlen(word) + 3 <= CERTIFICATE_WORDS_SIZE)
		snprintf(to + len, CERTIFICATE_WORDS_SIZE - len, "%s%s", len > 0 ? ", " : "", word);
}

static void
policies(const X509 *x509, struct certificate_details *to)
{
	CERTIFICATEPOLICIES *list = X509_get_ext_d2i(x509, NID_certificate_policies, NULL, NULL);
	bool has[CERTIFICATE_TYPE_MAX] = { 0 };

	for (int i = 0; list && i < sk_POLICYINFO_num(list); i++) {
		char oid[80];

		OBJ_obj2txt(oid, sizeof(oid), sk_POLICYINFO_value(list, i)->policyid, 1);
		add_word(to->policies, oid);
		for (size_t t = CERTIFICATE_DV; t < COUNT_OF(types); t++)
			if (strcmp(oid, types[t].oid) == 0) {
				to->type_count += !has[t];
				has[t] = true;
				if ((enum certificate_type)t > to->type)
					to->type = (enum certificate_type)t;
			}
	}
	CERTIFICATEPOLICIES_free(list);
}

static void
put_address(const ASN1_OCTET_STRING *bytes, struct certificate_details *to)
{
	size_t len = (size_t)ASN1_STRING_length(bytes);
	struct addr addr = { .family = len == 4 ? 4 : 6 };
	char text[ADDR_TEXT_SIZE];

	if (len != 4 && len != 16) {
		add_word(to->private_addresses, "one of the wrong length");
		return;
	}
	copy_bytes(addr.bytes, ASN1_STRING_get0_data(bytes), len);
	addr_text(&addr, text);
	add_word(addr_is_private(&addr) ? to->private_addresses : to->addresses, text);
}

static void
alternative_names(const X509 *x509, struct certificate_details *to)
{
	static const struct {
		int type;
		const char *words;
	} others[] = { { GEN_EMAIL, "a mail address" }, { GEN_URI, "a URI" },
		{ GEN_DIRNAME, "a directory name" }, { GEN_RID, "an object identifier" },
		{ GEN_OTHERNAME, "an other name" }, { GEN_X400, "an X.400 address" },
		{ GEN_EDIPARTY, "an EDI party name" } };
	GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	unsigned told = 0;

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_IPADD)
			put_address(name->d.iPAddress, to);
		for (size_t o = 0; o < COUNT_OF(others); o++)
			if (others[o].type == name->type && !(told & (1u << o))) {
				add_word(to->other_names, others[o].words);
				told |= 1u << o;
			}
	}
	GENERAL_NAMES_free(names);
}

static void
scts(const X509 *x509, struct certificate_details *to)
{
	STACK_OF(SCT) *list = X509_get_ext_d2i(x509, NID_ct_precert_scts, NULL, NULL);
	int count = list ? sk_SCT_num(list) : 0;

	to->has_sct_list = X509_get_ext_by_NID(x509, NID_ct_precert_scts, -1) >= 0;
	to->sct_count = count > 0 ? (size_t)count : 0;
	for (int i = 0; i < count && i < CERTIFICATE_SCTS_MAX; i++) {
		const SCT *sct = sk_SCT_value(list, i);
		uint64_t ms = SCT_get_timestamp(sct);
		unsigned char *log = NULL;

		if (SCT_get0_log_id(sct, &log) == sizeof(to->sct[i].log))
			copy_bytes(to->sct[i].log, log, sizeof(to->sct[i].log));
		to->sct[i].at = ms < INT64_MAX / 1000 ? MILLIS(ms) : 0;
		to->sct[i].version = (int)SCT_get_version(sct);
	}
	SCT_LIST_free(list);
}

static void
put_url(const GENERAL_NAME *name, struct certificate_url *to)
{
	struct str url;

	if (name->type != GEN_URI)
		return;
	url = str_bytes(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
	    (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
	if (to->count++ == 0)
		str_show(url, to->first, sizeof(to->first));
	to->is_http |= str_eq_nocase(str_bytes(url.p, url.len < 7 ? url.len : 7), STR("http://"));
}

static void
access_points(const X509 *x509, struct certificate_details *to)
{
	AUTHORITY_INFO_ACCESS *list = X509_get_ext_d2i(x509, NID_info_access, NULL, NULL);

	for (int i = 0; list && i < sk_ACCESS_DESCRIPTION_num(list); i++) {
		const ACCESS_DESCRIPTION *access = sk_ACCESS_DESCRIPTION_value(list, i);

		if (OBJ_obj2nid(access->method) == NID_ad_ca_issuers)
			put_url(access->location, &to->issuer);
		else if (OBJ_obj2nid(access->method) == NID_ad_OCSP)
			put_url(access->location, &to->ocsp);
	}
	AUTHORITY_INFO_ACCESS_free(list);
}

static void
distribution_points(const X509 *x509, struct certificate_details *to)
{
	CRL_DIST_POINTS *list = X509_get_ext_d2i(x509, NID_crl_distribution_points, NULL, NULL);

	for (int i = 0; list && i < sk_DIST_POINT_num(list); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(list, i);

		if (!point->distpoint || point->distpoint->type != 0)
			continue;
		for (int n = 0; n < sk_GENERAL_NAME_num(point->distpoint->name.fullname); n++)
			put_url(
			    sk_GENERAL_NAME_value(point->distpoint->name.fullname, n), &to->crl);
	}
	CRL_DIST_POINTS_free(list);
}

static void
features(const X509 *x509, struct certificate_details *to)
{
	TLS_FEATURE *list = X509_get_ext_d2i(x509, NID_tlsfeature, NULL, NULL);

	for (int i = 0; list && i < sk_ASN1_INTEGER_num(list); i++)
		to->must_staple |=
		    ASN1_INTEGER_get(sk_ASN1_INTEGER_value(list, i)) == TLS_STATUS_REQUEST;
	TLS_FEATURE_free(list);
}

static void
extension_list(const X509 *x509, struct certificate_details *to)
{
	for (int i = 0; i < X509_get_ext_count(x509); i++) {
		X509_EXTENSION *extension = X509_get_ext(x509, i);
		const ASN1_OBJECT *kind = X509_EXTENSION_get_object(extension);
		int nid = OBJ_obj2nid(kind);
		char name[80];

		OBJ_obj2txt(name, sizeof(name), kind, 0);
		if (X509_EXTENSION_get_critical(extension) && nid != NID_ct_precert_poison &&
		    !X509_supported_extension(extension))
			add_word(to->critical, name);
		if (X509_get_ext_by_OBJ(x509, kind, -1) < i)
			add_word(to->twice, name);
	}
	to->has_name_constraints = X509_get_ext_by_NID(x509, NID_name_constraints, -1) >= 0;
}

static void
serial(const X509 *x509, struct certificate_details *to)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);

	if (!number)
		return;
	to->serial_octets = (size_t)BN_num_bytes(number);
	to->serial_sign = BN_is_zero(number) ? 0 : BN_is_negative(number) ? -1 : 1;
	/* a first bit that is set takes an octet more (V-06: 20 of them) */
	if (BN_num_bits(number) % 8 == 0)
		to->serial_octets += to->serial_sign > 0;
	BN_free(number);
}

/* RFC 5280 section 4.1.2.5: seconds, "Z"; UTCTime until 2049 and GeneralizedTime from then on. */
static bool
is_usual_date(const ASN1_TIME *date)
{
	struct tm tm;
	int length = ASN1_STRING_length(date);

	if (!ASN1_TIME_to_tm(date, &tm) || ASN1_STRING_get0_data(date)[length - 1] != 'Z')
		return false;
	return ASN1_STRING_type(date) == V_ASN1_UTCTIME ? length == 13
	                                                : length == 15 && tm.tm_year + 1900 >= 2050;
}

/* K-01's AlgorithmIdentifiers, octet for octet. */
static bool
is_fixed_form(const X509 *x509)
{
	static const struct str forms[] = {
		STR_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"),
		STR_INIT(
		    "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
		STR_INIT(
		    "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"),
		STR_INIT(
		    "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"),
	};
	X509_ALGOR *algorithm = NULL;
	unsigned char *der = NULL;
	bool found = false;
	int len;

	if (!X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x509)))
		return false;
	len = i2d_X509_ALGOR(algorithm, &der);
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		found |= str_eq(forms[i], str_bytes(der, len > 0 ? (size_t)len : 0));
	OPENSSL_free(der);
	return found;
}

/* OpenSSL marks the RSASSA-PSS parameters that TLS allows: the same digest twice, and a salt as
 * long. */
static bool
is_plain_signature(const X509 *x509)
{
	int digest = NID_undef, key = NID_undef;
	uint32_t flags = 0;

	if (!X509_get_signature_info((X509 *)(uintptr_t)x509, &digest, &key, NULL, &flags))
		return false;
	return (digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512) &&
	       (key == NID_rsaEncryption || key == NID_X9_62_id_ecPublicKey ||
		   (key == NID_rsassaPss && (flags & X509_SIG_INFO_TLS)));
}

static void
rsa_numbers(const X509 *x509, struct certificate_details *to)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	BIGNUM *e = NULL;

	if (!key || !EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e))
		return;
	to->has_bad_exponent = !BN_is_odd(e) || BN_num_bits(e) < 2;
	to->has_odd_exponent = BN_num_bits(e) < 17 || BN_num_bits(e) > 256;
	to->key_fault = rsa_check_key(key);
	BN_free(e);
}

void
certificate_look_closer(const X509 *x509, struct certificate_details *ret)
{
	*ret = (struct certificate_details){ 0 };
	certificate_subject_details(x509, ret);
	policies(x509, ret);
	alternative_names(x509, ret);
	scts(x509, ret);
	access_points(x509, ret);
	distribution_points(x509, ret);
	features(x509, ret);
	extension_list(x509, ret);
	serial(x509, ret);
	ret->has_odd_dates =
	    !is_usual_date(X509_get0_notBefore(x509)) || !is_usual_date(X509_get0_notAfter(x509));
	ret->has_fixed_key_form = is_fixed_form(x509);
	ret->is_plain_signature = is_plain_signature(x509);
	rsa_numbers(x509, ret);
	ERR_clear_error();
}
