/* SPDX-License-Identifier: Apache-2.0 */
/* What came, beside what was ordered, requested, and is in use. */
#include "delivery/judge_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pki/csr.h"

static struct judge_stage stage;
static struct buf csr;

static int
set_up(void **state UNUSED)
{
	const struct csr_subject subject = { .country = STR("AT"),
		.state = STR(""),
		.locality = STR("Salzburg"),
		.organization = STR("Contoso GmbH") };
	const struct str names[] = { STR(TEST_HOST), STR("mail.contoso.com") };

	stage_up(&stage);
	csr = BUF(CSR_MAX);
	return csr_build(stage.key, &subject, names, COUNT_OF(names), &csr);
}

static int
tear_down(void **state UNUSED)
{
	buf_fini(&csr);
	stage_down(&stage);
	return 0;
}

static struct delivery_question *
question_new(void)
{
	struct delivery_question *question = stage_question(&stage);
	struct read_order *order = &question->order;

	question->has_order = true;
	str_copy(STR("Contoso GmbH"), order->organization, sizeof(order->organization));
	str_copy(STR("Salzburg"), order->city, sizeof(order->city));
	str_copy(STR("AT"), order->country, sizeof(order->country));
	order->key_kind = KEY_P256;
	order->csr = buf_str(&csr);
	return question;
}

static const struct read_difference *
row_of(const struct read_report *report, const char *field)
{
	for (uint32_t i = 0; i < report->difference_count; i++)
		if (strcmp(report->differences[i].field, field) == 0)
			return &report->differences[i];
	return NULL;
}

static void
expect_row(const struct read_report *report, const char *field, const char *ordered,
    const char *requested, const char *delivered, bool same)
{
	const struct read_difference *row = row_of(report, field);

	print_message("%s\n", field);
	if (!row) {
		fail_msg("no row %s", field);
		return;
	}
	assert_string_equal(row->ordered, ordered);
	assert_string_equal(row->requested, requested);
	assert_string_equal(row->delivered, delivered);
	assert_int_equal(row->same, same);
}

static void
the_table(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = question_new();
	struct read_report *report;

	spec.subject = "C=AT|ST=Land Salzburg|L=Salzburg|O=CONTOSO G.m.b.H.|CN=" TEST_HOST;
	spec.alternatives = "DNS:" TEST_HOST ",DNS:www.contoso.com";
	report = stage_judge(&stage, &spec, NULL, question);
	assert_int_equal(report->difference_count, 9);
	expect_row(report, "common_name", TEST_HOST, TEST_HOST, TEST_HOST, true);
	expect_row(report, "names", TEST_HOST, TEST_HOST " mail.contoso.com",
	    TEST_HOST " www.contoso.com", false);
	expect_row(report, "names_missing", "", "mail.contoso.com", "", false);
	expect_row(report, "names_added", "", "", "www.contoso.com", false);
	expect_row(
	    report, "organization", "Contoso GmbH", "Contoso GmbH", "CONTOSO G.m.b.H.", true);
	expect_row(report, "city", "Salzburg", "Salzburg", "Salzburg", true);
	expect_row(report, "state", "", "", "Land Salzburg", false);
	expect_row(report, "country", "AT", "AT", "AT", true);
	expect_row(report, "key", "ECDSA, P-256", "ECDSA, P-256", "P-256", true);
	assert_null(report_finding(report, FINDING_CERT_ORGANIZATION_OTHER));
	stage_done(report);
	free(question);
}

static void
differences_are_told(void **state UNUSED)
{
	static const struct {
		const char *subject;
		enum finding_code code;
		const char *found;
	} rows[] = {
		{ "C=AT|L=Salzburg|O=Fabrikam AG", FINDING_CERT_ORGANIZATION_OTHER, "Fabrikam AG" },
		{ "C=AT|L=Hallein|O=Contoso GmbH", FINDING_CERT_PLACE_OTHER, "Hallein" },
		{ "C=DE|L=Salzburg|O=Contoso GmbH", FINDING_CERT_COUNTRY_OTHER, "DE" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct test_spec spec = { TEST_GOOD };
		struct delivery_question *question = question_new();
		struct read_report *report;
		char subject[128];

		snprintf(subject, sizeof(subject), "%s|CN=" TEST_HOST, rows[i].subject);
		spec.subject = subject;
		report = stage_judge(&stage, &spec, NULL, question);
		assert_true(report->accepted);
		assert_int_equal(report->findings.count, 1);
		assert_int_equal(report->findings.list[0].code, rows[i].code);
		assert_string_equal(
		    finding_value(&report->findings.list[0], "found"), rows[i].found);
		stage_done(report);
		free(question);
	}
}

/* I-21: accepted, and said. */
static void
the_domain_alone(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = question_new();
	struct read_report *report;

	spec.subject = "CN=" TEST_HOST;
	spec.extensions[0] = "certificatePolicies=2.23.140.1.2.1";
	report = stage_judge(&stage, &spec, NULL, question);
	assert_true(report->accepted);
	assert_int_equal(report->findings.count, 1);
	assert_int_equal(report->findings.list[0].code, FINDING_CERT_TYPE_LOWER);
	stage_done(report);
	free(question);
}

/* The request comes in the question: what is no request has no column. */
static void
no_request(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = question_new();
	struct read_report *report;

	question->order.csr = STR("\x30\x03no");
	report = stage_judge(&stage, &spec, NULL, question);
	expect_row(report, "common_name", TEST_HOST, "", TEST_HOST, true);
	assert_null(row_of(report, "names"));
	stage_done(report);
	question->has_order = false;
	report = stage_judge(&stage, &spec, NULL, question);
	assert_int_equal(report->difference_count, 0);
	stage_done(report);
	free(question);
}

/* I-20 */
static void
beside_the_one_in_use(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = question_new();
	struct read_report *report = stage_judge(&stage, &spec, NULL, question);

	spec.serial = "1234567890abcdef1234";
	stage_done(report);
	question->has_in_use = true;
	question->in_use_until = TEST_NOW + DAYS(180);
	report = stage_judge(&stage, &spec, NULL, question);
	assert_int_equal(report->findings.count, 0);
	stage_done(report);
	question->in_use_until += SECONDS(1);
	report = stage_judge(&stage, &spec, NULL, question);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_OLDER);
	assert_int_equal(findings_first(&report->findings)->severity, SEVERITY_HOLD);
	memcpy(question->in_use_sha256, report->certificate.sha256, 32);
	stage_done(report);
	free(question);
}

/* The very same bytes: an ECDSA signature is another one each time, so it is made once. */
static void
the_one_in_use(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = question_new();
	struct read_report *report = calloc(1, sizeof(*report));
	struct test_certificate made;
	unsigned len = 32;

	spec.key = stage.key;
	made = test_issue(&spec, &stage.issuing);
	test_put_pem(&pem, made.x509);
	test_put_pem(&pem, stage.issuing.x509);
	question->file_count = 1;
	question->files[0].bytes = buf_str(&pem);
	question->has_in_use = true;
	question->in_use_until = spec.until;
	X509_digest(made.x509, EVP_sha256(), question->in_use_sha256, &len);
	read_report_init(report);
	judge_question(question, stage.tools, &stage.setting, report);
	assert_false(report->accepted);
	assert_int_equal(findings_first(&report->findings)->code, FINDING_CERT_IN_USE);
	stage_done(report);
	free(question);
	test_certificate_fini(&made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(differences_are_told),
		cmocka_unit_test(the_domain_alone),
		cmocka_unit_test(no_request),
		cmocka_unit_test(beside_the_one_in_use),
		cmocka_unit_test(the_one_in_use),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
