/* SPDX-License-Identifier: Apache-2.0 */
#include "store/messages.h"

#include <stdlib.h>

#include "store/events.h"
#include "store/lists.h"

#define COLUMNS                                                                                                                        \
	"id, order_id, about, incoming, purpose, sender, recipient, subject, message_id, words, created, sent, body, attachment_name," \
	" attachment_type, attachment"

void
message_fini(struct message *m)
{
	free(m->body);
	free(m->attachment_name);
	free(m->attachment_type);
	free(m->attachment);
	*m = (struct message){ 0 };
}

void
message_list_fini(struct message_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		message_fini(&list->row[i]);
	free(list->row);
	*list = (struct message_list){ 0 };
}

static void
read_message(struct query *q, void *row)
{
	struct message *m = row;

	m->id = column_id(q);
	m->order = column_id(q);
	m->about = column_id(q);
	m->incoming = column_bool(q);
	column_text(q, m->purpose, sizeof(m->purpose));
	column_text(q, m->sender, sizeof(m->sender));
	column_text(q, m->recipient, sizeof(m->recipient));
	column_text(q, m->subject, sizeof(m->subject));
	column_text(q, m->message_id, sizeof(m->message_id));
	column_text(q, m->words, sizeof(m->words));
	m->created = column_int(q);
	m->sent = column_int(q);
	m->body = column_heap(q);
	m->attachment_name = column_heap(q);
	m->attachment_type = column_heap(q);
	m->attachment = column_heap(q);
}

int
store_message_get(
    struct store *s, struct id order, const char *purpose, struct id about, struct message *ret)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "SELECT " COLUMNS " FROM messages WHERE order_id=$1 AND purpose=$2 AND about=$3");
	CLEAN(message_fini) struct message m = { 0 };
	int r;

	query_id(&q, 1, order);
	query_text(&q, 2, purpose);
	query_id(&q, 3, about);
	r = query_row(&q);
	if (r)
		return r;
	read_message(&q, &m);
	r = query_result(&q);
	if (r)
		return r;
	*ret = m;
	m = (struct message){ 0 };
	return 0;
}

static void
text_or_null(struct query *q, int number, const char *text)
{
	if (text)
		query_text(q, number, text);
}

int
store_message_add(struct store *s, struct message *m)
{
	CLEAN(query_end)
	struct query q = query(s, "INSERT INTO messages (" COLUMNS
				  ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,'',$10,0,$11,$12,$13,$14)");
	struct message there;
	int r;

	if (id_is_none(m->about))
		m->about = m->order;
	r = store_message_get(s, m->order, m->purpose, m->about, &there);
	if (r == 0) {
		message_fini(m);
		*m = there;
		return STORE_E_ALREADY;
	}
	if (r != STORE_E_ABSENT)
		return r;
	if (id_is_none(m->id))
		m->id = db_id(s);
	m->created = world_now(s->world);
	query_id(&q, 1, m->id);
	query_id(&q, 2, m->order);
	query_id(&q, 3, m->about);
	query_int(&q, 4, m->incoming);
	query_text(&q, 5, m->purpose);
	query_text(&q, 6, m->sender);
	query_text(&q, 7, m->recipient);
	query_text(&q, 8, m->subject);
	query_text(&q, 9, m->message_id);
	query_int(&q, 10, m->created);
	query_text(&q, 11, m->body);
	text_or_null(&q, 12, m->attachment_name);
	text_or_null(&q, 13, m->attachment_type);
	text_or_null(&q, 14, m->attachment);
	r = query_run(&q);
	return r ? r : store_event_add(s, "message.queued", "message", m->id, m->order, "");
}

static int
order_of(struct store *s, struct id message, struct id *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT order_id FROM messages WHERE id=$1");
	int r;

	query_id(&q, 1, message);
	r = query_row(&q);
	if (r)
		return r;
	*ret = column_id(&q);
	return query_result(&q);
}

int
store_message_redirect(struct store *s, struct id id, const char *recipient)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE messages SET recipient=$2 WHERE id=$1 AND sent=0");
	struct id order;
	int r = order_of(s, id, &order);

	if (r)
		return r;
	query_id(&q, 1, id);
	query_text(&q, 2, recipient);
	r = query_one(&q);
	return r ? r : store_event_add(s, "message.redirected", "message", id, order, "");
}

int
store_message_sent(struct store *s, struct id id, const char *words)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE messages SET sent=$2, words=$3 WHERE id=$1 AND sent=0");
	struct id order;
	int r = order_of(s, id, &order);

	if (r)
		return r;
	query_id(&q, 1, id);
	query_int(&q, 2, world_now(s->world));
	query_words(&q, 3, words);
	r = query_one(&q);
	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	return store_event_add(s, "message.sent", "message", id, order, "");
}

int
store_message_list(struct store *s, struct id order, struct page page, struct message_list *ret)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "SELECT " COLUMNS " FROM messages WHERE order_id=$3 AND id>$1 ORDER BY id LIMIT $2");
	struct rows rows;
	int r;

	query_blob(&q, 1, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 2, (int64_t)list_limit(page.limit) + 1);
	query_id(&q, 3, order);
	r = list_read(&q, sizeof(struct message), list_limit(page.limit), read_message, &rows);
	if (r == 0)
		*ret = (struct message_list){
			.row = rows.row, .count = rows.count, .more = rows.more
		};
	return r;
}
