/* SPDX-License-Identifier: Apache-2.0 */
/* TASK_DNS: where does the name point? */
#include "worker/look.h"

static int
keep(struct hand *hand, const struct order *order, struct dns_report *report)
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

int
look_at_dns(
    struct hand *hand, const struct order *order, struct dns_report *ret, struct outcome *what)
{
	struct subject_matter matter;
	int r = hand_load(hand, order, &matter, what);

	ret->verdict = DNS_UNKNOWN;
	if (r)
		return r > 0 ? 0 : r;
	r = dns_check(hand->dns, &matter.name, &matter.address, ret);
	if (r == 0)
		r = hand_begin(hand);
	if (r)
		return r;
	outcome_set(what, OUTCOME_DONE, "%s", dns_verdict_name(ret->verdict));
	return keep(hand, order, ret);
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
	int r;

	if (order_is_swept(&order->facts))
		return look_at_many(hand);
	r = look_at_dns(hand, order, &report, what);
	if (r || what->kind != OUTCOME_DONE)
		return r;
	r = store_order_looked(hand->store, order->id);
	if (r == 0 && order->facts.fact[FACT_POINTED] && report.verdict != DNS_POINTED)
		r = store_order_look_closely(hand->store, order->id);
	if (r)
		return r;
	r = store_task_done(hand->store, task->id);
	if (r)
		return r;
	r = store_order_get(hand->store, order->id, &after);
	if (r)
		return error_fold(r);
	if (event_of(&report, &after) != EVENT_MAX)
		return hand_finish(hand, task, event_of(&report, &after), "", "worker.dns");
	r = store_order_settle(hand->store, &after);
	if (r)
		return r;
	return store_commit(hand->store, "worker.looked");
}
