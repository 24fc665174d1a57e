/* SPDX-License-Identifier: Apache-2.0 */
#include "certdeskd/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
longer_each_time(void **state UNUSED)
{
	static const int seconds[] = { 0, 1, 2, 4, 8, 16, 30, 30, 30 };
	struct backoff b = { 0 };

	for (size_t i = 0; i < COUNT_OF(seconds); i++)
		assert_int_equal(backoff_after(&b, SECONDS(1)), SECONDS(seconds[i]));
}

static void
a_minute_of_life_forgives(void **state UNUSED)
{
	struct backoff b = { .deaths = 7 };

	assert_int_equal(backoff_after(&b, MINUTES(2)), 0);
	assert_int_equal(backoff_after(&b, MILLIS(5)), SECONDS(1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(longer_each_time),
		cmocka_unit_test(a_minute_of_life_forgives) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
