/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_RELEASE: when the address of a closed site has rested for the policy's days, is its name gone
 * from there? As long as it is not, the address is given to nobody: another customer's site would
 * answer for that name (G-05). The order says so, and it is looked at again.
 */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "check/dns.h"
#include "store/pools.h"
#include "worker/worker.h"

#define POINTS_STILL DAYS(7)
#define NOBODY_SAYS  DAYS(1)

static int
look(struct hand *hand, const struct order *order, struct dns_report *ret)
{
	struct name_report reading;
	struct host_name name;
	struct addr address;
	int r = store_address_get(hand->store, order->resting, &address);

	if (r)
		return error_fold(r);
	if (host_name_parse(str_of(order->host), &name, &reading) != 0)
		return error_origin(EBADMSG);
	return dns_check(hand->dns, &name, &address, ret);
}

static int
free_it(struct hand *hand, const struct order *order)
{
	static const struct findings none;
	int r = store_findings_replace(hand->store, order->id, GATE_DNS, &none);

	return r ? r : store_order_rested(hand->store, order->id);
}

static int
keep_it(struct hand *hand, const struct order *order, when until)
{
	struct findings findings = { .policy = &hand->worker->config->severities };
	struct finding *f = findings_add(&findings, FINDING_DNS_STILL_POINTS, "");
	char text[ADDR_TEXT_SIZE], words[WHEN_WORDS_SIZE];
	struct addr address;
	int r = store_address_get(hand->store, order->resting, &address);

	if (r)
		return r;
	finding_param(f, "fqdn", "%s", order->host);
	finding_param(f, "address", "%s", addr_text(&address, text));
	finding_param(f, "until", "%s", when_words(until, words));
	r = store_findings_replace(hand->store, order->id, GATE_DNS, &findings);
	return r ? r : store_order_rest(hand->store, order->id, order->resting, until);
}

/* The next one is queued when this one is done. */
static int
conclude(struct hand *hand, const struct task *task, const struct order *order,
    const struct dns_report *report, struct outcome *what)
{
	bool stays = report->answers_ours, unknown = report->verdict == DNS_UNKNOWN;
	when now = world_now(hand->worker->world);
	int r = hand_begin(hand);

	outcome_set(what, OUTCOME_DONE, "%s",
	    stays     ? "its name still points there"
	    : unknown ? "nobody says where its name points"
		      : "the address is free");
	if (r == 0)
		r = store_task_done(hand->store, task->id);
	if (r == 0 && stays)
		r = keep_it(hand, order, now + POINTS_STILL);
	else if (r == 0 && unknown)
		r = store_order_rest(hand->store, order->id, order->resting, now + NOBODY_SAYS);
	else if (r == 0)
		r = free_it(hand, order);
	return r ? error_fold(r) : store_commit(hand->store, "worker.rested");
}

int
step_release(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	struct dns_report report;
	int r = look(hand, order, &report);

	return r ? r : conclude(hand, task, order, &report, what);
}
