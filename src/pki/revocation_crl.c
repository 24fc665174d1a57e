/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of revoked certificates (RFC 5280 5 and 6.3). */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/der_read.h"
#include "pki/revocation_internal.h"

static void
crl_free(X509_CRL *crl)
{
	X509_CRL_free(crl);
}
CLEAN_DEFINE(crl_free, X509_CRL *);

static void
scope_free(ISSUING_DIST_POINT *scope)
{
	ISSUING_DIST_POINT_free(scope);
}
CLEAN_DEFINE(scope_free, ISSUING_DIST_POINT *);

static void
points_free(CRL_DIST_POINTS *points)
{
	CRL_DIST_POINTS_free(points);
}
CLEAN_DEFINE(points_free, CRL_DIST_POINTS *);

/* The next block's DER, if it is a CRL; *ret_more: there was a block. */
static void
next_block(BIO *from, struct buf *to, bool *ret_more)
{
	char *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;

	*ret_more = PEM_read_bio(from, &label, &header, &der, &len) == 1;
	if (*ret_more && strcmp(label, PEM_STRING_X509_CRL) == 0)
		buf_put(to, der, (size_t)len);
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_free(der);
}

bool
revocation_put_from_pem(struct str pem, struct buf *to)
{
	size_t before = to->len;
	bool more = pem.len <= INT_MAX;
	BIO *bio = more ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;

	while (bio && more && to->len == before && !buf_failed(to))
		next_block(bio, to, &more);
	BIO_free(bio);
	ERR_clear_error();
	return to->len > before;
}

/* tbsCertList: version (optional), signature algorithm, issuer. Looked at before anything is
 * decoded: of many lists one is the issuer's. */
static bool
names_issuer(struct str der, struct str raw_issuer, bool *ret_is_crl)
{
	struct der list, tbs, element = { 0 };
	struct str rest = der;

	*ret_is_crl = false;
	if (!der_next_is(&rest, DER_SEQUENCE, &list) || rest.len > 0)
		return false;
	rest = list.body;
	if (!der_next_is(&rest, DER_SEQUENCE, &tbs))
		return false;
	rest = tbs.body;
	if (der_peek(rest, &element) && element.tag == DER_INTEGER)
		rest = str_drop(rest, element.whole.len);
	*ret_is_crl = der_next_is(&rest, DER_SEQUENCE, &element) &&
	              der_next_is(&rest, DER_SEQUENCE, &element);
	return *ret_is_crl && str_eq(element.whole, raw_issuer);
}

static X509_CRL *
parse(struct str der)
{
	const unsigned char *at = (const unsigned char *)der.p, *end = at + der.len;
	CLEAN(crl_free) X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);

	return crl && at == end && X509_CRL_get_version(crl) <= 1 ? TAKE(crl) : NULL;
}

/* RFC 5280 5.2: what an unknown critical extension would mean nobody knows. */
static bool
is_understood(const X509_CRL *crl)
{
	for (int i = X509_CRL_get_ext_by_critical(crl, 1, -1); i >= 0;
	     i = X509_CRL_get_ext_by_critical(crl, 1, i)) {
		const ASN1_OBJECT *object = X509_EXTENSION_get_object(X509_CRL_get_ext(crl, i));

		if (OBJ_obj2nid(object) != NID_issuing_distribution_point)
			return false;
	}
	return true;
}

static bool
may_sign_crls(X509 *issuer)
{
	return (X509_get_key_usage(issuer) & KU_CRL_SIGN) != 0;
}

/* Is it the issuer's own word, in a form that we know? */
static bool
is_authentic(X509_CRL *crl, X509 *issuer, struct revocation *ret)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	const X509_ALGOR *algorithm = NULL;
	const char *why = NULL;

	X509_CRL_get0_signature(crl, NULL, &algorithm);
	if (!revocation_is_signed_well(algorithm))
		why = "it is signed with an algorithm that is no longer accepted";
	else if (!key || !may_sign_crls(issuer))
		why = "its issuer may not sign such lists";
	else if (X509_CRL_verify(crl, key) != 1)
		why = "it was not signed with the issuer's key";
	else if (!is_understood(crl))
		why = "it has a critical extension that we do not know";
	else if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		why = "it lists only changes to another list";
	if (why)
		revocation_say(ret, REVOCATION_UNKNOWN, why);
	return why == NULL;
}

static bool
has_name(const GENERAL_NAMES *names, GENERAL_NAME *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), name) == 0)
			return true;
	return false;
}

#define NAMES_MAX 16 /* compared with each other, of either side */

static bool
names_meet(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	if (sk_GENERAL_NAME_num(a) > NAMES_MAX || sk_GENERAL_NAME_num(b) > NAMES_MAX)
		return false;
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++)
		if (has_name(b, sk_GENERAL_NAME_value(a, i)))
			return true;
	return false;
}

/* RFC 5280 6.3.3 (b)(2)(i): an issuer that cuts its list into parts says in each which one it is,
 * and in each certificate which one it is in. */
static bool
is_its_part(const DIST_POINT_NAME *part, const X509 *certificate)
{
	CLEAN(points_free)
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);

	if (part->type != 0)
		return false; /* relative to a name: no public issuer does so */
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);

		if (point->distpoint && point->distpoint->type == 0 && !point->CRLissuer &&
		    !point->reasons &&
		    names_meet(point->distpoint->name.fullname, part->name.fullname))
			return true;
	}
	return false;
}

/* What the issuing distribution point leaves of the list's silence. */
struct scope {
	bool is_foreign; /* its serial numbers are somebody else's */
	enum revocation_state state;
	const char *why; /* NULL = it would list this certificate */
};

static struct scope
scope_of(const X509_CRL *crl, const X509 *certificate)
{
	int critical = -1;
	CLEAN(scope_free)
	ISSUING_DIST_POINT *scope =
	    X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
	bool is_ca = certificate_is_ca(certificate);

	if (!scope && critical == -1)
		return (struct scope){ 0 };
	if (!scope)
		return (struct scope){ true, REVOCATION_UNKNOWN, "its scope cannot be read" };
	if (scope->indirectCRL > 0 || scope->onlyattr > 0)
		return (struct scope){ true, REVOCATION_UNSEEN,
			"it is about certificates of other issuers or kinds" };
	if (is_ca ? scope->onlyuser > 0 : scope->onlyCA > 0)
		return (struct scope){ false, REVOCATION_UNSEEN,
			is_ca ? "it lists no CA certificates" : "it lists CA certificates only" };
	if (scope->distpoint && !is_its_part(scope->distpoint, certificate))
		return (struct scope){ false, REVOCATION_UNSEEN,
			"it is a part of the issuer's list in which this certificate is not" };
	if (scope->onlysomereasons)
		return (struct scope){ false, REVOCATION_UNKNOWN,
			"it is limited to some reasons of revocation" };
	return (struct scope){ 0 };
}

static long
reason_of(const X509_REVOKED *entry)
{
	ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	long reason = value ? ASN1_ENUMERATED_get(value) : -1;

	ASN1_ENUMERATED_free(value);
	return reason;
}

/* An entry for a hold counts while the list is current. */
static void
judge(X509_CRL *crl, const X509 *certificate, when now, struct revocation *ret)
{
	struct scope scope = scope_of(crl, certificate);
	X509_REVOKED *entry = NULL;
	int found = scope.is_foreign
	                ? 0
	                : X509_CRL_get0_by_serial(crl, &entry, X509_get0_serialNumber(certificate));
	long reason = found == 1 ? reason_of(entry) : -1;
	bool is_current = revocation_is_current(
	    X509_CRL_get0_lastUpdate(crl), X509_CRL_get0_nextUpdate(crl), now, ret);

	if (found == 1 && (is_current || reason != CRL_REASON_CERTIFICATE_HOLD))
		revocation_say_revoked(ret, X509_REVOKED_get0_revocationDate(entry), reason);
	else if (scope.why)
		revocation_say(ret, scope.state, scope.why);
	else if (found == 2)
		revocation_say(
		    ret, REVOCATION_UNKNOWN, "it says that it was taken off another list");
	else if (is_current)
		revocation_say(ret, REVOCATION_GOOD, "");
}

static void
look(struct str der, X509 *issuer, X509 *certificate, when now, struct revocation *ret)
{
	CLEAN(crl_free) X509_CRL *crl = NULL;
	bool is_crl;

	if (!names_issuer(der, certificate_raw_name(X509_get_issuer_name(certificate)), &is_crl)) {
		revocation_say(ret, REVOCATION_UNSEEN,
		    is_crl ? "it is a list of another issuer" : "it cannot be read");
		return;
	}
	crl = parse(der);
	if (!crl)
		revocation_say(ret, REVOCATION_UNKNOWN, "it is damaged");
	else if (is_authentic(crl, issuer, ret))
		judge(crl, certificate, now, ret);
}

void
revocation_by_crl(
    struct str bytes, X509 *issuer, X509 *certificate, when now, struct revocation *ret)
{
	CLEAN(buf_fini) struct buf der = BUF(REVOCATION_FILE_MAX);

	if (bytes.len > REVOCATION_FILE_MAX) {
		revocation_say(ret, REVOCATION_UNSEEN, "it is too large");
		return;
	}
	if ((bytes.len == 0 || bytes.p[0] != DER_SEQUENCE) && revocation_put_from_pem(bytes, &der))
		bytes = buf_str(&der);
	look(bytes, issuer, certificate, now, ret);
	ERR_clear_error();
}
