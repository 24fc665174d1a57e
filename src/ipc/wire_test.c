/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct id some_id = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };

static void
put_one_of_each(struct buf *to)
{
	wire_put_u8(to, 0xfe);
	wire_put_u16(to, 0xfedc);
	wire_put_u32(to, 0xfedcba98);
	wire_put_i64(to, INT64_MIN);
	wire_put_bool(to, true);
	wire_put_id(to, some_id);
	wire_put_str(to, STR("a\0b"));
	wire_put_text(to, "text");
	wire_put_fixed(to, "xyz", 3);
}

static void
comes_back_as_it_went(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(200);
	char text[5], fixed[3];
	struct wire w;

	put_one_of_each(&b);
	w = WIRE(buf_str(&b));
	assert_int_equal(wire_get_u8(&w), 0xfe);
	assert_int_equal(wire_get_u16(&w), 0xfedc);
	assert_int_equal(wire_get_u32(&w), 0xfedcba98);
	assert_true(wire_get_i64(&w) == INT64_MIN);
	assert_true(wire_get_bool(&w));
	assert_true(id_eq(wire_get_id(&w), some_id));
	assert_true(str_eq(wire_get_str(&w, 3), STR("a\0b")));
	wire_get_text(&w, text, sizeof(text));
	assert_string_equal(text, "text");
	wire_get_fixed(&w, fixed, sizeof(fixed));
	assert_memory_equal(fixed, "xyz", 3);
	assert_true(wire_end(&w));
}

static void
numbers_are_big_endian(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(20);

	wire_put_u32(&b, 0x01020304);
	wire_put_i64(&b, -2);
	assert_memory_equal(buf_text(&b), "\1\2\3\4\xff\xff\xff\xff\xff\xff\xff\xfe", 12);
}

/* Every prefix of a message, and the message with a byte more, is refused; nothing is read past the
 * end. */
static void
every_cut_is_noticed(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(200);

	put_one_of_each(&b);
	wire_put_u8(&b, 0);
	for (size_t len = 0; len <= b.len; len++) {
		struct wire w = WIRE(str_bytes(b.data, len));
		char text[5], fixed[3];

		wire_get_u8(&w), wire_get_u16(&w), wire_get_u32(&w), wire_get_i64(&w),
		    wire_get_bool(&w);
		wire_get_id(&w), wire_get_str(&w, 3), wire_get_text(&w, text, sizeof(text));
		wire_get_fixed(&w, fixed, sizeof(fixed));
		assert_int_equal(wire_end(&w), len == b.len - 1);
	}
}

static void
after_an_error_all_is_nothing(void **state UNUSED)
{
	char text[8] = "before", fixed[2] = "ab";
	struct wire w = WIRE(STR("\1\1\1"));

	assert_int_equal(wire_get_u32(&w), 0);
	assert_int_equal(wire_get_u8(&w), 0);
	assert_false(wire_get_bool(&w));
	assert_true(id_is_none(wire_get_id(&w)));
	assert_int_equal(wire_get_str(&w, 10).len, 0);
	wire_get_text(&w, text, sizeof(text));
	assert_string_equal(text, "");
	wire_get_fixed(&w, fixed, sizeof(fixed));
	assert_memory_equal(fixed, "\0\0", 2);
	assert_int_equal(wire_get_count(&w, 10, 0), 0);
	assert_false(wire_end(&w));
}

static bool
get_bool_two(struct wire *w)
{
	wire_get_bool(w);
	return wire_end(w);
}

static bool
get_long_str(struct wire *w)
{
	wire_get_str(w, 3);
	return wire_end(w);
}

static bool
get_text(struct wire *w)
{
	char text[4];

	wire_get_text(w, text, sizeof(text));
	return wire_end(w);
}

static bool
get_count(struct wire *w)
{
	uint32_t count = wire_get_count(w, 3, 2);
	char each[2];

	for (uint32_t i = 0; i < count; i++)
		wire_get_fixed(w, each, sizeof(each));
	return wire_end(w);
}

static void
ill_formed(void **state UNUSED)
{
	static const struct {
		const char *name;
		bool (*get)(struct wire *);
		struct str bytes;
		bool good;
	} cases[] = {
		{ "a bool of 2", get_bool_two, { "\2", 1 }, false },
		{ "a string at its limit", get_long_str, { "\0\0\0\3abc", 7 }, true },
		{ "a string past its limit", get_long_str, { "\0\0\0\4abcd", 8 }, false },
		{ "a string longer than the frame", get_long_str, { "\0\0\0\3ab", 6 }, false },
		{ "the longest length", get_long_str,
		    { "\xff\xff\xff\xff"
		      "ab",
			6 },
		    false },
		{ "a text that fits", get_text, { "\0\0\0\3abc", 7 }, true },
		{ "a text without room for its NUL", get_text, { "\0\0\0\4abcd", 8 }, false },
		{ "a NUL in a text", get_text, { "\0\0\0\2a\0", 6 }, false },
		{ "a count", get_count, { "\0\0\0\2aabb", 8 }, true },
		{ "a count past its limit", get_count, { "\0\0\0\4aabbccdd", 12 }, false },
		{ "a count the frame cannot hold", get_count, { "\0\0\0\3aabb", 8 }, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct wire w = WIRE(cases[i].bytes);

		if (cases[i].get(&w) != cases[i].good)
			fail_msg("%s", cases[i].name);
	}
}

static void
writing_fails_once_and_for_all(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(6);

	wire_put_u32(&b, 1);
	wire_put_text(&b, "x");
	assert_true(buf_failed(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_went),
		cmocka_unit_test(numbers_are_big_endian),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(after_an_error_all_is_nothing),
		cmocka_unit_test(ill_formed),
		cmocka_unit_test(writing_fails_once_and_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
