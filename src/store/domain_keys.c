/* SPDX-License-Identifier: Apache-2.0 */
#include "store/domain_keys.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "names/keys.h"
#include "names/parts.h"
#include "store/domains.h"
#include "store/lists.h"

#define KEYS_AT_ONCE  16 /* of one statement: see sql_like */
#define ALIKE_MOST    200
#define SITES_AT_ONCE 500

static int
add_key(struct store *s, const char *domain, uint64_t key)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "INSERT INTO domain_keys (key, domain) VALUES ($1,$2) ON CONFLICT DO NOTHING");

	query_int(&q, 1, (int64_t)key);
	query_text(&q, 2, domain);
	return query_run(&q);
}

int
domain_keys_add(struct store *s, const char *domain)
{
	uint64_t keys[KNOWN_KEYS];
	struct host_name name;
	int r = 0;

	if (!str_copy(str_of(domain), name.text, sizeof(name.text)))
		return error_origin(EINVAL);
	known_keys_of(&name, keys);
	for (size_t i = 0; r == 0 && i < KNOWN_KEYS; i++)
		r = add_key(s, domain, keys[i]);
	return r;
}

int
domain_keys_drop(struct store *s, const char *domain)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "DELETE FROM domain_keys WHERE domain=$1 AND NOT EXISTS (SELECT 1 FROM customer_domains WHERE domain=$1)"
	    " AND NOT EXISTS (SELECT 1 FROM sites WHERE domain=$1 AND retired=0)");

	query_text(&q, 1, domain);
	return query_run(&q);
}

/* ---- what is like a name ---- */

/* A customer may have any number of sites under its domain: those of others are on both sides. */
static const char sql_like[] =
    "SELECT k.domain FROM domain_keys k"
    " WHERE k.key IN ($3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18) AND ("
    "EXISTS (SELECT 1 FROM customer_domains d WHERE d.domain=k.domain AND d.customer<>$1)"
    " OR EXISTS (SELECT 1 FROM sites t WHERE t.domain=k.domain AND t.retired=0 AND t.customer<$1)"
    " OR EXISTS (SELECT 1 FROM sites t WHERE t.domain=k.domain AND t.retired=0 AND t.customer>$1)"
    ") LIMIT $2";

static bool
lies_below(struct str host, struct str domain)
{
	return str_ends(host, domain) &&
	       (host.len == domain.len || host.p[host.len - domain.len - 1] == '.');
}

/* The last keys fill up the statement. */
static int
add_under(struct store *s, struct id customer, const char *host, const struct name_keys *keys,
    size_t from, struct known_names *to)
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
		if (r == 0 && !lies_below(str_of(host), str_of(name.text)))
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
		r = add_under(s, customer, host, &keys, from, to);
	return r;
}

/* ---- of sites ---- */

const char *
domain_of_site(const char *host)
{
	return name_parts_of(host).domain.p;
}

int
store_domain_is_live(struct store *s, const char *host, bool *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT 1 FROM sites WHERE domain=$1 AND retired=0 AND live_order IS NOT NULL LIMIT 1");
	int r;

	query_text(&q, 1, domain_of_site(host));
	r = query_row(&q);
	if (r == 0 || r == STORE_E_ABSENT)
		*ret = r == 0;
	return r == STORE_E_ABSENT ? 0 : r;
}

struct site_name {
	struct id id;
	struct host_name host;
};

static void
read_site_name(struct query *q, void *row)
{
	struct site_name *site = row;

	site->id = column_id(q);
	column_text(q, site->host.text, sizeof(site->host.text));
}

static int
fill_one(struct store *s, const struct site_name *site)
{
	CLEAN(query_end) struct query q = query(s, "UPDATE sites SET domain=$2 WHERE id=$1");
	const char *domain = domain_of_site(site->host.text);
	int r;

	query_id(&q, 1, site->id);
	query_text(&q, 2, domain);
	r = query_one(&q);
	return r ? r : domain_keys_add(s, domain);
}

/* The next ones behind *after, which moves on. */
static int
fill_some(struct store *s, struct id *after, bool *ret_more)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT id, host FROM sites WHERE id>$1 AND retired=0 ORDER BY id LIMIT $2");
	const struct site_name *site;
	struct rows rows;
	int r;

	query_blob(&q, 1, str_bytes(after->b, sizeof(after->b)));
	query_int(&q, 2, SITES_AT_ONCE + 1);
	r = list_read(&q, sizeof(*site), SITES_AT_ONCE, read_site_name, &rows);
	if (r)
		return r;
	site = rows.row;
	for (size_t i = 0; r == 0 && i < rows.count; i++)
		r = fill_one(s, &site[i]);
	if (r == 0 && rows.count > 0)
		*after = site[rows.count - 1].id;
	*ret_more = rows.more;
	free(rows.row);
	return r;
}

int
domains_of_sites_fill(struct store *s)
{
	struct id after = ID_NONE;
	bool more = true;
	int r = 0;

	while (r == 0 && more)
		r = fill_some(s, &after, &more);
	return r;
}
