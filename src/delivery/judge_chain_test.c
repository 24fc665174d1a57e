/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told of the chain, where more than the delivery decides it: intermediates we know,
 * roots that browsers distrust. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "delivery/judge.h"
#include "pki/ca_test_kit.h"

#define NOW  ((when)1780272000 * 1000000) /* 2026-06-01 */
#define HOST "owa.contoso.com"

static struct test_certificate root, issuing, leaf;
static struct delivery_tools *tools;

static int
set_up(void **state UNUSED)
{
	struct test_spec ca = {
		.name = "Root", .ca = true, .from = NOW - DAYS(900), .until = NOW + DAYS(900)
	};
	bool legacy;

	root = test_issue(&ca, NULL);
	ca.name = "Issuing CA";
	ca.until = NOW + DAYS(100);
	issuing = test_issue(&ca, &root);
	leaf = test_issue(&(struct test_spec){ .name = HOST,
			      .alternatives = "DNS:" HOST,
			      .purposes = "serverAuth",
			      .from = NOW - DAYS(10),
			      .until = NOW + DAYS(180) },
	    &issuing);
	return delivery_tools_new(&tools, &legacy);
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&root);
	test_certificate_fini(&issuing);
	test_certificate_fini(&leaf);
	delivery_tools_free(tools);
	return 0;
}

static struct shelf *
shelf_with(const struct test_certificate *one)
{
	CLEAN(buf_fini) struct buf der = BUF(1 << 14);
	struct shelf *shelf = shelf_new();

	test_put_der(&der, one->x509);
	assert_true(shelf_add(shelf, buf_str(&der)));
	return shelf;
}

/* The leaf alone, judged by this trust; or as visitors get it. */
static struct read_report *
judged_as(const struct trust *trust, bool is_served)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 14);
	struct delivery_question *question = calloc(1, sizeof(*question));
	struct read_report *report = calloc(1, sizeof(*report));
	const struct judge_setting setting = { .trust = trust };

	test_put_pem(&pem, leaf.x509);
	str_copy(STR(HOST), question->host, sizeof(question->host));
	question->file_count = 1;
	question->files[0].bytes = buf_str(&pem);
	question->now = NOW;
	question->is_served = is_served;
	read_report_init(report);
	judge_question(question, tools, &setting, report);
	free(question);
	return report;
}

static struct read_report *
judged(const struct trust *trust)
{
	return judged_as(trust, false);
}

static void
report_done(struct read_report *report)
{
	read_report_fini(report);
	free(report);
}

static const struct finding *
found(const struct read_report *report, enum finding_code code)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (report->findings.list[i].code == code)
			return &report->findings.list[i];
	fail_msg("not found: %s", finding_rule(code)->code);
	return NULL;
}

static void
completed(void **state UNUSED)
{
	CLEAN(trust_fini)
	struct trust trust = { .roots = shelf_with(&root), .intermediates = shelf_with(&issuing) };
	CLEAN(buf_fini) struct buf der = BUF(1 << 14);
	struct read_report *report = judged(&trust);

	test_put_der(&der, issuing.x509);
	assert_true(report->accepted);
	assert_int_equal(report->chain_length, 1);
	assert_true(str_eq(buf_str(&report->chain), buf_str(&der)));
	assert_string_equal(
	    finding_value(found(report, FINDING_CERT_CHAIN_COMPLETED), "count"), "1");
	assert_non_null(strstr(
	    finding_value(found(report, FINDING_CERT_CHAIN_ENDS), "date"), "September 2026"));
	report_done(report);
}

/* Visitors do not know what we know. */
static void
served_as_it_is(void **state UNUSED)
{
	CLEAN(trust_fini)
	struct trust trust = { .roots = shelf_with(&root), .intermediates = shelf_with(&issuing) };
	struct read_report *report = judged_as(&trust, true);

	assert_false(report->accepted || report->is_incomplete);
	assert_string_equal(finding_value(found(report, FINDING_CERT_CHAIN), "issuer"),
	    "CN=Issuing CA,O=certdesk test");
	report_done(report);
}

static void
distrusted(void **state UNUSED)
{
	CLEAN(trust_fini)
	struct trust trust = { .roots = shelf_with(&root), .intermediates = shelf_with(&issuing) };
	CLEAN(buf_fini) struct buf json = BUF(4096);
	char words[DISTRUST_TEXT_SIZE];
	const struct finding *finding;
	struct read_report *report;

	buf_put_text(
	    &json, "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"Old Root\",");
	buf_put_text(&json, "\"programs\":[\"Chrome\",\"Apple\"],\"sha256\":\"");
	buf_put_hex(&json, shelf_at(trust.roots, 0)->sha256, 32);
	buf_put_text(&json, "\",\"issued_after\":\"2026-01-01T00:00:00Z\"}]}");
	assert_int_equal(distrust_new(buf_str(&json), words, &trust.distrust), 0);
	report = judged(&trust);
	assert_false(report->accepted);
	finding = found(report, FINDING_CERT_DISTRUSTED);
	assert_ptr_equal(findings_first(&report->findings), finding);
	assert_string_equal(finding_value(finding, "root"), "Old Root");
	assert_string_equal(finding_value(finding, "programs"), "Chrome, Apple");
	assert_non_null(strstr(finding_value(finding, "since"), "1 January 2026"));
	report_done(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completed),
		cmocka_unit_test(served_as_it_is),
		cmocka_unit_test(distrusted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
