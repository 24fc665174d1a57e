/* SPDX-License-Identifier: Apache-2.0 */
#include "store/orders.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/certificates.h"
#include "store/deliveries.h"
#include "store/events.h"
#include "store/keys.h"
#include "store/lists.h"
#include "store/pools.h"
#include "store/sites.h"
#include "store/tasks.h"

/* In the order of enum order_fact; a test compares these names with order_fact_name(). */
#define FACTS                                                                                                                                \
	"fact_checked, fact_refused, fact_doubted, fact_questioned, fact_keyed, fact_asked, fact_fetching, fact_delivered, fact_unanswered," \
	" fact_certified, fact_unapproved, fact_approved, fact_installed, fact_tested, fact_dns_asked, fact_pointed,"                        \
	" fact_confirmed, fact_told, fact_rechained,"                                                                                        \
	" fact_stuck, fact_superseded, fact_retired"
#define COLUMNS                                                                                                                                \
	"o.id, o.number, o.site, o.customer, o.service, t.host, o.organization, o.division, o.city, o.state, o.country,"                       \
	" o.ca, o.reseller, o.key_kind, o.mailboxes, o.waiver, o.key, o.csr, o.certificate, o.installation, o.kind, o.dns_when, o.valid_from," \
	" o.dns_looked, o.dns_looks, o.withdrawn, o.watched, o.purged, o.rests, o.resting, o.opens, o.through, " FACTS                         \
	", o.trouble, o.created, o.changed, o.version"                                                                                         \
	" FROM orders o JOIN sites t ON t.id=o.site"
#define FIRST_FACT 9 /* the parameter of the first fact in write_facts() */

static const char *const dns_whens[] = { [DNS_NOW] = "now", [DNS_LAST] = "last" };
static_assert(COUNT_OF(dns_whens) == DNS_LAST + 1, "a name for each");
static_assert(sizeof(((struct order *)NULL)->trouble) == WORDS_SIZE, "query_words() cuts to it");

void
order_list_fini(struct order_list *list)
{
	free(list->row);
	*list = (struct order_list){ 0 };
}

static enum order_kind
column_kind(struct query *q)
{
	enum order_kind kind = ORDER_FIRST;
	char name[32];

	column_text(q, name, sizeof(name));
	if (!order_kind_parse(str_of(name), &kind))
		q->error = error_origin(EBADMSG);
	return kind;
}

static enum key_kind
column_key_kind(struct query *q)
{
	enum key_kind kind = KEY_RSA2048;
	char name[32];

	column_text(q, name, sizeof(name));
	if (!key_kind_parse(str_of(name), &kind))
		q->error = error_origin(EBADMSG);
	return kind;
}

static void
read_facts(struct query *q, struct order *o)
{
	struct order_facts *f = &o->facts;

	f->kind = column_kind(q);
	f->dns_when = (enum dns_when)column_name(q, dns_whens, COUNT_OF(dns_whens));
	f->valid_from = column_int(q);
	f->dns_looked = column_int(q);
	f->dns_looks = (uint32_t)column_int(q);
	f->withdrawn = column_int(q);
	f->watched = column_int(q);
	f->purged = column_int(q);
	f->rests = column_int(q);
	o->resting = column_id(q);
	f->opens = column_int(q);
	f->through = column_int(q);
	for (int i = 0; i < FACT_MAX; i++)
		f->fact[i] = column_int(q);
}

static void
read_order(struct query *q, void *row)
{
	struct order *o = row;

	o->id = column_id(q);
	o->number = column_int(q);
	o->site = column_id(q);
	o->customer = column_id(q);
	o->service = column_id(q);
	column_text(q, o->host, sizeof(o->host));
	column_text(q, o->organization, sizeof(o->organization));
	column_text(q, o->division, sizeof(o->division));
	column_text(q, o->city, sizeof(o->city));
	column_text(q, o->state, sizeof(o->state));
	column_text(q, o->country, sizeof(o->country));
	column_text(q, o->ca, sizeof(o->ca));
	column_text(q, o->reseller, sizeof(o->reseller));
	o->key_kind = column_key_kind(q);
	o->mailboxes = column_int(q);
	o->waiver = column_id(q);
	o->key = column_id(q);
	o->csr = column_id(q);
	o->certificate = column_id(q);
	o->installation = column_id(q);
	read_facts(q, o);
	column_text(q, o->trouble, sizeof(o->trouble));
	o->created = column_int(q);
	o->changed = column_int(q);
	o->version = column_int(q);
}

static int
read_one(struct query *q, struct order *ret)
{
	struct order o = { 0 };
	int r = query_row(q);

	if (r)
		return r;
	read_order(q, &o);
	r = query_result(q);
	if (r == 0)
		*ret = o;
	return r;
}

int
store_order_get(struct store *s, struct id id, struct order *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT " COLUMNS " WHERE o.id=$1");

	query_id(&q, 1, id);
	return read_one(&q, ret);
}

int
store_order_by_number(struct store *s, int64_t number, struct order *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT " COLUMNS " WHERE o.number=$1");

	query_int(&q, 1, number);
	return read_one(&q, ret);
}

int
store_order_by_host(struct store *s, const char *host, struct order *ret)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " COLUMNS " WHERE t.host=$1 ORDER BY o.id DESC LIMIT 1");

	query_text(&q, 1, host);
	return read_one(&q, ret);
}

/* Which parts of the filter are there: 1 = customer, 2 = stage. */
static const char *const lists[] = {
	"SELECT " COLUMNS " WHERE o.id>$1 ORDER BY o.id LIMIT $2",
	"SELECT " COLUMNS " WHERE o.customer=$3 AND o.id>$1 ORDER BY o.id LIMIT $2",
	"SELECT " COLUMNS " WHERE o.stage=$4 AND o.id>$1 ORDER BY o.id LIMIT $2",
	"SELECT " COLUMNS " WHERE o.customer=$3 AND o.stage=$4 AND o.id>$1 ORDER BY o.id LIMIT $2",
};

int
store_order_list(
    struct store *s, const struct order_filter *filter, struct page page, struct order_list *ret)
{
	bool by_customer = !id_is_none(filter->customer);
	CLEAN(query_end)
	struct query q = query(s, lists[(by_customer ? 1 : 0) + (filter->by_stage ? 2 : 0)]);
	struct rows rows;
	int r;

	query_blob(&q, 1, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 2, (int64_t)list_limit(page.limit) + 1);
	if (by_customer)
		query_id(&q, 3, filter->customer);
	if (filter->by_stage)
		query_text(&q, 4, order_stage_name(filter->stage));
	r = list_read(&q, sizeof(struct order), list_limit(page.limit), read_order, &rows);
	if (r == 0)
		*ret =
		    (struct order_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

static int
next_number(struct store *s, int64_t *ret)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE counters SET value=value+1 WHERE name='order' RETURNING value");
	int r = query_row(&q);

	if (r)
		return r;
	*ret = column_int(&q);
	r = query_result(&q);
	return r ? r : query_row(&q) == STORE_E_ABSENT ? 0 : query_result(&q);
}

static int
count_stage(struct store *s, enum order_stage stage, int change)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO stage_counts (stage, orders) VALUES ($1,$2)"
	    " ON CONFLICT (stage) DO UPDATE SET orders=stage_counts.orders+excluded.orders");

	query_text(&q, 1, order_stage_name(stage));
	query_int(&q, 2, change);
	return query_run(&q);
}

static int
move_stage(struct store *s, enum order_stage from, enum order_stage to)
{
	int r = from == to ? 0 : count_stage(s, from, -1);

	return r || from == to ? r : count_stage(s, to, 1);
}

int
store_order_counts(struct store *s, int64_t ret[static STAGE_MAX])
{
	CLEAN(query_end) struct query q = query(s, "SELECT stage, orders FROM stage_counts");
	int64_t counts[STAGE_MAX] = { 0 };
	int r;

	while ((r = query_row(&q)) == 0) {
		enum order_stage stage;
		char name[32];

		column_text(&q, name, sizeof(name));
		if (order_stage_parse(str_of(name), &stage))
			counts[stage] = column_int(&q);
	}
	r = query_result(&q);
	if (r == 0)
		memcpy(ret, counts, sizeof(counts));
	return r;
}

int
store_orders_under_way(struct store *s, struct id customer, when since, int64_t *ret)
{
	static const uint8_t least[10] = { 0 };
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT (SELECT COUNT(*) FROM orders WHERE customer=$1 AND stage IN"
	    " ('checking','preparing','waiting','installing','testing'))"
	    "+(SELECT COUNT(*) FROM orders WHERE customer=$1 AND stage IN ('retired','refused') AND id>$2)");
	int r;

	query_id(&q, 1, customer);
	query_id(&q, 2, id_from(since, least));
	r = query_row(&q);
	if (r)
		return error_fold(r);
	*ret = column_int(&q);
	return query_result(&q);
}

static int
insert_order(struct store *s, const struct order *o)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO orders (id, number, site, customer, service, organization, division, city, state, country, key_kind, mailboxes,"
	    " waiver, key, csr, certificate, installation, kind, dns_when, valid_from, dns_looked, dns_looks, ca, reseller, withdrawn, " FACTS
	    ", stage, waits_for, trouble, created, changed, version) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$17,$18,$19,$20,"
	    "$14,$15,$21,$22,$23,$24,$25,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'checking','machine','',$16,$16,0)");

	query_id(&q, 1, o->id);
	query_int(&q, 2, o->number);
	query_id(&q, 3, o->site);
	query_id(&q, 4, o->customer);
	query_id(&q, 5, o->service);
	query_text(&q, 6, o->organization);
	query_text(&q, 7, o->division);
	query_text(&q, 8, o->city);
	query_text(&q, 9, o->state);
	query_text(&q, 10, o->country);
	query_text(&q, 11, key_kind_name(o->key_kind));
	query_int(&q, 12, o->mailboxes);
	query_id(&q, 13, o->waiver);
	query_text(&q, 14, order_kind_name(o->facts.kind));
	query_text(&q, 15, dns_whens[o->facts.dns_when]);
	query_int(&q, 16, o->created);
	query_id(&q, 17, o->key);
	query_id(&q, 18, o->csr);
	query_id(&q, 19, o->certificate);
	query_id(&q, 20, o->installation);
	query_int(&q, 21, o->facts.valid_from);
	query_int(&q, 22, o->facts.dns_looked);
	query_int(&q, 23, o->facts.dns_looks);
	query_text(&q, 24, o->ca);
	query_text(&q, 25, o->reseller);
	return query_run(&q);
}

/* Facts, and what is computed from them for lists. */
static int
write_facts(struct store *s, const struct order *o)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE orders SET stage=$2, waits_for=$3, changed=$4, trouble=$5, withdrawn=$6, opens=$7, through=$8,"
	    " fact_checked=$9, fact_refused=$10, fact_doubted=$11, fact_questioned=$12, fact_keyed=$13, fact_asked=$14, fact_fetching=$15,"
	    " fact_delivered=$16, fact_unanswered=$17, fact_certified=$18, fact_unapproved=$19, fact_approved=$20, fact_installed=$21, fact_tested=$22,"
	    " fact_dns_asked=$23, fact_pointed=$24, fact_confirmed=$25, fact_told=$26, fact_rechained=$27, fact_stuck=$28, fact_superseded=$29,"
	    " fact_retired=$30, version=version+1 WHERE id=$1");
	when now = world_now(s->world);

	query_id(&q, 1, o->id);
	query_text(&q, 2, order_stage_name(order_stage(&o->facts)));
	query_text(&q, 3, party_name(order_waits_for(&o->facts, now)));
	query_int(&q, 4, now);
	query_words(&q, 5, o->trouble);
	query_int(&q, 6, o->facts.withdrawn);
	query_int(&q, 7, o->facts.opens);
	query_int(&q, 8, o->facts.through);
	for (int i = 0; i < FACT_MAX; i++)
		query_int(&q, FIRST_FACT + i, o->facts.fact[i]);
	return query_one(&q);
}

int
store_order_add(struct store *s, struct order *o)
{
	int r;

	o->id = db_id(s);
	o->created = o->changed = world_now(s->world);
	r = next_number(s, &o->number);
	if (r == 0)
		r = insert_order(s, o);
	if (r == 0)
		r = write_facts(s, o);
	if (r == 0)
		r = count_stage(s, order_stage(&o->facts), 1);
	if (r == 0)
		r = store_event_add(s, "order.added", "order", o->id, o->id, "");
	o->version = 1;
	return r ? r : store_order_settle(s, o);
}

int
store_order_settle(struct store *s, const struct order *o)
{
	struct due due[TASK_KIND_MAX];
	size_t count = order_next(&o->facts, world_now(s->world), due);

	for (size_t i = 0; i < count; i++) {
		int r = store_task_add(s, o->id, due[i].kind, due[i].at);

		if (r)
			return r;
	}
	return 0;
}

static int
apply(struct store *s, struct order *o, enum order_event event, const char *detail)
{
	enum order_stage before = order_stage(&o->facts);
	char action[64];
	int r = order_apply(&o->facts, event, world_now(s->world));

	if (r)
		return r == ORDER_E_ALREADY ? STORE_E_ALREADY : STORE_E_NOT_NOW;
	if (event != EVENT_STUCK) /* a step went well, so what was wrong is over */
		o->trouble[0] = '\0';
	r = write_facts(s, o);
	if (r == 0)
		r = move_stage(s, before, order_stage(&o->facts));
	snprintf(action, sizeof(action), "order.%s", order_event_name(event));
	return r ? r : store_event_add(s, action, "order", o->id, o->id, detail);
}

static int
live_order_of(struct store *s, const struct order *newer, struct order *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT " COLUMNS
	    " WHERE o.site=$1 AND o.id<>$2 AND o.fact_confirmed>0 AND o.fact_superseded=0 AND o.fact_retired=0"
	    " ORDER BY o.id DESC LIMIT 1");

	query_id(&q, 1, newer->site);
	query_id(&q, 2, newer->id);
	return read_one(&q, ret);
}

/* A key serves one order; the newer order's key takes over. */
static int
supersede_older(struct store *s, const struct order *newer)
{
	struct order older;
	int r = live_order_of(s, newer, &older);

	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	r = apply(s, &older, EVENT_SUPERSEDED, "");
	if (r == 0)
		r = store_tasks_drop(s, older.id);
	if (r == 0 && !id_is_none(older.key) && !id_eq(older.key, newer->key))
		r = store_key_retire(s, older.key);
	return r;
}

static int
go_live(struct store *s, const struct order *o)
{
	struct certificate certificate;
	struct site site;
	int r = store_certificate_get(s, o->certificate, &certificate);

	if (r == 0)
		r = store_site_get(s, o->site, &site);
	if (r == 0)
		r = supersede_older(s, o);
	if (r == 0)
		r = store_site_set_live(s, o->site, o->certificate, o->id, certificate.not_after);
	if (r == 0 && !id_is_none(site.address))
		r = store_address_use(s, site.address);
	return error_fold(r);
}

static bool
is_ended(const struct order *o)
{
	return o->facts.fact[FACT_REFUSED] || o->facts.fact[FACT_SUPERSEDED] ||
	       o->facts.fact[FACT_RETIRED];
}

int
store_order_event(struct store *s, struct id order, enum order_event event, const char *detail)
{
	struct order o;
	int r = store_order_get(s, order, &o);

	if (r == 0)
		r = apply(s, &o, event, detail);
	if (r == 0 && event == EVENT_CONFIRMED)
		r = go_live(s, &o);
	if (r == 0 && is_ended(&o))
		r = store_tasks_drop(s, o.id);
	if (r == 0 &&
	    (is_ended(&o) || event == EVENT_CONFIRMED)) /* nobody can accept it any more */
		r = store_delivered_drop(s, o.id);
	return r ? r : store_order_settle(s, &o);
}

int
store_order_point(struct store *s, struct id order, struct id key, struct id csr,
    struct id certificate, struct id installation)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE orders SET key=COALESCE($2,key), csr=COALESCE($3,csr), certificate=COALESCE($4,certificate),"
	    " installation=COALESCE($5,installation) WHERE id=$1");

	query_id(&q, 1, order);
	query_id(&q, 2, key);
	query_id(&q, 3, csr);
	query_id(&q, 4, certificate);
	query_id(&q, 5, installation);
	return query_one(&q);
}

int
store_order_set_valid_from(struct store *s, struct id order, when valid_from)
{
	CLEAN(query_end) struct query q = query(s, "UPDATE orders SET valid_from=$2 WHERE id=$1");

	query_id(&q, 1, order);
	query_int(&q, 2, valid_from);
	return query_one(&q);
}

int
store_order_set_dns_when(struct store *s, struct id order, enum dns_when dns_when)
{
	CLEAN(query_end) struct query q = query(s, "UPDATE orders SET dns_when=$2 WHERE id=$1");

	query_id(&q, 1, order);
	query_text(&q, 2, dns_whens[dns_when]);
	return query_one(&q);
}

int
store_order_watched(struct store *s, struct id order)
{
	CLEAN(query_end) struct query q = query(s, "UPDATE orders SET watched=$2 WHERE id=$1");

	query_id(&q, 1, order);
	query_int(&q, 2, world_now(s->world));
	return query_one(&q);
}

int
store_order_purged(struct store *s, struct id order)
{
	CLEAN(query_end) struct query q = query(s, "UPDATE orders SET purged=$2 WHERE id=$1");
	int r;

	query_id(&q, 1, order);
	query_int(&q, 2, world_now(s->world));
	r = query_one(&q);
	return r ? r : store_event_add(s, "order.purged", "order", order, order, "");
}

static bool
follows(const struct order *o, enum task_kind kind, when now)
{
	struct due due[TASK_KIND_MAX];
	size_t count = order_next(&o->facts, now, due);

	for (size_t i = 0; i < count; i++)
		if (due[i].kind == kind)
			return true;
	return false;
}

int
store_order_look_now(struct store *s, struct id order)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE orders SET dns_looks=0, dns_looked=$2 WHERE id=$1");
	when now = world_now(s->world);
	struct order o;
	int r = store_order_get(s, order, &o);

	if (r)
		return r;
	if (!follows(&o, TASK_DNS, now))
		return STORE_E_NOT_NOW;
	query_id(&q, 1, order);
	query_int(&q, 2, now);
	r = query_one(&q);
	if (r == 0)
		r = store_event_add(s, "order.look_now", "order", order, order, "");
	return r ? r : store_task_add(s, order, TASK_DNS, now);
}

int
store_order_hold(struct store *s, struct id order, when opens)
{
	struct order o;
	int r = store_order_get(s, order, &o);

	if (r)
		return r;
	o.facts.opens = opens;
	o.trouble[0] = '\0'; /* of a try before; that it waits is none */
	return write_facts(s, &o);
}

int
store_order_let_through(struct store *s, struct id order, const char *detail)
{
	when now = world_now(s->world);
	struct order o;
	int r = store_order_get(s, order, &o);

	if (r)
		return r;
	if (!follows(&o, TASK_INSTALL, now) && !follows(&o, TASK_REFRESH, now) &&
	    !follows(&o, TASK_WITHDRAW, now))
		return STORE_E_NOT_NOW;
	o.facts.opens = 0;
	o.facts.through = now;
	r = write_facts(s, &o);
	if (r == 0)
		r = store_event_add(s, "order.let_through", "order", order, order, detail);
	return r ? r : store_order_settle(s, &o);
}

int
store_order_trouble(struct store *s, struct id order, const char *words)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE orders SET trouble=$2, changed=$3 WHERE id=$1");

	query_id(&q, 1, order);
	query_words(&q, 2, words);
	query_int(&q, 3, world_now(s->world));
	return query_one(&q);
}
