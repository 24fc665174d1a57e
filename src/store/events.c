/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash = SHA-256( hash of the event before it, 32 zeros for the first
 *               | sequence, at: 8 bytes each, big-endian
 *               | actor, action, object, object_id, order_id, detail: each 4 bytes of length, big-endian, and its bytes;
 *                 an absent id has length 0 )
 */
#include "store/events.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "store/lists.h"

#define COLUMNS "sequence, at, actor, action, object, object_id, order_id, detail, hash"

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

static int
hash_event(const struct event *e, const uint8_t before[static 32], uint8_t ret[static 32])
{
	CLEAN(buf_fini) struct buf in = BUF(1 << 20);
	unsigned size = 32;

	buf_put(&in, before, 32);
	put_number(&in, (uint64_t)e->sequence, 8);
	put_number(&in, (uint64_t)e->at, 8);
	put_bytes(&in, str_of(e->actor));
	put_bytes(&in, str_of(e->action));
	put_bytes(&in, str_of(e->object));
	put_bytes(&in, id_bytes(&e->object_id));
	put_bytes(&in, id_bytes(&e->order));
	put_bytes(&in, str_of(e->detail));
	if (buf_failed(&in) || EVP_Digest(in.data, in.len, ret, &size, EVP_sha256(), NULL) != 1)
		return error_origin(EINVAL);
	return 0;
}

/* The end of the chain: sequence 0 and zeros when there is nothing yet. */
static int
last_link(struct store *s, int64_t *ret_sequence, uint8_t ret_hash[static 32])
{
	CLEAN(query_end) struct query q = query(s, "SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1");
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
	CLEAN(query_end) struct query q = query(s, "INSERT INTO events (" COLUMNS ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)");

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

int
store_event_add(struct store *s, const char *action, const char *object, struct id object_id, struct id order, const char *detail)
{
	struct event e = { .at = world_now(s->world), .object_id = object_id, .order = order };
	CLEAN(free_text) char *text = alloc_text(detail);
	uint8_t before[32];
	int r = last_link(s, &e.sequence, before);

	if (r)
		return r;
	e.sequence++;
	e.detail = text;
	if (!str_copy(str_of(s->actor), e.actor, sizeof(e.actor)) || !str_copy(str_of(action), e.action, sizeof(e.action)) ||
	    !str_copy(str_of(object), e.object, sizeof(e.object)))
		return error_origin(EINVAL);
	r = hash_event(&e, before, e.hash);
	return r ? r : insert(s, &e);
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
store_event_list(struct store *s, struct id order, int64_t after, size_t limit, struct event_list *ret)
{
	CLEAN(query_end) struct query q = query(s, id_is_none(order)
		? "SELECT " COLUMNS " FROM events WHERE sequence>$1 ORDER BY sequence LIMIT $2"
		: "SELECT " COLUMNS " FROM events WHERE order_id=$3 AND sequence>$1 ORDER BY sequence LIMIT $2");
	struct rows rows;
	int r;

	query_int(&q, 1, after);
	query_int(&q, 2, (int64_t)list_limit(limit) + 1);
	if (!id_is_none(order))
		query_id(&q, 3, order);
	r = list_read(&q, sizeof(struct event), list_limit(limit), read_event, &rows);
	if (r == 0)
		*ret = (struct event_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

static int
verify_page(const struct event_list *list, int64_t *last, uint8_t hash[static 32])
{
	for (size_t i = 0; i < list->count; i++) {
		const struct event *e = &list->row[i];
		uint8_t should[32];
		int r = hash_event(e, hash, should);

		if (r)
			return r;
		if (e->sequence != *last + 1 || memcmp(should, e->hash, sizeof(should)) != 0) {
			*last = e->sequence;
			return STORE_E_BROKEN;
		}
		*last = e->sequence;
		memcpy(hash, e->hash, 32);
	}
	return 0;
}

int
store_event_verify(struct store *s, int64_t *ret_sequence)
{
	uint8_t hash[32] = { 0 };
	int64_t last = 0;
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		CLEAN(event_list_fini) struct event_list list = { 0 };

		r = store_event_list(s, ID_NONE, last, LIST_LIMIT_MAX, &list);
		if (r == 0)
			r = verify_page(&list, &last, hash);
		more = list.more;
	}
	*ret_sequence = last;
	return r;
}
