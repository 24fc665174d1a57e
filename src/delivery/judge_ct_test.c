/* SPDX-License-Identifier: Apache-2.0 */
/* T-01, T-02: which entries count, and what an old list or none is worth. */
#include "delivery/judge_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct judge_stage stage;

static int
set_up(void **state UNUSED)
{
	stage_up(&stage);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	stage_down(&stage);
	return 0;
}

#define BUT(...)                       \
	{                              \
		TEST_GOOD, __VA_ARGS__ \
	}
#define AT        (TEST_NOW - DAYS(10))
#define SCTS(...) BUT(.scts = { __VA_ARGS__ })
#define YEAR_AGO  (TEST_NOW - DAYS(380))
#define OLD(...) \
	BUT(.from = TEST_NOW - DAYS(380), .until = TEST_NOW + DAYS(10), .scts = { __VA_ARGS__ })
#define SHORT(...) BUT(.until = TEST_NOW + DAYS(169), .scts = { __VA_ARGS__ })
#define NOTHING    FINDING_MAX
#define CODE(name) FINDING_CERT_SCT_##name
#define INFO       SEVERITY_INFO
#define WARN       SEVERITY_WARN
#define REJECT     SEVERITY_REJECT

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
/* clang-format off */
static const struct stage_case cases[] = {
	{ "none",                BUT(.scts = { { 0, 0 } }), CODE(NONE), REJECT, NULL, NULL },
	{ "torn",                BUT(.scts = { { 0, 0 } }, .extensions = { TEST_PUBLIC, "1.3.6.1.4.1.11129.2.4.2=DER:04020005" }), CODE(BROKEN), REJECT, NULL, NULL },
	{ "three of two",        SCTS({ 1, AT }, { 2, AT }, { 3, AT }), NOTHING, INFO, NULL, NULL },
	{ "two, long life",      SCTS({ 1, AT }, { 2, AT }), CODE(FEW), REJECT, "needed", "3" },
	{ "two, 180 days",       SHORT({ 1, AT }, { 2, AT }), NOTHING, INFO, NULL, NULL },
	{ "one log twice",       SHORT({ 1, AT }, { 1, AT + 1 }), CODE(FEW), REJECT, "found", "1" },
	{ "one operator",        SHORT({ 1, AT }, { 3, AT }), CODE(OPERATORS), REJECT, "found", "A" },
	{ "unknown does not count", SHORT({ 1, AT }, { 99, AT }), CODE(FEW), REJECT, "found", "1" },
	{ "one unknown",         SHORT({ 1, AT }, { 2, AT }, { 99, AT }), CODE(UNKNOWN), INFO, "count", "1" },
	{ "ended before",        SHORT({ 1, AT }, { 4, AT }), CODE(FEW), REJECT, "found", "1" },
	{ "ended after",         SHORT({ 1, AT }, { 5, AT }), CODE(RETIRED), INFO, "found", "log 5" },
	{ "ended since",         OLD({ 4, YEAR_AGO }, { 5, YEAR_AGO + 1 }, { 4, YEAR_AGO + 2 }), CODE(FEW), REJECT, "found", "2" },
	{ "over",                BUT(.until = TEST_NOW - DAYS(1), .scts = { { 0, 0 } }), FINDING_CERT_EXPIRED, REJECT, NULL, NULL },
	{ "rejected",            SHORT({ 1, AT }, { 8, AT }), CODE(FEW), REJECT, NULL, NULL },
	{ "no state",            SHORT({ 1, AT }, { 9, AT }), CODE(FEW), REJECT, NULL, NULL },
	{ "newer kind alone",    SHORT({ 6, AT }, { 7, AT }), CODE(KIND), REJECT, "found", "log 6, log 7" },
	{ "one of the older",    SHORT({ 6, AT }, { 2, AT }), NOTHING, INFO, NULL, NULL },
	{ "from tomorrow",       SHORT({ 1, AT }, { 2, AT }, { 3, TEST_NOW + DAYS(1) }), CODE(FUTURE), WARN, "date", "2 June 2026, 00:00 UTC" },
	{ "tomorrow does not count", SHORT({ 1, AT }, { 2, TEST_NOW + DAYS(1) }), CODE(FEW), REJECT, NULL, NULL },
};
/* clang-format on */
#pragma GCC diagnostic pop

static void
entries(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		stage_expect(&stage, &cases[i]);
}

/* All logs have ended since: the certificate is of the spring, the question of the summer. */
static void
none_in_use(void **state UNUSED)
{
	struct str old =
	    STR("{\"log_list_timestamp\":\"2026-05-30T00:00:00Z\",\"operators\":["
		"{\"name\":\"A\",\"logs\":[{\"description\":\"one\",\"log_id\":"
		"\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\",\"state\":{\"retired\":{"
		"\"timestamp\":\"2026-05-29T00:00:00Z\"}}}]},"
		"{\"name\":\"B\",\"logs\":[{\"description\":\"two\",\"log_id\":"
		"\"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\",\"state\":{\"retired\":{"
		"\"timestamp\":\"2026-05-29T00:00:00Z\"}}}]}]}");
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = stage_question(&stage);
	struct ct_logs *logs = NULL;
	struct read_report *report;

	assert_int_equal(ct_logs_new(old, &logs), 0);
	spec.until = TEST_NOW + DAYS(169);
	stage.setting.ct_logs = logs;
	report = stage_judge(&stage, &spec, NULL, question);
	stage.setting.ct_logs = stage.logs;
	assert_int_equal(findings_first(&report->findings)->code, CODE(NOT_CURRENT));
	assert_string_equal(finding_value(findings_first(&report->findings), "found"), "one, two");
	stage_done(report);
	ct_logs_free(logs);
	free(question);
}

static struct read_report *
with_two_entries(struct delivery_question *question)
{
	struct test_spec spec = { TEST_GOOD };

	spec.scts[2].log = 0;
	return stage_judge(&stage, &spec, NULL, question);
}

/* Chrome stops enforcing by a list older than 70 days. */
static void
an_old_list_refuses_nothing(void **state UNUSED)
{
	struct delivery_question *question = stage_question(&stage);
	struct read_report *report;

	question->now = TEST_NOW + DAYS(40); /* the list is of TEST_NOW - 30 days */
	report = with_two_entries(question);
	assert_int_equal(report_finding(report, CODE(FEW))->severity, REJECT);
	stage_done(report);
	question->now = TEST_NOW + DAYS(41);
	report = with_two_entries(question);
	assert_true(report->accepted);
	assert_int_equal(report_finding(report, CODE(FEW))->severity, WARN);
	assert_string_equal(finding_value(report_finding(report, CODE(LIST_OLD)), "days"), "71");
	stage_done(report);
	free(question);
}

static void
without_a_list_entries_are_counted(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = stage_question(&stage);
	struct read_report *report;

	stage.setting.ct_logs = NULL;
	report = with_two_entries(question);
	assert_int_equal(findings_first(&report->findings)->code, CODE(FEW));
	stage_done(report);
	report = stage_judge(&stage, &spec, NULL, question);
	assert_true(report->accepted);
	assert_int_equal(report->findings.count, 1);
	assert_int_equal(report->findings.list[0].code, CODE(UNCHECKED));
	stage_done(report);
	stage.setting.ct_logs = stage.logs;
	free(question);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(none_in_use),
		cmocka_unit_test(an_old_list_refuses_nothing),
		cmocka_unit_test(without_a_list_entries_are_counted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
