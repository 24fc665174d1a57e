/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static void
numbers(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "200", true, 200 },
		{ "-7", true, -7 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "1x", false, 0 },
		{ " 1", false, 0 },
		{ "+1", false, 0 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t value = 0;

		assert_int_equal(str_to_i64(str_of(cases[i].text), &value), cases[i].good);
		assert_int_equal(value, cases[i].value);
	}
}

static void
cutting(void **state UNUSED)
{
	struct str rest = STR("a,,b"), part;

	assert_true(str_next(&rest, ',', &part) && str_eq(part, STR("a")));
	assert_true(str_next(&rest, ',', &part) && str_eq(part, STR("")));
	assert_true(str_next(&rest, ',', &part) && str_eq(part, STR("b")));
	assert_false(str_next(&rest, ',', &part));
	rest = STR("");
	assert_true(str_next(&rest, ',', &part) && part.len == 0);
	assert_false(str_next(&rest, ',', &part));
	assert_true(str_eq(str_trim(STR(" \t x y\r\n")), STR("x y")));
	assert_true(str_eq_nocase(STR("Owa.Contoso"), STR("oWA.contosO")));
	assert_int_equal(str_find(STR("abc"), STR("c")), 2);
	assert_int_equal(str_find(STR("abc"), STR("d")), 3);
}

static void
copies(void **state UNUSED)
{
	char to[4];
	char *heap;

	assert_true(str_copy(STR("abc"), to, sizeof(to)));
	assert_string_equal(to, "abc");
	assert_false(str_copy(STR("abcd"), to, sizeof(to)));
	assert_string_equal(to, "");
	assert_false(str_copy(str_bytes("a\0b", 3), to, sizeof(to)));
	heap = str_dup(STR("xyz"));
	assert_string_equal(heap, "xyz");
	free(heap);
}

static void
utf8(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool good;
		size_t characters;
	} cases[] = {
		{ "abc", true, 3 },
		{ "M\xc3\xbcnchen", true, 7 },
		{ "\xe2\x82\xac", true, 1 },
		{ "\xf0\x9f\x98\x80", true, 1 },
		{ "\xc0\xaf", false, 0 },
		{ "\xed\xa0\x80", false, 0 },
		{ "\xe2\x82", false, 0 },
		{ "\xff", false, 0 },
		{ "\xf4\x90\x80\x80", false, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t characters = 0;

		assert_int_equal(
		    str_utf8_length(str_of(cases[i].text), &characters), cases[i].good);
		assert_int_equal(characters, cases[i].characters);
	}
}

static void
showing(void **state UNUSED)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "plain", "plain" },
		{ "a\r\n\tb\x7f", "a   b " },
		{ "\xc3\xa4\xc2\x85", "\xc3\xa4 " },
		{ "\xff\xc3", "??" },
		{ "x\xe2\x80\xaetxt.exe", "x?txt.exe" },
		{ "123456789\xe2\x82\xac", "123456789" },
		{ "1234567890123", "12345678901" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char to[12];

		str_show(str_of(cases[i].from), to, sizeof(to));
		assert_string_equal(to, cases[i].to);
	}
}

static void
distances(void **state UNUSED)
{
	assert_int_equal(str_distance(STR("pool"), STR("poool")), 1);
	assert_int_equal(str_distance(STR("listen"), STR("lisetn")), 1);
	assert_int_equal(str_distance(STR(""), STR("abc")), 3);
	assert_int_equal(str_distance(STR("same"), STR("same")), 0);
	assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(cutting),
		cmocka_unit_test(copies),
		cmocka_unit_test(utf8),
		cmocka_unit_test(showing),
		cmocka_unit_test(distances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
