/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an order that ended gives back: its key, and its address, which is given to nobody as long as
 * the name that had it may lead there. Whoever got such an address would get the other customer's
 * visitors.
 */
#include "store/db.h"
#include "store/events.h"
#include "store/keys.h"
#include "store/orders.h"
#include "store/pools.h"

int
store_order_withdrawn(struct store *s, struct id order)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE orders SET withdrawn=$2, changed=$2, trouble='' WHERE id=$1");
	struct order o;
	int r = store_order_get(s, order, &o);

	if (r)
		return r;
	query_id(&q, 1, order);
	query_int(&q, 2, world_now(s->world));
	r = query_one(&q);
	if (r == 0 && !id_is_none(o.key))
		r = store_key_retire(s, o.key);
	return r ? r : store_event_add(s, "order.withdrawn", "order", order, order, "");
}

static int
set(struct store *s, struct id order, struct id address, when until)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE orders SET resting=$2, rests=$3, changed=$4 WHERE id=$1");
	struct order after;
	int r;

	query_id(&q, 1, order);
	query_id(&q, 2, address);
	query_int(&q, 3, until);
	query_int(&q, 4, world_now(s->world));
	r = query_one(&q);
	if (r == 0)
		r = store_order_get(s, order, &after);
	return r ? r : store_order_settle(s, &after);
}

int
store_order_rest(struct store *s, struct id order, struct id address, when until)
{
	int r = store_address_release(s, address);

	return r && r != STORE_E_ALREADY ? r : set(s, order, address, until);
}

int
store_order_rested(struct store *s, struct id order)
{
	struct order o;
	int r = store_order_get(s, order, &o);

	if (r == 0)
		r = store_address_free(s, o.resting);
	return r ? r : set(s, order, ID_NONE, 0);
}
