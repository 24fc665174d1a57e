/* SPDX-License-Identifier: Apache-2.0 */
#include "store/eligibility.h"

#include <stdlib.h>

#include "store/detail.h"
#include "store/lists.h"

#define COUNT_COLUMNS  "id, customer, mailboxes, source, author, asked, listed, others, counted"
#define WAIVER_COLUMNS "id, customer, author, reason, second, given, confirmed, expires"

void
mailbox_count_list_fini(struct mailbox_count_list *list)
{
	free(list->row);
	*list = (struct mailbox_count_list){ 0 };
}

void
mailbox_names_fini(struct mailbox_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->row[i].name);
	free(names->row);
	*names = (struct mailbox_names){ 0 };
}

void
waiver_list_fini(struct waiver_list *list)
{
	free(list->row);
	*list = (struct waiver_list){ 0 };
}

/* ---- counts */

static int
insert_count(struct store *s, const struct mailbox_count *c)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO mailbox_counts (" COUNT_COLUMNS ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)");

	query_id(&q, 1, c->id);
	query_id(&q, 2, c->customer);
	query_int(&q, 3, c->mailboxes);
	query_text(&q, 4, c->source);
	query_text(&q, 5, c->author);
	query_text(&q, 6, c->asked);
	query_int(&q, 7, c->listed);
	query_int(&q, 8, c->others);
	query_int(&q, 9, c->counted);
	return query_run(&q);
}

static int
insert_name(struct store *s, struct id count, int64_t number, struct str name)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "INSERT INTO mailbox_names (counted_by, number, name) VALUES ($1,$2,$3)");

	query_id(&q, 1, count);
	query_int(&q, 2, number);
	query_str(&q, 3, name);
	return query_run(&q);
}

static int
insert_names(struct store *s, const struct mailbox_count *c, struct str names)
{
	struct str name;
	int r = 0;

	for (int64_t n = 1; r == 0 && n <= c->listed && str_next(&names, '\n', &name); n++)
		r = insert_name(s, c->id, n, name);
	return r;
}

/* The newest count whose names are no longer kept. ABSENT: all are. */
static int
find_stale(struct store *s, struct id customer, struct id *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT id FROM mailbox_counts WHERE customer=$1 AND listed>0 ORDER BY id DESC LIMIT 1 OFFSET $2");
	struct id id;
	int r;

	query_id(&q, 1, customer);
	query_int(&q, 2, MAILBOX_LISTS_KEPT);
	r = query_row(&q);
	if (r)
		return r;
	id = column_id(&q);
	r = query_result(&q);
	if (r == 0)
		*ret = id;
	return r;
}

static int
drop_names_of(struct store *s, struct id count)
{
	CLEAN(query_end)
	struct query names = query(s, "DELETE FROM mailbox_names WHERE counted_by=$1");
	CLEAN(query_end)
	struct query listed = query(s, "UPDATE mailbox_counts SET listed=0 WHERE id=$1");
	int r;

	query_id(&names, 1, count);
	query_id(&listed, 1, count);
	r = query_run(&names);
	return r ? r : query_run(&listed);
}

static int
drop_stale_names(struct store *s, struct id customer)
{
	struct id stale;
	int r = find_stale(s, customer, &stale);

	while (r == 0) {
		r = drop_names_of(s, stale);
		if (r == 0)
			r = find_stale(s, customer, &stale);
	}
	return r == STORE_E_ABSENT ? 0 : r;
}

static int
tell_count(struct store *s, const struct mailbox_count *c, struct id order)
{
	CLEAN(detail_fini) struct detail detail = { 0 };

	detail_number(&detail, "mailboxes", c->mailboxes);
	detail_text(&detail, "source", c->source);
	detail_text(&detail, "author", c->author);
	return detail_event(&detail, s, "mailboxes.counted", "customer", c->customer, order);
}

int
store_mailboxes_add(struct store *s, struct mailbox_count *count, struct str names, struct id order)
{
	int r;

	count->id = db_id(s);
	count->counted = world_now(s->world);
	r = insert_count(s, count);
	if (r == 0)
		r = insert_names(s, count, names);
	if (r == 0)
		r = drop_stale_names(s, count->customer);
	return r ? r : tell_count(s, count, order);
}

static void
read_count(struct query *q, void *row)
{
	struct mailbox_count *c = row;

	c->id = column_id(q);
	c->customer = column_id(q);
	c->mailboxes = column_int(q);
	column_text(q, c->source, sizeof(c->source));
	column_text(q, c->author, sizeof(c->author));
	column_text(q, c->asked, sizeof(c->asked));
	c->listed = column_int(q);
	c->others = column_int(q);
	c->counted = column_int(q);
}

static int
read_one_count(struct query *q, struct mailbox_count *ret)
{
	struct mailbox_count c = { 0 };
	int r = query_row(q);

	if (r)
		return r;
	read_count(q, &c);
	r = query_result(q);
	if (r == 0)
		*ret = c;
	return r;
}

int
store_mailboxes_latest(struct store *s, struct id customer, struct mailbox_count *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COUNT_COLUMNS
		     " FROM mailbox_counts WHERE customer=$1 ORDER BY id DESC LIMIT 1");

	query_id(&q, 1, customer);
	return read_one_count(&q, ret);
}

int
store_mailboxes_get(struct store *s, struct id customer, struct id id, struct mailbox_count *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COUNT_COLUMNS " FROM mailbox_counts WHERE id=$1 AND customer=$2");

	query_id(&q, 1, id);
	query_id(&q, 2, customer);
	return read_one_count(&q, ret);
}

int
store_mailboxes_list(
    struct store *s, struct id customer, struct page page, struct mailbox_count_list *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COUNT_COLUMNS
		     " FROM mailbox_counts WHERE customer=$1 AND id>$2 ORDER BY id LIMIT $3");
	struct rows rows;
	int r;

	query_id(&q, 1, customer);
	query_blob(&q, 2, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 3, (int64_t)list_limit(page.limit) + 1);
	r = list_read(&q, sizeof(struct mailbox_count), list_limit(page.limit), read_count, &rows);
	if (r == 0)
		*ret = (struct mailbox_count_list){
			.row = rows.row, .count = rows.count, .more = rows.more
		};
	return r;
}

static void
read_name(struct query *q, void *row)
{
	struct mailbox_name *name = row;

	name->number = column_int(q);
	name->name = column_heap(q);
}

int
store_mailbox_names(
    struct store *s, struct id count, int64_t after, size_t limit, struct mailbox_names *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT number, name FROM mailbox_names WHERE counted_by=$1 AND number>$2 ORDER BY number LIMIT $3");
	struct rows rows;
	int r;

	query_id(&q, 1, count);
	query_int(&q, 2, after);
	query_int(&q, 3, (int64_t)list_limit(limit) + 1);
	r = list_read(&q, sizeof(struct mailbox_name), list_limit(limit), read_name, &rows);
	if (r == 0)
		*ret = (struct mailbox_names){
			.row = rows.row, .count = rows.count, .more = rows.more
		};
	return r;
}

/* ---- waivers */

int
store_waiver_add(struct store *s, struct waiver *w)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "INSERT INTO waivers (" WAIVER_COLUMNS ") VALUES ($1,$2,$3,$4,'',$5,0,$6)");
	CLEAN(detail_fini) struct detail detail = { 0 };
	int r;

	w->id = db_id(s);
	w->given = world_now(s->world);
	query_id(&q, 1, w->id);
	query_id(&q, 2, w->customer);
	query_text(&q, 3, w->author);
	query_text(&q, 4, w->reason);
	query_int(&q, 5, w->given);
	query_int(&q, 6, w->expires);
	r = query_run(&q);
	detail_text(&detail, "author", w->author);
	detail_text(&detail, "reason", w->reason);
	return r ? r
	         : detail_event(&detail, s, "waiver.proposed", "customer", w->customer, ID_NONE);
}

static void
read_waiver(struct query *q, void *row)
{
	struct waiver *w = row;

	w->id = column_id(q);
	w->customer = column_id(q);
	column_text(q, w->author, sizeof(w->author));
	column_text(q, w->reason, sizeof(w->reason));
	column_text(q, w->second, sizeof(w->second));
	w->given = column_int(q);
	w->confirmed = column_int(q);
	w->expires = column_int(q);
}

static int
read_one_waiver(struct query *q, struct waiver *ret)
{
	struct waiver w = { 0 };
	int r = query_row(q);

	if (r)
		return r;
	read_waiver(q, &w);
	r = query_result(q);
	if (r == 0)
		*ret = w;
	return r;
}

int
store_waiver_get(struct store *s, struct id id, struct waiver *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " WAIVER_COLUMNS " FROM waivers WHERE id=$1");

	query_id(&q, 1, id);
	return read_one_waiver(&q, ret);
}

int
store_waiver_list(struct store *s, struct id customer, struct page page, struct waiver_list *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " WAIVER_COLUMNS
				  " FROM waivers WHERE customer=$1 AND id>$2 ORDER BY id LIMIT $3");
	struct rows rows;
	int r;

	query_id(&q, 1, customer);
	query_blob(&q, 2, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 3, (int64_t)list_limit(page.limit) + 1);
	r = list_read(&q, sizeof(struct waiver), list_limit(page.limit), read_waiver, &rows);
	if (r == 0)
		*ret =
		    (struct waiver_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

static int
confirm(struct store *s, const struct waiver *w)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE waivers SET second=$2, confirmed=$3 WHERE id=$1 AND confirmed=0 AND author<>$2 AND expires>$3");
	CLEAN(detail_fini) struct detail detail = { 0 };
	int r;

	query_id(&q, 1, w->id);
	query_text(&q, 2, w->second);
	query_int(&q, 3, w->confirmed);
	r = query_one(&q);
	detail_text(&detail, "author", w->author);
	detail_text(&detail, "second", w->second);
	detail_text(&detail, "reason", w->reason);
	return r ? r
	         : detail_event(&detail, s, "waiver.confirmed", "customer", w->customer, ID_NONE);
}

int
store_waiver_confirm(struct store *s, struct waiver *w)
{
	struct waiver as_it_is;
	int r = store_waiver_get(s, w->id, &as_it_is);

	if (r)
		return r;
	if (as_it_is.confirmed)
		return STORE_E_ALREADY;
	copy_bytes(as_it_is.second, w->second, sizeof(w->second));
	as_it_is.confirmed = world_now(s->world);
	r = confirm(s, &as_it_is);
	if (r)
		return r == STORE_E_ABSENT ? STORE_E_NOT_NOW : r;
	*w = as_it_is;
	return 0;
}

int
store_waiver_valid(struct store *s, struct id customer, when now, struct waiver *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT " WAIVER_COLUMNS
	    " FROM waivers WHERE customer=$1 AND confirmed>0 AND expires>$2 ORDER BY id DESC LIMIT 1");

	query_id(&q, 1, customer);
	query_int(&q, 2, now);
	return read_one_waiver(&q, ret);
}

int
store_order_counted(struct store *s, struct id order, int64_t mailboxes, struct id waiver)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE orders SET mailboxes=$2, waiver=$3 WHERE id=$1");

	query_id(&q, 1, order);
	query_int(&q, 2, mailboxes);
	query_id(&q, 3, waiver);
	return query_one(&q);
}
