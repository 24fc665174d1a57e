/* SPDX-License-Identifier: Apache-2.0 */
#include "order/finding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <ctype.h>

/* The sentences are what people get: each row is held against the rules of the house. */
static void
every_row_speaks(void **state UNUSED)
{
	for (int i = 0; i < FINDING_MAX; i++) {
		const struct finding_rule *rule = finding_rule((enum finding_code)i);
		const char *const sentences[] = { rule->what, rule->why, rule->next };
		enum finding_code back;

		assert_true(finding_code_parse(str_of(rule->code), &back) && (int)back == i);
		assert_true(rule->title[0] != '\0' && strlen(rule->title) < 100 &&
			    !strchr(rule->title, '\n'));
		for (size_t s = 0; s < COUNT_OF(sentences); s++) {
			size_t len = strlen(sentences[s]);

			assert_true(len > 5 && strchr(".!?", sentences[s][len - 1]));
			assert_null(strstr(sentences[s], rule->code));
		}
		assert_true(rule->rules[0] == 'M' || isupper((unsigned char)rule->rules[0]));
	}
}

static void
placeholders_are_filled(void **state UNUSED)
{
	struct findings findings = { 0 };
	struct finding *f = findings_add(&findings, FINDING_FQDN_CHARS, "host");
	CLEAN(buf_fini) struct buf text = BUF(2000);

	finding_param(f, "found", "%s", "owa_mail.{fqdn}.com");
	finding_param(f, "position", "%d", 4);
	finding_render(f, FINDING_WHAT, &text);
	assert_non_null(
	    strstr(buf_text(&text), "\"owa_mail.{fqdn}.com\" contains {char} at position 4."));
	assert_string_equal(finding_value(f, "position"), "4");
	assert_string_equal(finding_value(f, "nothing"), "");
}

static void
the_worst_comes_first(void **state UNUSED)
{
	struct findings findings = { 0 };

	assert_null(findings_first(&findings));
	findings_add(&findings, FINDING_ORG_DIVISION, "division");
	assert_false(findings_block(&findings));
	findings_add(&findings, FINDING_CERT_KEY_UNKNOWN, "");
	findings_add(&findings, FINDING_CERT_NAME_MISSING, "");
	assert_int_equal(findings_first(&findings)->code, FINDING_CERT_KEY_UNKNOWN);
	assert_true(findings_block(&findings) && findings_refuse(&findings));
}

/* rules.md section 15: what the provider may change. */
static void
severities_are_the_providers(void **state UNUSED)
{
	struct severity_policy policy = { 0 };
	struct findings findings = { .policy = &policy };
	enum finding_code like;

	severity_set(&policy, FINDING_FQDN_APEX, SEVERITY_REJECT);
	findings_add(&findings, FINDING_FQDN_WWW, "");
	findings_add(&findings, FINDING_FQDN_APEX, "");
	assert_int_equal(findings.list[0].severity, SEVERITY_WARN);
	assert_int_equal(findings.list[1].severity, SEVERITY_REJECT);
	assert_true(findings_refuse(&findings));
	findings.list[1].severity = SEVERITY_INFO;
	findings_weigh(&findings, &policy);
	assert_int_equal(findings.list[0].severity, SEVERITY_WARN);
	assert_int_equal(findings.list[1].severity, SEVERITY_REJECT);
	assert_true(severity_allowed(FINDING_FQDN_APEX, SEVERITY_WARN));
	assert_false(severity_allowed(FINDING_FQDN_APEX, SEVERITY_INFO));
	assert_true(severity_allowed(FINDING_CERT_SCT_FEW, SEVERITY_WARN));
	assert_false(severity_allowed(FINDING_CERT_SCT_FEW, SEVERITY_INFO));
	assert_false(severity_allowed(FINDING_CERT_EXPIRED, SEVERITY_HOLD));
	assert_true(finding_code_like(STR("CERT_EXPIRD"), &like) && like == FINDING_CERT_EXPIRED);
	assert_false(finding_code_like(STR("zzz"), &like));
	assert_false(severity_is_set(NULL, FINDING_CERT_EXPIRED));
}

static void
a_full_list_keeps_the_first(void **state UNUSED)
{
	struct findings findings = { 0 };

	for (int i = 0; i < FINDINGS_MAX + 5; i++)
		findings_add(&findings, FINDING_CERT_EXPIRED, "");
	assert_int_equal(findings.count, FINDINGS_MAX);
}

static void
long_values_are_cut_at_a_character(void **state UNUSED)
{
	struct findings findings = { 0 };
	struct finding *f = findings_add(&findings, FINDING_CERT_NONE, "");
	char longer[2 * FINDING_VALUE_SIZE + 1];
	size_t characters;

	for (size_t i = 0; i < sizeof(longer) - 1; i += 2)
		memcpy(longer + i, "\xc3\xbc", 2);
	longer[sizeof(longer) - 1] = '\0';
	finding_param(f, "file", "x%s", longer);
	assert_true(str_utf8_length(str_of(finding_value(f, "file")), &characters));
	assert_true(strlen(finding_value(f, "file")) >= FINDING_VALUE_SIZE - 3);
}

/* Found by tests/fuzz/fuzz_name.c: "*.<escape sequence>" came back in a sentence as it was typed. */
static void
values_are_fit_for_eyes(void **state UNUSED)
{
	static const struct {
		const char *typed, *shown;
	} cases[] = {
		{ "a\x1b[2Jb", "a [2Jb" },
		{ "one\r\ntwo\x7f", "one  two " },
		{ "m\xc3\xbcsli", "m\xc3\xbcsli" },
		{ "no text \xff", "no text ?" },
		{ "turned \xe2\x80\xae", "turned ?" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct findings findings = { 0 };
		struct finding *f = findings_add(&findings, FINDING_FQDN_WILDCARD, "host");

		finding_param(f, "domain", "%s", cases[i].typed);
		assert_string_equal(finding_value(f, "domain"), cases[i].shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_speaks),
		cmocka_unit_test(placeholders_are_filled),
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(severities_are_the_providers),
		cmocka_unit_test(a_full_list_keeps_the_first),
		cmocka_unit_test(long_values_are_cut_at_a_character),
		cmocka_unit_test(values_are_fit_for_eyes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
