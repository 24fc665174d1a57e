/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What issuers publish of revocation (pki/revocation.h): CRLs and OCSP responses, from the network
 * or out of a delivery, and the certificates that say where they can be had.
 *
 * Holds: nothing that the issuer has not signed says "good" or "revoked"; why it does not is words; a
 * look-up is a plain http URL, with a question for a responder and without one for a list.
 *
 * Choice, modulo 5: 0 the bytes as they are; 1 as a CRL, signed by the issuer in its name, so that
 * what lies behind the signature is reached; 2 as edits (a byte that says of which one of ours, then
 * two of a position and one to be put there, again and again) to a CRL, signed again; 3 the same to an OCSP response; 4 as a certificate, to be looked up
 * and judged.
 */
#include "fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "pki/ca_test_kit.h"
#include "pki/revocation.h"

#define NOW        ((when)1780000000 * SECONDS(1)) /* May 2026 */
#define SIGNED_MAX (1u << 20)

static struct test_certificate issuer, leaf;
#define CURRENT .from = NOW - DAYS(1), .until = NOW + DAYS(1)

/* To be edited. */
static const struct test_list lists[] = {
	{ CURRENT, .more = 3, .scope = "critical,fullname:URI:http://crl.example/1.crl" },
	{ CURRENT, .scope = "critical,fullname:URI:http://b.example" },
	{ CURRENT, .scope = "critical,onlysomereasons:keyCompromise,onlyuser:TRUE" },
	{ CURRENT, .scope = "critical,indirectCRL:TRUE" },
	{ CURRENT, .scope = "critical,onlyCA:TRUE" },
	{ CURRENT, .is_delta = true },
	{ CURRENT, .has_strange = true },
	{ CURRENT, .no_end = true },
	{ .from = NOW - DAYS(9), .until = NOW - DAYS(1) },
};
static const struct test_answer answers[] = {
	{ CURRENT, .status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1 },
	{ CURRENT, .status = V_OCSP_CERTSTATUS_GOOD, .sha256 = true },
	{ CURRENT, .status = V_OCSP_CERTSTATUS_UNKNOWN, .no_end = true },
	{ .from = NOW - DAYS(9), .until = NOW - DAYS(1), .reason = 6, .no_responder = true },
};
static struct buf made_list[2 * COUNT_OF(lists)], made_answer[COUNT_OF(answers)];

/* Each list with and without the leaf. */
static void
make(void)
{
	X509 *const revoked[] = { leaf.x509, NULL };

	for (size_t i = 0; i < COUNT_OF(made_list); i++) {
		struct test_list list = lists[i / 2];

		list.revoked = i % 2 ? revoked : NULL;
		list.reason = (int)(i % 11);
		made_list[i] = BUF(SIGNED_MAX);
		test_put_crl(&made_list[i], &list, &issuer);
	}
	for (size_t i = 0; i < COUNT_OF(made_answer); i++) {
		made_answer[i] = BUF(SIGNED_MAX);
		test_put_ocsp(&made_answer[i], &answers[i], leaf.x509, issuer.x509, &issuer);
	}
}

int
LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
	issuer = test_issue(
	    &(struct test_spec){
		.name = "Root", .ca = true, .from = NOW - DAYS(900), .until = NOW + DAYS(900) },
	    NULL);
	leaf = test_issue(&(struct test_spec){ .name = "leaf",
			      .crl_points = "URI:http://crl.example/1.crl",
			      .from = NOW - DAYS(1),
			      .until = NOW + DAYS(190) },
	    &issuer);
	make();
	return 0;
}

static void
judge(struct str bytes, X509 *certificate, bool is_signed)
{
	struct revocation found;

	revocation_by_file(bytes, issuer.x509, certificate, NOW, &found);
	MUST_HOLD(
	    found.state == REVOCATION_UNSEEN || found.state == REVOCATION_UNKNOWN ||
	    (is_signed && (found.state == REVOCATION_GOOD || found.state == REVOCATION_REVOKED)));
	MUST_HOLD((*found.why != '\0') == (found.state < REVOCATION_GOOD));
	MUST_HOLD(fuzz_is_words(str_of(found.why)) && fuzz_is_words(str_of(found.reason)));
}

static void
as_list(struct str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)bytes.len);
	unsigned char *der = NULL;
	int len = 0;

	if (crl && X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer.x509)) &&
	    X509_CRL_sign(crl, issuer.key, EVP_sha256()) > 0)
		len = i2d_X509_CRL(crl, &der);
	if (len > 0)
		judge(str_bytes(der, (size_t)len), leaf.x509, true);
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

static OCSP_RESPONSE *
signed_again(OCSP_BASICRESP *basic)
{
	return OCSP_basic_sign(basic, issuer.x509, issuer.key, EVP_sha256(), NULL, 0) == 1
	           ? OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic)
	           : NULL;
}

static void
as_answer(struct str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.p;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)bytes.len);
	OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) : NULL;
	OCSP_RESPONSE *again = basic ? signed_again(basic) : NULL;
	unsigned char *der = NULL;
	int len = again ? i2d_OCSP_RESPONSE(again, &der) : 0;

	if (len > 0)
		judge(str_bytes(der, (size_t)len), leaf.x509, true);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(again);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
}

static void
as_certificate(struct str bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.p;
	X509 *x509 = d2i_X509(NULL, &at, (long)bytes.len);
	struct revocation_lookup found[8];
	size_t count;

	if (!x509)
		return;
	count = revocation_lookups(x509, issuer.x509, found, COUNT_OF(found));
	MUST_HOLD(count <= COUNT_OF(found));
	for (size_t i = 0; i < count; i++) {
		MUST_HOLD(url_is_plain_http(str_of(found[i].url)));
		MUST_HOLD((found[i].kind == REVOCATION_OCSP) == (found[i].request_len > 0));
	}
	if (X509_set_issuer_name(x509, X509_get_subject_name(issuer.x509)))
		judge(buf_str(&made_list[0]), x509, true);
	X509_free(x509);
}

static void
edited(const struct buf from[], size_t count, struct str edits, void (*as)(struct str))
{
	CLEAN(buf_fini) struct buf copy = BUF(SIGNED_MAX);

	buf_put_str(&copy, buf_str(&from[edits.len > 0 ? (uint8_t)edits.p[0] % count : 0]));
	for (edits = str_drop(edits, 1); edits.len >= 3; edits = str_drop(edits, 3)) {
		size_t at = (size_t)(uint8_t)edits.p[0] << 8 | (uint8_t)edits.p[1];

		copy.data[at % copy.len] = edits.p[2];
	}
	as(buf_str(&copy));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);

	switch (input.choice % 5) {
	case 0:
		judge(input.bytes, leaf.x509, false);
		break;
	case 1:
		as_list(input.bytes);
		break;
	case 2:
		edited(made_list, COUNT_OF(made_list), input.bytes, as_list);
		break;
	case 3:
		edited(made_answer, COUNT_OF(made_answer), input.bytes, as_answer);
		break;
	default:
		as_certificate(input.bytes);
		break;
	}
	ERR_clear_error();
	return 0;
}
