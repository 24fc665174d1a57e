/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/stock.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "keeper/memory.h"

#define STEP_MS   10
#define STEPS_MAX 12000 /* two minutes: idle threads on a busy machine under a sanitizer */

static int
set_up(void **state)
{
	bool locked;

	(void)state;
	return memory_protect(16, &locked);
}

static void
wait_until_here(struct stock *stock, enum key_kind kind, size_t count)
{
	for (int i = 0; i < STEPS_MAX && stock_count(stock, kind).here < count; i++)
		(void)poll(NULL, 0, STEP_MS);
	assert_true(stock_count(stock, kind).here >= count);
}

static void
test_fills(void **state)
{
	const size_t target[KEY_KIND_MAX] = { [KEY_RSA2048] = 2, [KEY_P256] = 5 };
	CLEAN(stock_free) struct stock *stock = stock_new(world_real(), target);
	CLEAN(secret_key_fini) struct secret_key one = { 0 };
	CLEAN(secret_key_fini) struct secret_key two = { 0 };
	uint32_t later = 0;

	(void)state;
	assert_int_equal(stock_count(stock, KEY_RSA2048).target, 2);
	assert_int_equal(stock_count(stock, KEY_P256).target, 0); /* EC keys are not kept */
	assert_int_equal(stock_start(stock), 0);
	wait_until_here(stock, KEY_RSA2048, 2);
	assert_int_equal(stock_take(stock, KEY_RSA2048, &one, &later), 0);
	assert_int_equal(stock_take(stock, KEY_RSA2048, &two, &later), 0);
	assert_int_equal(one.kind, KEY_RSA2048);
	assert_memory_not_equal(one.der, two.der, one.len); /* nobody gets a key twice */
	assert_int_equal(secret_key_open(&one), 0);
	wait_until_here(stock, KEY_RSA2048, 2);                    /* and fills again, */
	assert_int_equal(stock_count(stock, KEY_RSA2048).here, 2); /* not above the mark */
	assert_int_equal(stock_count(stock, KEY_RSA2048).made, 4);
}

static void
test_on_demand(void **state)
{
	const size_t none[KEY_KIND_MAX] = { 0 };
	CLEAN(stock_free) struct stock *stock = stock_new(world_real(), none);
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	uint32_t later = 0;
	int r = STOCK_E_EMPTY;

	(void)state;
	assert_int_equal(stock_start(stock), 0);
	assert_int_equal(stock_count(stock, KEY_RSA3072).made, 0);
	for (int i = 0; i < STEPS_MAX && r == STOCK_E_EMPTY; i++) {
		r = stock_take(stock, KEY_RSA3072, &key, &later);
		assert_in_range(later, 20, 10000);
		(void)poll(NULL, 0, STEP_MS);
	}
	assert_int_equal(r, 0);
	assert_int_equal(key.kind, KEY_RSA3072);
	assert_int_equal(stock_count(stock, KEY_RSA2048).made, 0);
}

static void
test_empty_until_started(void **state)
{
	const size_t target[KEY_KIND_MAX] = { [KEY_RSA2048] = 1 };
	CLEAN(stock_free) struct stock *stock = stock_new(world_real(), target);
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	uint32_t first = 0, last = 0;

	(void)state;
	assert_int_equal(stock_take(stock, KEY_RSA2048, &key, &first), STOCK_E_EMPTY);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(stock_take(stock, KEY_RSA2048, &key, &last), STOCK_E_EMPTY);
	assert_true(last > first);  /* who comes later waits longer, */
	assert_true(last <= 10000); /* within reason */
	assert_null(key.der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_on_demand),
		cmocka_unit_test(test_empty_until_started),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
