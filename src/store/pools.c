/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pools.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/detail.h"
#include "store/events.h"
#include "store/lists.h"

#define ADDRESSES_MAX 65536
#define COLUMNS       "id, name, balancer, prefix, free, reserved, in_use, quarantine, created"

/* The states of an address, and what each costs and gives the pool's counters. */
enum { FREE, RESERVED, IN_USE, QUARANTINE, STATES };
static const char *const states[] = {
	[FREE] = "free",
	[RESERVED] = "reserved",
	[IN_USE] = "in_use",
	[QUARANTINE] = "quarantine",
};
static_assert(COUNT_OF(states) == STATES, "a name for each state");

void
pool_list_fini(struct pool_list *list)
{
	free(list->row);
	*list = (struct pool_list){ 0 };
}

static void
read_pool(struct query *q, void *row)
{
	struct pool *p = row;

	p->id = column_id(q);
	column_text(q, p->name, sizeof(p->name));
	column_text(q, p->balancer, sizeof(p->balancer));
	column_text(q, p->prefix, sizeof(p->prefix));
	p->free = column_int(q);
	p->reserved = column_int(q);
	p->in_use = column_int(q);
	p->quarantine = column_int(q);
	p->created = column_int(q);
}

static struct addr
nth(const struct addr_prefix *prefix, uint32_t n)
{
	struct addr a = prefix->first;
	size_t size = a.family == 4 ? 4 : 16;

	for (size_t i = 0; i < 4; i++)
		a.bytes[size - 1 - i] |= (uint8_t)(n >> (8 * i));
	return a;
}

/* Which addresses of the prefix may be given out: IPv4's network and broadcast addresses may not.
 */
static bool
range_of(const struct addr_prefix *prefix, uint32_t *ret_first, uint32_t *ret_count)
{
	unsigned host_bits = (prefix->first.family == 4 ? 32u : 128u) - prefix->bits;
	uint32_t all;

	if (host_bits > 16)
		return false;
	all = 1u << host_bits;
	*ret_first = prefix->first.family == 4 && host_bits > 1 ? 1 : 0;
	*ret_count = all - 2 * *ret_first;
	return *ret_count <= ADDRESSES_MAX;
}

static int
add_address(struct store *s, const struct pool *p, const struct addr *address, uint32_t place)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO addresses (id, pool, balancer, place, address, state, site, free_again) VALUES ($1,$2,$3,$4,$5,'free',NULL,0)");
	char text[ADDR_TEXT_SIZE];

	query_id(&q, 1, db_id(s));
	query_id(&q, 2, p->id);
	query_text(&q, 3, p->balancer);
	query_int(&q, 4, place);
	query_text(&q, 5, addr_text(address, text));
	return query_run(&q);
}

static int
add_pool_row(struct store *s, const struct pool *p)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "INSERT INTO pools (" COLUMNS ") VALUES ($1,$2,$3,$4,$5,0,0,0,$6)");

	query_id(&q, 1, p->id);
	query_text(&q, 2, p->name);
	query_text(&q, 3, p->balancer);
	query_text(&q, 4, p->prefix);
	query_int(&q, 5, p->free);
	query_int(&q, 6, p->created);
	return query_run(&q);
}

int
store_pool_add(struct store *s, struct pool *p)
{
	CLEAN(detail_fini) struct detail detail = { 0 };
	struct addr_prefix prefix;
	uint32_t first, count;
	int r;

	if (!addr_prefix_parse(str_of(p->prefix), &prefix))
		return error_origin(EINVAL);
	if (!range_of(&prefix, &first, &count))
		return error_origin(E2BIG);
	p->id = db_id(s);
	p->created = world_now(s->world);
	p->free = count;
	p->reserved = p->in_use = p->quarantine = 0;
	r = add_pool_row(s, p);
	for (uint32_t n = 0; r == 0 && n < count; n++) {
		struct addr address = nth(&prefix, first + n);

		r = add_address(s, p, &address, n);
	}
	detail_text(&detail, "name", p->name);
	detail_text(&detail, "balancer", p->balancer);
	detail_text(&detail, "prefix", p->prefix);
	return r ? r : detail_event(&detail, s, "pool.added", "pool", p->id, ID_NONE);
}

int
store_pool_by_name(struct store *s, const char *name, struct pool *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT " COLUMNS " FROM pools WHERE name=$1");
	struct pool p = { 0 };
	int r;

	query_text(&q, 1, name);
	r = query_row(&q);
	if (r)
		return r;
	read_pool(&q, &p);
	r = query_result(&q);
	if (r == 0)
		*ret = p;
	return r;
}

int
store_pool_list(struct store *s, struct page page, struct pool_list *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " COLUMNS " FROM pools WHERE id>$1 ORDER BY id LIMIT $2");
	struct rows rows;
	int r;

	query_blob(&q, 1, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 2, (int64_t)list_limit(page.limit) + 1);
	r = list_read(&q, sizeof(struct pool), list_limit(page.limit), read_pool, &rows);
	if (r == 0)
		*ret =
		    (struct pool_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

static int
count_move(struct store *s, struct id pool, int from, int to)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE pools SET free=free+$2, reserved=reserved+$3, in_use=in_use+$4, quarantine=quarantine+$5 WHERE id=$1");

	query_id(&q, 1, pool);
	for (int state = 0; state < STATES; state++)
		query_int(&q, 2 + state, (state == to) - (state == from));
	return query_one(&q);
}

static int
state_of(struct store *s, struct id address, struct id *ret_pool, int *ret_state)
{
	CLEAN(query_end) struct query q = query(s, "SELECT pool, state FROM addresses WHERE id=$1");
	int r;

	query_id(&q, 1, address);
	r = query_row(&q);
	if (r)
		return r;
	*ret_pool = column_id(&q);
	*ret_state = (int)column_name(&q, states, STATES);
	return query_result(&q);
}

static int
move(struct store *s, struct id address, int to, struct id site, when free_again)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE addresses SET state=$2, site=$3, free_again=$4 WHERE id=$1");
	struct id pool;
	int from, r = state_of(s, address, &pool, &from);

	if (r)
		return r;
	query_id(&q, 1, address);
	query_text(&q, 2, states[to]);
	query_id(&q, 3, site);
	query_int(&q, 4, free_again);
	r = query_one(&q);
	return r ? r : count_move(s, pool, from, to);
}

static int
pick(struct query *q, struct id *ret, struct addr *ret_address)
{
	char text[ADDR_TEXT_SIZE];
	struct id id;
	int r = query_row(q);

	if (r)
		return r;
	id = column_id(q);
	column_text(q, text, sizeof(text));
	r = query_result(q);
	if (r)
		return r;
	if (!addr_parse(str_of(text), ret_address))
		return error_origin(EBADMSG);
	*ret = id;
	return 0;
}

static int
pick_free(struct store *s, struct id pool, struct id *ret, struct addr *ret_address)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT id, address FROM addresses WHERE pool=$1 AND state='free' ORDER BY place LIMIT 1 @claim");

	query_id(&q, 1, pool);
	return pick(&q, ret, ret_address);
}

/* Of the time before orders kept what rests (step 14 of the migrations): by their day alone. */
static int
pick_rested(struct store *s, struct id pool, struct id *ret, struct addr *ret_address)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT id, address FROM addresses WHERE pool=$1 AND state='quarantine' AND free_again>0 AND free_again<=$2 ORDER BY free_again LIMIT 1 @claim");

	query_id(&q, 1, pool);
	query_int(&q, 2, world_now(s->world));
	return pick(&q, ret, ret_address);
}

int
store_address_reserve(
    struct store *s, const char *pool, struct id site, struct id *ret, struct addr *ret_address)
{
	CLEAN(detail_fini) struct detail detail = { 0 };
	char text[ADDR_TEXT_SIZE];
	struct pool p;
	int r = store_pool_by_name(s, pool, &p);

	if (r)
		return r;
	r = pick_free(s, p.id, ret, ret_address);
	if (r == STORE_E_ABSENT)
		r = pick_rested(s, p.id, ret, ret_address);
	if (r)
		return r == STORE_E_ABSENT ? STORE_E_NO_ADDRESS : r;
	r = move(s, *ret, RESERVED, site, 0);
	detail_text(&detail, "address", addr_text(ret_address, text));
	detail_text(&detail, "pool", p.name);
	return r ? r : detail_event(&detail, s, "address.reserved", "address", *ret, ID_NONE);
}

int
store_address_get(struct store *s, struct id id, struct addr *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT id, address FROM addresses WHERE id=$1");
	struct id same;

	query_id(&q, 1, id);
	return pick(&q, &same, ret);
}

int
store_address_find(struct store *s, const char *balancer, const struct addr *address,
    char ret_pool[static 64], bool *ret_free)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT p.name, a.state FROM addresses a JOIN pools p ON p.id=a.pool WHERE a.balancer=$1 AND a.address=$2");
	char text[ADDR_TEXT_SIZE];
	size_t state;
	int r;

	query_text(&q, 1, balancer);
	query_text(&q, 2, addr_text(address, text));
	r = query_row(&q);
	if (r)
		return r;
	column_text(&q, ret_pool, 64);
	state = column_name(&q, states, COUNT_OF(states));
	*ret_free = state == FREE || state == QUARANTINE;
	return query_result(&q);
}

static int
site_of(struct store *s, struct id address, struct id *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT site FROM addresses WHERE id=$1");
	int r;

	query_id(&q, 1, address);
	r = query_row(&q);
	if (r)
		return r;
	*ret = column_id(&q);
	return query_result(&q);
}

static bool
is_held(int state)
{
	return state == RESERVED || state == IN_USE;
}

int
store_address_use(struct store *s, struct id id)
{
	struct id site, pool;
	int state, r = state_of(s, id, &pool, &state);

	if (r == 0 && !is_held(state))
		r = STORE_E_NOT_NOW;
	if (r == 0)
		r = site_of(s, id, &site);
	return r ? r : move(s, id, IN_USE, site, 0);
}

int
store_address_release(struct store *s, struct id id)
{
	struct id pool;
	int state, r = state_of(s, id, &pool, &state);

	if (r)
		return r;
	if (!is_held(state))
		return STORE_E_ALREADY;
	r = move(s, id, QUARANTINE, ID_NONE, 0);
	return r ? r : store_event_add(s, "address.released", "address", id, ID_NONE, "");
}

int
store_address_free(struct store *s, struct id id)
{
	struct id pool;
	int state, r = state_of(s, id, &pool, &state);

	if (r)
		return r;
	if (state != QUARANTINE)
		return STORE_E_NOT_NOW;
	r = move(s, id, FREE, ID_NONE, 0);
	return r ? r : store_event_add(s, "address.freed", "address", id, ID_NONE, "");
}

int
store_balancer_name(struct store *s, const char *name, const char *driver)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO balancers (id, name, driver, created) VALUES ($1,$2,$3,$4) ON CONFLICT (name) DO UPDATE SET driver=excluded.driver");

	query_id(&q, 1, db_id(s));
	query_text(&q, 2, name);
	query_text(&q, 3, driver);
	query_int(&q, 4, world_now(s->world));
	return query_run(&q);
}

int
store_balancer_known(struct store *s, const char *name)
{
	CLEAN(query_end) struct query q = query(s, "SELECT 1 FROM balancers WHERE name=$1");

	query_text(&q, 1, name);
	return query_row(&q);
}
