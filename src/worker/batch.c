/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/batch.h"

#include <stdlib.h>

#include "balancer/plan.h"
#include "base/error.h"
#include "worker/plan_keep.h"

#define MOST       50
#define PLACES     (MOST + HAND_GUESTS_MAX)
#define KEEP_AFTER (HAND_LEASE / 4)
/* A hand that finds a balancer taken does not stand in line: it puts the task back, for a time that
 * grows with how long the balancer is taken already. */
#define BACK_LEAST MILLIS(50)
#define BACK_MOST  SECONDS(5)
#define BACK_HANDS MILLIS(500) /* it is free, but too many hands are elsewhere */
/* Of the hands; the others are for mail, DNS and people. At those that could not be reached the last
 * time fewer: each of them takes a hand for as long as it does not answer. */
#define AT_MOST(hands)     ((hands) - (hands) / 4)
#define AILING_MOST(hands) ((hands) / 4)

struct batch {
	struct hand *hand;
	struct job job;
	struct task task[PLACES]; /* of the others */
	struct ride *ride[PLACES];
	size_t count;
	when began, kept; /* the leases; in ticks */
};

static struct ride *
ride_free(struct ride *ride)
{
	if (!ride)
		return NULL;
	ride_fini(ride);
	free(ride);
	return NULL;
}
CLEAN_DEFINE(ride_free, struct ride *);

static struct batch *
batch_free(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		ride_free(batch->ride[i]);
	free(batch);
	return NULL;
}
CLEAN_DEFINE(batch_free, struct batch *);

static struct ride *
ride_new(struct task *task)
{
	struct ride *ride = alloc_zero(sizeof(*ride));

	ride_init(ride, task);
	return ride;
}

/* ---- who may begin */

static size_t
count_taken(const struct worker *worker, bool ailing_alone)
{
	size_t count = 0;

	for (size_t i = 0; i < worker->config->balancer_count; i++)
		count += worker->posts[i].since > 0 && (!ailing_alone || worker->posts[i].ailing);
	return count;
}

static bool
is_one_too_many(size_t count, size_t most)
{
	return count > 0 && count >= most;
}

static when
back_after(when taken)
{
	when wait = taken / 4;

	return wait < BACK_LEAST ? BACK_LEAST : wait > BACK_MOST ? BACK_MOST : wait;
}

static struct post *
post_of(struct worker *worker, const struct config_balancer *balancer)
{
	return &worker->posts[balancer - worker->config->balancers];
}

static bool
try_to_enter(struct worker *worker, const struct config_balancer *balancer, when *ret_wait)
{
	struct post *post = post_of(worker, balancer);
	size_t hands = (size_t)worker->config->worker_threads;
	bool entered;

	pthread_mutex_lock(&worker->lock);
	entered = post->since == 0 && !is_one_too_many(count_taken(worker, false), AT_MOST(hands));
	if (post->ailing && is_one_too_many(count_taken(worker, true), AILING_MOST(hands)))
		entered = false;
	*ret_wait = post->since ? back_after(world_ticks() - post->since) : BACK_HANDS;
	if (entered)
		post->since = world_ticks();
	pthread_mutex_unlock(&worker->lock);
	return entered;
}

int
batch_enter(struct hand *hand, const struct config_balancer *balancer, bool *ret_entered)
{
	when wait;

	*ret_entered = try_to_enter(hand->worker, balancer, &wait);
	return *ret_entered ? 0
	                    : hand_put_back(hand, hand->task, balancer->name,
				  world_now(hand->worker->world) + wait);
}

void
batch_leave(struct hand *hand, const struct config_balancer *balancer, int r)
{
	struct worker *worker = hand->worker;
	struct post *post = post_of(worker, balancer);

	pthread_mutex_lock(&worker->lock);
	*post = (struct post){ .ailing = r == BALANCER_E_UNREACHABLE || r == BALANCER_E_AMBIGUOUS };
	pthread_mutex_unlock(&worker->lock);
}

/* Hands that are woken together claim one task each: who is a moment late gives his to the one who was
 * first, with the lease that it has. */
static bool
join(struct hand *hand, const struct config_balancer *balancer)
{
	struct post *post = post_of(hand->worker, balancer);
	bool joined;

	pthread_mutex_lock(&hand->worker->lock);
	joined = post->gathers && post->guest_count < HAND_GUESTS_MAX;
	if (joined)
		post->guest[post->guest_count++] = *hand->task;
	pthread_mutex_unlock(&hand->worker->lock);
	hand->put_back = joined; /* it is ended elsewhere */
	return joined;
}

static void
open_to_guests(struct hand *hand, const struct config_balancer *balancer)
{
	pthread_mutex_lock(&hand->worker->lock);
	post_of(hand->worker, balancer)->gathers = true;
	pthread_mutex_unlock(&hand->worker->lock);
}

/* And no further ones. */
static size_t
take_guests(struct hand *hand, const struct config_balancer *balancer, struct task *to)
{
	struct post *post = post_of(hand->worker, balancer);
	size_t count;

	pthread_mutex_lock(&hand->worker->lock);
	count = post->guest_count;
	for (size_t i = 0; i < count; i++)
		to[i] = post->guest[i];
	post->gathers = false;
	post->guest_count = 0;
	pthread_mutex_unlock(&hand->worker->lock);
	return count;
}

static int
look_ahead(struct hand *hand, const struct ride *ride, struct plan *ret)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	struct job job = { .hand = hand, .balancer = ride->matter.balancer };
	const struct pourer pourer = job_pourer(&job);
	struct outcome aside = { 0 };
	struct observation seen;
	int r = job_open(&job, &pourer, &b, &aside);

	return r ? r : balancer_plan(b, &ride->load.bundle, &seen, ret, &aside);
}

int
batch_foresee(struct hand *hand, struct ride *ride)
{
	const struct config_balancer *balancer = ride->matter.balancer;
	struct plan plan;
	when wait;
	int r;

	if (!ride->along && !try_to_enter(hand->worker, balancer, &wait))
		return 0;
	r = look_ahead(hand, ride, &plan);
	if (!ride->along)
		batch_leave(hand, balancer, r);
	if (r)
		return r > 0 ? 0 : r;
	return plan_keep(hand, ride->order.id, &plan);
}

/* ---- who goes along */

static bool
has_site(const struct batch *batch, struct id site)
{
	for (size_t i = 0; i < batch->count; i++)
		if (id_eq(batch->ride[i]->order.site, site))
			return true;
	return false;
}

/* Ends the step of one of the others, as the hand does its own's. */
static void
end_other(struct batch *batch, struct ride *ride, int r)
{
	struct hand *hand = batch->hand;

	hand->task = ride->task;
	r = hand_end(hand, ride->task, &ride->order, r, &ride->what, world_ticks() - batch->began);
	if (r)
		hand_fault(hand, ride->task, r);
}

/* Two orders of a site would change the same profile: the second one waits for the first. */
static int
take_along(struct batch *batch, struct task *task)
{
	CLEAN(ride_free) struct ride *ride = ride_new(task);
	struct hand *hand = batch->hand;
	bool follows;
	int r;

	hand->task = task;
	r = hand_order(hand, task, &ride->order, &follows);
	if (r || !follows)
		return r;
	if (has_site(batch, ride->order.site)) {
		r = hand_put_back(hand, task, "", world_now(hand->worker->world) + BACK_LEAST);
		hand->put_back = false; /* it is not the task of this step */
		return r;
	}
	ride->along = true;
	r = ride_load(hand, ride);
	if (r || ride->waits || ride->what.kind != OUTCOME_DONE)
		end_other(batch, ride, r);
	else
		batch->ride[batch->count++] = TAKE(ride);
	return 0;
}

static void
take_all(struct batch *batch, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int fault = take_along(batch, &batch->task[i]);

		if (fault && fault != STORE_E_STALE)
			hand_fault(batch->hand, &batch->task[i], fault);
	}
}

/* What could be claimed goes along whatever becomes of the claim of the rest. */
static int
gather(struct batch *batch)
{
	const struct config_balancer *balancer = batch->job.balancer;
	struct hand *hand = batch->hand;
	struct task *own = hand->task;
	size_t count;
	int r = store_tasks_claim_for(
	    hand->store, hand->name, HAND_LEASE, balancer->name, batch->task, MOST - 1, &count);

	count += take_guests(hand, balancer, batch->task + count);
	take_all(batch, count);
	hand->task = own;
	return r;
}

/* ---- together */

static int
verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	return self->pourer->look(self->pourer, bundle, what);
}

/* The bundle is a ride's. */
static struct ride *
ride_of(const struct bundle *bundle)
{
	return (struct ride *)((uintptr_t)bundle - offsetof(struct ride, load.bundle));
}

static int
planned(const struct installer *self, const struct bundle *bundle, const struct plan *plan,
    struct outcome *what)
{
	struct batch *batch = self->context;
	struct hand *hand = batch->hand;
	struct ride *ride = ride_of(bundle);
	struct task *own = hand->task;

	hand->task = ride->task;
	ride->fault = plan_keep(hand, ride->order.id, plan);
	hand->task = own;
	if (ride->fault)
		outcome_set(what, OUTCOME_LATER, "The plan could not be kept.");
	return ride->fault ? BALANCER_E_BUSY : 0;
}

/* A lease that could not be kept runs out, and what it was for is not committed. */
static void
keep_leases(struct batch *batch)
{
	struct task *tasks[PLACES];

	for (size_t i = 0; i < batch->count; i++)
		tasks[i] = batch->ride[i]->task;
	if (store_tasks_keep(batch->hand->store, tasks, batch->count, HAND_LEASE) != 0)
		store_abandon(batch->hand->store);
}

static bool
still(const struct installer *self)
{
	struct batch *batch = self->context;

	if (world_ticks() - batch->kept >= KEEP_AFTER) {
		batch->kept = world_ticks();
		keep_leases(batch);
	}
	return !atomic_load(&batch->hand->worker->stop);
}

static void
plan_all(struct batch *batch)
{
	struct hand *hand = batch->hand;
	struct task *own = hand->task;

	for (size_t i = 0; i < batch->count; i++) {
		struct ride *ride = batch->ride[i];

		if (ride->purges)
			continue;
		hand->task = ride->task;
		ride->result = ride_plan(hand, ride);
		store_abandon(hand->store);
	}
	hand->task = own;
}

typedef void visit_fn(struct balancer *b, const struct installer *installer,
    struct install_item *items, size_t count);

/* With those that purge, or with the others. */
static void
with_those(struct batch *batch, struct balancer *b, const struct pourer *pourer, bool that_purge,
    visit_fn *call)
{
	const struct installer installer = { .pourer = pourer,
		.planned = planned,
		.verify = verify,
		.still = still,
		.context = batch };
	struct install_item items[PLACES];
	struct ride *rides[PLACES];
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->ride[i]->result == 0 && batch->ride[i]->purges == that_purge) {
			rides[count] = batch->ride[i];
			items[count++] = (struct install_item){
				.bundle = &batch->ride[i]->load.bundle,
				.what = batch->ride[i]->what,
			};
		}
	call(b, &installer, items, count);
	for (size_t i = 0; i < count; i++) {
		rides[i]->result = rides[i]->fault ? rides[i]->fault : items[i].result;
		rides[i]->what = items[i].what;
		rides[i]->installed = rides[i]->fault == 0;
	}
}

/* Whatever keeps us from the balancer keeps all of them. */
static int
visit(struct batch *batch)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	const struct pourer pourer = job_pourer(&batch->job);
	struct outcome what = { .kind = OUTCOME_DONE };
	int r = job_open(&batch->job, &pourer, &b, &what);

	if (r == 0) {
		plan_all(batch);
		with_those(batch, b, &pourer, false, balancer_install_many);
		with_those(batch, b, &pourer, true, balancer_purge_many);
		return batch->ride[0]->result;
	}
	for (size_t i = 0; i < batch->count; i++) {
		batch->ride[i]->result = r;
		batch->ride[i]->what = what;
		batch->ride[i]->installed = true;
	}
	return r;
}

static int
end_of(struct hand *hand, struct ride *ride)
{
	return ride->installed ? ride_end(hand, ride, ride->result) : ride->result;
}

static int
end_all(struct batch *batch, struct outcome *what)
{
	struct hand *hand = batch->hand;
	struct task *own = hand->task;
	int r;

	for (size_t i = 1; i < batch->count; i++) {
		struct ride *ride = batch->ride[i];

		hand->task = ride->task;
		end_other(batch, ride, end_of(hand, ride));
	}
	hand->task = own;
	r = end_of(hand, batch->ride[0]);
	*what = batch->ride[0]->what;
	return r;
}

/* Others may enter when the balancer is closed, before we have noted what became of it. */
static int
run(struct batch *batch, struct outcome *what)
{
	int r = gather(batch);

	batch_leave(batch->hand, batch->job.balancer, r ? r : visit(batch));
	for (size_t i = 1; r != 0 && i < batch->count; i++)
		end_other(batch, batch->ride[i], error_fold(r));
	batch->hand->task = batch->ride[0]->task;
	return r ? error_fold(r) : end_all(batch, what);
}

int
batch_run(struct hand *hand, const struct order *order, struct outcome *what)
{
	CLEAN(batch_free) struct batch *batch = alloc_zero(sizeof(*batch));
	struct ride *ride = ride_new(hand->task);
	bool entered;
	int r;

	batch->hand = hand;
	batch->began = batch->kept = world_ticks();
	batch->ride[batch->count++] = ride;
	ride->order = *order;
	r = ride_load(hand, ride);
	*what = ride->what;
	if (r || ride->waits || what->kind != OUTCOME_DONE)
		return r;
	batch->job = (struct job){ .hand = hand, .balancer = ride->matter.balancer };
	if (join(hand, batch->job.balancer))
		return 0;
	r = batch_enter(hand, batch->job.balancer, &entered);
	if (!entered)
		return r;
	open_to_guests(hand, batch->job.balancer);
	return run(batch, what);
}
