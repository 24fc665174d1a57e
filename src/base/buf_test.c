/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>

static void
grows_to_its_limit(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(300);

	for (int i = 0; i < 30; i++)
		buf_put_text(&b, "0123456789");
	assert_false(buf_failed(&b));
	assert_int_equal(b.len, 300);
	buf_put_byte(&b, 'x');
	assert_true(buf_failed(&b));
	assert_int_equal(b.len, 300);
	buf_clear(&b);
	assert_false(buf_failed(&b));
	assert_string_equal(buf_text(&b), "");
}

static void
prints(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(100);

	assert_string_equal(buf_text(&b), "");
	buf_printf(&b, "%s=%d", "n", 42);
	assert_string_equal(buf_text(&b), "n=42");
	buf_drop(&b, 2);
	assert_string_equal(buf_text(&b), "42");
	buf_truncate(&b, 1);
	assert_string_equal(buf_text(&b), "4");
}

static void
encodings(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf b = BUF(100);
	CLEAN(buf_fini) struct buf back = BUF(100);

	buf_put_base64(&b, "hello", 5);
	assert_string_equal(buf_text(&b), "aGVsbG8=");
	assert_true(buf_put_from_base64(&back, buf_str(&b)));
	assert_string_equal(buf_text(&back), "hello");
	buf_clear(&b);
	buf_clear(&back);
	buf_put_hex(&b, "\x01\xfe", 2);
	assert_string_equal(buf_text(&b), "01fe");
	assert_true(buf_put_from_hex(&back, STR("01FE")));
	assert_int_equal(back.len, 2);
	assert_false(buf_put_from_hex(&back, STR("0g")));
	assert_false(buf_put_from_hex(&back, STR("012")));
	assert_false(buf_put_from_base64(&back, STR("a*==")));
	assert_int_equal(back.len, 2);
}

static void
taking(void **state UNUSED)
{
	struct buf b = BUF(10);
	char *text;

	buf_put_text(&b, "abc");
	text = buf_take(&b);
	assert_string_equal(text, "abc");
	assert_int_equal(b.len, 0);
	free(text);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_its_limit),
		cmocka_unit_test(prints),
		cmocka_unit_test(encodings),
		cmocka_unit_test(taking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
