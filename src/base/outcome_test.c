/* SPDX-License-Identifier: Apache-2.0 */
#include "base/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
peers_words_are_one_clean_line(void **state UNUSED)
{
	struct outcome o;

	assert_false(outcome_set(&o, OUTCOME_REFUSED, "550 no\r\nsuch \x1b[31muser"));
	assert_string_equal(o.words, "550 no  such  [31muser");
	assert_true(outcome_set(&o, OUTCOME_DONE, "%s", "bad \xff byte"));
	assert_string_equal(o.words, "bad ? byte");
}

static void
cut_at_a_character(void **state UNUSED)
{
	struct outcome o;
	char longer[600];
	size_t characters;

	for (size_t i = 0; i + 1 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xbc", 2);
	longer[598] = '\0';
	outcome_set(&o, OUTCOME_LATER, "x%s", longer);
	assert_true(str_utf8_length(str_of(o.words), &characters));
	assert_true(strlen(o.words) >= OUTCOME_WORDS_SIZE - 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_words_are_one_clean_line),
		cmocka_unit_test(cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
