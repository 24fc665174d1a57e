/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/key_take.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct key_take
a_key(enum key_kind kind)
{
	struct key_take take = { .key = { { 1 } },
		.customer = { { 2 } },
		.site = { { 3 } },
		.spki_sha256 = { 4 },
		.numbers = { .kind = kind } };

	take.numbers.exponent = key_number_count(kind) == 1 ? 0 : 65537;
	for (size_t i = 0; i < key_number_count(kind); i++)
		memset(take.numbers.number[i], 0xa0 + (int)i, key_number_size(kind));
	return take;
}

static void
test_question(void **state UNUSED)
{
	for (int kind = 0; kind < KEY_KIND_MAX; kind++) {
		CLEAN(buf_fini)
		struct buf b = BUF_SECRET(message_rule(MESSAGE_KEY_TAKE)->max_request);
		struct key_take take = a_key((enum key_kind)kind), got;
		static const struct key_take empty;

		key_take_put(&b, &take);
		assert_false(buf_failed(&b));
		assert_true(key_take_get(buf_str(&b), &got));
		assert_memory_equal(
		    &got.numbers.number, &take.numbers.number, sizeof(take.numbers.number));
		assert_true(id_eq(got.key, take.key) && id_eq(got.customer, take.customer) &&
			    id_eq(got.site, take.site));
		assert_int_equal(got.numbers.kind, kind);
		assert_int_equal(got.numbers.exponent, take.numbers.exponent);
		assert_memory_equal(got.spki_sha256, take.spki_sha256, 32);
		for (size_t len = 0; len < b.len; len++) {
			assert_false(key_take_get(str_bytes(b.data, len), &got));
			assert_memory_equal(&got, &empty, sizeof(got)); /* half a key neither */
		}
		buf_put_byte(&b, 0);
		assert_false(key_take_get(buf_str(&b), &got));
	}
}

static void
spoil_key(struct key_take *take)
{
	take->key = ID_NONE;
}
static void
spoil_customer(struct key_take *take)
{
	take->customer = ID_NONE;
}
static void
spoil_site(struct key_take *take)
{
	take->site = ID_NONE;
}
static void
spoil_exponent(struct key_take *take)
{
	take->numbers.exponent = take->numbers.exponent ? 0 : 3;
}

static void
test_spoilt(void **state UNUSED)
{
	static void (*const spoil[])(
	    struct key_take *) = { spoil_key, spoil_customer, spoil_site, spoil_exponent };

	for (size_t i = 0; i < 2 * COUNT_OF(spoil); i++) {
		CLEAN(buf_fini) struct buf b = BUF_SECRET(1024);
		struct key_take take = a_key(i & 1 ? KEY_RSA2048 : KEY_P256), got;

		spoil[i / 2](&take);
		key_take_put(&b, &take);
		assert_false(key_take_get(buf_str(&b), &got));
	}
}

static void
test_answers(void **state UNUSED)
{
	/* clang-format off */
	static const struct { uint8_t result; const char *wrapped; int expected; } cases[] = {
		{ 0,                  "wrapped", 0 },
		{ 0,                  "",        -EBADMSG },
		{ KEY_TAKE_E_AWAY,    "",        -EBADMSG }, /* nobody says that of himself */
		{ KEY_TAKE_E_LATER,   "",        KEY_TAKE_E_LATER },
		{ KEY_TAKE_E_REFUSED, "",        KEY_TAKE_E_REFUSED },
		{ KEY_TAKE_E_WEAK,    "",        KEY_TAKE_E_WEAK },
		{ KEY_TAKE_E_WEAK,    "wrapped", -EBADMSG },
		{ KEY_TAKE_E_BROKEN,  "",        KEY_TAKE_E_BROKEN },
		{ 77,                 "",        -EBADMSG },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf b = BUF(100);
		CLEAN(buf_fini) struct buf wrapped = BUF(100);

		key_taken_put(&b, cases[i].result, str_of(cases[i].wrapped));
		assert_int_equal(key_taken_get(buf_str(&b), &wrapped), cases[i].expected);
		assert_int_equal(
		    wrapped.len, cases[i].expected == 0 ? strlen(cases[i].wrapped) : 0);
		buf_put_byte(&b, 0);
		assert_int_equal(key_taken_get(buf_str(&b), &wrapped), -EBADMSG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_spoilt),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
