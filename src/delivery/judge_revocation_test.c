/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a certificate whose issuer, or whose issuer's issuer, has withdrawn something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/ocsp.h>
#include <openssl/pkcs7.h>

#include "delivery/judge.h"
#include "pki/ca_test_kit.h"

#define NOW     ((when)1780272000 * 1000000) /* 2026-06-01 */
#define HOST    "owa.contoso.com"
#define CURRENT .from = NOW - DAYS(3), .until = NOW + DAYS(4)
#define STALE   .from = NOW - DAYS(9), .until = NOW - DAYS(2)

static struct test_certificate root, other_root, issuing, cross, leaf, brief_leaf;
static struct delivery_tools *tools;

static struct test_certificate
make_leaf(when lasts)
{
	return test_issue(&(struct test_spec){ .name = HOST,
			      .alternatives = "DNS:" HOST,
			      .purposes = "serverAuth",
			      .crl_points = "URI:http://crl.example/leaf.crl",
			      .authority_info = "OCSP;URI:http://ocsp.example",
			      .from = NOW - DAYS(1),
			      .until = NOW - DAYS(1) + lasts },
	    &issuing);
}

static int
set_up(void **state UNUSED)
{
	struct test_spec ca = {
		.name = "Root", .ca = true, .from = NOW - DAYS(900), .until = NOW + DAYS(900)
	};
	bool legacy;

	root = test_issue(&ca, NULL);
	ca.name = "Other Root";
	other_root = test_issue(&ca, NULL);
	ca.name = "Issuing CA";
	ca.crl_points = "URI:http://crl.example/root.crl";
	issuing = test_issue(&ca, &root);
	ca.key = issuing.key;
	ca.crl_points = "URI:http://crl.example/other.crl";
	cross = test_issue(&ca, &other_root);
	leaf = make_leaf(DAYS(190));
	brief_leaf = make_leaf(DAYS(6));
	return delivery_tools_new(&tools, &legacy);
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&root);
	test_certificate_fini(&other_root);
	test_certificate_fini(&issuing);
	test_certificate_fini(&cross);
	test_certificate_fini(&leaf);
	test_certificate_fini(&brief_leaf);
	delivery_tools_free(tools);
	return 0;
}

/* A question and all that its answer borrows from. */
struct asked {
	struct trust trust;
	struct buf file[2], status[3];
	struct delivery_question question;
	struct read_report report;
};

static void
put_on(struct shelf *shelf, const struct test_certificate *one)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 14);

	test_put_der(&der, one->x509);
	assert_true(shelf_add(shelf, buf_str(&der)));
}

/* The leaf and its issuer are sent; both roots are trusted. */
static struct asked *
asked_new(const struct test_certificate *about)
{
	struct asked *a = calloc(1, sizeof(*a));

	a->trust.roots = shelf_new();
	a->trust.intermediates = shelf_new();
	put_on(a->trust.roots, &root);
	put_on(a->trust.roots, &other_root);
	for (size_t i = 0; i < COUNT_OF(a->file); i++)
		a->file[i] = BUF(1 << 20);
	for (size_t i = 0; i < COUNT_OF(a->status); i++)
		a->status[i] = BUF(1 << 20);
	test_put_pem(&a->file[0], about->x509);
	test_put_pem(&a->file[0], issuing.x509);
	str_copy(STR(HOST), a->question.host, sizeof(a->question.host));
	a->question.file_count = 1;
	a->question.now = NOW;
	read_report_init(&a->report);
	return a;
}

static void
asked_free(struct asked *a)
{
	trust_fini(&a->trust);
	for (size_t i = 0; i < COUNT_OF(a->file); i++)
		buf_fini(&a->file[i]);
	for (size_t i = 0; i < COUNT_OF(a->status); i++)
		buf_fini(&a->status[i]);
	read_report_fini(&a->report);
	free(a);
}

static struct buf *
next_status(struct asked *a)
{
	return &a->status[a->question.status_count++];
}

static void
judge_it(struct asked *a)
{
	CLEAN(buf_fini) struct buf wire = BUF(8u << 20);
	const struct judge_setting setting = { .trust = &a->trust };

	for (size_t i = 0; i < a->question.file_count; i++)
		a->question.files[i].bytes = buf_str(&a->file[i]);
	for (size_t i = 0; i < a->question.status_count; i++)
		a->question.status[i] = buf_str(&a->status[i]);
	judge_question(&a->question, tools, &setting, &a->report);
	read_report_put(&a->report, &wire);
	assert_int_equal(read_report_get(buf_str(&wire), &a->report), 0);
}

/* NULL when it is not there; its sentences are whole. */
static const struct finding *
found(const struct asked *a, enum finding_code code)
{
	for (size_t i = 0; i < a->report.findings.count; i++) {
		const struct finding *finding = &a->report.findings.list[i];

		for (enum finding_text text = FINDING_TITLE; text <= FINDING_NEXT; text++) {
			CLEAN(buf_fini) struct buf words = BUF(8192);

			finding_render(finding, text, &words);
			assert_int_equal(str_find(buf_str(&words), STR("{")), words.len);
		}
		if (finding->code == code)
			return finding;
	}
	return NULL;
}

static void
expect_states(const struct asked *a, enum revocation_state first, enum revocation_state second)
{
	assert_int_equal(a->report.status_count, 2);
	assert_int_equal(a->report.status[0].state, first);
	assert_int_equal(a->report.status[1].state, second);
	assert_memory_equal(a->report.status[0].sha256, a->report.certificate.sha256, 32);
}

static const char *const all_urls[] = { "http://ocsp.example", "http://crl.example/leaf.crl",
	"http://crl.example/root.crl" };

static void
expect_lookups(const struct asked *a, const char *const urls[], size_t count)
{
	if (!a->report.accepted) /* nothing is fetched for what is refused anyway */
		count = 0;
	assert_int_equal(a->report.lookup_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(a->report.lookup[i].url, urls[i]);
}

static void
list_of(struct buf *to, const struct test_certificate *revoked, struct test_list list,
    const struct test_certificate *issuer)
{
	X509 *const all[] = { revoked ? revoked->x509 : NULL, NULL };

	list.revoked = all;
	test_put_crl(to, &list, issuer);
}

/* Nothing is known, nothing is refused; what to ask is told. */
static void
not_looked_at(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);

	judge_it(a);
	assert_true(a->report.accepted);
	expect_states(a, REVOCATION_UNSEEN, REVOCATION_UNSEEN);
	expect_lookups(a, all_urls, COUNT_OF(all_urls));
	assert_int_equal(a->report.lookup[0].kind, REVOCATION_OCSP);
	assert_true(a->report.lookup[0].request_len > 40);
	assert_null(found(a, FINDING_CERT_REVOCATION_UNKNOWN));
	asked_free(a);
}

static void
good(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);

	list_of(next_status(a), NULL, (struct test_list){ CURRENT }, &root);
	test_put_ocsp(next_status(a),
	    &(struct test_answer){ CURRENT, .status = V_OCSP_CERTSTATUS_GOOD, .reason = -1 },
	    leaf.x509, issuing.x509, &issuing);
	judge_it(a);
	assert_true(a->report.accepted);
	expect_states(a, REVOCATION_GOOD, REVOCATION_GOOD);
	expect_lookups(a, NULL, 0);
	assert_null(found(a, FINDING_CERT_REVOCATION_UNKNOWN));
	asked_free(a);
}

/* One source says "good", the other one "revoked": it is revoked. */
static void
revoked(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);
	const struct finding *finding;

	test_put_ocsp(next_status(a),
	    &(struct test_answer){ CURRENT, .status = V_OCSP_CERTSTATUS_GOOD, .reason = -1 },
	    leaf.x509, issuing.x509, &issuing);
	list_of(next_status(a), &leaf, (struct test_list){ CURRENT, .reason = 4 }, &issuing);
	judge_it(a);
	assert_false(a->report.accepted);
	finding = found(a, FINDING_CERT_REVOKED);
	assert_ptr_equal(findings_first(&a->report.findings), finding);
	assert_string_equal(finding_value(finding, "date"), "28 May 2026, 00:00 UTC");
	assert_non_null(strstr(finding_value(finding, "reason"), "replaced"));
	expect_states(a, REVOCATION_REVOKED, REVOCATION_UNSEEN);
	assert_true(a->report.status[0].since == NOW - DAYS(4));
	expect_lookups(a, all_urls + 2, 1);
	asked_free(a);
}

static void
revoked_issuer(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);
	const struct finding *finding;

	list_of(next_status(a), &issuing, (struct test_list){ CURRENT, .reason = -1 }, &root);
	judge_it(a);
	assert_false(a->report.accepted);
	assert_int_equal(a->report.chain_length, 0);
	finding = found(a, FINDING_CERT_ISSUER_REVOKED);
	assert_ptr_equal(findings_first(&a->report.findings), finding);
	assert_non_null(strstr(finding_value(finding, "issuer"), "Issuing CA"));
	assert_string_equal(finding_value(finding, "reason"), "");
	expect_states(a, REVOCATION_UNSEEN, REVOCATION_REVOKED);
	assert_false(a->report.is_incomplete);
	asked_free(a);
}

/* I-19: there is another way to a root, and its links are to be looked at in turn. */
static void
another_path(void **state UNUSED)
{
	static const char *const urls[] = { "http://ocsp.example", "http://crl.example/leaf.crl",
		"http://crl.example/other.crl" };
	CLEAN(buf_fini) struct buf der = BUF(1 << 14);

	test_put_der(&der, cross.x509);
	for (int both = 0; both < 2; both++) {
		struct asked *a = asked_new(&leaf);

		put_on(a->trust.intermediates, &cross);
		list_of(
		    next_status(a), &issuing, (struct test_list){ CURRENT, .reason = 1 }, &root);
		if (both)
			list_of(next_status(a), &cross, (struct test_list){ CURRENT, .reason = 1 },
			    &other_root);
		judge_it(a);
		assert_int_equal(a->report.accepted, !both);
		assert_int_equal(found(a, FINDING_CERT_ISSUER_REVOKED) != NULL, both);
		if (!both) {
			assert_true(str_eq(buf_str(&a->report.chain), buf_str(&der)));
			expect_states(a, REVOCATION_UNSEEN, REVOCATION_UNSEEN);
			expect_lookups(a, urls, COUNT_OF(urls));
		}
		asked_free(a);
	}
}

/* What cannot be told is said, once, and holds nothing up. A look-up that had an answer is not
 * asked for again. */
static void
unknown(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);
	const struct finding *finding;

	list_of(next_status(a), NULL, (struct test_list){ STALE }, &issuing);
	buf_put_text(next_status(a), "<html>404 not found</html>");
	judge_it(a);
	assert_true(a->report.accepted);
	finding = found(a, FINDING_CERT_REVOCATION_UNKNOWN);
	assert_int_equal(finding->severity, SEVERITY_INFO);
	assert_non_null(strstr(finding_value(finding, "reason"), "out of date since 30 May"));
	assert_non_null(strstr(finding_value(finding, "names"), HOST));
	assert_non_null(strstr(finding_value(finding, "names"), "Issuing CA"));
	expect_states(a, REVOCATION_UNKNOWN, REVOCATION_UNSEEN);
	expect_lookups(a, all_urls + 2, 1);
	asked_free(a);
}

/* A list that is PEM is looked for in the text once, whoever it is about. */
static void
armoured(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);
	CLEAN(buf_fini) struct buf list = BUF(1 << 16);
	struct buf *to = next_status(a);

	list_of(&list, &issuing, (struct test_list){ CURRENT, .reason = 1 }, &root);
	test_put_pem(to, root.x509);
	buf_put_text(to, "-----BEGIN X509 CRL-----\n");
	buf_put_base64(to, list.data, list.len);
	buf_put_text(to, "\n-----END X509 CRL-----\n");
	judge_it(a);
	assert_non_null(found(a, FINDING_CERT_ISSUER_REVOKED));
	asked_free(a);
}

static void
short_lived(void **state UNUSED)
{
	struct asked *a = asked_new(&brief_leaf);

	list_of(next_status(a), NULL, (struct test_list){ CURRENT }, &root);
	judge_it(a);
	assert_true(a->report.accepted);
	expect_states(a, REVOCATION_NEEDLESS, REVOCATION_GOOD);
	expect_lookups(a, NULL, 0);
	assert_null(found(a, FINDING_CERT_REVOCATION_UNKNOWN));
	asked_free(a);
}

/* A list beside the certificate: one that names it counts; one that does not may have been chosen
 * for that. */
static void
came_along(void **state UNUSED)
{
	for (int is_revoked = 0; is_revoked < 2; is_revoked++) {
		struct asked *a = asked_new(&leaf);

		list_of(&a->file[1], is_revoked ? &leaf : NULL,
		    (struct test_list){ CURRENT, .reason = 1 }, &issuing);
		a->question.file_count = 2;
		judge_it(a);
		assert_int_equal(a->report.accepted, !is_revoked);
		assert_int_equal(found(a, FINDING_CERT_REVOKED) != NULL, is_revoked);
		expect_states(
		    a, is_revoked ? REVOCATION_REVOKED : REVOCATION_GOOD, REVOCATION_UNSEEN);
		expect_lookups(a, is_revoked ? all_urls + 2 : all_urls, is_revoked ? 1 : 3);
		asked_free(a);
	}
}

static void
came_as_answer(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);

	test_put_ocsp(&a->file[1],
	    &(struct test_answer){ CURRENT, .status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1 },
	    leaf.x509, issuing.x509, &issuing);
	a->question.file_count = 2;
	judge_it(a);
	assert_non_null(found(a, FINDING_CERT_REVOKED));
	asked_free(a);
}

/* I-04: a PKCS#7 may hold the list too. */
static void
came_in_pkcs7(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);
	CLEAN(buf_fini) struct buf list = BUF(1 << 16);
	PKCS7 *bag = PKCS7_new();
	const unsigned char *at;
	unsigned char *der = NULL;
	X509_CRL *crl;
	int len;

	list_of(&list, &leaf, (struct test_list){ CURRENT, .reason = 5 }, &issuing);
	at = (const unsigned char *)list.data;
	crl = d2i_X509_CRL(NULL, &at, (long)list.len);
	assert_int_equal(PKCS7_set_type(bag, NID_pkcs7_signed), 1);
	assert_int_equal(PKCS7_content_new(bag, NID_pkcs7_data), 1);
	assert_int_equal(PKCS7_add_certificate(bag, leaf.x509), 1);
	assert_int_equal(PKCS7_add_certificate(bag, issuing.x509), 1);
	assert_int_equal(PKCS7_add_crl(bag, crl), 1);
	len = i2d_PKCS7(bag, &der);
	buf_clear(&a->file[0]);
	buf_put(&a->file[0], der, (size_t)len);
	judge_it(a);
	assert_non_null(
	    strstr(finding_value(found(a, FINDING_CERT_REVOKED), "reason"), "no longer used"));
	OPENSSL_free(der);
	X509_CRL_free(crl);
	PKCS7_free(bag);
	asked_free(a);
}

/* More of them than are kept. */
static void
many_came_along(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);

	for (int i = 0; i < DELIVERY_STATUS_MAX + 4; i++) {
		CLEAN(buf_fini) struct buf list = BUF(1 << 16);

		list_of(&list, i < DELIVERY_STATUS_MAX ? NULL : &leaf,
		    (struct test_list){ CURRENT }, &issuing);
		buf_put_text(&a->file[0], "-----BEGIN X509 CRL-----\n");
		buf_put_base64(&a->file[0], list.data, list.len);
		buf_put_text(&a->file[0], "\n-----END X509 CRL-----\n");
	}
	judge_it(a);
	assert_true(a->report.accepted);
	expect_states(a, REVOCATION_GOOD, REVOCATION_UNSEEN);
	asked_free(a);
}

/* More places than are told: the leaf's come first. */
static void
many_places(void **state UNUSED)
{
	struct test_spec spec = { .name = "A",
		.ca = true,
		.crl_points =
		    "URI:http://crl.example/a,URI:http://crl.example/b,URI:http://crl.example/c",
		.authority_info = "OCSP;URI:http://ocsp.example",
		.from = NOW - DAYS(1),
		.until = NOW + DAYS(190) };
	struct test_certificate upper = test_issue(&spec, &root), lower, end;
	struct asked *a;

	spec.name = "B";
	lower = test_issue(&spec, &upper);
	spec.ca = false;
	spec.name = HOST;
	spec.alternatives = "DNS:" HOST;
	spec.purposes = "serverAuth";
	end = test_issue(&spec, &lower);
	a = asked_new(&end);
	test_put_pem(&a->file[0], upper.x509);
	test_put_pem(&a->file[0], lower.x509);
	judge_it(a);
	assert_true(a->report.accepted);
	assert_int_equal(a->report.status_count, 3);
	assert_int_equal(a->report.lookup_count, READ_LOOKUPS_MAX);
	assert_string_equal(a->report.lookup[2].url, "http://crl.example/b");
	assert_int_equal(a->report.lookup[3].kind, REVOCATION_OCSP);
	asked_free(a);
	test_certificate_fini(&upper);
	test_certificate_fini(&lower);
	test_certificate_fini(&end);
}

/* Both, and the customer's own first. */
static void
both_revoked(void **state UNUSED)
{
	struct asked *a = asked_new(&leaf);

	list_of(next_status(a), &issuing, (struct test_list){ CURRENT, .reason = 1 }, &root);
	list_of(next_status(a), &leaf, (struct test_list){ CURRENT, .reason = 1 }, &issuing);
	judge_it(a);
	assert_int_equal(findings_first(&a->report.findings)->code, FINDING_CERT_REVOKED);
	assert_non_null(found(a, FINDING_CERT_ISSUER_REVOKED));
	expect_states(a, REVOCATION_REVOKED, REVOCATION_REVOKED);
	asked_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_looked_at),
		cmocka_unit_test(good),
		cmocka_unit_test(revoked),
		cmocka_unit_test(revoked_issuer),
		cmocka_unit_test(another_path),
		cmocka_unit_test(unknown),
		cmocka_unit_test(armoured),
		cmocka_unit_test(short_lived),
		cmocka_unit_test(came_along),
		cmocka_unit_test(came_as_answer),
		cmocka_unit_test(came_in_pkcs7),
		cmocka_unit_test(many_came_along),
		cmocka_unit_test(many_places),
		cmocka_unit_test(both_revoked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
