/* SPDX-License-Identifier: Apache-2.0 */
#include "store/surveys.h"

#include <assert.h>
#include <stdlib.h>

#include "store/detail.h"
#include "store/lists.h"

#define COLUMNS \
	"id, balancer, kind, state, author, asked, ended, leased_until, attempts, looked, told, words"
#define IN_FORCE "id=$1 AND ended=0 AND leased_until=$2"

static const char *const kinds[] = {
	[SURVEY_PROBE] = "probe",
	[SURVEY_DRIFT] = "drift",
	[SURVEY_IMPORT] = "import",
};
static_assert(COUNT_OF(kinds) == SURVEY_KIND_MAX, "a name for each kind");

static const char *const states[] = {
	[SURVEY_WAITING] = "waiting",
	[SURVEY_RUNNING] = "running",
	[SURVEY_DONE] = "done",
	[SURVEY_FAILED] = "failed",
};
static_assert(COUNT_OF(states) == SURVEY_STATE_MAX, "a name for each state");

const char *
survey_kind_name(enum survey_kind kind)
{
	return (size_t)kind < COUNT_OF(kinds) ? kinds[kind] : "unknown";
}

bool
survey_kind_parse(struct str s, enum survey_kind *ret)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (str_eq(s, str_of(kinds[i]))) {
			*ret = (enum survey_kind)i;
			return true;
		}
	return false;
}

const char *
survey_state_name(enum survey_state state)
{
	return (size_t)state < COUNT_OF(states) ? states[state] : "unknown";
}

void
survey_list_fini(struct survey_list *list)
{
	free(list->row);
	*list = (struct survey_list){ 0 };
}

void
survey_rows_fini(struct survey_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->row[i].content);
	free(rows->row);
	*rows = (struct survey_rows){ 0 };
}

void
site_record_list_fini(struct site_record_list *list)
{
	free(list->row);
	*list = (struct site_record_list){ 0 };
}

static void
read_survey(struct query *q, void *row)
{
	struct survey *v = row;

	v->id = column_id(q);
	column_text(q, v->balancer, sizeof(v->balancer));
	v->kind = (enum survey_kind)column_name(q, kinds, COUNT_OF(kinds));
	v->state = (enum survey_state)column_name(q, states, COUNT_OF(states));
	column_text(q, v->author, sizeof(v->author));
	v->asked = column_int(q);
	v->ended = column_int(q);
	v->lease = column_int(q);
	v->attempts = column_int(q);
	v->looked = column_int(q);
	v->told = column_int(q);
	column_text(q, v->words, sizeof(v->words));
}

/* ---- asking */

static int
find_open(struct store *s, struct survey *v)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COLUMNS " FROM surveys WHERE balancer=$1 AND kind=$2 AND ended=0");
	int r;

	query_text(&q, 1, v->balancer);
	query_text(&q, 2, survey_kind_name(v->kind));
	r = query_row(&q);
	if (r)
		return r;
	read_survey(&q, v);
	return query_result(&q);
}

/* $3 of the kind stay, those that are open among them. */
#define OLD_ONES                                                                          \
	"(SELECT id FROM surveys WHERE balancer=$1 AND kind=$2 AND ended>0 AND id NOT IN" \
	" (SELECT id FROM surveys WHERE balancer=$1 AND kind=$2 ORDER BY id DESC LIMIT $3))"

static int
forget_old(struct store *s, const struct survey *v)
{
	CLEAN(query_end)
	struct query rows = query(s, "DELETE FROM survey_rows WHERE survey IN " OLD_ONES);
	CLEAN(query_end) struct query q = query(s, "DELETE FROM surveys WHERE id IN " OLD_ONES);
	struct query *const both[] = { &rows, &q };
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(both); i++) {
		query_text(both[i], 1, v->balancer);
		query_text(both[i], 2, survey_kind_name(v->kind));
		query_int(both[i], 3, SURVEYS_KEPT);
		r = query_run(both[i]);
	}
	return r;
}

static int
insert(struct store *s, const struct survey *v)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO surveys (id, balancer, kind, state, author, asked, ended, due, leased_until, worker, attempts, looked, told, result, words)"
	    " VALUES ($1,$2,$3,'waiting',$4,$5,0,$5,0,'',0,0,0,'{}','')");

	query_id(&q, 1, v->id);
	query_text(&q, 2, v->balancer);
	query_text(&q, 3, survey_kind_name(v->kind));
	query_text(&q, 4, v->author);
	query_int(&q, 5, v->asked);
	return query_run(&q);
}

int
store_survey_add(struct store *s, struct survey *v)
{
	CLEAN(detail_fini) struct detail detail = { 0 };
	int r = find_open(s, v);

	if (r != STORE_E_ABSENT)
		return r ? r : STORE_E_ALREADY;
	v->id = db_id(s);
	v->asked = world_now(s->world);
	r = insert(s, v);
	if (r == 0)
		r = forget_old(s, v);
	detail_text(&detail, "balancer", v->balancer);
	detail_text(&detail, "kind", survey_kind_name(v->kind));
	return r ? r : detail_event(&detail, s, "survey.asked", "survey", v->id, ID_NONE);
}

/* ---- reading */

int
store_survey_get(struct store *s, struct id id, struct survey *ret, struct buf *result)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT " COLUMNS ", result FROM surveys WHERE id=$1");
	struct survey v = { 0 };
	int r;

	query_id(&q, 1, id);
	r = query_row(&q);
	if (r)
		return r;
	read_survey(&q, &v);
	if (result)
		column_buf(&q, result);
	r = query_result(&q);
	if (r == 0)
		*ret = v;
	return r;
}

int
store_survey_list(struct store *s, const char *balancer, struct page page, struct survey_list *ret)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "SELECT " COLUMNS " FROM surveys WHERE balancer=$1 AND id>$2 ORDER BY id LIMIT $3");
	struct rows rows;
	int r;

	query_text(&q, 1, balancer);
	query_blob(&q, 2, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 3, (int64_t)list_limit(page.limit) + 1);
	r = list_read(&q, sizeof(struct survey), list_limit(page.limit), read_survey, &rows);
	if (r == 0)
		*ret =
		    (struct survey_list){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

static void
read_row(struct query *q, void *row)
{
	struct survey_row *w = row;

	w->number = column_int(q);
	w->content = column_heap(q);
}

int
store_survey_rows(
    struct store *s, struct id survey, int64_t after, size_t limit, struct survey_rows *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT number, content FROM survey_rows WHERE survey=$1 AND number>$2 ORDER BY number LIMIT $3");
	struct rows rows;
	int r;

	query_id(&q, 1, survey);
	query_int(&q, 2, after);
	query_int(&q, 3, (int64_t)list_limit(limit) + 1);
	r = list_read(&q, sizeof(struct survey_row), list_limit(limit), read_row, &rows);
	if (r == 0)
		*ret =
		    (struct survey_rows){ .row = rows.row, .count = rows.count, .more = rows.more };
	return r;
}

/* ---- the queue */

static int
is_any_due(struct store *s)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT 1 FROM surveys WHERE ended=0 AND due<=$1 LIMIT 1");

	query_int(&q, 1, world_now(s->world));
	return query_row(&q);
}

static int
take(struct store *s, const char *worker, when lease, struct survey *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE surveys SET state='running', due=$1, leased_until=$1, worker=$2, attempts=attempts+1, looked=0, told=0 WHERE id=("
	    "SELECT v.id FROM surveys v WHERE v.ended=0 AND v.due<=$3 AND NOT EXISTS"
	    " (SELECT 1 FROM surveys o WHERE o.balancer=v.balancer AND o.ended=0 AND o.leased_until>$3)"
	    " ORDER BY v.due, v.id LIMIT 1 @claim) RETURNING " COLUMNS);
	when now = world_now(s->world);
	int r;

	query_int(&q, 1, now + lease);
	query_text(&q, 2, worker);
	query_int(&q, 3, now);
	r = query_row(&q);
	if (r)
		return r;
	read_survey(&q, ret);
	r = query_result(&q);
	if (r == 0 && query_row(&q) != STORE_E_ABSENT)
		r = query_result(&q);
	return r;
}

static int
drop_rows(struct store *s, struct id survey)
{
	CLEAN(query_end) struct query q = query(s, "DELETE FROM survey_rows WHERE survey=$1");

	query_id(&q, 1, survey);
	return query_run(&q);
}

/* Asked without the write lock first, as for tasks. */
int
store_survey_claim(struct store *s, const char *worker, when lease, struct survey *ret)
{
	struct survey v = { 0 };
	int r = is_any_due(s);

	if (r == 0)
		r = db_begin_light(s);
	if (r)
		return r;
	r = take(s, worker, lease, &v);
	if (r == 0)
		r = drop_rows(s, v.id);
	if (r == 0)
		r = store_commit(s, "store.survey_claimed");
	store_abandon(s);
	if (r == 0)
		*ret = v;
	return r;
}

int
store_surveys_free(struct store *s, const char *worker)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE surveys SET due=$2, leased_until=0, worker='' WHERE ended=0 AND leased_until>0 AND worker=$1");
	int r = store_begin(s);

	if (r)
		return r;
	query_text(&q, 1, worker);
	query_int(&q, 2, world_now(s->world));
	r = query_run(&q);
	if (r == 0)
		return store_commit(s, "store.surveys_freed");
	query_end(&q);
	store_abandon(s);
	return r;
}

static int
stale_if_absent(int r)
{
	return r == STORE_E_ABSENT ? STORE_E_STALE : r;
}

int
store_survey_hold(struct store *s, struct survey *v, when lease)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "UPDATE surveys SET leased_until=$3, due=$3, looked=$4, told=$5 WHERE " IN_FORCE);
	when until = world_now(s->world) + lease;
	int r;

	query_id(&q, 1, v->id);
	query_int(&q, 2, v->lease);
	query_int(&q, 3, until);
	query_int(&q, 4, v->looked);
	query_int(&q, 5, v->told);
	r = stale_if_absent(query_one(&q));
	if (r == 0)
		v->lease = until;
	return r;
}

int
store_survey_tell(struct store *s, struct survey *v, struct str content)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "INSERT INTO survey_rows (survey, number, content) VALUES ($1,$2,$3)");
	int r;

	query_id(&q, 1, v->id);
	query_int(&q, 2, v->told + 1);
	query_str(&q, 3, content);
	r = query_run(&q);
	if (r == 0)
		v->told++;
	return r;
}

int
store_survey_end(struct store *s, const struct survey *v, enum survey_state state,
    struct str result, const char *words)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE surveys SET state=$3, ended=$4, leased_until=0, worker='', looked=$5, told=$6, result=$7, words=$8 WHERE " IN_FORCE);

	query_id(&q, 1, v->id);
	query_int(&q, 2, v->lease);
	query_text(&q, 3, survey_state_name(state));
	query_int(&q, 4, world_now(s->world));
	query_int(&q, 5, v->looked);
	query_int(&q, 6, v->told);
	query_str(&q, 7, result);
	query_words(&q, 8, words);
	return stale_if_absent(query_one(&q));
}

int
store_survey_postpone(struct store *s, const struct survey *v, const char *words, when again)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE surveys SET state='waiting', due=$3, leased_until=0, worker='', words=$4 WHERE " IN_FORCE);

	query_id(&q, 1, v->id);
	query_int(&q, 2, v->lease);
	query_int(&q, 3, again);
	query_words(&q, 4, words);
	return stale_if_absent(query_one(&q));
}

/* ---- the record */

static void
read_record(struct query *q, void *row)
{
	struct site_record *t = row;

	t->site = column_id(q);
	column_text(q, t->host, sizeof(t->host));
	column_text(q, t->address, sizeof(t->address));
	column_text(q, t->backend, sizeof(t->backend));
	t->certificate = column_id(q);
	if (id_is_none(t->certificate))
		(void)column_str(q);
	else
		column_bytes(q, t->sha256, sizeof(t->sha256));
	t->under_way = column_bool(q);
}

int
store_site_records(
    struct store *s, const char *balancer, struct page page, struct site_record_list *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT t.id, t.host, COALESCE(a.address,''), v.backend, c.id, c.sha256, EXISTS (SELECT 1 FROM orders o JOIN tasks k ON k.order_id=o.id"
	    " WHERE o.site=t.id AND k.kind IN ('install','refresh','withdraw'))"
	    " FROM sites t JOIN services v ON v.id=t.service LEFT JOIN addresses a ON a.id=t.address LEFT JOIN certificates c ON c.id=("
	    "SELECT i.certificate FROM certificates had JOIN installations i ON i.certificate=had.id AND i.balancer=$1"
	    " JOIN orders o ON o.id=i.order_id WHERE had.site=t.id AND i.state='verified' AND o.fact_retired=0"
	    " ORDER BY i.changed DESC, i.id DESC LIMIT 1)"
	    " WHERE t.balancer=$1 AND t.retired=0 AND t.id>$2 ORDER BY t.id LIMIT $3");
	struct rows rows;
	int r;

	query_text(&q, 1, balancer);
	query_blob(&q, 2, str_bytes(page.after.b, sizeof(page.after.b)));
	query_int(&q, 3, (int64_t)list_limit(page.limit) + 1);
	r = list_read(&q, sizeof(struct site_record), list_limit(page.limit), read_record, &rows);
	if (r == 0)
		*ret = (struct site_record_list){
			.row = rows.row, .count = rows.count, .more = rows.more
		};
	return r;
}

int
store_certificates_of_site(
    struct store *s, struct id site, struct id *to, size_t max, size_t *ret_count)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT id FROM certificates WHERE site=$1 ORDER BY id DESC LIMIT $2");
	size_t count = 0;
	int r;

	query_id(&q, 1, site);
	query_int(&q, 2, (int64_t)max);
	while (count < max && query_row(&q) == 0)
		to[count++] = column_id(&q);
	r = query_result(&q);
	if (r == 0)
		*ret_count = count;
	return r;
}
