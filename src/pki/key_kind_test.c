/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/key_kind.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEY_KIND_MAX; i++) {
		enum key_kind kind = (enum key_kind)i, got = KEY_KIND_MAX;

		assert_true(key_kind_parse(str_of(key_kind_name(kind)), &got));
		assert_int_equal(got, kind); /* so no two have the same name */
		assert_string_not_equal(key_kind_words(kind), "unknown");
	}
}

static void
test_stored_numbers(void **state)
{
	(void)state;
	assert_int_equal(KEY_RSA2048, 0);
	assert_int_equal(KEY_RSA3072, 1);
	assert_int_equal(KEY_RSA4096, 2);
	assert_int_equal(KEY_P256, 3);
	assert_int_equal(KEY_P384, 4);
}

static void
test_unknown(void **state)
{
	static const char *const texts[] = { "", "rsa", "RSA2048", "rsa2048 ", "p521", "unknown" };
	enum key_kind got = KEY_KIND_MAX;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_false(key_kind_parse(str_of(texts[i]), &got));
	assert_int_equal(got, KEY_KIND_MAX);
	assert_string_equal(key_kind_name(KEY_KIND_MAX), "unknown");
	assert_string_equal(key_kind_words(KEY_KIND_MAX), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_stored_numbers),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
