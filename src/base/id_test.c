/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
text_and_back(void **state UNUSED)
{
	const uint8_t random[10] = { 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6, 7 };
	struct id id = id_from(MILLIS(0x0123456789ab), random), back;
	char text[ID_TEXT_SIZE];

	assert_string_equal(id_text(id, text), "01234567-89ab-7fff-bf01-020304050607");
	assert_true(id_parse(str_of(text), &back) && id_eq(id, back));
	assert_true(
	    id_parse(STR("01234567-89AB-7FFF-BF01-020304050607"), &back) && id_eq(id, back));
}

static void
later_sorts_later(void **state UNUSED)
{
	const uint8_t high[10] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		      low[10] = { 0 };
	struct id before = id_from(SECONDS(1000), high),
		  after = id_from(SECONDS(1000) + MILLIS(1), low);

	assert_true(memcmp(before.b, after.b, 16) < 0);
}

static void
refusals(void **state UNUSED)
{
	static const char *const texts[] = {
		"",
		"01234567-89ab-7fff-bf01-02030405060",
		"01234567x89ab-7fff-bf01-020304050607",
		"0123456g-89ab-7fff-bf01-020304050607",
		"0123456789ab7fffbf01020304050607",
	};
	struct id id;

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_false(id_parse(str_of(texts[i]), &id));
	assert_true(id_is_none(ID_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_back),
		cmocka_unit_test(later_sorts_later),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
