/* SPDX-License-Identifier: Apache-2.0 */
/* The table of messages, and the codecs of those between certdeskd and its children. */
#include "ipc/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "ipc/hello.h"
#include "ipc/house.h"

static void
every_message_has_a_row(void **state UNUSED)
{
	assert_null(message_rule(MESSAGE_NONE));
	assert_null(message_rule(MESSAGE_MAX));
	assert_null(message_rule((enum message_type)60000));
	for (int type = MESSAGE_NONE + 1; type < MESSAGE_MAX; type++) {
		const struct message_rule *rule = message_rule((enum message_type)type);

		assert_non_null(rule);
		assert_true(rule->from != 0);
		assert_false(rule->to < ROLE_MAX && message_may(rule, rule->to, rule->to));
		for (int other = MESSAGE_NONE + 1; other < type; other++)
			assert_string_not_equal(
			    rule->name, message_rule((enum message_type)other)->name);
	}
}

/* The design's table of who may talk to whom: whatever is not here is a hole in the wall. */
static void
only_these_may_talk(void **state UNUSED)
{
	/* clang-format off */
	static const bool may[ROLE_MAX][ROLE_MAX] = {
		[ROLE_CERTDESKD] = { [ROLE_KEEPER] = true, [ROLE_READER] = true, [ROLE_DESK] = true, [ROLE_WORKER] = true, [ROLE_COURIER] = true },
		[ROLE_KEEPER]    = { [ROLE_CERTDESKD] = true, [ROLE_COURIER] = true },
		[ROLE_COURIER]   = { [ROLE_CERTDESKD] = true },
		[ROLE_READER]    = { [ROLE_CERTDESKD] = true, [ROLE_KEEPER] = true },
		[ROLE_DESK]      = { [ROLE_CERTDESKD] = true, [ROLE_READER] = true, [ROLE_WORKER] = true },
		[ROLE_WORKER]    = { [ROLE_CERTDESKD] = true, [ROLE_KEEPER] = true, [ROLE_READER] = true },
	};
	/* clang-format on */

	for (int from = 0; from < ROLE_MAX; from++)
		for (int to = 0; to < ROLE_MAX; to++) {
			bool found = false;

			for (int type = MESSAGE_NONE + 1; type < MESSAGE_MAX; type++)
				found = found || message_may(message_rule((enum message_type)type),
						     (enum role)from, (enum role)to);
			if (found != may[from][to])
				fail_msg("%s to %s", role_name((enum role)from),
				    role_name((enum role)to));
		}
}

static void
hello_comes_back(void **state UNUSED)
{
	const struct hello hello = { .version = "0.1.0", .ipc_version = IPC_VERSION, .pid = 4711 };
	CLEAN(buf_fini) struct buf b = BUF(100);
	struct hello got;

	hello_put(&b, &hello);
	assert_true(hello_get(buf_str(&b), &got));
	assert_string_equal(got.version, "0.1.0");
	assert_int_equal(got.ipc_version, IPC_VERSION);
	assert_int_equal(got.pid, 4711);
	for (size_t len = 0; len < b.len; len++)
		assert_false(hello_get(str_bytes(b.data, len), &got));
}

static void
roles_are_checked(void **state UNUSED)
{
	enum role role = ROLE_MAX;

	for (int i = 0; i <= ROLE_MAX; i++) {
		CLEAN(buf_fini) struct buf b = BUF(10);

		role_put(&b, (enum role)i);
		assert_int_equal(role_get(buf_str(&b), &role), i < ROLE_MAX);
	}
	assert_int_equal(role, ROLE_MAX - 1);
	assert_false(role_get(STR(""), &role));
}

static void
house_comes_back(void **state UNUSED)
{
	struct house *house = alloc_zero(sizeof(*house)), *got = alloc_zero(sizeof(*got));
	CLEAN(buf_fini) struct buf b = BUF(message_rule(MESSAGE_HOUSE)->max_answer);

	house->count = ROLE_MAX;
	for (size_t i = 0; i < ROLE_MAX; i++) {
		struct resident *r = &house->resident[i];

		*r = (struct resident){ .role = (enum role)i,
			.pid = 100 + (int64_t)i,
			.ready = i % 2,
			.started = SECONDS(i),
			.restarts = 3 };
		memset(r->sandbox, 's',
		    sizeof(r->sandbox) - 1); /* the longest must fit the row of the table */
		memset(r->report, 'r', sizeof(r->report) - 1);
		memset(r->last_end, 'e', sizeof(r->last_end) - 1);
		snprintf(r->version, sizeof(r->version), "0.%zu", i);
	}
	house_put(&b, house);
	assert_false(buf_failed(&b));
	assert_true(house_get(buf_str(&b), got));
	assert_memory_equal(got->resident, house->resident, sizeof(got->resident));
	assert_false(house_get(str_bytes(b.data, b.len - 1), got));
	b.data[3] = ROLE_MAX + 1;
	assert_false(house_get(buf_str(&b), got));
	free(house);
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_has_a_row),
		cmocka_unit_test(only_these_may_talk),
		cmocka_unit_test(hello_comes_back),
		cmocka_unit_test(roles_are_checked),
		cmocka_unit_test(house_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
