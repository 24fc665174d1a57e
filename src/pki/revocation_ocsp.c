/* SPDX-License-Identifier: Apache-2.0 */
/* Answers about single certificates (RFC 6960, RFC 5019). */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdio.h>

#include "pki/revocation_internal.h"

/* The certificate's identity, in the two ways that responders write it. */
#define IDS 2

static void
response_free(OCSP_RESPONSE *response)
{
	OCSP_RESPONSE_free(response);
}
CLEAN_DEFINE(response_free, OCSP_RESPONSE *);

static void
basic_free(OCSP_BASICRESP *basic)
{
	OCSP_BASICRESP_free(basic);
}
CLEAN_DEFINE(basic_free, OCSP_BASICRESP *);

static OCSP_RESPONSE *
parse(struct str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.p, *end = at + bytes.len;
	CLEAN(response_free)
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)bytes.len);

	return response && at == end ? TAKE(response) : NULL;
}

/* The issuer alone is trusted, at this moment, for one step: itself, or a responder that it has
 * named (RFC 6960 4.2.2.2). Level 2: no SHA-1, no RSA below 2048 bits on that step. */
static X509_STORE *
store_of(X509 *issuer, when now)
{
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param = store ? X509_STORE_get0_param(store) : NULL;

	if (!param || X509_STORE_add_cert(store, issuer) != 1) {
		X509_STORE_free(store);
		return NULL;
	}
	X509_VERIFY_PARAM_set_time(param, (time_t)(now / SECONDS(1)));
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_depth(param, 1);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	return store;
}

static bool
is_authentic(OCSP_BASICRESP *basic, X509 *issuer, when now)
{
	X509_STORE *store = store_of(issuer, now);
	STACK_OF(X509) *signers = sk_X509_new_null();
	bool good = false;

	if (store && signers && sk_X509_push(signers, issuer))
		good = OCSP_basic_verify(
			   basic, signers, store, OCSP_TRUSTOTHER | OCSP_NOEXPLICIT) == 1;
	sk_X509_free(signers);
	X509_STORE_free(store);
	return good;
}

static void
judge_single(OCSP_SINGLERESP *single, when now, struct revocation *ret)
{
	ASN1_GENERALIZEDTIME *since = NULL, *from = NULL, *until = NULL;
	int reason = -1;
	int status = OCSP_single_get0_status(single, &reason, &since, &from, &until);
	bool is_current = revocation_is_current(from, until, now, ret);

	if (status == V_OCSP_CERTSTATUS_REVOKED &&
	    (is_current || reason != OCSP_REVOKED_STATUS_CERTIFICATEHOLD))
		revocation_say_revoked(ret, since, reason);
	else if (!is_current)
		return;
	else if (status == V_OCSP_CERTSTATUS_GOOD)
		revocation_say(ret, REVOCATION_GOOD, "");
	else
		revocation_say(
		    ret, REVOCATION_UNKNOWN, "its issuer's server does not know this certificate");
}

static bool
is_one_of(const OCSP_CERTID *id, OCSP_CERTID *const ids[static IDS])
{
	for (size_t i = 0; i < IDS; i++)
		if (ids[i] && OCSP_id_cmp(id, ids[i]) == 0)
			return true;
	return false;
}

/* Of several answers about it the one that says more. `ret`: UNSEEN when there is none. */
static void
judge_all(
    OCSP_BASICRESP *basic, OCSP_CERTID *const ids[static IDS], when now, struct revocation *ret)
{
	revocation_say(ret, REVOCATION_UNSEEN, "it is about other certificates");
	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
		struct revocation one;

		if (!is_one_of(OCSP_SINGLERESP_get0_id(single), ids))
			continue;
		judge_single(single, now, &one);
		if (one.state > ret->state)
			*ret = one;
	}
}

static void
judge_basic(
    OCSP_BASICRESP *basic, X509 *issuer, X509 *certificate, when now, struct revocation *ret)
{
	OCSP_CERTID *ids[IDS] = { OCSP_cert_to_id(EVP_sha1(), certificate, issuer),
		OCSP_cert_to_id(EVP_sha256(), certificate, issuer) };

	judge_all(basic, ids, now, ret);
	for (size_t i = 0; i < IDS; i++)
		OCSP_CERTID_free(ids[i]);
	if (ret->state == REVOCATION_UNSEEN)
		return;
	if (!revocation_is_signed_well(OCSP_resp_get0_tbs_sigalg(basic)))
		revocation_say(ret, REVOCATION_UNKNOWN,
		    "it is signed with an algorithm that is no longer accepted");
	else if (!is_authentic(basic, issuer, now))
		revocation_say(ret, REVOCATION_UNKNOWN,
		    "it was signed neither by the issuer nor by a responder of its own");
}

void
revocation_by_ocsp(
    struct str bytes, X509 *issuer, X509 *certificate, when now, struct revocation *ret)
{
	CLEAN(response_free) OCSP_RESPONSE *response = NULL;
	CLEAN(basic_free) OCSP_BASICRESP *basic = NULL;
	int status;

	if (bytes.len > REVOCATION_OCSP_MAX) {
		revocation_say(ret, REVOCATION_UNSEEN, "it is too large");
		return;
	}
	response = parse(bytes);
	status = response ? OCSP_response_status(response) : -1;
	basic =
	    status == OCSP_RESPONSE_STATUS_SUCCESSFUL ? OCSP_response_get1_basic(response) : NULL;
	if (basic) {
		judge_basic(basic, issuer, certificate, now, ret);
	} else if (status > OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		revocation_say(ret, REVOCATION_UNSEEN, "");
		snprintf(ret->why, sizeof(ret->why),
		    "the issuer's server refused to answer (%.40s)",
		    OCSP_response_status_str(status));
	} else {
		revocation_say(ret, REVOCATION_UNSEEN, "it cannot be read");
	}
	ERR_clear_error();
}
