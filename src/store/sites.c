/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sites.h"

#include <assert.h>
#include <stdlib.h>

#include "store/detail.h"
#include "store/domain_keys.h"
#include "store/events.h"
#include "store/lists.h"

static const char *const kinds[] = {
	[SERVICE_OWA] = "owa",
	[SERVICE_SHAREPOINT] = "sharepoint",
	[SERVICE_WEB] = "web",
};
static_assert(COUNT_OF(kinds) == SERVICE_KIND_MAX, "a name for each kind");

#define SERVICE_COLUMNS \
	"id, customer, kind, name, url, backend, pool, protection, backend_tls, created, changed, version"
#define SITE_COLUMNS                                                                                                       \
	"t.id, t.customer, t.service, t.host, t.address, a.address, t.balancer, t.certificate, t.live_order, t.not_after," \
	" t.created, t.retired FROM sites t LEFT JOIN addresses a ON a.id=t.address"

const char *
service_kind_name(enum service_kind kind)
{
	return (size_t)kind < COUNT_OF(kinds) ? kinds[kind] : "unknown";
}

bool
service_kind_parse(struct str s, enum service_kind *ret)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_eq(s, str_of(kinds[i]))) {
			*ret = (enum service_kind)i;
			return true;
		}
	return false;
}

void
service_list_fini(struct service_list *list)
{
	free(list->row);
	*list = (struct service_list){ 0 };
}

void
site_list_fini(struct site_list *list)
{
	free(list->row);
	*list = (struct site_list){ 0 };
}

static enum told
column_told(struct query *q)
{
	return (enum told)column_name(q, told_names, TOLD_MAX);
}

static void
read_service(struct query *q, void *row)
{
	struct service *v = row;

	v->id = column_id(q);
	v->customer = column_id(q);
	v->kind = (enum service_kind)column_name(q, kinds, COUNT_OF(kinds));
	column_text(q, v->name, sizeof(v->name));
	column_text(q, v->url, sizeof(v->url));
	column_text(q, v->backend, sizeof(v->backend));
	column_text(q, v->pool, sizeof(v->pool));
	v->protection = column_told(q);
	v->backend_tls = column_told(q);
	v->created = column_int(q);
	v->changed = column_int(q);
	v->version = column_int(q);
}

int
store_service_add(struct store *s, struct service *v)
{
	CLEAN(query_end)
	struct query q = query(s, "INSERT INTO services (" SERVICE_COLUMNS
				  ") VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$10,1)");
	CLEAN(detail_fini) struct detail detail = { 0 };
	int r;

	v->id = db_id(s);
	v->created = v->changed = world_now(s->world);
	v->version = 1;
	query_id(&q, 1, v->id);
	query_id(&q, 2, v->customer);
	query_text(&q, 3, kinds[v->kind]);
	query_text(&q, 4, v->name);
	query_text(&q, 5, v->url);
	query_text(&q, 6, v->backend);
	query_text(&q, 7, v->pool);
	query_text(&q, 8, told_name(v->protection));
	query_text(&q, 9, told_name(v->backend_tls));
	query_int(&q, 10, v->created);
	r = query_run(&q);
	detail_text(&detail, "name", v->name);
	detail_text(&detail, "kind", kinds[v->kind]);
	detail_text(&detail, "pool", v->pool);
	return r ? r : detail_event(&detail, s, "service.added", "service", v->id, ID_NONE);
}

int
store_service_get(struct store *s, struct id id, struct service *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " SERVICE_COLUMNS " FROM services WHERE id=$1");
	struct service v = { 0 };
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	read_service(&q, &v);
	r = query_result(&q);
	if (r == 0)
		*ret = v;
	return r;
}

static int
tell_change(struct store *s, const struct service *before, const struct service *after)
{
	CLEAN(detail_fini) struct detail detail = { 0 };

	detail_change(&detail, "name", before->name, after->name);
	detail_change(&detail, "url", before->url, after->url);
	detail_change(
	    &detail, "protection", told_name(before->protection), told_name(after->protection));
	detail_change(
	    &detail, "backend_tls", told_name(before->backend_tls), told_name(after->backend_tls));
	return detail_event(&detail, s, "service.changed", "service", after->id, ID_NONE);
}

int
store_service_change(struct store *s, struct service *v)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE services SET name=$2, url=$3, protection=$4, backend_tls=$5, changed=$6, version=version+1"
	    " WHERE id=$1 AND version=$7");
	struct service before;
	int r = store_service_get(s, v->id, &before);

	if (r)
		return r;
	v->changed = world_now(s->world);
	query_id(&q, 1, v->id);
	query_text(&q, 2, v->name);
	query_text(&q, 3, v->url);
	query_text(&q, 4, told_name(v->protection));
	query_text(&q, 5, told_name(v->backend_tls));
	query_int(&q, 6, v->changed);
	query_int(&q, 7, v->version);
	r = query_one(&q);
	if (r)
		return r == STORE_E_ABSENT ? STORE_E_STALE : r;
	v->version++;
	return tell_change(s, &before, v);
}

static struct query
page_of_customer(
    struct store *s, const char *all, const char *of_one, struct id customer, struct page page)
{
	struct query q = query(s, id_is_none(customer) ? all : of_one);

	query_blob(&q, 1, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 2, (int64_t)list_limit(page.limit) + 1);
	if (!id_is_none(customer))
		query_id(&q, 3, customer);
	return q;
}

int
store_service_list(struct store *s, struct id customer, struct page page, struct service_list *ret)
{
	CLEAN(query_end)
	struct query q = page_of_customer(s,
	    "SELECT " SERVICE_COLUMNS " FROM services WHERE id>$1 ORDER BY id LIMIT $2",
	    "SELECT " SERVICE_COLUMNS
	    " FROM services WHERE customer=$3 AND id>$1 ORDER BY id LIMIT $2",
	    customer, page);
	struct rows rows;
	int r = list_read(&q, sizeof(struct service), list_limit(page.limit), read_service, &rows);

	if (r == 0)
		*ret = (struct service_list){
			.row = rows.row, .count = rows.count, .more = rows.more
		};
	return r;
}

static void
read_site(struct query *q, void *row)
{
	struct site *t = row;

	t->id = column_id(q);
	t->customer = column_id(q);
	t->service = column_id(q);
	column_text(q, t->host, sizeof(t->host));
	t->address = column_id(q);
	column_text(q, t->address_text, sizeof(t->address_text));
	column_text(q, t->balancer, sizeof(t->balancer));
	t->certificate = column_id(q);
	t->live_order = column_id(q);
	t->not_after = column_int(q);
	t->created = column_int(q);
	t->retired = column_int(q);
}

int
store_site_add(struct store *s, struct site *t)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO sites (id, customer, service, host, address, balancer, certificate, live_order, not_after, created, retired, domain)"
	    " VALUES ($1,$2,$3,$4,$5,$6,NULL,NULL,0,$7,0,$8)");
	CLEAN(detail_fini) struct detail detail = { 0 };
	int r;

	if (id_is_none(t->id))
		t->id = db_id(s);
	t->created = world_now(s->world);
	query_id(&q, 1, t->id);
	query_id(&q, 2, t->customer);
	query_id(&q, 3, t->service);
	query_text(&q, 4, t->host);
	query_id(&q, 5, t->address);
	query_text(&q, 6, t->balancer);
	query_int(&q, 7, t->created);
	query_text(&q, 8, domain_of_site(t->host));
	r = query_run(&q);
	if (r == 0)
		r = domain_keys_add(s, domain_of_site(t->host));
	detail_text(&detail, "host", t->host);
	detail_text(&detail, "balancer", t->balancer);
	return r ? r : detail_event(&detail, s, "site.added", "site", t->id, ID_NONE);
}

static int
read_one_site(struct query *q, struct site *ret)
{
	struct site t = { 0 };
	int r = query_row(q);

	if (r)
		return r;
	read_site(q, &t);
	r = query_result(q);
	if (r == 0)
		*ret = t;
	return r;
}

int
store_site_get(struct store *s, struct id id, struct site *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT " SITE_COLUMNS " WHERE t.id=$1");

	query_id(&q, 1, id);
	return read_one_site(&q, ret);
}

int
store_site_by_host(struct store *s, const char *host, struct site *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " SITE_COLUMNS " WHERE t.host=$1 AND t.retired=0");

	query_text(&q, 1, host);
	return read_one_site(&q, ret);
}

int
store_site_list(struct store *s, struct id customer, struct page page, struct site_list *ret)
{
	CLEAN(query_end)
	struct query q =
	    page_of_customer(s, "SELECT " SITE_COLUMNS " WHERE t.id>$1 ORDER BY t.id LIMIT $2",
		"SELECT " SITE_COLUMNS " WHERE t.customer=$3 AND t.id>$1 ORDER BY t.id LIMIT $2",
		customer, page);
	struct rows rows;
	int r = list_read(&q, sizeof(struct site), list_limit(page.limit), read_site, &rows);

	if (r == 0)
		*ret =
		    (struct site_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

int
store_site_set_live(
    struct store *s, struct id site, struct id certificate, struct id order, when not_after)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE sites SET certificate=$2, live_order=$3, not_after=$4 WHERE id=$1");

	query_id(&q, 1, site);
	query_id(&q, 2, certificate);
	query_id(&q, 3, order);
	query_int(&q, 4, not_after);
	return query_one(&q);
}

static int
domain_of(struct store *s, struct id site, struct host_name *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT domain FROM sites WHERE id=$1");
	int r;

	query_id(&q, 1, site);
	r = query_row(&q);
	if (r)
		return r;
	column_text(&q, ret->text, sizeof(ret->text));
	return query_result(&q);
}

int
store_site_retire(struct store *s, struct id site)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE sites SET retired=$2, address=NULL WHERE id=$1 AND retired=0");
	struct host_name domain;
	int r = domain_of(s, site, &domain);

	if (r)
		return r;
	query_id(&q, 1, site);
	query_int(&q, 2, world_now(s->world));
	r = query_one(&q);
	if (r == 0)
		r = domain_keys_drop(s, domain.text);
	return r ? r : store_event_add(s, "site.retired", "site", site, ID_NONE, "");
}
