/* SPDX-License-Identifier: Apache-2.0 */
#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
there_and_back(void **state UNUSED)
{
	static const char *const texts[] = {
		"2026-11-24T09:49:00Z",
		"2027-03-15T14:00:00.250Z",
		"1999-12-31T23:59:59.000001Z",
		"2028-02-29T00:00:00Z",
	};
	char back[WHEN_RFC3339_SIZE];

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		when w = 0;

		assert_true(when_parse(str_of(texts[i]), &w));
		assert_string_equal(when_rfc3339(w, back), texts[i]);
	}
	assert_string_equal(when_rfc3339(0, back), "");
}

static void
refusals(void **state UNUSED)
{
	static const char *const texts[] = {
		"",
		"2026-11-24",
		"2026-11-24T09:49:00",
		"2026-11-24T09:49:00+01:00",
		"2027-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-11-24T25:00:00Z",
		"2026-11-24T09:49:00.Z",
		"2026-11-24T09:49:00Zx",
		"-026-11-24T09:49:00Z",
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		when w = 7;

		assert_false(when_parse(str_of(texts[i]), &w));
		assert_int_equal(w, 7);
	}
}

static void
words(void **state UNUSED)
{
	char to[WHEN_WORDS_SIZE];
	when w;

	assert_true(when_from_utc(2027, 3, 15, 14, 0, 0, &w));
	assert_string_equal(when_words(w, to), "15 March 2027, 14:00 UTC");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(refusals),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
