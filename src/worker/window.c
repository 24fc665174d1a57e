/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/window.h"

#include <stdio.h>

#include "base/error.h"
#include "store/events.h"

static bool
waits_for_approval(const struct order *order, const struct config_balancer *balancer)
{
	return balancer->approval && !order->facts.fact[FACT_APPROVED];
}

static const struct calendar *
calendar_of(const struct hand *hand, const char *balancer)
{
	return calendar_named(hand->worker->calendars, hand->worker->config, balancer);
}

bool
window_or_approval_waits(const struct hand *hand, const struct task *task,
    const struct order *order, const struct config_balancer *balancer)
{
	const struct calendar *calendar = calendar_of(hand, balancer->name);

	return (task->kind == TASK_INSTALL && waits_for_approval(order, balancer)) ||
	       (calendar && !calendar_is_open(calendar, world_now(hand->worker->world)) &&
		   !order_may_pass(&order->facts, task->kind));
}

int
approval_wait(struct hand *hand, const struct task *task, const struct order *order,
    const struct config_balancer *balancer, bool *ret_waits, struct outcome *what)
{
	int r;

	*ret_waits = waits_for_approval(order, balancer);
	if (!*ret_waits)
		return 0;
	outcome_set(what, OUTCOME_DONE, "A second person of the provider has to approve it.");
	r = hand_begin(hand);
	return r ? r : hand_finish(hand, task, EVENT_UNAPPROVED, "", "worker.unapproved");
}

int
window_warn(struct hand *hand, const struct order *order, const struct site *site)
{
	const struct worker *worker = hand->worker;
	const struct calendar *calendar = calendar_of(hand, site->balancer);
	struct findings findings = { .policy = &worker->config->severities };
	when now = world_now(worker->world), from, opens;
	char words[CALENDAR_WORDS_SIZE];
	struct finding *f;

	if (calendar && calendar_is_last_chance(calendar, now, site->not_after, &from, &opens)) {
		f = findings_add(&findings, FINDING_WINDOW_LATE, "");
		finding_param(f, "fqdn", "%s", order->host);
		finding_param(
		    f, "ends", "%s", calendar_words(calendar, site->not_after, now, words));
		finding_param(f, "from", "%s", calendar_words(calendar, from, now, words));
		finding_param(f, "opens", "%s", calendar_words(calendar, opens, now, words));
	}
	return store_findings_replace(hand->store, order->id, GATE_WINDOW, &findings);
}

static int
note(struct hand *hand, const struct order *order, const char *action, const char *balancer,
    const char *name, const char *value)
{
	char detail[CONFIG_TEXT_SIZE];

	snprintf(
	    detail, sizeof(detail), "{\"balancer\":\"%s\",\"%s\":\"%s\"}", balancer, name, value);
	return store_event_add(hand->store, action, "order", order->id, order->id, detail);
}

static int
hold(struct hand *hand, const struct task *task, const struct order *order, const struct site *site,
    struct outcome *what)
{
	char time[WHEN_RFC3339_SIZE];
	int r = hand_begin(hand);

	if (r)
		return r;
	r = window_warn(hand, order, site);
	if (r == 0)
		r = store_order_hold(hand->store, order->id, what->again);
	if (r == 0 && order->facts.opens != what->again)
		r = note(hand, order, "order.held", site->balancer, "opens",
		    when_rfc3339(what->again, time));
	if (r == 0)
		r = store_task_postpone(hand->store, task->id, what, what->again);
	if (r == 0)
		r = store_commit(hand->store, "worker.held");
	what->kind = OUTCOME_DONE; /* nothing is wrong, and nothing to be tried in between */
	return error_fold(r);
}

/* An incident, or somebody's word; the word itself is in the log with its reason. */
static int
pass(struct hand *hand, const struct order *order, const struct site *site)
{
	int r = hand_begin(hand);

	if (r)
		return r;
	r = note(hand, order, "order.passed_window", site->balancer, "because",
	    order->facts.kind == ORDER_REKEY ? "rekey" : "let_through");
	return error_fold(r ? r : store_commit(hand->store, "worker.passed"));
}

/* It opens earlier than was said: the configuration has changed. */
static int
release(struct hand *hand, const struct order *order)
{
	int r = hand_begin(hand);

	if (r)
		return r;
	r = store_order_hold(hand->store, order->id, 0);
	return error_fold(r ? r : store_commit(hand->store, "worker.released"));
}

int
window_wait(struct hand *hand, const struct task *task, const struct order *order,
    const struct site *site, bool *ret_waits, struct outcome *what)
{
	const struct worker *worker = hand->worker;
	const struct calendar *calendar = calendar_of(hand, site->balancer);
	when now = world_now(worker->world), opens;
	char words[CALENDAR_WORDS_SIZE];

	*ret_waits = false;
	if (!calendar || calendar_is_open(calendar, now))
		return order->facts.opens > now ? release(hand, order) : 0;
	if (order_may_pass(&order->facts, task->kind))
		return pass(hand, order, site);
	*ret_waits = true;
	opens = calendar_opens(calendar, now);
	outcome_set(what, OUTCOME_LATER, "The load balancer %s may be changed again from %s.",
	    site->balancer, calendar_words(calendar, opens, now, words));
	what->again = opens;
	return hold(hand, task, order, site, what);
}
