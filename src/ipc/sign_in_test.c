/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/sign_in.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_question(void **state UNUSED)
{
	const struct sign_in question = { .balancer = "big", .provider = "tmos", .unit = 1 };
	CLEAN(buf_fini) struct buf b = BUF(1024);
	struct sign_in_room room;
	struct sign_in got;

	sign_in_put(&b, &question);
	assert_true(sign_in_get(buf_str(&b), &room, &got));
	assert_string_equal(got.balancer, "big");
	assert_string_equal(got.provider, "tmos");
	assert_int_equal(got.unit, 1);
	for (size_t len = 0; len < b.len; len++)
		assert_false(sign_in_get(str_bytes(b.data, len), &room, &got));
	buf_put_byte(&b, 0);
	assert_false(sign_in_get(buf_str(&b), &room, &got));
}

static void
test_hostile_questions(void **state UNUSED)
{
	static const char much[] =
	    "a-name-that-is-longer-than-a-name-may-be-in-a-configuration-of-ours-and-more";
	static const struct sign_in cases[] = {
		{ "big", "" },
		{ "big", "a b" },
		{ "big", "a\r\n" },
		{ "big", "\"" },
		{ "big", much },
		{ much, "tmos" },
		{ "big", "tmos", CONFIG_UNITS_MAX },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf b = BUF(1024);
		struct sign_in_room room;
		struct sign_in got;

		sign_in_put(&b, &cases[i]);
		assert_false(sign_in_get(buf_str(&b), &room, &got));
	}
}

static void
test_no_keeper(void **state UNUSED)
{
	const struct sign_in question = { .balancer = "big", .provider = "tmos" };
	struct channel *keeper = channel_new(-1, ROLE_WORKER, ROLE_KEEPER);
	CLEAN(buf_fini) struct buf answer = BUF_SECRET(100);
	struct carried got;

	channel_renew_no_more(keeper);
	assert_int_equal(sign_in_ask(keeper, &question, 0, &answer, &got), CARRY_E_AWAY);
	assert_string_equal(got.words, "the keeper is away or gave no answer");
	channel_free(keeper);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_hostile_questions),
		cmocka_unit_test(test_no_keeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
