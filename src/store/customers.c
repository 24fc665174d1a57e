/* SPDX-License-Identifier: Apache-2.0 */
#include "store/customers.h"

#include <stdlib.h>

#include "store/detail.h"
#include "store/lists.h"

#define COLUMNS \
	"id, name, organization, division, city, state, country, contact_name, contact_mail, mailbox_source, mailbox_key, created, changed, version"

void
customer_list_fini(struct customer_list *list)
{
	free(list->row);
	*list = (struct customer_list){ 0 };
}

static void
read_customer(struct query *q, void *row)
{
	struct customer *c = row;

	c->id = column_id(q);
	column_text(q, c->name, sizeof(c->name));
	column_text(q, c->organization, sizeof(c->organization));
	column_text(q, c->division, sizeof(c->division));
	column_text(q, c->city, sizeof(c->city));
	column_text(q, c->state, sizeof(c->state));
	column_text(q, c->country, sizeof(c->country));
	column_text(q, c->contact_name, sizeof(c->contact_name));
	column_text(q, c->contact_mail, sizeof(c->contact_mail));
	column_text(q, c->mailbox_source, sizeof(c->mailbox_source));
	column_text(q, c->mailbox_key, sizeof(c->mailbox_key));
	c->created = column_int(q);
	c->changed = column_int(q);
	c->version = column_int(q);
}

static void
bind_customer(struct query *q, const struct customer *c)
{
	query_id(q, 1, c->id);
	query_text(q, 2, c->name);
	query_text(q, 3, c->organization);
	query_text(q, 4, c->division);
	query_text(q, 5, c->city);
	query_text(q, 6, c->state);
	query_text(q, 7, c->country);
	query_text(q, 8, c->contact_name);
	query_text(q, 9, c->contact_mail);
	query_text(q, 10, c->mailbox_source);
	query_text(q, 11, c->mailbox_key);
	query_int(q, 12, c->changed);
	query_int(q, 13, c->version);
}

int
store_customer_add(struct store *s, struct customer *c)
{
	CLEAN(query_end)
	struct query q = query(s, "INSERT INTO customers (" COLUMNS
				  ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$12,$13)");
	CLEAN(detail_fini) struct detail detail = { 0 };
	int r;

	c->id = db_id(s);
	c->created = c->changed = world_now(s->world);
	c->version = 1;
	bind_customer(&q, c);
	r = query_run(&q);
	detail_text(&detail, "name", c->name);
	return r ? r : detail_event(&detail, s, "customer.added", "customer", c->id, ID_NONE);
}

static int
read_one(struct query *q, struct customer *ret)
{
	struct customer c = { 0 };
	int r = query_row(q);

	if (r)
		return r;
	read_customer(q, &c);
	r = query_result(q);
	if (r == 0)
		*ret = c;
	return r;
}

int
store_customer_get(struct store *s, struct id id, struct customer *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT " COLUMNS " FROM customers WHERE id=$1");

	query_id(&q, 1, id);
	return read_one(&q, ret);
}

int
store_customer_by_name(struct store *s, const char *name, struct customer *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " COLUMNS " FROM customers WHERE name=$1");

	query_text(&q, 1, name);
	return read_one(&q, ret);
}

static int
tell_change(struct store *s, const struct customer *before, const struct customer *after)
{
	CLEAN(detail_fini) struct detail detail = { 0 };

	detail_change(&detail, "name", before->name, after->name);
	detail_change(&detail, "organization", before->organization, after->organization);
	detail_change(&detail, "division", before->division, after->division);
	detail_change(&detail, "city", before->city, after->city);
	detail_change(&detail, "state", before->state, after->state);
	detail_change(&detail, "country", before->country, after->country);
	detail_change(&detail, "contact_name", before->contact_name, after->contact_name);
	detail_change(&detail, "contact_mail", before->contact_mail, after->contact_mail);
	detail_change(&detail, "mailbox_source", before->mailbox_source, after->mailbox_source);
	detail_change(&detail, "mailbox_key", before->mailbox_key, after->mailbox_key);
	return detail_event(&detail, s, "customer.changed", "customer", after->id, ID_NONE);
}

int
store_customer_change(struct store *s, struct customer *c)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE customers SET name=$2, organization=$3, division=$4, city=$5, state=$6, country=$7, contact_name=$8,"
	    " contact_mail=$9, mailbox_source=$10, mailbox_key=$11, changed=$12, version=version+1 WHERE id=$1 AND version=$13");
	struct customer before;
	int r = store_customer_get(s, c->id, &before);

	if (r)
		return r;
	c->changed = world_now(s->world);
	bind_customer(&q, c);
	r = query_one(&q);
	if (r)
		return r == STORE_E_ABSENT ? STORE_E_STALE : r;
	c->version++;
	return tell_change(s, &before, c);
}

int
store_customer_list(struct store *s, struct page page, struct customer_list *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COLUMNS " FROM customers WHERE id > $1 ORDER BY id LIMIT $2");
	struct rows rows;
	int r;

	query_blob(&q, 1, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 2, (int64_t)list_limit(page.limit) + 1);
	r = list_read(&q, sizeof(struct customer), list_limit(page.limit), read_customer, &rows);
	if (r == 0)
		*ret = (struct customer_list){
			.row = rows.row, .count = rows.count, .more = rows.more
		};
	return r;
}
