/* SPDX-License-Identifier: Apache-2.0 */
#include "store/purchases.h"

#include "store/db.h"
#include "store/detail.h"

/* False: nothing was delivered yet. */
static bool
read_purchase(struct query *q, struct purchase *ret)
{
	when asked = column_int(q), certified = column_int(q);
	struct str refusal = column_str(q);

	ret->accepted = certified > 0;
	ret->took = asked > 0 && certified > asked ? certified - asked : 0;
	ret->was_refused = refusal.len > 0;
	ret->refused = FINDING_MAX;
	(void)finding_code_parse(refusal, &ret->refused);
	return ret->was_refused || ret->accepted;
}

int
store_purchases(struct store *s, const char *ca, const char *reseller,
    struct purchase ret[static PURCHASES_LATEST], size_t *ret_count)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT fact_asked, fact_certified, first_refusal FROM orders WHERE ca=$1 AND reseller=$2 ORDER BY number DESC LIMIT $3");
	size_t count = 0;
	int r;

	query_text(&q, 1, ca);
	query_text(&q, 2, reseller);
	query_int(&q, 3, PURCHASES_LATEST);
	while ((r = query_row(&q)) == 0)
		count += read_purchase(&q, &ret[count]);
	if (r != STORE_E_ABSENT)
		return r;
	*ret_count = count;
	return query_result(&q);
}

int
store_order_refused(struct store *s, struct id order, enum finding_code code)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE orders SET first_refusal=$2 WHERE id=$1 AND first_refusal='' AND fact_certified=0");

	query_id(&q, 1, order);
	query_text(&q, 2, finding_rule(code)->code);
	return query_run(&q);
}

int
store_order_set_ca(struct store *s, struct id order, const char *ca, const char *reseller)
{
	CLEAN(detail_fini) struct detail detail = { 0 };
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE orders SET ca=$2, reseller=$3, version=version+1 WHERE id=$1");
	int r;

	query_id(&q, 1, order);
	query_text(&q, 2, ca);
	query_text(&q, 3, reseller);
	r = query_one(&q);
	detail_text(&detail, "ca", ca);
	detail_text(&detail, "reseller", reseller);
	return r ? r : detail_event(&detail, s, "order.bought_at", "order", order, order);
}
