/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/key_make.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "ipc/wire.h"

static struct key_order
an_order(void)
{
	return (struct key_order){
		.key = { { 1 } },
		.customer = { { 2 } },
		.site = { { 3 } },
		.kind = KEY_RSA3072,
		.subject = { STR("DE"), STR("Bayern"), STR(""), STR("M\u00fcller GmbH") },
		.names = { STR("mail.example.test"), STR("owa.example.test") },
		.name_count = 2,
	};
}

static void
test_order(void **state)
{
	CLEAN(buf_fini) struct buf b = BUF(4096);
	struct key_order order = an_order(), got;

	(void)state;
	key_order_put(&b, &order);
	assert_true(key_order_get(buf_str(&b), &got));
	assert_true(id_eq(got.key, order.key) && id_eq(got.customer, order.customer) &&
		    id_eq(got.site, order.site));
	assert_int_equal(got.kind, KEY_RSA3072);
	assert_true(str_eq(got.subject.organization, order.subject.organization));
	assert_int_equal(got.subject.locality.len, 0);
	assert_int_equal(got.name_count, 2);
	assert_true(str_eq(got.names[1], STR("owa.example.test")));
	for (size_t len = 0; len < b.len; len++)
		assert_false(key_order_get(str_bytes(b.data, len), &got));
	buf_put_byte(&b, 0);
	assert_false(key_order_get(buf_str(&b), &got));
}

static void
test_largest_order_fits(void **state)
{
	CLEAN(buf_fini) struct buf b = BUF(message_rule(MESSAGE_KEY_MAKE)->max_request);
	struct key_order order = an_order(), got;
	char text[512];

	(void)state;
	memset(text, 'a', sizeof(text));
	order.subject.state = order.subject.locality = order.subject.organization =
	    str_bytes(text, sizeof(text));
	for (order.name_count = 0; order.name_count < CSR_NAMES_MAX; order.name_count++)
		order.names[order.name_count] = str_bytes(text, 253);
	key_order_put(&b, &order);
	assert_false(buf_failed(&b));
	assert_true(key_order_get(buf_str(&b), &got));
}

static void
spoil_key(struct key_order *order)
{
	order->key = ID_NONE;
}
static void
spoil_customer(struct key_order *order)
{
	order->customer = ID_NONE;
}
static void
spoil_site(struct key_order *order)
{
	order->site = ID_NONE;
}
static void
spoil_kind(struct key_order *order)
{
	order->kind = KEY_KIND_MAX;
}
static void
spoil_names(struct key_order *order)
{
	order->name_count = 0;
}
static void
spoil_name(struct key_order *order)
{
	static const char text[254] = { 0 };

	order->names[0] = str_bytes(text, sizeof(text));
}
static void
spoil_part(struct key_order *order)
{
	static const char text[513] = { 0 };

	order->subject.state = str_bytes(text, sizeof(text));
}

static void
test_spoiled_orders(void **state)
{
	void (*const spoils[])(struct key_order *) = { spoil_key, spoil_customer, spoil_site,
		spoil_kind, spoil_names, spoil_name, spoil_part };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(spoils); i++) {
		CLEAN(buf_fini) struct buf b = BUF(4096);
		struct key_order order = an_order(), got;

		spoils[i](&order);
		key_order_put(&b, &order);
		assert_false(key_order_get(buf_str(&b), &got));
	}
}

static void
test_too_many_names(void **state)
{
	CLEAN(buf_fini) struct buf b = BUF(65536);
	struct key_order order = an_order(), got;

	(void)state;
	order.name_count = 0;
	key_order_put(&b, &order);
	buf_truncate(&b, b.len - 4);
	wire_put_u32(&b, CSR_NAMES_MAX + 1);
	for (int i = 0; i <= CSR_NAMES_MAX; i++)
		wire_put_text(&b, "a.test");
	assert_false(key_order_get(buf_str(&b), &got));
}

static void
test_made(void **state)
{
	CLEAN(buf_fini) struct buf b = BUF(message_rule(MESSAGE_KEY_MAKE)->max_answer);
	CLEAN(key_made_fini)
	struct key_made made = {
		.wrapped = BUF(KEY_WRAPPED_MAX), .csr = BUF(CSR_MAX), .kek = { 7 }
	};
	CLEAN(key_made_fini) struct key_made got = { 0 };
	CLEAN(key_made_fini) struct key_made untouched = { 0 };

	(void)state;
	buf_put_text(&made.wrapped, "wrapped");
	buf_put_text(&made.csr, "request");
	made.spki_sha256[31] = 9;
	key_made_put(&b, &made);
	assert_int_equal(key_made_get(buf_str(&b), &got), 0);
	assert_string_equal(buf_text(&got.wrapped), "wrapped");
	assert_string_equal(buf_text(&got.csr), "request");
	assert_int_equal(got.kek[0], 7);
	assert_int_equal(got.spki_sha256[31], 9);
	for (size_t len = 0; len < b.len; len++)
		assert_true(key_made_get(str_bytes(b.data, len), &untouched) < 0);
	buf_put_byte(&b, 0);
	assert_true(key_made_get(buf_str(&b), &untouched) < 0);
	assert_null(untouched.csr.data);
}

static void
test_later(void **state)
{
	CLEAN(buf_fini) struct buf b = BUF(64);
	CLEAN(key_made_fini) struct key_made got = { 0 };

	(void)state;
	key_later_put(&b, 250);
	assert_int_equal(key_made_get(buf_str(&b), &got), KEY_MAKE_E_LATER);
	assert_int_equal(got.later_ms, 250);
	buf_put_byte(&b, 0);
	assert_true(key_made_get(buf_str(&b), &got) < 0);
	assert_true(key_made_get(STR("\2"), &got) < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_largest_order_fits),
		cmocka_unit_test(test_spoiled_orders),
		cmocka_unit_test(test_too_many_names),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
