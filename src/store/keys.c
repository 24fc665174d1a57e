/* SPDX-License-Identifier: Apache-2.0 */
#include "store/keys.h"

#include <assert.h>
#include <errno.h>

#include "store/db.h"
#include "store/detail.h"
#include "store/events.h"

static const char *const states[] = {
	[KEY_ACTIVE] = "active", [KEY_RETIRED] = "retired", [KEY_DESTROYED] = "destroyed"
};
static_assert(COUNT_OF(states) == KEY_STATE_MAX, "a name for each state");

static const char *const origins[] = { [KEY_MADE_HERE] = "here", [KEY_FROM_CUSTOMER] = "customer" };
static_assert(COUNT_OF(origins) == KEY_ORIGIN_MAX, "a name for each origin");

static int
next_generation(struct store *s, struct id site, int64_t *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT COALESCE(MAX(generation),0)+1 FROM keys WHERE site=$1");
	int r;

	query_id(&q, 1, site);
	r = query_row(&q);
	if (r)
		return r;
	*ret = column_int(&q);
	return query_result(&q);
}

int
store_key_add(struct store *s, struct key *key, struct str wrapped)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO keys (id, customer, site, kind, state, generation, spki_sha256, wrapped, created, origin)"
	    " VALUES ($1,$2,$3,$4,'active',$5,$6,$7,$8,$9)");
	int r = next_generation(s, key->site, &key->generation);

	if (r)
		return r;
	key->created = world_now(s->world);
	key->state = KEY_ACTIVE;
	query_id(&q, 1, key->id);
	query_id(&q, 2, key->customer);
	query_id(&q, 3, key->site);
	query_text(&q, 4, key_kind_name(key->kind));
	query_int(&q, 5, key->generation);
	query_blob(&q, 6, str_bytes(key->spki_sha256, sizeof(key->spki_sha256)));
	query_blob(&q, 7, wrapped);
	query_int(&q, 8, key->created);
	query_text(&q, 9, origins[key->origin]);
	r = query_run(&q);
	return r ? r
	         : store_event_add(s, key->origin == KEY_MADE_HERE ? "key.made" : "key.taken",
		       "key", key->id, ID_NONE, "");
}

int
store_key_get(struct store *s, struct id id, struct key *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT id, customer, site, kind, state, generation, spki_sha256, created, origin FROM keys WHERE id=$1");
	struct key key = { 0 };
	char kind[32];
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	key.id = column_id(&q);
	key.customer = column_id(&q);
	key.site = column_id(&q);
	column_text(&q, kind, sizeof(kind));
	key.state = (enum key_state)column_name(&q, states, COUNT_OF(states));
	key.generation = column_int(&q);
	column_bytes(&q, key.spki_sha256, sizeof(key.spki_sha256));
	key.created = column_int(&q);
	key.origin = (enum key_origin)column_name(&q, origins, COUNT_OF(origins));
	if (!key_kind_parse(str_of(kind), &key.kind))
		return error_origin(EBADMSG);
	r = query_result(&q);
	if (r == 0)
		*ret = key;
	return r;
}

int
store_key_wrapped(struct store *s, struct id id, struct buf *to)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT wrapped FROM keys WHERE id=$1 AND state<>'destroyed'");
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	column_buf(&q, to);
	return query_result(&q);
}

int
store_keys_of_customer(
    struct store *s, struct id customer, struct key_match *to, size_t max, size_t *ret_count)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT k.id, o.id, o.number, k.state, k.origin, k.spki_sha256 FROM keys k LEFT JOIN csrs c ON c.key=k.id"
	    " LEFT JOIN orders o ON o.id=c.order_id"
	    " WHERE k.customer=$1 ORDER BY k.id DESC LIMIT $2");
	size_t count = 0;
	int r;

	query_id(&q, 1, customer);
	query_int(&q, 2, (int64_t)max);
	while (count < max && (r = query_row(&q)) == 0) {
		struct key_match *m = &to[count++];

		m->key = column_id(&q);
		m->order = column_id(&q);
		m->order_number = column_int(&q);
		m->state = (enum key_state)column_name(&q, states, COUNT_OF(states));
		m->origin = (enum key_origin)column_name(&q, origins, COUNT_OF(origins));
		column_bytes(&q, m->spki_sha256, sizeof(m->spki_sha256));
	}
	r = query_result(&q);
	if (r == 0)
		*ret_count = count;
	return r;
}

int
store_key_retire(struct store *s, struct id id)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE keys SET state='retired' WHERE id=$1 AND state='active'");
	int r;

	query_id(&q, 1, id);
	r = query_one(&q);
	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	return store_event_add(s, "key.retired", "key", id, ID_NONE, "");
}

int
store_key_exported(
    struct store *s, struct id id, struct id order, const char *balancer, int64_t times)
{
	CLEAN(detail_fini) struct detail d = { 0 };

	detail_text(&d, "balancer", balancer);
	detail_number(&d, "times", times);
	return detail_event(&d, s, "key.exported", "key", id, order);
}

int
store_csr_add(struct store *s, struct id order, struct id key, struct str der, struct id *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "INSERT INTO csrs (id, order_id, key, der, created) VALUES ($1,$2,$3,$4,$5)");
	struct id id = db_id(s);
	int r;

	query_id(&q, 1, id);
	query_id(&q, 2, order);
	query_id(&q, 3, key);
	query_blob(&q, 4, der);
	query_int(&q, 5, world_now(s->world));
	r = query_run(&q);
	if (r == 0)
		*ret = id;
	return r;
}

int
store_csr_get(struct store *s, struct id id, struct buf *der)
{
	CLEAN(query_end) struct query q = query(s, "SELECT der FROM csrs WHERE id=$1");
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	column_buf(&q, der);
	return query_result(&q);
}
