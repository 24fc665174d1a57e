/* SPDX-License-Identifier: Apache-2.0 */
#include "order/eligibility.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define NOTHING -1

static void
cases(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *what; struct eligibility is; int code; const char *words; } table[] = {
		{ "enough", { .mailboxes = 200, .counted = DAYS(9) }, NOTHING, "" },
		{ "one too few", { .mailboxes = 199, .counted = DAYS(9) }, FINDING_ELIGIBILITY_MAILBOXES, "has 199 (counted on 10 January 1970" },
		{ "nobody", { .mailboxes = 0, .counted = DAYS(9) }, FINDING_ELIGIBILITY_MAILBOXES, "Your account has 0" },
		{ "never counted", { .mailboxes = -1 }, FINDING_ELIGIBILITY_UNCOUNTED, "no mailbox count" },
		{ "counted long ago", { .mailboxes = 900, .counted = DAYS(2) }, FINDING_ELIGIBILITY_STALE, "last counted on 3 January 1970" },
		{ "few, long ago", { .mailboxes = 3, .counted = DAYS(2) }, FINDING_ELIGIBILITY_STALE, "last counted" },
		{ "waived", { .mailboxes = 3, .counted = DAYS(9), .waived = true }, FINDING_ELIGIBILITY_WAIVED, "has 3 mailboxes, 200 are asked for; Eva and Otto waived that until 20 January 1970" },
		{ "waived, never counted", { .mailboxes = -1, .waived = true }, FINDING_ELIGIBILITY_WAIVED, "has 0 mailboxes" },
		{ "a waiver that is not needed", { .mailboxes = 300, .counted = DAYS(9), .waived = true }, NOTHING, "" },
		{ "counted later", { .mailboxes = 3, .counted = DAYS(9), .later = true }, NOTHING, "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		CLEAN(buf_fini) struct buf words = BUF(4096);
		struct eligibility e = table[i].is;
		struct findings findings = { 0 };

		print_message("%s\n", table[i].what);
		e.least = 200;
		e.oldest = DAYS(5);
		e.author = "Eva";
		e.second = "Otto";
		e.reason = "merger";
		e.expires = DAYS(19);
		eligibility_judge(&e, STR("owa.contoso.com"), &findings);
		assert_int_equal(findings.count, table[i].code == NOTHING ? 0 : 1);
		if (findings.count == 0)
			continue;
		assert_int_equal(findings.list[0].code, table[i].code);
		finding_render(&findings.list[0], FINDING_WHAT, &words);
		assert_non_null(strstr(buf_text(&words), table[i].words));
		for (int t = FINDING_TITLE; t <= FINDING_NEXT; t++) {
			buf_clear(&words);
			finding_render(&findings.list[0], (enum finding_text)t, &words);
			assert_null(strchr(buf_text(&words), '{'));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
