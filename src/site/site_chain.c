/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates as served, judged as the strictest client would: nothing fetched (no AIA),
 * nothing known beforehand but the roots, order as sent (X-02, F-02). Each cause in its own words.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "pki/certificate.h"
#include "site/site_internal.h"

struct finding *
site_blame(const struct site_target *target, enum finding_code code, struct site_report *report)
{
	struct finding *f = findings_add(&report->findings, code, "");
	char address[ADDR_TEXT_SIZE];

	finding_param(f, "fqdn", "%s", target->name.text);
	if (target->port == 443)
		finding_param(f, "address", "%s", addr_text(&target->address, address));
	else
		finding_param(
		    f, "address", "%s port %u", addr_text(&target->address, address), target->port);
	return f;
}

void
site_pass(const struct site_target *target, const char *check, const char *found,
    struct site_report *report)
{
	struct finding *f = site_blame(target, FINDING_SITE_PASSED, report);

	finding_param(f, "check", "%s", check);
	finding_param(f, "found", "%s", found);
}

static void
blame_chain(const struct site_target *target, struct site_report *report, const char *format,
    const char *about)
{
	char reason[CERTIFICATE_NAME_SIZE + 128], shown[CERTIFICATE_NAME_SIZE];
	struct finding *f = site_blame(target, FINDING_SITE_CHAIN, report);

	str_show(str_of(about), shown, sizeof(shown));
	snprintf(reason, sizeof(reason), "%s%s", format, shown);
	finding_param(f, "reason", "%s", reason);
}

static bool
is_self_issued(X509 *x509)
{
	return X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)) == 0;
}

static bool
is_root(X509 *x509)
{
	return is_self_issued(x509) && X509_verify(x509, X509_get0_pubkey(x509)) == 1;
}

static void
names_of(X509 *x509, char *to, size_t size)
{
	CLEAN(buf_fini) struct buf der = BUF(CERTIFICATE_MAX);
	CLEAN(certificate_facts_fini) struct certificate_facts facts = { 0 };
	int len = i2d_X509(x509, NULL);
	unsigned char *room = len > 0 ? (unsigned char *)buf_room(&der, (size_t)len) : NULL;

	to[0] = '\0';
	if (!room)
		return;
	buf_added(&der, (size_t)i2d_X509(x509, &room));
	if (certificate_describe(buf_str(&der), &facts) == 0)
		certificate_names_text(&facts, to, size);
	if (to[0] == '\0')
		certificate_name_text(X509_get_subject_name(x509), to, size);
}

static bool
judge_leaf(
    const struct site_target *target, const struct site_shake *shake, struct site_report *report)
{
	char names[CERTIFICATE_NAME_SIZE];
	bool same =
	    memcmp(shake->leaf_sha256, target->leaf_sha256, sizeof(shake->leaf_sha256)) == 0;

	if (same)
		return true;
	names_of(shake->served[0], names, sizeof(names));
	finding_param(site_blame(target, FINDING_SITE_OTHER_CERT, report), "found", "%s", names);
	return false;
}

/* The first that its predecessor was not issued by; served_count when all are in order. */
static size_t
first_out_of_order(const struct site_shake *shake)
{
	size_t i = 1;

	while (i < shake->served_count &&
	       X509_check_issued(shake->served[i], shake->served[i - 1]) == X509_V_OK)
		i++;
	return i;
}

struct verdict {
	int error;
	size_t depth;
	char subject[CERTIFICATE_NAME_SIZE],
	    issuer[CERTIFICATE_NAME_SIZE]; /* of the certificate it failed at */
};

static void
take_verdict(X509_STORE_CTX *ctx, struct verdict *ret)
{
	X509 *at = X509_STORE_CTX_get_current_cert(ctx);

	ret->error = X509_STORE_CTX_get_error(ctx);
	if (!at)
		return;
	certificate_name_text(X509_get_subject_name(at), ret->subject, sizeof(ret->subject));
	certificate_name_text(X509_get_issuer_name(at), ret->issuer, sizeof(ret->issuer));
}

static bool
verify(const struct site_target *target, const struct site_shake *shake, struct verdict *ret)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *others = sk_X509_new_null();
	bool good = ctx && others;

	*ret = (struct verdict){ .error = X509_V_ERR_OUT_OF_MEM };
	for (size_t i = 1; good && i < shake->served_count; i++)
		good = sk_X509_push(others, shake->served[i]) > 0;
	good =
	    good && X509_STORE_CTX_init(ctx, target->trust->store, shake->served[0], others) == 1 &&
	    X509_STORE_CTX_set_default(ctx, "ssl_server") == 1 &&
	    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), target->name.text, 0) == 1;
	if (good) {
		good = X509_verify_cert(ctx) == 1;
		take_verdict(ctx, ret);
	}
	sk_X509_free(others);
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

static void
blame_verdict(const struct site_target *target, const struct verdict *v, struct site_report *report)
{
	switch (v->error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		blame_chain(
		    target, report, "the certificate of the issuer is missing: ", v->issuer);
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		blame_chain(target, report, "it ends in a root that is not trusted: ", v->subject);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		blame_chain(target, report, "this certificate has expired: ", v->subject);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		blame_chain(target, report, "this certificate is not valid yet: ", v->subject);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
		blame_chain(
		    target, report, "the certificate does not hold the name ", target->name.text);
		break;
	default:
		blame_chain(target, report, "", X509_verify_cert_error_string(v->error));
		break;
	}
}

static void
judge_chain(
    const struct site_target *target, const struct site_shake *shake, struct site_report *report)
{
	struct verdict v;
	size_t odd = first_out_of_order(shake);
	char name[CERTIFICATE_NAME_SIZE];

	if (!verify(target, shake, &v)) {
		blame_verdict(target, &v, report);
	} else if (odd < shake->served_count) {
		certificate_name_text(
		    X509_get_subject_name(shake->served[odd]), name, sizeof(name));
		blame_chain(target, report,
		    "the certificates are not in order, or there is one too many: ", name);
	} else {
		snprintf(name, sizeof(name), "%zu certificates, complete and in order",
		    shake->served_count);
		site_pass(target, "Chain", name, report);
	}
	if (shake->served_count > 1 && is_root(shake->served[shake->served_count - 1]))
		(void)site_blame(target, FINDING_SITE_ROOT_SERVED, report);
}

static void
free_x509(X509 *x509)
{
	X509_free(x509);
}
CLEAN_DEFINE(free_x509, X509 *);

static bool
is_served(const struct site_shake *shake, const X509 *wanted)
{
	for (size_t i = 1; i < shake->served_count; i++)
		if (X509_cmp(shake->served[i], wanted) == 0)
			return true;
	return false;
}

bool
site_serves_chain(
    const struct site_target *target, const struct site_shake *shake, char *missing, size_t size)
{
	const unsigned char *at = (const unsigned char *)target->chain.p;
	const unsigned char *end = at + target->chain.len;
	char name[CERTIFICATE_NAME_SIZE] = "one that cannot be read";

	while (target->chain.len > 0 && at < end) {
		CLEAN(free_x509) X509 *wanted = d2i_X509(NULL, &at, end - at);

		if (wanted && is_served(shake, wanted))
			continue;
		if (wanted)
			certificate_name_text(X509_get_subject_name(wanted), name, sizeof(name));
		str_show(str_of(name), missing, size);
		return false;
	}
	return true;
}

bool
site_judge_served(
    const struct site_target *target, const struct site_shake *shake, struct site_report *report)
{
	char names[CERTIFICATE_NAME_SIZE];

	if (!judge_leaf(target, shake, report))
		return false;
	names_of(shake->served[0], names, sizeof(names));
	site_pass(target, "Certificate", names, report);
	judge_chain(target, shake, report);
	return true;
}
