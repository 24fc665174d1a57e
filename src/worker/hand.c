/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "sys/log.h"
#include "worker/survey.h"

#define IDLE_MOST SECONDS(1) /* other nodes queue tasks without waking us */

/* clang-format off */
static step_fn *const steps[] = {
	[TASK_CHECK] = step_check,
	[TASK_QUESTION] = step_question,
	[TASK_KEY] = step_key,
	[TASK_ASK] = step_ask,
	[TASK_DNS] = step_dns,
	[TASK_FETCH] = step_fetch,
	[TASK_ANSWER] = step_answer,
	[TASK_INSTALL] = step_install,
	[TASK_TEST_ADDRESS] = step_test_address,
	[TASK_ASK_DNS] = step_ask_dns,
	[TASK_TEST_NAME] = step_test_name,
	[TASK_TELL] = step_tell,
	[TASK_REFRESH] = step_refresh,
	[TASK_PURGE] = step_purge,
	[TASK_WATCH] = step_watch,
	[TASK_WITHDRAW] = step_withdraw,
	[TASK_RELEASE] = step_release,
};
static_assert(COUNT_OF(steps) == TASK_KIND_MAX, "a step for each kind of task");

/* Seconds until a task is tried again, after its first, second … attempt; the last goes on for ever. */
static const int retries[] = { 1, 5, 15, 60, 300, 900, 3600 };
/* clang-format on */

int
hand_begin(struct hand *hand)
{
	int r = store_begin(hand->store);

	return r ? r : store_task_held(hand->store, hand->task);
}

int
hand_finish_at(struct hand *hand, const struct task *task, enum order_event event,
    const char *detail, const char *before, const char *after)
{
	int r = store_task_done(hand->store, task->id);

	if (r)
		return r;
	if (event != EVENT_MAX) {
		r = store_order_event(hand->store, task->order, event, detail);
		if (r && r != STORE_E_ALREADY)
			return r;
	}
	return store_commit_at(hand->store, before, after);
}

static when
try_again_at(const struct hand *hand, const struct task *task, const struct outcome *what)
{
	size_t step = task->attempts < 1 ? 0 : (size_t)(task->attempts - 1);

	if (what->again)
		return what->again;
	if (step >= COUNT_OF(retries))
		step = COUNT_OF(retries) - 1;
	return world_now(hand->worker->world) + SECONDS(retries[step]);
}

/* Stays in the queue with the words of what happened; the order shows them as its trouble. */
static int
postpone(struct hand *hand, const struct task *task, const struct outcome *what)
{
	int r = hand_begin(hand);

	if (r)
		return r;
	r = store_task_postpone(hand->store, task->id, what, try_again_at(hand, task, what));
	if (r)
		return r;
	if (what->words[0]) {
		r = store_order_trouble(hand->store, task->order, what->words);
		if (r)
			return r;
	}
	return store_commit(hand->store, "worker.postponed");
}

int
hand_put_back(struct hand *hand, const struct task *task, const char *balancer, when again)
{
	int r = hand_begin(hand);

	if (r == 0)
		r = store_task_put_back(hand->store, task->id, balancer, again);
	if (r == 0)
		r = store_commit(hand->store, "worker.postponed");
	hand->put_back = r == 0;
	return r;
}

/* A human must look: the order rests until somebody says go on, which queues its tasks anew. One
 * that has ended cannot rest; what it still has to give back is tried again by itself. */
static int
set_aside(struct hand *hand, const struct task *task, const struct outcome *what)
{
	struct outcome later = *what;
	int r = hand_begin(hand);

	if (r)
		return r;
	r = store_order_trouble(hand->store, task->order, what->words);
	if (r)
		return r;
	r = hand_finish(hand, task, EVENT_STUCK, "", "worker.stuck");
	if (r != STORE_E_NOT_NOW)
		return r;
	store_abandon(hand->store);
	later.kind = OUTCOME_LATER;
	return postpone(hand, task, &later);
}

static int
drop(struct hand *hand, const struct task *task)
{
	int r = hand_begin(hand);

	if (r)
		return r;
	r = store_task_done(hand->store, task->id);
	if (r)
		return r;
	return store_commit(hand->store, "worker.dropped");
}

/* The facts may have moved on since the task was queued. */
static bool
still_follows(const struct order *order, enum task_kind kind, when now)
{
	struct due due[TASK_KIND_MAX];
	size_t count = order_next(&order->facts, now, due);

	for (size_t i = 0; i < count; i++)
		if (due[i].kind == kind)
			return true;
	return false;
}

static int
settle_outcome(struct hand *hand, const struct task *task, const struct outcome *what)
{
	switch (what->kind) {
	case OUTCOME_DONE:
		atomic_fetch_add(&hand->worker->done, 1);
		return 0;
	case OUTCOME_LATER:
		atomic_fetch_add(&hand->worker->postponed, 1);
		return postpone(hand, task, what);
	case OUTCOME_REFUSED:
	case OUTCOME_HUMAN:
	case OUTCOME_MAX:
		break;
	}
	return set_aside(hand, task, what);
}

static void
log_step(const struct task *task, const struct order *order, const struct outcome *what, when took)
{
	enum log_level level = what->kind == OUTCOME_DONE ? LOG_NOTICE : LOG_WARNING;

	LOG(level, "task", LOG_TEXT("kind", task_kind_name(task->kind)),
	    LOG_TEXT("outcome", outcome_name(what->kind)), LOG_NUMBER("order", order->number),
	    LOG_TEXT("host", order->host), LOG_NUMBER("attempt", task->attempts),
	    LOG_NUMBER("micros", took), LOG_TEXT("words", what->words));
}

int
hand_order(struct hand *hand, const struct task *task, struct order *ret, bool *ret_follows)
{
	int r = store_order_get(hand->store, task->order, ret);

	*ret_follows = false;
	if (r)
		return error_fold(r);
	*ret_follows = still_follows(ret, task->kind, world_now(hand->worker->world));
	return *ret_follows ? 0 : drop(hand, task);
}

int
hand_end(struct hand *hand, const struct task *task, const struct order *order, int r,
    struct outcome *what, when took)
{
	bool put_back = hand->put_back;

	hand->put_back = false;
	store_abandon(hand->store);
	if (put_back)
		return r;
	if (r == STORE_E_NOT_NOW) /* the order went on, or ended, while we were at it */
		r = drop(hand, task);
	else if (r == 0)
		r = settle_outcome(hand, task, what);
	store_abandon(hand->store);
	if (r == STORE_E_STALE)
		outcome_set(what, OUTCOME_LATER, "Somebody else took the task over.");
	log_step(task, order, what, took);
	return r == STORE_E_STALE ? 0 : r;
}

static int
work_on(struct hand *hand, const struct task *task)
{
	struct outcome what = { .kind = OUTCOME_DONE };
	when start = world_ticks();
	struct order order;
	bool follows;
	int r = hand_order(hand, task, &order, &follows);

	if (r || !follows)
		return r;
	r = steps[task->kind](hand, task, &order, &what);
	return hand_end(hand, task, &order, r, &what, world_ticks() - start);
}

/* A fault of this machine: the store could not be written, or a step broke. The lease is given back
 * if the store can be written again; if not, it runs out. */
void
hand_fault(struct hand *hand, const struct task *task, int fault)
{
	struct outcome what;

	LOG(LOG_ERROR, "task.fault", LOG_TEXT("kind", task_kind_name(task->kind)),
	    LOG_ID("order", task->order), LOG_NUMBER("error", fault),
	    LOG_TEXT("words", error_words(fault)));
	outcome_set(&what, OUTCOME_LATER, "A fault on our side: %s.",
	    fault == STORE_E_FULL ? "the disk is full" : error_words(fault));
	if (postpone(hand, task, &what) != 0)
		store_abandon(hand->store);
}

static void
rest(struct worker *worker, uint64_t seen, when until)
{
	when now = world_now(worker->world), wait = until > now ? until - now : 0;
	struct timespec deadline;

	if (until == 0 || wait > IDLE_MOST)
		wait = IDLE_MOST;
	wait += now;
	deadline =
	    (struct timespec){ .tv_sec = wait / SECONDS(1), .tv_nsec = wait % SECONDS(1) * 1000 };
	pthread_mutex_lock(&worker->lock);
	while (worker->woken == seen && !atomic_load(&worker->stop))
		if (pthread_cond_timedwait(&worker->wake, &worker->lock, &deadline) == ETIMEDOUT)
			break;
	pthread_mutex_unlock(&worker->lock);
}

static uint64_t
wakes_seen(struct worker *worker)
{
	uint64_t seen;

	pthread_mutex_lock(&worker->lock);
	seen = worker->woken;
	pthread_mutex_unlock(&worker->lock);
	return seen;
}

void *
hand_serve(void *arg)
{
	struct hand *hand = arg;
	struct worker *worker = hand->worker;

	while (!atomic_load(&worker->stop)) {
		uint64_t seen = wakes_seen(worker);
		struct task task;
		when next = 0;
		int r;

		if (survey_serve(hand))
			continue;
		r = store_task_claim(hand->store, hand->name, HAND_LEASE, &task, &next);
		if (r == 0) {
			hand->task = &task;
			r = work_on(hand, &task);
			if (r && r != STORE_E_STALE)
				hand_fault(hand, &task, r);
		} else {
			if (r != STORE_E_ABSENT)
				LOG(LOG_ERROR, "queue.fault", LOG_NUMBER("error", r),
				    LOG_TEXT("words", error_words(r)));
			rest(worker, seen, next);
		}
	}
	return NULL;
}

int
hand_load(
    struct hand *hand, const struct order *order, struct subject_matter *ret, struct outcome *what)
{
	struct name_report report;
	int r = store_site_get(hand->store, order->site, &ret->site);

	if (r)
		return error_fold(r);
	r = store_service_get(hand->store, order->service, &ret->service);
	if (r)
		return error_fold(r);
	if (host_name_parse(str_of(ret->site.host), &ret->name, &report) != 0)
		return error_origin(-EINVAL);
	if (!addr_parse(str_of(ret->site.address_text), &ret->address)) {
		outcome_set(
		    what, OUTCOME_HUMAN, "The site %s has no address reserved.", ret->site.host);
		return 1;
	}
	ret->balancer = config_balancer(hand->worker->config, ret->site.balancer);
	if (!ret->balancer) {
		outcome_set(what, OUTCOME_HUMAN,
		    "The balancer \"%s\" of %s is not in the configuration.", ret->site.balancer,
		    ret->site.host);
		return 1;
	}
	return 0;
}
