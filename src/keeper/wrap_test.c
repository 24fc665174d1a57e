/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/wrap.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "ipc/key_make.h"
#include "keeper/memory.h"

static const struct kek kek = { .id = { 1, 2, 3, 4, 5, 6, 7, 8 }, .key = { 42 } };
static const struct key_owner owner = { { { 1 } }, { { 2 } }, { { 3 } } };
static struct secret_key keys[2]; /* the shortest and the longest */

static int
set_up(void **state)
{
	struct ec_maker maker;
	bool locked;
	int r = memory_protect(16, &locked) || ec_maker_init(&maker);

	(void)state;
	if (r)
		return r;
	r = secret_key_make_ec(&maker, KEY_P256, &keys[0]) ||
	    secret_key_make_rsa(world_real(), KEY_RSA4096, &keys[1]);
	ec_maker_fini(&maker);
	return r;
}

static int
tear_down(void **state)
{
	(void)state;
	secret_key_fini(&keys[0]);
	secret_key_fini(&keys[1]);
	return 0;
}

static void
test_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		CLEAN(buf_fini) struct buf one = BUF(KEY_WRAPPED_MAX);
		CLEAN(buf_fini) struct buf two = BUF(KEY_WRAPPED_MAX);
		CLEAN(secret_key_fini) struct secret_key back = { 0 };

		assert_int_equal(wrap_key(&kek, world_real(), &owner, &keys[i], &one), 0);
		assert_int_equal(wrap_key(&kek, world_real(), &owner, &keys[i], &two), 0);
		assert_int_equal(one.len, keys[i].len + WRAP_OVERHEAD);
		assert_memory_not_equal(
		    one.data + 14, two.data + 14, one.len - 14); /* never twice the same */
		assert_null(memmem(one.data, one.len, keys[i].der + 30, 8));
		assert_int_equal(unwrap_key(&kek, &owner, buf_str(&one), &back), 0);
		assert_int_equal(back.kind, keys[i].kind);
		assert_int_equal(back.len, keys[i].len);
		assert_memory_equal(back.der, keys[i].der, back.len);
	}
}

/* Who made it is part of what is sealed (docs/decisions/0012). */
static void
test_origin(void **state)
{
	struct secret_key key = keys[0]; /* borrows */

	(void)state;
	for (int origin = 0; origin < KEY_ORIGIN_MAX; origin++) {
		CLEAN(buf_fini) struct buf wrapped = BUF(KEY_WRAPPED_MAX);
		CLEAN(secret_key_fini) struct secret_key back = { 0 };

		key.origin = (enum key_origin)origin;
		assert_int_equal(wrap_key(&kek, world_real(), &owner, &key, &wrapped), 0);
		assert_int_equal(unwrap_key(&kek, &owner, buf_str(&wrapped), &back), 0);
		assert_int_equal(back.origin, origin);
		assert_int_equal(back.kind, KEY_P256);
		wrapped.data[5] = (char)(wrapped.data[5] ^ 0x80);
		assert_int_equal(unwrap_key(&kek, &owner, buf_str(&wrapped), &back), WRAP_E_FORGED);
	}
}

static void
assert_shut(const struct kek *with, const struct key_owner *whose, struct str wrapped, int expected)
{
	CLEAN(secret_key_fini) struct secret_key back = { 0 };
	int r = unwrap_key(with, whose, wrapped, &back);

	assert_true(expected > 0 ? r == expected : r > 0);
	assert_null(back.der);
	assert_string_not_equal(wrap_words(r), "cannot unwrap");
}

static void
test_every_bit(void **state)
{
	CLEAN(buf_fini) struct buf wrapped = BUF(KEY_WRAPPED_MAX);

	(void)state;
	assert_int_equal(wrap_key(&kek, world_real(), &owner, &keys[0], &wrapped), 0);
	for (size_t i = 0; i < wrapped.len * 8; i++) {
		wrapped.data[i / 8] = (char)(wrapped.data[i / 8] ^ (1 << i % 8));
		assert_shut(&kek, &owner, buf_str(&wrapped), -1);
		wrapped.data[i / 8] = (char)(wrapped.data[i / 8] ^ (1 << i % 8));
	}
}

static void
test_every_length(void **state)
{
	CLEAN(buf_fini) struct buf wrapped = BUF(2 * KEY_WRAPPED_MAX);

	(void)state;
	assert_int_equal(wrap_key(&kek, world_real(), &owner, &keys[0], &wrapped), 0);
	for (size_t len = 0; len < wrapped.len; len++)
		assert_shut(&kek, &owner, str_bytes(wrapped.data, len), -1);
	buf_put_byte(&wrapped, 0);
	assert_shut(&kek, &owner, buf_str(&wrapped), WRAP_E_FORGED);
	while (wrapped.len < KEY_WRAPPED_MAX)
		buf_put_byte(&wrapped, 0);
	assert_shut(&kek, &owner, buf_str(&wrapped), WRAP_E_MALFORMED);
}

static void
test_others(void **state)
{
	CLEAN(buf_fini) struct buf wrapped = BUF(KEY_WRAPPED_MAX);
	struct key_owner other_key = owner, other_customer = owner, other_site = owner;
	struct kek other_id = kek, other_bytes = kek;

	(void)state;
	other_key.key.b[15] ^= 1;
	other_customer.customer.b[0] ^= 1;
	other_site.site.b[7] ^= 1;
	other_id.id[0] ^= 1;
	other_bytes.key[31] ^= 1;
	assert_int_equal(wrap_key(&kek, world_real(), &owner, &keys[0], &wrapped), 0);
	assert_shut(&kek, &other_key, buf_str(&wrapped), WRAP_E_FORGED);
	assert_shut(&kek, &other_customer, buf_str(&wrapped), WRAP_E_FORGED);
	assert_shut(&kek, &other_site, buf_str(&wrapped), WRAP_E_FORGED);
	assert_shut(&other_id, &owner, buf_str(&wrapped), WRAP_E_OTHER_KEK);
	assert_shut(&other_bytes, &owner, buf_str(&wrapped), WRAP_E_FORGED);
}

static void
test_no_room(void **state)
{
	CLEAN(buf_fini) struct buf small = BUF(WRAP_OVERHEAD);

	(void)state;
	assert_true(wrap_key(&kek, world_real(), &owner, &keys[0], &small) < 0);
	assert_true(wrap_key(&kek, world_real(), &owner, &(struct secret_key){ 0 }, &small) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
