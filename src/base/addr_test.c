/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
parsing(void **state UNUSED)
{
	struct addr a, b;
	char text[ADDR_TEXT_SIZE];

	assert_true(addr_parse(STR("192.0.2.7"), &a));
	assert_string_equal(addr_text(&a, text), "192.0.2.7");
	assert_true(addr_parse(STR("2001:DB8::7"), &b));
	assert_string_equal(addr_text(&b, text), "2001:db8::7");
	assert_false(addr_eq(&a, &b));
	assert_false(addr_parse(STR("192.0.2"), &a));
	assert_false(addr_parse(STR("owa.contoso.com"), &a));
	assert_false(addr_parse(STR("192.0.2.7 "), &a));
}

static void
prefixes(void **state UNUSED)
{
	struct addr_prefix prefix;
	struct addr a;

	assert_true(addr_prefix_parse(STR("192.0.2.64/26"), &prefix));
	assert_true(addr_parse(STR("192.0.2.127"), &a) && addr_in_prefix(&a, &prefix));
	assert_true(addr_parse(STR("192.0.2.128"), &a) && !addr_in_prefix(&a, &prefix));
	assert_false(addr_prefix_parse(STR("192.0.2.65/26"), &prefix));
	assert_false(addr_prefix_parse(STR("192.0.2.0/33"), &prefix));
	assert_false(addr_prefix_parse(STR("192.0.2.0"), &prefix));
}

static void
private_ones(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool is_private;
	} cases[] = {
		{ "127.0.0.1", true },
		{ "10.1.2.3", true },
		{ "172.31.0.1", true },
		{ "172.32.0.1", false },
		{ "8.8.8.8", false },
		{ "100.64.0.1", true },
		{ "::1", true },
		{ "fe80::1", true },
		{ "2606:4700::1111", false },
		{ "::ffff:10.0.0.1", true },
		{ "::ffff:8.8.8.8", false },
		{ "64:ff9b::7f00:1", true },
		{ "fd00::1", true },
		{ "224.0.0.1", true },
		{ "198.18.0.1", true },
		{ "192.0.2.1", true },
		{ "255.255.255.255", true },
		{ "::", true },
		{ "::127.0.0.1", true },
		{ "::8.8.8.8", true },
		{ "::ffff:0:10.0.0.1", true },
		{ "64:ff9b::808:808", false },
		{ "64:ff9b:1::808:808", true },
		{ "100::1", true },
		{ "1fff:ffff::1", true },
		{ "2000::1", false },
		{ "2001:0:808:808::1", true },
		{ "2001:db8::1", true },
		{ "2002:808:808::1", true },
		{ "3ffe::1", false },
		{ "3fff::1", true },
		{ "4000::1", true },
		{ "5f00::1", true },
		{ "8000::1", true },
		{ "fec0::1", true },
		{ "ff02::1", true },
	};
	struct addr a;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(addr_parse(str_of(cases[i].text), &a));
		if (addr_is_private(&a) != cases[i].is_private)
			fail_msg("%s", cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsing),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(private_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
