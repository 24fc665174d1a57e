/* SPDX-License-Identifier: Apache-2.0 */
/* What an installation waits for, asked of the log and the queue: see orders.h. */
#include "store/db.h"
#include "store/orders.h"

int
store_order_accepted_by_us(struct store *s, struct id order, bool *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT actor FROM events WHERE order_id=$1 AND actor<>'worker'"
	    " AND action IN ('order.certified','order.fetching','order.delivered') AND sequence<="
	    "(SELECT MAX(sequence) FROM events WHERE order_id=$1 AND action='order.certified')"
	    " ORDER BY sequence DESC LIMIT 1");
	int r;

	query_id(&q, 1, order);
	r = query_row(&q);
	if (r && r != STORE_E_ABSENT)
		return r;
	*ret = r == 0 && str_eq(column_str(&q), str_of(s->actor));
	return r ? 0 : query_result(&q);
}

int
store_orders_look_again(struct store *s)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE tasks SET due=$1 WHERE order_id IN (SELECT id FROM orders WHERE opens>$1 AND opens>0)"
	    " AND kind IN ('install','refresh','withdraw') AND leased_until=0 AND due>$1 AND due<$2");

	query_int(&q, 1, world_now(s->world));
	query_int(&q, 2, INT64_MAX);
	return query_run(&q);
}
