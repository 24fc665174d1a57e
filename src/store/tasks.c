/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tasks.h"

#include <errno.h>

#include "store/db.h"

/* A task that waits for a human has no due time of its own: it is as late as can be. */
#define NEVER INT64_MAX
/* Until what was due for nobody (taken by another, or a withdrawal that must wait) is asked for
 * again. */
#define LOOK_AGAIN MILLIS(20)

#define COLUMNS "id, order_id, kind, due, leased_until, attempts, outcome, words, created"

static const char *const outcomes[] = { "done", "later", "refused", "human" };

/* How many there are is kept with each change: there is a task for every live order, which nobody
 * wants to count. */
static int
count_tasks(struct store *s, int64_t change)
{
	CLEAN(query_end)
	struct query q = query(s, "UPDATE counters SET value=value+$1 WHERE name='task'");

	if (change == 0)
		return 0;
	query_int(&q, 1, change);
	return error_fold(query_one(&q));
}

/* A task that somebody is at is not given to a second one; that it was asked for meanwhile is noted
 * in `again`. */
static int
put_task(struct store *s, struct id order, enum task_kind kind, when due, bool *ret_new)
{
	struct id id = db_id(s);
	CLEAN(query_end)
	struct query q = query(s,
	    "INSERT INTO tasks (id, order_id, kind, due, leased_until, again, worker, attempts, outcome, words, created)"
	    " VALUES ($1,$2,$3,$4,0,0,'',0,'done','',$5) ON CONFLICT (order_id, kind) DO UPDATE SET"
	    " due=CASE WHEN tasks.leased_until<=$5 AND excluded.due<tasks.due THEN excluded.due ELSE tasks.due END,"
	    " again=CASE WHEN tasks.leased_until>$5 AND (tasks.again=0 OR excluded.due<tasks.again) THEN excluded.due ELSE tasks.again END"
	    " RETURNING id");
	int r;

	query_id(&q, 1, id);
	query_id(&q, 2, order);
	query_text(&q, 3, task_kind_name(kind));
	query_int(&q, 4, due);
	query_int(&q, 5, world_now(s->world));
	r = query_row(&q);
	if (r)
		return error_fold(r);
	*ret_new = id_eq(column_id(&q), id);
	r = query_result(&q);
	return r ? r : query_run(&q);
}

int
store_task_add(struct store *s, struct id order, enum task_kind kind, when due)
{
	bool new;
	int r = put_task(s, order, kind, due, &new);

	return r ? r : count_tasks(s, new ? 1 : 0);
}

static void
read_task(struct query *q, struct task *t)
{
	char kind[32];

	t->id = column_id(q);
	t->order = column_id(q);
	column_text(q, kind, sizeof(kind));
	t->due = column_int(q);
	t->lease = column_int(q);
	t->attempts = column_int(q);
	t->outcome = (enum outcome_kind)column_name(q, outcomes, COUNT_OF(outcomes));
	column_text(q, t->words, sizeof(t->words));
	t->created = column_int(q);
	if (!task_kind_parse(str_of(kind), &t->kind))
		q->error = error_origin(EBADMSG);
}

/* A lease moves the due time to its end: claimed tasks are not due, one index answers "what is
 * next", and a lease that runs out makes its task due by itself. */
static int
take(struct store *s, const char *worker, when lease, struct task *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE tasks SET due=$1, leased_until=$1, again=0, worker=$2, attempts=attempts+1 WHERE id=("
	    "SELECT t.id FROM tasks t WHERE t.due<=$3 AND (t.kind<>'withdraw' OR NOT EXISTS"
	    " (SELECT 1 FROM tasks o WHERE o.order_id=t.order_id AND o.leased_until>$3))"
	    " ORDER BY t.due, t.id LIMIT 1 @claim) RETURNING " COLUMNS);
	struct task t = { 0 };
	when now = world_now(s->world);
	int r;

	query_int(&q, 1, now + lease);
	query_text(&q, 2, worker);
	query_int(&q, 3, now);
	r = query_row(&q);
	if (r)
		return r;
	read_task(&q, &t);
	r = query_result(&q);
	if (r == 0 && query_row(&q) == STORE_E_ABSENT)
		*ret = t;
	return r ? r : query_result(&q);
}

#define INSTALLS "('install','refresh','purge')"
#define OF_A_BALANCER \
	" AND EXISTS (SELECT 1 FROM orders o JOIN sites s ON s.id=o.site WHERE o.id=t.order_id AND s.balancer="

/* The rows of a claim. */
static int
read_claim(struct query *q, struct task *ret, size_t max, size_t *ret_count)
{
	size_t count = 0;
	int r = 0;

	while (r == 0 && count < max && (r = query_row(q)) == 0)
		read_task(q, &ret[count++]);
	if (r == 0 || r == STORE_E_ABSENT)
		r = query_result(q);
	*ret_count = count;
	return r;
}

static int
take_for(struct store *s, const char *worker, when lease, const char *balancer, struct task *ret,
    size_t max, size_t *ret_count)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE tasks SET due=$1, leased_until=$1, again=0, worker=$2, attempts=attempts+1 WHERE id IN ("
	    "SELECT t.id FROM tasks t WHERE t.due<=$3 AND t.kind IN " INSTALLS OF_A_BALANCER
	    "$4) ORDER BY t.due, t.id LIMIT $5 @claim) RETURNING " COLUMNS);
	when now = world_now(s->world);

	query_int(&q, 1, now + lease);
	query_text(&q, 2, worker);
	query_int(&q, 3, now);
	query_text(&q, 4, balancer);
	query_int(&q, 5, (int64_t)max);
	return read_claim(&q, ret, max, ret_count);
}

/* The lease of another may end before `until`. */
static int
take_swept(struct store *s, const char *worker, when lease, when until, struct task *ret,
    size_t max, size_t *ret_count)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE tasks SET due=$1, leased_until=$1, again=0, worker=$2, attempts=attempts+1 WHERE id IN ("
	    "SELECT t.id FROM tasks t WHERE t.due<=$3 AND t.leased_until<=$4 AND t.kind='dns'"
	    " AND EXISTS (SELECT 1 FROM orders o WHERE o.id=t.order_id AND o.fact_confirmed>0 AND o.fact_pointed>0"
	    " AND o.fact_superseded=0 AND o.fact_retired=0 AND o.dns_looks%$5<>0)"
	    " ORDER BY t.due, t.id LIMIT $6 @claim) RETURNING " COLUMNS);
	when now = world_now(s->world);

	query_int(&q, 1, now + lease);
	query_text(&q, 2, worker);
	query_int(&q, 3, until);
	query_int(&q, 4, now);
	query_int(&q, 5, ORDER_FULL_LOOK);
	query_int(&q, 6, (int64_t)max);
	return read_claim(&q, ret, max, ret_count);
}

/* The end of the transaction of a claim. */
static int
end_claim(struct store *s, int r, size_t *ret_count)
{
	if (r == 0 && *ret_count > 0)
		r = store_commit(s, "store.claimed");
	store_abandon(s);
	if (r)
		*ret_count = 0;
	return r;
}

int
store_tasks_claim_for(struct store *s, const char *worker, when lease, const char *balancer,
    struct task *ret, size_t max, size_t *ret_count)
{
	int r = db_begin_light(s);

	*ret_count = 0;
	if (r)
		return r;
	r = take_for(s, worker, lease, balancer, ret, max, ret_count);
	return end_claim(s, r, ret_count);
}

int
store_tasks_claim_swept(struct store *s, const char *worker, when lease, when until,
    struct task *ret, size_t max, size_t *ret_count)
{
	int r = db_begin_light(s);

	*ret_count = 0;
	if (r)
		return r;
	r = take_swept(s, worker, lease, until, ret, max, ret_count);
	return end_claim(s, r, ret_count);
}

static int
keep(struct store *s, const struct task *task, when until)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "UPDATE tasks SET due=$1, leased_until=$1 WHERE id=$2 AND leased_until=$3");

	query_int(&q, 1, until);
	query_id(&q, 2, task->id);
	query_int(&q, 3, task->lease);
	return query_one(&q);
}

/* Who lost one keeps the others. */
int
store_tasks_keep(struct store *s, struct task *const *tasks, size_t count, when lease)
{
	when until = world_now(s->world) + lease;
	int r = db_begin_light(s);

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = keep(s, tasks[i], until);
		if (r == STORE_E_ABSENT)
			r = 0;
	}
	if (r == 0)
		r = store_commit(s, "store.claimed");
	store_abandon(s);
	for (size_t i = 0; r == 0 && i < count; i++)
		tasks[i]->lease = until;
	return r;
}

int
store_task_put_back(struct store *s, struct id task, const char *balancer, when again)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE tasks SET due=CASE WHEN again>0 AND again<$2 THEN again ELSE $2 END, again=0, leased_until=0, worker='',"
	    " attempts=attempts-1 WHERE id=$1");
	CLEAN(query_end)
	struct query others = query(s,
	    "UPDATE tasks SET due=$1 WHERE id IN (SELECT t.id FROM tasks t WHERE t.due<=$2 AND t.kind IN " INSTALLS
		OF_A_BALANCER "$3) @claim)");
	int r;

	query_id(&q, 1, task);
	query_int(&q, 2, again);
	r = query_run(&q);
	if (r || !balancer[0])
		return r;
	query_int(&others, 1, again);
	query_int(&others, 2, world_now(s->world));
	query_text(&others, 3, balancer);
	return query_run(&others);
}

static int
next_due(struct store *s, when *ret)
{
	CLEAN(query_end) struct query q = query(s, "SELECT due FROM tasks ORDER BY due LIMIT 1");
	int r = query_row(&q);

	*ret = 0;
	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	*ret = column_int(&q);
	if (*ret == NEVER)
		*ret = 0;
	return query_result(&q);
}

/* Asked without the write lock first: an idle worker must not stand in anybody's way. */
int
store_task_claim(struct store *s, const char *worker, when lease, struct task *ret, when *ret_next)
{
	int r = next_due(s, ret_next);

	if (r)
		return r;
	if (*ret_next == 0 || *ret_next > world_now(s->world))
		return STORE_E_ABSENT;
	r = db_begin_light(s);
	if (r)
		return r;
	r = take(s, worker, lease, ret);
	if (r == 0)
		return store_commit(s, "store.claimed");
	store_abandon(s);
	if (r == STORE_E_ABSENT)
		*ret_next = world_now(s->world) + LOOK_AGAIN;
	return r;
}

int
store_task_held(struct store *s, const struct task *task)
{
	CLEAN(query_end)
	struct query q = query(s, "SELECT 1 FROM tasks WHERE id=$1 AND leased_until=$2");
	int r;

	query_id(&q, 1, task->id);
	query_int(&q, 2, task->lease);
	r = query_row(&q);
	return r == STORE_E_ABSENT ? STORE_E_STALE : r;
}

int
store_task_done(struct store *s, struct id task)
{
	CLEAN(query_end) struct query q = query(s, "DELETE FROM tasks WHERE id=$1");
	CLEAN(query_end)
	struct query again = query(s,
	    "UPDATE tasks SET due=again, again=0, leased_until=0, worker='', attempts=0 WHERE id=$1 AND again>0");
	int r;

	query_id(&again, 1, task);
	r = query_one(&again);
	if (r != STORE_E_ABSENT)
		return r;
	query_id(&q, 1, task);
	r = query_run(&q);
	return r ? r : count_tasks(s, -query_changes(&q));
}

int
store_task_postpone(struct store *s, struct id task, const struct outcome *outcome, when again)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE tasks SET due=CASE WHEN again>0 AND again<$2 THEN again ELSE $2 END, again=0, leased_until=0, worker='', outcome=$3,"
	    " words=$4 WHERE id=$1");

	query_id(&q, 1, task);
	query_int(
	    &q, 2, outcome->kind == OUTCOME_LATER || outcome->kind == OUTCOME_DONE ? again : NEVER);
	query_text(&q, 3, outcome_name(outcome->kind));
	query_words(&q, 4, outcome->words);
	return query_run(&q);
}

int
store_tasks_of_order(
    struct store *s, struct id order, struct task *to, size_t max, size_t *ret_count)
{
	CLEAN(query_end)
	struct query q =
	    query(s, "SELECT " COLUMNS " FROM tasks WHERE order_id=$1 ORDER BY due LIMIT $2");
	size_t count = 0;
	int r;

	query_id(&q, 1, order);
	query_int(&q, 2, (int64_t)max);
	while (count < max && query_row(&q) == 0)
		read_task(&q, &to[count++]);
	r = query_result(&q);
	if (r == 0)
		*ret_count = count;
	return r;
}

int
store_tasks_drop(struct store *s, struct id order)
{
	CLEAN(query_end)
	struct query q = query(
	    s, "DELETE FROM tasks WHERE order_id=$1 AND kind<>'withdraw' AND leased_until<=$2");
	int r;

	query_id(&q, 1, order);
	query_int(&q, 2, world_now(s->world));
	r = query_run(&q);
	return r ? r : count_tasks(s, -query_changes(&q));
}

int
store_tasks_free(struct store *s, const char *worker)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "UPDATE tasks SET due=$2, leased_until=0, worker='' WHERE leased_until>0 AND worker=$1");
	int r = store_begin(s);

	if (r)
		return r;
	query_text(&q, 1, worker);
	query_int(&q, 2, world_now(s->world));
	r = query_run(&q);
	if (r == 0)
		return store_commit(s, "store.leases_freed");
	query_end(&q);
	store_abandon(s);
	return r;
}

/* A lease that ran out is due; each part is a range of an index, as long as what it counts. */
int
store_queue_depth(struct store *s, struct queue_depth *ret)
{
	CLEAN(query_end)
	struct query q = query(s,
	    "SELECT (SELECT COUNT(*) FROM tasks WHERE due<=$1), (SELECT COUNT(*) FROM tasks WHERE leased_until>0 AND leased_until>$1),"
	    " (SELECT COUNT(*) FROM tasks WHERE due=$2), value FROM counters WHERE name='task'");
	struct queue_depth d = { 0 };
	int r;

	query_int(&q, 1, world_now(s->world));
	query_int(&q, 2, NEVER);
	r = query_row(&q);
	if (r)
		return error_fold(r);
	d.due = column_int(&q);
	d.leased = column_int(&q);
	d.stuck = column_int(&q);
	d.later = column_int(&q) - d.due - d.leased - d.stuck;
	r = query_result(&q);
	if (r == 0)
		*ret = d;
	return r;
}
