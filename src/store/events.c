/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * hash = SHA-256( hash of the event before it, 32 zeros for the first
 *               | sequence, at: 8 bytes each, big-endian
 *               | actor, action, object, object_id, order_id, detail: each 4 bytes of length,
 *                 big-endian, and its bytes; an absent id has length 0 )
 *
 * A chain does not show that its end was cut off: how long it is stands in counters, too. Whoever may
 * write the whole database can make a new chain; against that helps only a copy of a hash kept elsewhere.
 */
/* clang-format on */
#include "store/events.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "store/lists.h"

#define LINK_MAX (1 << 20)
#define COLUMNS  "sequence, at, actor, action, object, object_id, order_id, detail, hash"

void
event_list_fini(struct event_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->row[i].detail);
	free(list->row);
	*list = (struct event_list){ 0 };
}

static void
put_number(struct buf *to, uint64_t number, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		buf_put_byte(to, (uint8_t)(number >> (8 * i)));
}

static void
put_bytes(struct buf *to, struct str bytes)
{
	put_number(to, bytes.len, 4);
	buf_put_str(to, bytes);
}

static struct str
id_bytes(const struct id *id)
{
	return id_is_none(*id) ? STR("") : str_bytes(id->b, sizeof(id->b));
}

/* What is hashed, as it stands in the row: nothing of it may be lost by reading it into fixed
 * arrays. */
struct link {
	int64_t sequence, at;
	struct str field[6]; /* actor, action, object, object_id, order_id, detail */
};

static struct link
link_of(const struct event *e)
{
	return (struct link){ .sequence = e->sequence,
		.at = e->at,
		.field = { str_of(e->actor), str_of(e->action), str_of(e->object),
		    id_bytes(&e->object_id), id_bytes(&e->order), str_of(e->detail) } };
}

static int
hash_link(const struct link *link, const uint8_t before[static 32], uint8_t ret[static 32])
{
	CLEAN(buf_fini) struct buf in = BUF(LINK_MAX);
	unsigned size = 32;

	buf_put(&in, before, 32);
	put_number(&in, (uint64_t)link->sequence, 8);
	put_number(&in, (uint64_t)link->at, 8);
	for (size_t i = 0; i < COUNT_OF(link->field); i++)
		put_bytes(&in, link->field[i]);
	if (buf_failed(&in) || EVP_Digest(in.data, in.len, ret, &size, EVP_sha256(), NULL) != 1)
		return error_origin(EINVAL);
	return 0;
}

/* The end of the chain: sequence 0 and zeros when there is nothing yet. */
static int
last_link(struct store *s, int64_t *ret_sequence, uint8_t ret_hash[static 32])
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1");
	int r = query_row(&q);

	*ret_sequence = 0;
	memset(ret_hash, 0, 32);
	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	*ret_sequence = column_int(&q);
	column_bytes(&q, ret_hash, 32);
	return query_result(&q);
}

static int
insert(struct store *s, const struct event *e)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "INSERT INTO events (" COLUMNS ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)");

	query_int(&q, 1, e->sequence);
	query_int(&q, 2, e->at);
	query_text(&q, 3, e->actor);
	query_text(&q, 4, e->action);
	query_text(&q, 5, e->object);
	query_id(&q, 6, e->object_id);
	query_id(&q, 7, e->order);
	query_text(&q, 8, e->detail);
	query_blob(&q, 9, str_bytes(e->hash, sizeof(e->hash)));
	return query_run(&q);
}

static int
count_event(struct store *s, int64_t sequence)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE counters SET value=$1 WHERE name='event'");

	query_int(&q, 1, sequence);
	return error_fold(query_one(&q));
}

int
store_event_add(struct store *s, const char *action, const char *object, struct id object_id,
    struct id order, const char *detail)
{
	struct event e = { .at = world_now(s->world), .object_id = object_id, .order = order };
	CLEAN(free_text) char *text = alloc_text(detail);
	struct link link;
	uint8_t before[32];
	int r = last_link(s, &e.sequence, before);

	if (r)
		return r;
	e.sequence++;
	e.detail = text;
	if (!str_copy(str_of(s->actor), e.actor, sizeof(e.actor)) ||
	    !str_copy(str_of(action), e.action, sizeof(e.action)) ||
	    !str_copy(str_of(object), e.object, sizeof(e.object)))
		return error_origin(EINVAL);
	link = link_of(&e);
	r = hash_link(&link, before, e.hash);
	if (r == 0)
		r = insert(s, &e);
	return r ? r : count_event(s, e.sequence);
}

static void
read_event(struct query *q, void *row)
{
	struct event *e = row;

	e->sequence = column_int(q);
	e->at = column_int(q);
	column_text(q, e->actor, sizeof(e->actor));
	column_text(q, e->action, sizeof(e->action));
	column_text(q, e->object, sizeof(e->object));
	e->object_id = column_id(q);
	e->order = column_id(q);
	e->detail = column_heap(q);
	column_bytes(q, e->hash, sizeof(e->hash));
}

int
store_event_list(
    struct store *s, struct id order, int64_t after, size_t limit, struct event_list *ret)
{
	CLEAN(query_end)
	struct query q = query(
	    s, id_is_none(order)
		   ? "SELECT " COLUMNS " FROM events WHERE sequence>$1 ORDER BY sequence LIMIT $2"
		   : "SELECT " COLUMNS
		     " FROM events WHERE order_id=$3 AND sequence>$1 ORDER BY sequence LIMIT $2");
	struct rows rows;
	int r;

	query_int(&q, 1, after);
	query_int(&q, 2, (int64_t)list_limit(limit) + 1);
	if (!id_is_none(order))
		query_id(&q, 3, order);
	r = list_read(&q, sizeof(struct event), list_limit(limit), read_event, &rows);
	if (r == 0)
		*ret =
		    (struct event_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

/* True if the row follows `*last` and hashes to what it says; both are then the row's own. */
static bool
row_fits(struct query *q, int64_t *last, uint8_t hash[static 32])
{
	struct link link;
	uint8_t should[32];
	struct str is;
	bool fits;

	link.sequence = column_int(q);
	link.at = column_int(q);
	fits = link.sequence == *last + 1;
	for (size_t i = 0; i < COUNT_OF(link.field); i++)
		link.field[i] = column_str(q);
	is = column_str(q);
	*last = link.sequence;
	if (!fits || hash_link(&link, hash, should) != 0 ||
	    !str_eq(is, str_bytes(should, sizeof(should))))
		return false;
	memcpy(hash, should, sizeof(should));
	return true;
}

/* A page of the chain behind *last. ABSENT: there is no more. BROKEN: *last does not fit. */
static int
verify_page(struct store *s, int64_t *last, uint8_t hash[static 32])
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COLUMNS " FROM events WHERE sequence>$1 ORDER BY sequence LIMIT $2");
	int64_t rows = 0;
	int r;

	query_int(&q, 1, *last);
	query_int(&q, 2, LIST_LIMIT_MAX);
	for (; (r = query_row(&q)) == 0; rows++)
		if (!row_fits(&q, last, hash))
			return STORE_E_BROKEN;
	return r == STORE_E_ABSENT && rows == LIST_LIMIT_MAX ? 0 : r;
}

static int
read_length(struct store *s, int64_t *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT value FROM counters WHERE name='event'");
	int r = query_row(&q);

	if (r)
		return r == STORE_E_ABSENT ? STORE_E_BROKEN : r;
	*ret = column_int(&q);
	return query_result(&q);
}

/* In pages, so that a long chain is no long transaction; events may come in meanwhile, so its
 * length is read first. */
int
store_event_verify(struct store *s, int64_t *ret_sequence)
{
	uint8_t hash[32] = { 0 };
	int64_t last = 0, length = 0;
	int r = read_length(s, &length);

	while (r == 0)
		r = verify_page(s, &last, hash);
	if (r == STORE_E_ABSENT && last < length) { /* the end was cut off */
		last++;
		r = STORE_E_BROKEN;
	}
	*ret_sequence = last;
	return r == STORE_E_ABSENT ? 0 : r;
}
