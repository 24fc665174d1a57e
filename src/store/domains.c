/* SPDX-License-Identifier: Apache-2.0 */
#include "store/domains.h"

#include <stdlib.h>

#include "store/detail.h"
#include "store/domain_keys.h"
#include "store/lists.h"

void
domain_list_fini(struct domain_list *list)
{
	free(list->row);
	*list = (struct domain_list){ 0 };
}

static void
read_domain(struct query *q, void *row)
{
	struct host_name *name = row;

	column_text(q, name->text, sizeof(name->text));
}

int
store_domains_get(struct store *s, struct id customer, struct domain_list *ret)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "SELECT domain FROM customer_domains WHERE customer=$1 ORDER BY domain LIMIT $2");
	struct rows rows;
	int r;

	query_id(&q, 1, customer);
	query_int(&q, 2, DOMAINS_MAX);
	r = list_read(&q, sizeof(struct host_name), DOMAINS_MAX, read_domain, &rows);
	if (r == 0)
		*ret = (struct domain_list){ .row = rows.row, .count = rows.count };
	return r;
}

static void
join(const struct domain_list *list, struct buf *to)
{
	for (size_t i = 0; i < list->count; i++)
		buf_printf(to, "%s%s", i > 0 ? " " : "", list->row[i].text);
}

static int
remove_all(struct store *s, struct id customer, const struct domain_list *list)
{
	CLEAN(query_end)
	struct query q = query(s, "DELETE FROM customer_domains WHERE customer=$1");
	int r;

	query_id(&q, 1, customer);
	r = query_run(&q);
	for (size_t i = 0; r == 0 && i < list->count; i++)
		r = domain_keys_drop(s, list->row[i].text);
	return r;
}

static int
add_one(struct store *s, struct id customer, const char *domain)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO customer_domains (customer, domain) VALUES ($1,$2) ON CONFLICT DO NOTHING");

	query_id(&q, 1, customer);
	query_text(&q, 2, domain);
	return query_run(&q);
}

static int
tell_change(struct store *s, struct id customer, const struct domain_list *before)
{
	CLEAN(buf_fini) struct buf was = BUF(1 << 16), is = BUF(1 << 16);
	CLEAN(domain_list_fini) struct domain_list after = { 0 };
	CLEAN(detail_fini) struct detail detail = { 0 };
	int r = store_domains_get(s, customer, &after);

	if (r)
		return r;
	join(before, &was);
	join(&after, &is);
	if (str_eq(buf_str(&was), buf_str(&is)))
		return 0;
	detail_change(&detail, "domains", buf_text(&was), buf_text(&is));
	return detail_event(&detail, s, "customer.domains", "customer", customer, ID_NONE);
}

int
store_domains_set(struct store *s, struct id customer, const struct domain_list *list)
{
	CLEAN(domain_list_fini) struct domain_list before = { 0 };
	int r = store_domains_get(s, customer, &before);

	if (r == 0)
		r = remove_all(s, customer, &before);
	for (size_t i = 0; r == 0 && i < list->count; i++) {
		r = add_one(s, customer, list->row[i].text);
		if (r == 0)
			r = domain_keys_add(s, list->row[i].text);
	}
	return r ? r : tell_change(s, customer, &before);
}

static int
has_other(struct store *s, struct id customer, const char *domain, bool *ret)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "SELECT domain FROM customer_domains WHERE domain=$1 AND customer<>$2 LIMIT 1");
	int r;

	query_text(&q, 1, domain);
	query_id(&q, 2, customer);
	r = query_row(&q);
	if (r == 0)
		*ret = true;
	return r == STORE_E_ABSENT ? 0 : r;
}

int
store_domains_of_others(struct store *s, struct id customer, const char *host, bool *ret)
{
	bool found = false;
	int r = 0;

	for (const char *dot; r == 0 && !found && (dot = strchr(host, '.')); host = dot + 1)
		r = has_other(s, customer, host, &found);
	if (r == 0)
		*ret = found;
	return r;
}
