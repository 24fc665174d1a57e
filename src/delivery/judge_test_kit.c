/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/judge_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pki/certificate.h"

/* 32 times one byte, in base64 */
#define LOG(id, state) \
	"{\"description\":\"log " #id "\",\"log_id\":\"" LOG_##id "\",\"mmd\":60" state "}"
#define LOG_1           "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define LOG_2           "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define LOG_3           "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define LOG_4           "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ="
#define LOG_5           "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU="
#define LOG_6           "BgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgY="
#define LOG_7           "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
#define LOG_8           "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg="
#define LOG_9           "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="
#define STATE(name, at) ",\"state\":{\"" name "\":{\"timestamp\":\"" at "\"}}"
#define USABLE          STATE("usable", "2024-01-01T00:00:00Z")

/* clang-format off */
static const char logs[] =
    "{\"version\":\"1.1\",\"log_list_timestamp\":\"2026-05-02T00:00:00Z\",\"operators\":["
    "{\"name\":\"A\",\"logs\":[" LOG(1, USABLE) "," LOG(3, USABLE) "],\"tiled_logs\":[" LOG(6, USABLE) "]},"
    "{\"name\":\"B\",\"logs\":[" LOG(2, USABLE) "],\"tiled_logs\":[" LOG(7, USABLE) "]},"
    "{\"name\":\"C\",\"logs\":[" LOG(4, STATE("retired", "2025-06-01T00:00:00Z")) ","
        LOG(5, STATE("retired", "2026-05-27T00:00:00Z")) "," LOG(8, STATE("rejected", "2024-01-01T00:00:00Z")) ","
        LOG(9, "") "]}]}";
/* clang-format on */

struct str
test_logs(void)
{
	return str_of(logs);
}

void
stage_up(struct judge_stage *stage)
{
	struct test_spec ca = { .name = "Root",
		.ca = true,
		.from = TEST_NOW - DAYS(900),
		.until = TEST_NOW + DAYS(900) };
	CLEAN(buf_fini) struct buf der = BUF(1 << 16);
	bool legacy;

	stage->root = test_issue(&ca, NULL);
	ca.name = "Issuing CA";
	stage->issuing = test_issue(&ca, &stage->root);
	stage->key = test_key("P-256");
	test_put_der(&der, stage->root.x509);
	stage->trust.roots = shelf_new();
	assert_true(shelf_add(stage->trust.roots, buf_str(&der)));
	assert_int_equal(ct_logs_new(test_logs(), &stage->logs), 0);
	assert_int_equal(delivery_tools_new(&stage->tools, &legacy), 0);
	stage->setting = (struct judge_setting){
		.trust = &stage->trust, .ct_logs = stage->logs, .public_rules = true
	};
}

void
stage_down(struct judge_stage *stage)
{
	test_certificate_fini(&stage->root);
	test_certificate_fini(&stage->issuing);
	EVP_PKEY_free(stage->key);
	trust_fini(&stage->trust);
	ct_logs_free(stage->logs);
	delivery_tools_free(stage->tools);
}

struct delivery_question *
stage_question(const struct judge_stage *stage)
{
	struct delivery_question *question = calloc(1, sizeof(*question));
	uint8_t again[32];

	str_copy(STR(TEST_HOST), question->host, sizeof(question->host));
	question->has_key = true;
	assert_int_equal(key_fingerprint(stage->key, question->spki_sha256, again), 0);
	question->now = TEST_NOW;
	return question;
}

struct read_report *
stage_judge(const struct judge_stage *stage, const struct test_spec *spec,
    const struct test_certificate *by, struct delivery_question *question)
{
	CLEAN(buf_fini) struct buf pem = BUF(1 << 16);
	struct read_report *report = calloc(1, sizeof(*report));
	struct test_spec whole = *spec;
	struct test_certificate made;

	whole.key = spec->key ? spec->key : stage->key;
	made = test_issue(&whole, by ? by : &stage->issuing);
	test_put_pem(&pem, made.x509);
	test_put_pem(&pem, by ? by->x509 : stage->issuing.x509);
	question->file_count = 1;
	read_file_name(STR("owa.crt"), question->files[0].name);
	question->files[0].bytes = buf_str(&pem);
	read_report_init(report);
	judge_question(question, stage->tools, &stage->setting, report);
	test_certificate_fini(&made);
	return report;
}

void
stage_done(struct read_report *report)
{
	read_report_fini(report);
	free(report);
}

const struct finding *
report_finding(const struct read_report *report, enum finding_code code)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (report->findings.list[i].code == code)
			return &report->findings.list[i];
	return NULL;
}

/* No placeholder may stay open in what people read. */
static void
expect_whole(const struct finding *finding)
{
	for (enum finding_text text = FINDING_TITLE; text <= FINDING_NEXT; text++) {
		CLEAN(buf_fini) struct buf words = BUF(8192);

		finding_render(finding, text, &words);
		if (str_find(buf_str(&words), STR("{")) < words.len)
			fail_msg("open placeholder: %s", buf_text(&words));
	}
}

void
stage_expect(const struct judge_stage *stage, const struct stage_case *row)
{
	struct delivery_question *question = stage_question(stage);
	struct read_report *report = stage_judge(stage, &row->spec, NULL, question);
	const struct finding *found =
	    row->code == FINDING_MAX ? NULL : report_finding(report, row->code);

	print_message("%s:", row->name);
	for (size_t i = 0; i < report->findings.count; i++) {
		print_message(" %s", finding_rule(report->findings.list[i].code)->code);
		expect_whole(&report->findings.list[i]);
	}
	print_message("\n");
	if (row->code == FINDING_MAX)
		assert_int_equal(report->findings.count, 0);
	else
		assert_non_null(found);
	if (found)
		assert_int_equal(found->severity, row->severity);
	if (found && row->param)
		assert_string_equal(finding_value(found, row->param), row->value);
	stage_done(report);
	free(question);
}
