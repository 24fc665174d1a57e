/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/kek_read.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"
#include "sys/log.h"

#define GOOD "certdesk-kek-1 00112233445566ff AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define LONG_LINE \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define TOO_LONG LONG_LINE LONG_LINE LONG_LINE

static char folder[] = "/tmp/certdesk-kek-XXXXXX";
static char path[128];

static int
set_up(void **state)
{
	(void)state;
	log_start("kek_read_test", LOG_AS_TEXT, LOG_ERROR);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/kek", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void
test_forms(void **state)
{
	static const struct {
		const char *what, *text;
		unsigned mode;
		bool fine;
	} cases[] = {
		{ "as made", GOOD, 0600, true },
		{ "read only", GOOD, 0400, true },
		{ "group may read", GOOD, 0640, false },
		{ "all may read", GOOD, 0644, false },
		{ "empty", "", 0600, false },
		{ "garbled", "certdesk-kek-1 00112233445566ff ????\n", 0600, false },
		{ "too large", TOO_LONG, 0600, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(kek_fini) struct kek kek = { 0 };
		int r;

		print_message("%s\n", cases[i].what);
		assert_int_equal(file_write(path, str_of(cases[i].text), cases[i].mode), 0);
		r = kek_read(path, &kek);
		assert_true(cases[i].fine ? r == 0 : r < 0);
		assert_int_equal(kek.key[1], cases[i].fine ? 1 : 0);
		assert_int_equal(unlink(path), 0);
	}
}

static void
test_no_file(void **state)
{
	CLEAN(kek_fini) struct kek kek = { 0 };

	(void)state;
	assert_true(kek_read(path, &kek) < 0);
	assert_true(kek_read("", &kek) < 0);
	assert_true(kek_read(folder, &kek) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
