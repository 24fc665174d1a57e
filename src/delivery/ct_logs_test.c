/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/ct_logs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "delivery/judge_test_kit.h"
#include "sys/file.h"

static void
a_list(void **state UNUSED)
{
	CLEAN(ct_logs_free) struct ct_logs *logs = NULL;
	uint8_t id[32];

	assert_int_equal(ct_logs_new(test_logs(), &logs), 0);
	assert_int_equal(ct_logs_count(logs), 9);
	assert_true(ct_logs_dated(logs) == TEST_NOW - DAYS(30));
	memset(id, 6, sizeof(id));
	assert_string_equal(ct_logs_find(logs, id)->operator, "A");
	assert_string_equal(ct_logs_find(logs, id)->name, "log 6");
	assert_true(ct_logs_find(logs, id)->is_tiled && ct_log_is_current(ct_logs_find(logs, id)));
	memset(id, 4, sizeof(id));
	assert_int_equal(ct_logs_find(logs, id)->state, CT_LOG_RETIRED);
	assert_false(ct_log_is_current(ct_logs_find(logs, id)));
	memset(id, 10, sizeof(id));
	assert_null(ct_logs_find(logs, id));
}

static void
what_is_no_list(void **state UNUSED)
{
#define HEAD "{\"log_list_timestamp\":\"2026-05-01T00:00:00Z\",\"operators\":["
#define ID   "\"log_id\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\""
	static const struct {
		const char *json;
		int outcome;
	} rows[] = {
		{ "", CT_LOGS_E_MALFORMED },
		{ "[]", CT_LOGS_E_MALFORMED },
		{ "{\"operators\":[]}", CT_LOGS_E_MALFORMED },
		{ HEAD "]}", CT_LOGS_E_NONE },
		{ HEAD "{\"name\":\"A\"}]}", CT_LOGS_E_NONE },
		{ HEAD "{\"logs\":[{" ID "}]}]}", CT_LOGS_E_MALFORMED },
		{ HEAD "{\"name\":\"A\",\"logs\":[{" ID "}]}]}", 0 },
		{ HEAD "{\"name\":\"A\",\"logs\":[{\"log_id\":\"AQEB\"}]}]}", CT_LOGS_E_MALFORMED },
		{ HEAD "{\"name\":\"A\",\"logs\":[{" ID ",\"state\":{\"new\":{}}}]}]}",
		    CT_LOGS_E_MALFORMED },
		{ HEAD "{\"name\":\"A\",\"logs\":[{" ID ",\"state\":{\"usable\":{}}}]}]}",
		    CT_LOGS_E_MALFORMED },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEAN(ct_logs_free) struct ct_logs *logs = NULL;

		print_message("%s\n", rows[i].json);
		assert_int_equal(ct_logs_new(str_of(rows[i].json), &logs), rows[i].outcome);
		assert_true((logs != NULL) == (rows[i].outcome == 0));
	}
}

/* data/ct-logs.json is what is installed. */
static void
the_list_that_comes_along(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf json = BUF(CT_LOGS_FILE_MAX);
	CLEAN(ct_logs_free) struct ct_logs *logs = NULL;

	assert_int_equal(file_read("data/ct-logs.json", &json), 0);
	assert_int_equal(ct_logs_new(buf_str(&json), &logs), 0);
	assert_true(ct_logs_count(logs) > 30 && ct_logs_dated(logs) > TEST_NOW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list),
		cmocka_unit_test(what_is_no_list),
		cmocka_unit_test(the_list_that_comes_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
