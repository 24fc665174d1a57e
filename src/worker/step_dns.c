/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_CHECK and TASK_DNS: where does the name point? Before the first look the customer's mailboxes
 * are counted (worker/eligibility.h). That look also decides whether the customer is told to move its DNS record at any time or last: where a site answers today, or where
 * we could not see, it moves last, or its users would meet a warning.
 */
#include "worker/eligibility.h"

static int
keep_look(struct hand *hand, const struct order *order, struct dns_report *report)
{
	CLEAN(buf_fini) struct buf json = BUF(1 << 16);
	const struct finding *first;
	CLEAN(buf_fini) struct buf words = BUF(4096);
	int r;

	findings_weigh(&report->findings, &hand->worker->config->severities);
	first = findings_first(&report->findings);
	r = dns_report_json(report, &json);
	if (r)
		return r;
	if (first)
		finding_render(first, FINDING_WHAT, &words);
	else
		buf_printf(&words, "%s points at our address.", order->host);
	r = store_look_set(hand->store, order->id, LOOK_DNS, report->verdict == DNS_POINTED,
	    buf_text(&words), buf_str(&json));
	if (r)
		return r;
	return store_findings_replace(hand->store, order->id, GATE_DNS, &report->findings);
}

static int
look(struct hand *hand, const struct order *order, struct dns_report *ret, struct outcome *what)
{
	struct subject_matter matter;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r;
	return dns_check(hand->dns, &matter.name, &matter.address, ret);
}

static enum dns_when
move_when(const struct dns_report *report)
{
	return report->answers_somewhere || report->verdict == DNS_UNKNOWN ? DNS_LAST : DNS_NOW;
}

/* Looked at and counted; all of it is kept in one transaction. */
static int
keep_check(struct hand *hand, const struct task *task, const struct order *order,
    const struct counting *counting, struct dns_report *report)
{
	bool refused;
	int r = hand_begin(hand);

	if (r == 0)
		r = counting_keep(hand, order, counting, &refused);
	if (r == 0)
		r = keep_look(hand, order, report);
	if (r == 0)
		r = store_order_set_dns_when(hand->store, order->id, move_when(report));
	return r ? r
	         : hand_finish(
		       hand, task, refused ? EVENT_REFUSED : EVENT_CHECKED, "", "worker.checked");
}

int
step_check(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	CLEAN(counting_fini) struct counting counting;
	struct dns_report report;
	int r;

	counting_init(&counting);
	r = counting_make(hand, order, &counting, what);
	if (r || what->kind != OUTCOME_DONE)
		return r;
	r = look(hand, order, &report, what);
	if (r)
		return r > 0 ? 0 : r;
	outcome_set(what, OUTCOME_DONE, "dns %s", dns_verdict_name(report.verdict));
	return keep_check(hand, task, order, &counting, &report);
}

/* The event that a look means for the facts as they are; EVENT_MAX for none. A look that saw
 * nothing says nothing. */
static enum order_event
event_of(const struct dns_report *report, const struct order *order)
{
	bool was = order->facts.fact[FACT_POINTED] != 0;

	if (report->verdict == DNS_UNKNOWN)
		return EVENT_MAX;
	if (report->verdict == DNS_POINTED)
		return was ? EVENT_MAX : EVENT_POINTED;
	return was ? EVENT_UNPOINTED : EVENT_MAX;
}

int
step_dns(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	struct dns_report report;
	struct order after;
	int r = look(hand, order, &report, what);

	if (r)
		return r > 0 ? 0 : r;
	r = hand_begin(hand);
	if (r)
		return r;
	r = keep_look(hand, order, &report);
	if (r)
		return r;
	r = store_order_looked(hand->store, order->id);
	if (r)
		return r;
	r = store_task_done(hand->store, task->id);
	if (r)
		return r;
	r = store_order_get(hand->store, order->id, &after);
	if (r)
		return error_fold(r);
	outcome_set(what, OUTCOME_DONE, "%s", dns_verdict_name(report.verdict));
	if (event_of(&report, &after) != EVENT_MAX)
		return hand_finish(hand, task, event_of(&report, &after), "", "worker.dns");
	r = store_order_settle(hand->store, &after);
	if (r)
		return r;
	return store_commit(hand->store, "worker.looked");
}
