/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/install.h"

#include <stdio.h>

#include "worker/batch.h"
#include "worker/by_hand.h"
#include "worker/window.h"

/* Planned is a fact of its own: from here on the keeper may be asked to export for it. */
int
ride_plan(struct hand *hand, struct ride *ride)
{
	const struct order *order = &ride->order;
	struct installation i = { .order = order->id,
		.site = order->site,
		.certificate = order->certificate,
		.key = ride->load.key.id };
	int r = hand_begin(hand);

	if (r)
		return r;
	snprintf(i.balancer, sizeof(i.balancer), "%s", ride->matter.balancer->name);
	r = store_installation_plan(hand->store, &i);
	if (r == 0)
		r = store_order_point(hand->store, order->id, ID_NONE, ID_NONE, ID_NONE, i.id);
	if (r)
		return error_fold(r);
	ride->load.bundle.installation = ride->previous.bundle.installation = i.id;
	return store_commit(hand->store, "worker.planned");
}

static int
note_refusal(struct hand *hand, const struct order *order, const struct subject_matter *matter,
    struct id installation, const struct outcome *what)
{
	struct findings findings = { .policy = &hand->worker->config->severities };
	struct finding *f = findings_add(&findings, FINDING_INSTALL_REFUSED, "");
	int r = hand_begin(hand);

	finding_param(f, "fqdn", "%s", order->host);
	finding_param(f, "balancer", "%s", matter->balancer->name);
	finding_param(f, "words", "%s", what->words);
	if (r == 0)
		r = store_findings_replace(hand->store, order->id, GATE_SITE, &findings);
	if (r == 0 && !id_is_none(installation)) /* the balancer let us in */
		r = store_installation_set(
		    hand->store, installation, INSTALLATION_ROLLED_BACK, what->words);
	return error_fold(r ? r : store_commit(hand->store, "worker.install_refused"));
}

/* A better certificate may have been accepted while this one was put on: then the work goes on with
 * that one. */
static int
keep(struct hand *hand, const struct task *task, const struct order *order, struct id installation,
    enum installation_state state, bool is_live, struct outcome *what)
{
	struct order now;
	int r = hand_begin(hand);

	if (r == 0)
		r = store_order_get(hand->store, order->id, &now);
	if (r)
		return error_fold(r);
	if (!id_eq(now.certificate, order->certificate)) {
		store_abandon(hand->store);
		outcome_set(what, OUTCOME_LATER, "Another certificate was accepted meanwhile.");
		what->again = world_now(hand->worker->world);
		return 0;
	}
	r = store_installation_set(hand->store, installation, state, what->words);
	if (r == 0) /* in time, or not any more */
		r = store_findings_replace(
		    hand->store, order->id, GATE_WINDOW, &(struct findings){ 0 });
	if (r)
		return error_fold(r);
	return is_live ? hand_finish(hand, task, EVENT_REFRESHED, "", "worker.refreshed")
	               : hand_finish(hand, task, EVENT_INSTALLED, "", "worker.installed");
}

void
ride_init(struct ride *ride, struct task *task)
{
	*ride = (struct ride){ .task = task,
		.load = LOAD,
		.previous = LOAD,
		.is_live = task->kind == TASK_REFRESH,
		.purges = task->kind == TASK_PURGE,
		.what = { .kind = OUTCOME_DONE } };
}

void
ride_fini(struct ride *ride)
{
	load_fini(&ride->load);
	load_fini(&ride->previous);
}

/* The chain of an approved certificate is no new decision. */
static int
wait_for_leave(struct hand *hand, struct ride *ride)
{
	int r = 0;

	if (ride->task->kind == TASK_INSTALL)
		r = approval_wait(hand, ride->task, &ride->order, ride->matter.balancer,
		    &ride->waits, &ride->what);
	if (r == 0 && !ride->waits)
		r = window_wait(
		    hand, ride->task, &ride->order, &ride->matter.site, &ride->waits, &ride->what);
	return r;
}

/* Nobody is asked twice for what is begun; who is asked shall see what for. */
static int
take_leave(struct hand *hand, struct ride *ride)
{
	bool begun = false;
	int r;

	if (ride->purges)
		return ride_keeps_something(ride) ? wait_for_leave(hand, ride) : 0;
	r = by_hand_is_begun(hand, &ride->order, &begun);
	if (r || begun)
		return r;
	if (window_or_approval_waits(hand, ride->task, &ride->order, ride->matter.balancer))
		r = batch_foresee(hand, ride);
	return r ? r : wait_for_leave(hand, ride);
}

int
ride_load(struct hand *hand, struct ride *ride)
{
	bool has_previous = false;
	int r = hand_load(hand, &ride->order, &ride->matter, &ride->what);

	if (r)
		return r > 0 ? 0 : r;
	r = load_bundle(hand, ride->order.certificate, &ride->matter, &ride->load);
	if (r == 0 && !ride->purges)
		r = load_previous(
		    hand, &ride->order, &ride->matter, &ride->previous, &has_previous);
	ride->load.bundle.previous = has_previous ? &ride->previous.bundle : NULL;
	return r ? r : take_leave(hand, ride);
}

static int
end_installation(struct hand *hand, struct ride *ride, bool is_by_hand)
{
	struct outcome *what = &ride->what;

	if (what->kind == OUTCOME_DONE)
		return keep(hand, ride->task, &ride->order, ride->load.bundle.installation,
		    balancer_reach(ride->matter.balancer) == REACH_NOTHING ? INSTALLATION_APPLIED
									   : INSTALLATION_VERIFIED,
		    ride->is_live, what);
	if (is_by_hand)
		return by_hand_note(hand, ride->load.bundle.installation, what);
	return what->kind == OUTCOME_HUMAN ? note_refusal(hand, &ride->order, &ride->matter,
						 ride->load.bundle.installation, what)
	                                   : 0;
}

int
ride_end(struct hand *hand, struct ride *ride, int r)
{
	const bool is_by_hand = r == BALANCER_E_BY_HAND;

	if (r < 0)
		return r;
	job_set_kind(r, &ride->what);
	r = load_note_exports(
	    hand, &ride->load, &ride->previous, ride->matter.balancer, ride->order.id);
	if (r)
		return r;
	if (!ride->purges)
		return end_installation(hand, ride, is_by_hand);
	return ride->what.kind == OUTCOME_DONE ? ride_purged(hand, ride) : 0;
}

int
step_install(
    struct hand *hand, const struct task *task UNUSED, struct order *order, struct outcome *what)
{
	return batch_run(hand, order, what);
}

/* A live one with another chain: what it served until now is no longer good. */
int
step_refresh(
    struct hand *hand, const struct task *task UNUSED, struct order *order, struct outcome *what)
{
	return batch_run(hand, order, what);
}
