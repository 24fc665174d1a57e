/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/lines.h"

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct find_case {
	const char *name, *text, *key, *value; /* NULL = not found */
};

/* clang-format off */
static const struct find_case finds[] = {
	{ "empty file",              "",                             "a.test", NULL },
	{ "only line",               "a.test be\n",                  "a.test", "be" },
	{ "no end of line",          "a.test be",                    "a.test", "be" },
	{ "leading space, tab",      " \ta.test\t be \n",            "a.test", "be" },
	{ "comment",                 "#a.test be\n",                 "a.test", NULL },
	{ "longer key",              "a.test.de be\n",               "a.test", NULL },
	{ "key at the end",          "x.a.test be\n",                "a.test", NULL },
	{ "as a value",              "b.test a.test\n",              "a.test", NULL },
	{ "first of two",            "b x\na.test 1\na.test 2\n",    "a.test", "1" },
	{ "key only",                "a.test\n",                     "a.test", "" },
	{ "inside others before",    "xa.test 1\nb a.test\n#a.test 2\n a.test 3\n", "a.test", "3" },
	{ "twice in a line before",  "a.test.a.test 1\na.test 2",    "a.test", "2" },
	{ "inside others alone",     "xa.test 1\n\na.testx 2\n",     "a.test", NULL },
	{ "at the very end",         "b 1\na.test",                  "a.test", "" },
	{ "crt-list with options",   "/c/a.pem [alpn h2] a.test b\n", "/c/a.pem", "[alpn h2] a.test b" },
	{ "windows line ends",       "a.test be\r\n",                "a.test", "be" },
};

struct without_case {
	const char *name, *text, *expect;
};

static const struct without_case withouts[] = {
	{ "absent",           "b x\n# c\n\n",          "b x\n# c\n\n" },
	{ "only",             "a x\n",                 "" },
	{ "twice",            "a x\nb y\n a z\nc\n",   "b y\nc\n" },
	{ "comment stays",    "#a x\na x\n",           "#a x\n" },
	{ "last, not ended",  "b y\na x",              "b y\n" },
	{ "other, not ended", "a x\nb y",              "b y" },
	{ "empty",            "",                      "" },
};
/* clang-format on */

static void
test_find(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(finds); i++) {
		const struct find_case *c = &finds[i];
		struct str line;
		bool found = lines_find(str_of(c->text), str_of(c->key), &line);

		if (found != (c->value != NULL) ||
		    (found && !str_eq(lines_value(line), str_of(c->value))))
			fail_msg("%s", c->name);
	}
}

static void
test_without(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(withouts); i++) {
		CLEAN(buf_fini) struct buf to = BUF(1000);

		lines_without(str_of(withouts[i].text), STR("a"), &to);
		if (!str_eq(buf_str(&to), str_of(withouts[i].expect)))
			fail_msg("%s: '%s'", withouts[i].name, buf_text(&to));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
