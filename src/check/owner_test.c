/* SPDX-License-Identifier: Apache-2.0 */
#include "check/owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE FINDING_MAX

#define CARD(properties) \
	"\"entities\":[{\"roles\":[\"registrant\"],\"vcardArray\":[\"vcard\",[" properties "]]}]"
#define ORG(name)  "[\"org\",{},\"text\",\"" name "\"]"
#define NAME(name) "[\"fn\",{},\"text\",\"" name "\"]"
#define KIND(kind) "[\"kind\",{},\"text\",\"" kind "\"]"
#define PLACE(city, region, country) \
	"[\"adr\",{},\"text\",[\"\",\"\",\"\",\"" city "\",\"" region "\",\"\",\"" country "\"]]"
#define REMARK ",\"remarks\":[{\"title\":\"REDACTED FOR PRIVACY\"}]"

static const struct subject ordered = {
	.organization = "Contoso GmbH", .city = "Salzburg", .country = "AT"
};

static struct rdap_report *
report_of(const char *members)
{
	struct rdap_report *report = alloc_zero(sizeof(*report));
	char text[1024];

	snprintf(text, sizeof(text),
	    "{\"objectClassName\":\"domain\",\"ldhName\":\"contoso.com\"%s%s}", *members ? "," : "",
	    members);
	rdap_report_of(str_of(text), "contoso.com", report);
	return report;
}

static void
expect_finding(const struct owner_comparison *comparison, enum finding_code code)
{
	struct findings *findings = alloc_zero(sizeof(*findings));

	owner_judge(&ordered, "contoso.com", comparison, findings);
	assert_int_equal(findings->count, code != NONE);
	assert_false(findings_block(findings));
	for (int t = FINDING_TITLE; code != NONE && t <= FINDING_NEXT; t++) {
		CLEAN(buf_fini) struct buf text = BUF(1 << 16);

		assert_int_equal(findings->list[0].code, code);
		finding_render(&findings->list[0], (enum finding_text)t, &text);
		assert_null(strchr(buf_text(&text), '{'));
	}
	free(findings);
}

static void
results(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *members; enum owner_result result; enum finding_code code; const char *reason; } cases[] = {
		{ CARD(ORG("CONTOSO Ges.m.b.H.")),         OWNER_MATCH,       NONE, "" },
		{ CARD(ORG("Contoso") "," PLACE("Salzburg", "", "Austria")), OWNER_MATCH, NONE, "" },
		{ CARD(ORG("Contoso AG")),                 OWNER_SIMILAR,     FINDING_ORG_RESEMBLES_DOMAIN, "legal form" },
		{ CARD(ORG("Contoso GmbH") "," PLACE("Berlin", "", "DE")), OWNER_SIMILAR, FINDING_ORG_RESEMBLES_DOMAIN, "another country (DE)" },
		{ CARD(ORG("Fabrikam Inc.")),              OWNER_DIFFERENT,   FINDING_ORG_DIFFERS_FROM_DOMAIN, "" },
		{ CARD(KIND("org") "," NAME("Contoso")),   OWNER_MATCH,       NONE, "" },
		{ CARD(KIND("individual") "," NAME("Anna Contoso")), OWNER_UNAVAILABLE, FINDING_ORG_OWNER_UNSEEN, "a person" },
		{ CARD(ORG("REDACTED FOR PRIVACY")),       OWNER_REDACTED,    FINDING_ORG_OWNER_UNSEEN, "kept back" },
		{ CARD(ORG("Data Protected, Not Disclosed")), OWNER_REDACTED, FINDING_ORG_OWNER_UNSEEN, "kept back" },
		{ CARD(ORG("Domains By Proxy, LLC")),      OWNER_REDACTED,    FINDING_ORG_OWNER_UNSEEN, "privacy service" },
		{ CARD(ORG("")) ",\"redacted\":[{\"name\":{\"type\":\"Registrant Organization\"}}]", OWNER_REDACTED, FINDING_ORG_OWNER_UNSEEN, "kept back" },
		{ "\"entities\":[{\"roles\":[\"registrant\"]" REMARK "}]", OWNER_REDACTED, FINDING_ORG_OWNER_UNSEEN, "kept back" },
		{ CARD(ORG("")),                           OWNER_UNAVAILABLE, FINDING_ORG_OWNER_UNSEEN, "empty" },
		{ "",                                      OWNER_UNAVAILABLE, FINDING_ORG_OWNER_UNSEEN, "names no owner" },
		{ CARD(ORG("\xd0\x93\xd0\xb0\xd0\xb7\xd0\xbf\xd1\x80\xd0\xbe\xd0\xbc")), OWNER_UNAVAILABLE, FINDING_ORG_OWNER_UNSEEN, "another alphabet" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct rdap_report *report = report_of(cases[i].members);
		struct owner_comparison comparison;

		print_message("%s\n", cases[i].members);
		owner_compare(&ordered, report, &comparison);
		assert_int_equal(comparison.result, cases[i].result);
		assert_non_null(strstr(comparison.reason, cases[i].reason));
		expect_finding(&comparison, cases[i].code);
		free(report);
	}
}

static void
places(void **state UNUSED)
{
	static const struct subject american = { .organization = "Contoso Inc.",
		.city = "Saint Louis",
		.state = "Missouri",
		.country = "US" };
	struct rdap_report *report =
	    report_of(CARD(ORG("Contoso") "," PLACE("SAINT-LOUIS", "MO", "United States")));
	struct owner_comparison comparison;

	owner_compare(&american, report, &comparison);
	assert_int_equal(comparison.city, OWNER_PART_SAME);
	assert_int_equal(comparison.state, OWNER_PART_SAME);
	assert_int_equal(comparison.country, OWNER_PART_SAME);
	owner_compare(&ordered, report, &comparison);
	assert_int_equal(comparison.city, OWNER_PART_OTHER);
	assert_int_equal(comparison.state, OWNER_PART_UNKNOWN);
	assert_int_equal(comparison.country, OWNER_PART_OTHER);
	free(report);
}

static void
without_an_answer(void **state UNUSED)
{
	struct rdap_report *report = alloc_zero(sizeof(*report));
	struct owner_comparison comparison;

	report->found = RDAP_UNCLEAR;
	outcome_set(&report->what, OUTCOME_LATER, "it answers with status 503");
	owner_compare(&ordered, report, &comparison);
	assert_int_equal(comparison.result, OWNER_UNAVAILABLE);
	assert_string_equal(comparison.reason, "it answers with status 503");
	free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results),
		cmocka_unit_test(places),
		cmocka_unit_test(without_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
