/* SPDX-License-Identifier: Apache-2.0 */
/* Built with failpoints whatever the rest of the build has. */
#include "sys/failpoint.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
pass_them(void)
{
	FAILPOINT("test.first");
	FAILPOINT("test.second");
}

/* How a child ends that passes both three times: -SIGKILL, or 3 when it lives. */
static int
end_with(const char *value)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		setenv("CERTDESK_FAILPOINT", value, 1);
		for (int i = 0; i < 3; i++)
			pass_them();
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void
kills_at_the_named_point(void **state UNUSED)
{
	static const struct {
		const char *value;
		int end;
	} cases[] = {
		{ "test.first", -SIGKILL },
		{ "test.second:3", -SIGKILL },
		{ "test.second:4", 3 },
		{ "test.sec", 3 },
		{ "test.first:", 3 },
		{ "test.first:x", 3 },
		{ "test.first:0", 3 },
		{ "", 3 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (end_with(cases[i].value) != cases[i].end)
			fail_msg("'%s'", cases[i].value);
}

static void
lists_all_names(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf names = BUF(1000);

	failpoint_list(&names);
	assert_true(str_find(buf_str(&names), STR("test.first\n")) < names.len);
	assert_true(str_find(buf_str(&names), STR("test.second\n")) < names.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kills_at_the_named_point),
		cmocka_unit_test(lists_all_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
