/* SPDX-License-Identifier: Apache-2.0 */
#include "check/registration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW  ((when)1780000000 * SECONDS(1)) /* 28 May 2026 */
#define NONE FINDING_MAX

static struct rdap_report *
report_of(const char *status, const char *expires)
{
	struct rdap_report *report = alloc_zero(sizeof(*report));
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"objectClassName\":\"domain\",\"ldhName\":\"contoso.com\",\"status\":[\"active\",\"%s\"],"
	    "\"events\":[{\"eventAction\":\"registration\",\"eventDate\":\"2001-01-01T00:00:00Z\"},"
	    "{\"eventAction\":\"expiration\",\"eventDate\":\"%s\"}]}",
	    status, expires);
	rdap_report_of(str_of(text), "contoso.com", report);
	return report;
}

static void
expect(const struct rdap_report *report, enum finding_code code, const char *says)
{
	struct findings *findings = alloc_zero(sizeof(*findings));

	registration_judge(report, "contoso.com", NOW, findings);
	assert_int_equal(findings->count, code != NONE);
	for (int t = FINDING_TITLE; code != NONE && t <= FINDING_NEXT; t++) {
		CLEAN(buf_fini) struct buf text = BUF(1 << 16);

		assert_int_equal(findings->list[0].code, code);
		finding_render(&findings->list[0], (enum finding_text)t, &text);
		assert_null(strchr(buf_text(&text), '{'));
		if (t == FINDING_WHAT)
			assert_non_null(strstr(buf_text(&text), says));
	}
	free(findings);
}

static void
states(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *status, *expires; enum finding_code code; const char *says; } cases[] = {
		{ "client transfer prohibited", "2027-05-28T00:00:00Z", NONE, "" },
		{ "active",                     "",                     NONE, "" },
		{ "client hold",                "2027-05-28T00:00:00Z", FINDING_DOMAIN_ON_HOLD, "client hold" },
		{ "serverHold",                 "2027-05-28T00:00:00Z", FINDING_DOMAIN_ON_HOLD, "server hold" },
		{ "redemption period",          "2026-05-01T00:00:00Z", FINDING_DOMAIN_BEING_DELETED, "redemption period" },
		{ "pendingDelete",              "2026-05-01T00:00:00Z", FINDING_DOMAIN_BEING_DELETED, "pending delete" },
		{ "active",                     "2026-05-27T00:00:00Z", FINDING_DOMAIN_EXPIRED, "27 May 2026" },
		{ "active",                     "2026-06-28T20:26:40Z", FINDING_DOMAIN_EXPIRES, "31 more days" },
		{ "active",                     "2026-07-27T20:26:39Z", FINDING_DOMAIN_EXPIRES, "59 more days" },
		{ "active",                     "2026-07-27T20:26:40Z", NONE, "" },
		{ "active",                     "soon",                 NONE, "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct rdap_report *report = report_of(cases[i].status, cases[i].expires);

		print_message("%s %s\n", cases[i].status, cases[i].expires);
		expect(report, cases[i].code, cases[i].says);
		free(report);
	}
}

static void
nobody_knows(void **state UNUSED)
{
	struct rdap_report *report = alloc_zero(sizeof(*report));

	report->found = RDAP_NO_DOMAIN;
	expect(report, FINDING_DOMAIN_NOT_FOUND, "does not know \"contoso.com\"");
	report->found = RDAP_NO_SERVICE;
	outcome_set(&report->what, OUTCOME_REFUSED, "the registry has no server");
	expect(report, FINDING_DOMAIN_UNCHECKED, "the registry has no server");
	report->found = RDAP_UNCLEAR;
	outcome_set(&report->what, OUTCOME_LATER, "it answers with status 503");
	expect(report, FINDING_DOMAIN_UNCHECKED, "status 503");
	free(report);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		cmocka_unit_test(nobody_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
