/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/revocation.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "pki/der_read.h"
#include "pki/revocation_internal.h"

/* R-03, in words that follow a date. Indexed by CRLReason (RFC 5280 5.3.1). */
/* clang-format off */
static const char *const reasons[] = {
	"",
	" (reason: its private key is no longer secret)",
	" (reason: the issuer's private key is no longer secret)",
	" (reason: the names or the organization in it have changed)",
	" (reason: it was replaced by another one)",
	" (reason: it is no longer used)",
	" (reason: it is on hold)",
	"",
	"",
	" (reason: the issuer withdrew it, for example as it was issued against the rules)",
	" (reason: the issuer's attributes are no longer valid)",
};
/* clang-format on */

void
revocation_say(struct revocation *to, enum revocation_state state, const char *why)
{
	*to = (struct revocation){ .state = state, .reason = "" };
	snprintf(to->why, sizeof(to->why), "%s", why);
}

void
revocation_say_revoked(struct revocation *to, const ASN1_TIME *since, long reason)
{
	bool is_known = reason >= 0 && (size_t)reason < COUNT_OF(reasons);

	revocation_say(to, REVOCATION_REVOKED, "");
	to->reason = is_known ? reasons[reason] : "";
	if (!since || !certificate_time(since, &to->since))
		to->since = 0;
}

bool
revocation_is_current(
    const ASN1_TIME *from, const ASN1_TIME *until, when now, struct revocation *to)
{
	when begins, ends;
	char words[WHEN_WORDS_SIZE];

	if (!from || !certificate_time(from, &begins)) {
		revocation_say(to, REVOCATION_UNKNOWN, "it does not say when it was made");
	} else if (!until || !certificate_time(until, &ends)) {
		revocation_say(to, REVOCATION_UNKNOWN, "it does not say until when it holds");
	} else if (begins > now + REVOCATION_SKEW) {
		revocation_say(to, REVOCATION_UNKNOWN, "");
		snprintf(to->why, sizeof(to->why), "it is from the future (%s)",
		    when_words(begins, words));
	} else if (ends < now) {
		revocation_say(to, REVOCATION_UNKNOWN, "");
		snprintf(to->why, sizeof(to->why), "it is out of date since %s",
		    when_words(ends, words));
	} else {
		return true;
	}
	return false;
}

/* RSASSA-PSS names its digest in its parameters; left out, it is SHA-1 (RFC 4055 3.1). */
static int
digest_of_pss(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object = NULL;
	const void *value = NULL;
	RSA_PSS_PARAMS *params;
	int type = V_ASN1_UNDEF, digest = NID_sha1;

	X509_ALGOR_get0(&object, &type, &value, algorithm);
	params = type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS))
	                                 : NULL;
	if (params && params->hashAlgorithm)
		digest = OBJ_obj2nid(params->hashAlgorithm->algorithm);
	RSA_PSS_PARAMS_free(params);
	return digest;
}

bool
revocation_is_signed_well(const X509_ALGOR *algorithm)
{
	int nid = OBJ_obj2nid(algorithm->algorithm), digest = NID_undef;

	if (nid == NID_rsassaPss)
		digest = digest_of_pss(algorithm);
	else
		OBJ_find_sigid_algs(nid, &digest, NULL);
	return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

/* OCSPResponse begins with an ENUMERATED, CertificateList with a SEQUENCE. */
void
revocation_by_file(
    struct str bytes, X509 *issuer, X509 *certificate, when now, struct revocation *ret)
{
	struct der whole, first;

	if (der_peek(bytes, &whole) && whole.tag == DER_SEQUENCE && der_peek(whole.body, &first) &&
	    first.tag == DER_ENUMERATED)
		revocation_by_ocsp(bytes, issuer, certificate, now, ret);
	else
		revocation_by_crl(bytes, issuer, certificate, now, ret);
}

/* V-05: the limit by day of issue; both ends count (V-02). */
static bool
is_short_lived(const X509 *certificate)
{
	static const struct str since = STR_INIT("2026-03-15T00:00:00Z");
	when from, until, changed;

	if (!certificate_time(X509_get0_notBefore(certificate), &from) ||
	    !certificate_time(X509_get0_notAfter(certificate), &until) ||
	    !when_parse(since, &changed))
		return false;
	return until - from + SECONDS(1) <= (from >= changed ? DAYS(7) : DAYS(10));
}

bool
revocation_is_needed(const X509 *certificate)
{
	return !is_short_lived(certificate) &&
	       !str_eq(certificate_raw_name(X509_get_subject_name(certificate)),
		   certificate_raw_name(X509_get_issuer_name(certificate)));
}

static bool
put_url(const GENERAL_NAME *name, struct revocation_lookup *to)
{
	struct str url;

	if (name->type != GEN_URI)
		return false;
	url = str_bytes(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
	    (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
	return url_is_plain_http(url) && str_copy(url, to->url, sizeof(to->url));
}

/* Without a nonce, so that an answer made beforehand will do; SHA-1 here names, it does not sign
 * (RFC 5019 2.1.1). */
static bool
put_request(const X509 *certificate, const X509 *issuer, struct revocation_lookup *to)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), certificate, issuer);
	unsigned char *at = to->request;
	int len = 0;

	if (request && id && OCSP_request_add0_id(request, id)) {
		id = NULL;
		len = i2d_OCSP_REQUEST(request, NULL);
		if (len > 0 && (size_t)len <= sizeof(to->request))
			len = i2d_OCSP_REQUEST(request, &at);
		else
			len = 0;
	}
	to->request_len = len > 0 ? (size_t)len : 0;
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
	return to->request_len > 0;
}

static size_t
ocsp_lookups(
    const X509 *certificate, const X509 *issuer, struct revocation_lookup ret[], size_t max)
{
	AUTHORITY_INFO_ACCESS *list = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
	size_t count = 0;

	for (int i = 0; count < max && i < sk_ACCESS_DESCRIPTION_num(list); i++) {
		const ACCESS_DESCRIPTION *access = sk_ACCESS_DESCRIPTION_value(list, i);
		struct revocation_lookup one = { .kind = REVOCATION_OCSP };

		if (OBJ_obj2nid(access->method) == NID_ad_OCSP && put_url(access->location, &one) &&
		    put_request(certificate, issuer, &one))
			ret[count++] = one;
	}
	AUTHORITY_INFO_ACCESS_free(list);
	return count;
}

/* A list of some reasons, or one that somebody else signs, could not tell that it is good. */
static const GENERAL_NAMES *
names_of(const DIST_POINT *point)
{
	if (point->reasons || point->CRLissuer || !point->distpoint || point->distpoint->type != 0)
		return NULL;
	return point->distpoint->name.fullname;
}

static size_t
crl_lookups(const X509 *certificate, struct revocation_lookup ret[], size_t max)
{
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
	size_t count = 0;

	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const GENERAL_NAMES *names = names_of(sk_DIST_POINT_value(points, i));

		for (int k = 0; count < max && k < sk_GENERAL_NAME_num(names); k++) {
			struct revocation_lookup one = { .kind = REVOCATION_CRL };

			if (put_url(sk_GENERAL_NAME_value(names, k), &one))
				ret[count++] = one;
		}
	}
	CRL_DIST_POINTS_free(points);
	return count;
}

size_t
revocation_lookups(
    const X509 *certificate, const X509 *issuer, struct revocation_lookup ret[], size_t max)
{
	size_t count = 0;

	if (!revocation_is_needed(certificate))
		return 0;
	count = ocsp_lookups(certificate, issuer, ret, max < 1 ? max : 1);
	count += crl_lookups(certificate, ret + count, max - count);
	ERR_clear_error();
	return count;
}
