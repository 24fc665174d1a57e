/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/file.h"
#include "sys/net.h"

/* What one event looks like on stderr, without its time. */
static void
line_of(enum log_format format, const char *value, struct buf *to)
{
	int ends[2], saved = dup(STDERR_FILENO);
	struct str line;

	assert_int_equal(net_pair(ends), 0);
	log_start("test", format, LOG_NOTICE);
	dup2(ends[1], STDERR_FILENO);
	LOG(LOG_NOTICE, "it.happened", LOG_TEXT("value", value), LOG_NUMBER("n", -12));
	dup2(saved, STDERR_FILENO);
	close_fd(saved);
	close_fd(ends[1]);
	assert_int_equal(net_read_all(ends[0], SECONDS(10), to), 0);
	close_fd(ends[0]);
	line = buf_str(to);
	buf_drop(to, str_find(line, format == LOG_AS_JSON ? STR("\"level\"") : STR("notice")));
}

static void
values_cannot_forge_lines(void **state UNUSED)
{
	static const struct {
		const char *name;
		enum log_format format;
		const char *value, *line;
	} cases[] = {
		{ "plain", LOG_AS_TEXT, "mail.contoso.com",
		    "notice test it.happened value=mail.contoso.com n=-12\n" },
		{ "empty", LOG_AS_TEXT, "", "notice test it.happened value=\"\" n=-12\n" },
		{ "space", LOG_AS_TEXT, "a b=c",
		    "notice test it.happened value=\"a b=c\" n=-12\n" },
		{ "quote", LOG_AS_TEXT, "a\"b\\",
		    "notice test it.happened value=\"a\\\"b\\\\\" n=-12\n" },
		{ "line end", LOG_AS_TEXT, "a\r\nerror",
		    "notice test it.happened value=\"a\\x0d\\nerror\" n=-12\n" },
		{ "terminal", LOG_AS_TEXT, "\x1b[2J",
		    "notice test it.happened value=\"\\x1b[2J\" n=-12\n" },
		{ "C1 control", LOG_AS_TEXT, "\xc2\x9b",
		    "notice test it.happened value=\"\\x9b\" n=-12\n" },
		{ "UTF-8", LOG_AS_TEXT, "Zürich",
		    "notice test it.happened value=\"Zürich\" n=-12\n" },
		{ "not UTF-8", LOG_AS_TEXT, "\xff",
		    "notice test it.happened value=\"\\xff\" n=-12\n" },
		{ "JSON", LOG_AS_JSON, "a\"\n\x01\xff",
		    "\"level\":\"notice\",\"program\":\"test\",\"event\":\"it.happened\",\"value\":\"a\\\"\\n\\u0001\\ufffd\",\"n\":-12}\n" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf line = BUF(4096);

		line_of(cases[i].format, cases[i].value, &line);
		if (!str_eq(buf_str(&line), str_of(cases[i].line)))
			fail_msg("%s: %s", cases[i].name, buf_text(&line));
	}
}

static void
long_values_are_cut(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf line = BUF(100000);
	char *value = alloc_zero(50001);

	memset(value, '\x01', 50000);
	line_of(LOG_AS_JSON, value, &line);
	free(value);
	assert_true(line.len < 3000);
	assert_true(str_ends(buf_str(&line), STR("…\",\"n\":-12}\n")));
}

static void
levels(void **state UNUSED)
{
	static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
	enum log_level level = LOG_DEBUG;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_true(log_level_parse(str_of(names[i]), &level));
		assert_int_equal(level, i);
	}
	assert_false(log_level_parse(STR("Error"), &level));
	assert_false(log_level_parse(STR(""), &level));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_cannot_forge_lines),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
