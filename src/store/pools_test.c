/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pools.h"

#include <stdio.h>

#include "store/store_test_kit.h"
#include "store/tasks.h"

static void
addresses_run_out_and_rest(void **state)
{
	struct lab *lab = *state;
	struct id id, site = world_id(&fake), first;
	struct addr addr;

	OK(store_begin(lab->s));
	OK(store_address_reserve(lab->s, "edge-1", site, &first, &addr));
	for (int i = 1; i < 6; i++)
		OK(store_address_reserve(lab->s, "edge-1", site, &id, &addr));
	assert_int_equal(
	    store_address_reserve(lab->s, "edge-1", site, &id, &addr), STORE_E_NO_ADDRESS);
	OK(store_address_release(lab->s, first));
	assert_int_equal(
	    store_address_reserve(lab->s, "edge-1", site, &id, &addr), STORE_E_NO_ADDRESS);
	assert_int_equal(store_address_free(lab->s, id), STORE_E_NOT_NOW);
	OK(store_address_free(lab->s, first));
	OK(store_address_reserve(lab->s, "edge-1", site, &id, &addr));
	assert_true(id_eq(id, first));
	OK(store_commit(lab->s, "test.addresses"));
	assert_int_equal(
	    store_address_reserve(lab->s, "nothing", site, &id, &addr), STORE_E_ABSENT);
}

static void
pools_know_their_limits(void **state)
{
	struct lab *lab = *state;
	static const char *const bad[] = { "192.0.2.0/29", "10.0.0.0/8", "2001:db8::/64" };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct pool pool = { .name = "other", .balancer = "edge" };

		snprintf(pool.prefix, sizeof(pool.prefix), "%s", bad[i]);
		OK(store_begin(lab->s));
		assert_int_not_equal(store_pool_add(lab->s, &pool), 0);
		store_abandon(lab->s);
	}
}

/* However often it is looked at: its task comes again, and the end gives it back. */
static void
an_address_rests_with_its_order(void **state)
{
	struct lab *lab = *state;
	struct order o = make_order(lab, "gone.contoso.com"), live_one;
	struct site site;
	struct pool pool;

	event(lab, o.id, EVENT_RETIRED);
	OK(store_site_get(lab->s, o.site, &site));
	OK(store_begin(lab->s));
	OK(store_order_withdrawn(lab->s, o.id));
	OK(store_order_rest(lab->s, o.id, site.address, fake_time + DAYS(30)));
	OK(store_site_retire(lab->s, site.id));
	OK(store_order_rest(lab->s, o.id, site.address, fake_time + DAYS(37)));
	OK(store_commit(lab->s, "test.rests"));
	assert_true(has_task(lab, o.id, TASK_RELEASE));
	OK(store_order_get(lab->s, o.id, &o));
	assert_true(o.facts.rests == fake_time + DAYS(37) && id_eq(o.resting, site.address));
	OK(store_pool_by_name(lab->s, "edge-1", &pool));
	assert_true(pool.free == 5 && pool.quarantine == 1);
	OK(store_begin(lab->s));
	OK(store_order_rested(lab->s, o.id));
	OK(store_commit(lab->s, "test.rested"));
	OK(store_order_get(lab->s, o.id, &o));
	assert_true(o.facts.rests == 0 && id_is_none(o.resting));
	OK(store_pool_by_name(lab->s, "edge-1", &pool));
	assert_true(pool.free == 6 && pool.quarantine == 0);
	live_one = make_order(lab, "next.contoso.com");
	assert_int_equal(live_one.facts.rests, 0);
}

/* What was released before orders kept it is free by its day alone. */
static void
an_address_of_old_rests_by_its_day(void **state)
{
	struct lab *lab = *state;
	struct id id, site = world_id(&fake);
	struct addr addr;

	tamper(lab,
	    "UPDATE addresses SET state='quarantine', free_again=1; UPDATE pools SET free=0, quarantine=6");
	OK(store_begin(lab->s));
	OK(store_address_reserve(lab->s, "edge-1", site, &id, &addr));
	OK(store_commit(lab->s, "test.old"));
}

static void
only_a_held_address_is_used_or_released(void **state)
{
	struct lab *lab = *state;
	struct addr addr;
	struct pool pool;
	struct id id;

	OK(store_begin(lab->s));
	OK(store_address_reserve(lab->s, "edge-1", world_id(&fake), &id, &addr));
	OK(store_address_use(lab->s, id));
	OK(store_address_use(lab->s, id));
	OK(store_address_release(lab->s, id));
	assert_int_equal(store_address_release(lab->s, id), STORE_E_ALREADY);
	assert_int_equal(store_address_use(lab->s, id), STORE_E_NOT_NOW);
	OK(store_commit(lab->s, "test.address"));
	OK(store_pool_by_name(lab->s, "edge-1", &pool));
	assert_true(
	    pool.free == 5 && pool.reserved == 0 && pool.in_use == 0 && pool.quarantine == 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_LAB(addresses_run_out_and_rest),
		IN_LAB(pools_know_their_limits),
		IN_LAB(only_a_held_address_is_used_or_released),
		IN_LAB(an_address_rests_with_its_order),
		IN_LAB(an_address_of_old_rests_by_its_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
