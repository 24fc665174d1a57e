/* SPDX-License-Identifier: Apache-2.0 */
#include "store/domains.h"

#include <stdlib.h>

#include "base/error.h"
#include "names/keys.h"
#include "store/detail.h"
#include "store/lists.h"

#define KEYS_AT_ONCE 16 /* of one statement: see sql_like */
#define ALIKE_MOST   200

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
remove_all(struct store *s, struct id customer)
{
	CLEAN(query_end)
	struct query q = query(s, "DELETE FROM customer_domains WHERE customer=$1");
	CLEAN(query_end) struct query keys = query(s, "DELETE FROM domain_keys WHERE customer=$1");
	int r;

	query_id(&q, 1, customer);
	query_id(&keys, 1, customer);
	r = query_run(&q);
	return r ? r : query_run(&keys);
}

static int
add_key(struct store *s, struct id customer, const char *domain, uint64_t key)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO domain_keys (key, customer, domain) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING");

	query_int(&q, 1, (int64_t)key);
	query_id(&q, 2, customer);
	query_text(&q, 3, domain);
	return query_run(&q);
}

static int
add_keys(struct store *s, struct id customer, const struct host_name *domain)
{
	uint64_t keys[KNOWN_KEYS];
	int r = 0;

	known_keys_of(domain, keys);
	for (size_t i = 0; r == 0 && i < KNOWN_KEYS; i++)
		r = add_key(s, customer, domain->text, keys[i]);
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
		r = remove_all(s, customer);
	for (size_t i = 0; r == 0 && i < list->count; i++) {
		r = add_one(s, customer, list->row[i].text);
		if (r == 0)
			r = add_keys(s, customer, &list->row[i]);
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

static const char sql_like[] =
    "SELECT domain FROM domain_keys WHERE key IN ($3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)"
    " AND customer<>$1 LIMIT $2";

/* The last keys fill up the statement. */
static int
add_under(struct store *s, struct id customer, const struct name_keys *keys, size_t from,
    struct known_names *to)
{
	CLEAN(query_end) struct query q = query(s, sql_like);
	int r;

	query_id(&q, 1, customer);
	query_int(&q, 2, ALIKE_MOST);
	for (size_t i = 0; i < KEYS_AT_ONCE; i++) {
		size_t at = from + i < keys->count ? from + i : keys->count - 1;

		query_int(&q, (int)i + 3, (int64_t)keys->row[at]);
	}
	while ((r = query_row(&q)) == 0) {
		struct host_name name;

		column_text(&q, name.text, sizeof(name.text));
		r = query_result(&q);
		if (r == 0)
			r = error_fold(known_names_add(to, &name));
		if (r)
			return r;
	}
	return r == STORE_E_ABSENT ? 0 : r;
}

int
store_domains_like(struct store *s, struct id customer, const char *host, struct known_names *to)
{
	CLEAN(name_keys_fini) struct name_keys keys = { 0 };
	int r = 0;

	name_keys_for(host, &keys);
	for (size_t from = 0; r == 0 && from < keys.count; from += KEYS_AT_ONCE)
		r = add_under(s, customer, &keys, from, to);
	return r;
}
