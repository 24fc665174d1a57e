/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "store/db.h"
#include "store/orders.h"

static const char *const kinds[] = {
	[LOOK_DNS] = "dns",
	[LOOK_CAA] = "caa",
	[LOOK_REGISTRATION] = "registration",
	[LOOK_TEST_ADDRESS] = "test_address",
	[LOOK_TEST_NAME] = "test_name",
	[LOOK_PLAN] = "plan",
};
static_assert(COUNT_OF(kinds) == LOOK_KIND_MAX, "a name for each kind");

const char *
look_kind_name(enum look_kind kind)
{
	return (size_t)kind < COUNT_OF(kinds) ? kinds[kind] : "unknown";
}

int
store_look_set(struct store *s, struct id order, enum look_kind kind, bool good, const char *words,
    struct str report)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO looks (order_id, kind, good, words, report, at) VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (order_id, kind)"
	    " DO UPDATE SET good=excluded.good, words=excluded.words, report=excluded.report, at=excluded.at");

	query_id(&q, 1, order);
	query_text(&q, 2, look_kind_name(kind));
	query_int(&q, 3, good);
	query_text(&q, 4, words);
	query_str(&q, 5, report);
	query_int(&q, 6, world_now(s->world));
	return query_run(&q);
}

int
store_look_get(struct store *s, struct id order, enum look_kind kind, bool *ret_good, when *ret_at,
    struct buf *words, struct buf *report)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT good, at, words, report FROM looks WHERE order_id=$1 AND kind=$2");
	int r;

	query_id(&q, 1, order);
	query_text(&q, 2, look_kind_name(kind));
	r = query_row(&q);
	if (r)
		return r;
	*ret_good = column_bool(&q);
	*ret_at = column_int(&q);
	column_buf(&q, words);
	column_buf(&q, report);
	return query_result(&q);
}

int
store_order_looked(struct store *s, struct id order)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE orders SET dns_looked=$2, dns_looks=dns_looks+1 WHERE id=$1");

	query_id(&q, 1, order);
	query_int(&q, 2, world_now(s->world));
	return query_one(&q);
}

int
store_order_look_closely(struct store *s, struct id order)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE orders SET dns_looks=dns_looks+$2-dns_looks%$2 WHERE id=$1");

	query_id(&q, 1, order);
	query_int(&q, 2, ORDER_FULL_LOOK);
	return query_one(&q);
}
