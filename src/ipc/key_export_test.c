/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/key_export.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct key_export question = {
	.balancer = "edge1",
	.installation = { { 1 } },
	.key = { { 2 } },
	.customer = { { 3 } },
	.site = { { 4 } },
	.wrapped = { "wrapped", 7 },
	.form = FORM_FILE,
	.before = { "before", 6 },
	.after = { "after", 5 },
	.max_total = 16384,
	.upload = "certdesk-1.key",
	.token = "TOKEN",
	.unit = 1,
};

static void
test_question(void **state)
{
	CLEAN(buf_fini) struct buf b = BUF(4096);
	struct key_export_room room;
	struct key_export got;

	(void)state;
	key_export_put(&b, &question);
	assert_true(key_export_get(buf_str(&b), &room, &got));
	assert_string_equal(got.balancer, "edge1");
	assert_true(id_eq(got.installation, question.installation) && id_eq(got.key, question.key));
	assert_true(id_eq(got.customer, question.customer) && id_eq(got.site, question.site));
	assert_true(str_eq(got.wrapped, question.wrapped) && str_eq(got.before, question.before));
	assert_true(str_eq(got.after, question.after));
	assert_int_equal(got.form, FORM_FILE);
	assert_int_equal(got.max_total, 16384);
	assert_string_equal(got.upload, "certdesk-1.key");
	assert_string_equal(got.token, "TOKEN");
	assert_int_equal(got.unit, 1);
	for (size_t len = 0; len < b.len; len++)
		assert_false(key_export_get(str_bytes(b.data, len), &room, &got));
	buf_put_byte(&b, 0);
	assert_false(key_export_get(buf_str(&b), &room, &got));
}

static void
test_limits(void **state)
{
	static const char much[KEY_EXPORT_AROUND_MAX + 1] = { 0 };
	CLEAN(buf_fini) struct buf b = BUF(message_rule(MESSAGE_KEY_EXPORT)->max_request);
	char text[KEY_UPLOAD_TOKEN_SIZE] = "";
	struct key_export large = question, got;
	struct key_export_room room;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	large.upload = text + sizeof(text) - KEY_UPLOAD_NAME_SIZE;
	large.token = text;
	large.before = large.after = str_bytes(much, KEY_EXPORT_AROUND_MAX);
	large.wrapped = str_bytes(much, KEY_WRAPPED_MAX);
	key_export_put(&b, &large);
	assert_false(buf_failed(&b)); /* the largest question fits the message */
	assert_true(key_export_get(buf_str(&b), &room, &got));
	large.before = STR("");
	large.after = str_bytes(much, sizeof(much));
	buf_clear(&b);
	key_export_put(&b, &large);
	assert_false(key_export_get(buf_str(&b), &room, &got));
	large.after = STR("");
	large.upload = text;
	buf_clear(&b);
	key_export_put(&b, &large);
	assert_false(key_export_get(buf_str(&b), &room, &got));
	large.upload = "";
	large.wrapped = str_bytes(much, KEY_WRAPPED_MAX + 1);
	buf_clear(&b);
	key_export_put(&b, &large);
	assert_false(key_export_get(buf_str(&b), &room, &got));
}

static void
test_bad_question(void **state)
{
	static const char long_name[] =
	    "a-name-of-a-balancer-that-is-longer-than-a-name-may-be-in-a-configuration";
	CLEAN(buf_fini) struct buf b = BUF(4096);
	struct key_export bad = question, got;
	struct key_export_room room;

	(void)state;
	bad.form = FORM_MAX;
	key_export_put(&b, &bad);
	assert_false(key_export_get(buf_str(&b), &room, &got));
	bad = question;
	bad.unit = CONFIG_UNITS_MAX;
	buf_clear(&b);
	key_export_put(&b, &bad);
	assert_false(key_export_get(buf_str(&b), &room, &got));
	bad = question;
	bad.balancer = long_name;
	buf_clear(&b);
	key_export_put(&b, &bad);
	assert_false(key_export_get(buf_str(&b), &room, &got));
}

static void
test_answer(void **state)
{
	static const int results[] = { 0, KEY_EXPORT_E_REFUSED, KEY_EXPORT_E_TOO_LARGE,
		KEY_EXPORT_E_VESSEL };
	struct key_exported answer = { .total = 4711,
		.spki_sha256 = { 1, 2 },
		.words = "for a reason" },
			    got;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(results); i++) {
		CLEAN(buf_fini) struct buf b = BUF(1024);

		key_exported_put(&b, results[i], &answer);
		assert_int_equal(key_exported_get(buf_str(&b), &got), results[i]);
		assert_int_equal(got.total, 4711);
		assert_memory_equal(got.spki_sha256, answer.spki_sha256, 32);
		assert_string_equal(got.words, "for a reason");
		for (size_t len = 0; len < b.len; len++)
			assert_true(key_exported_get(str_bytes(b.data, len), &got) < 0);
		buf_put_byte(&b, 0);
		assert_true(key_exported_get(buf_str(&b), &got) < 0);
	}
}

/* What a device said comes along, but only where there is one. */
static void
test_answer_of_a_device(void **state)
{
	static char page[CARRY_ANSWER_MAX + 1];
	struct key_exported answer = { 0 }, got;
	CLEAN(buf_fini) struct buf b = BUF(message_rule(MESSAGE_KEY_EXPORT)->max_answer);

	(void)state;
	memset(answer.words, 'w', sizeof(answer.words) - 1);
	memset(answer.device.words, 'w', sizeof(answer.device.words) - 1);
	answer.device.status = 200;
	answer.device.body = str_bytes(page, CARRY_ANSWER_MAX);
	key_exported_put(&b, 0, &answer);
	assert_false(buf_failed(&b)); /* the longest fits the message */
	assert_int_equal(key_exported_get(buf_str(&b), &got), 0);
	assert_int_equal(got.device.status, 200);
	assert_true(str_eq(got.device.body, answer.device.body));
	for (size_t len = 0; len < b.len; len++)
		assert_true(key_exported_get(str_bytes(b.data, len), &got) < 0);
	answer.device.body = str_bytes(page, sizeof(page));
	buf_clear(&b);
	key_exported_put(&b, 0, &answer);
	assert_true(key_exported_get(buf_str(&b), &got) < 0);
	carried_end(&answer.device, CARRY_E_UNTRUSTED, "another key");
	buf_clear(&b);
	key_exported_put(&b, KEY_EXPORT_E_VESSEL, &answer);
	assert_int_equal(key_exported_get(buf_str(&b), &got), KEY_EXPORT_E_VESSEL);
	assert_int_equal(got.device.result, CARRY_E_UNTRUSTED);
	assert_string_equal(got.device.words, "another key");
}

static void
test_answer_that_makes_no_sense(void **state)
{
	static const int results[] = { KEY_EXPORT_E_AWAY, KEY_EXPORT_E_VESSEL + 1, 255 };
	struct key_exported answer = { 0 }, got;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(results); i++) {
		CLEAN(buf_fini) struct buf b = BUF(1024);

		key_exported_put(&b, results[i], &answer);
		assert_true(key_exported_get(buf_str(&b), &got) < 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_bad_question),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_answer_of_a_device),
		cmocka_unit_test(test_answer_that_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
