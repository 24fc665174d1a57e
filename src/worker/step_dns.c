/* SPDX-License-Identifier: Apache-2.0 */
/* TASK_DNS: where does the name point, and whom does its DNS let issue? */
#include "worker/caa_look.h"
#include "worker/look.h"

int
dns_look_keep(struct hand *hand, const struct order *order, struct dns_report *report)
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
dns_look_make(
    struct hand *hand, const struct order *order, struct dns_report *ret, struct outcome *what)
{
	struct subject_matter matter;
	int r = hand_load(hand, order, &matter, what);

	ret->verdict = DNS_UNKNOWN;
	if (r)
		return r > 0 ? 0 : r;
	r = dns_check(hand->dns, &matter.name, &matter.address, ret);
	outcome_set(what, OUTCOME_DONE, "%s", dns_verdict_name(ret->verdict));
	return r;
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

/* Where nobody answers there is no use in asking for more. */
static int
look(struct hand *hand, const struct order *order, struct dns_report *report,
    struct caa_report **ret_caa, struct outcome *what)
{
	int r = dns_look_make(hand, order, report, what);

	if (r || what->kind != OUTCOME_DONE || report->verdict == DNS_UNKNOWN ||
	    !caa_look_matters(order))
		return r;
	return caa_look_make(hand, order, ret_caa);
}

static int
keep(
    struct hand *hand, const struct order *order, struct dns_report *report, struct caa_report *caa)
{
	int r = hand_begin(hand);

	if (r == 0)
		r = dns_look_keep(hand, order, report);
	if (r == 0 && (caa || !caa_look_matters(order)))
		r = caa_look_keep(hand, order, caa);
	if (r == 0)
		r = store_order_looked(hand->store, order->id);
	if (r == 0 && order->facts.fact[FACT_POINTED] && report->verdict != DNS_POINTED)
		r = store_order_look_closely(hand->store, order->id);
	return r;
}

static int
conclude(struct hand *hand, const struct task *task, const struct dns_report *report)
{
	struct order after;
	int r = store_task_done(hand->store, task->id);

	if (r == 0)
		r = store_order_get(hand->store, task->order, &after);
	if (r)
		return error_fold(r);
	if (event_of(report, &after) != EVENT_MAX)
		return hand_finish(hand, task, event_of(report, &after), "", "worker.dns");
	r = store_order_settle(hand->store, &after);
	return r ? r : store_commit(hand->store, "worker.looked");
}

int
step_dns(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	CLEAN(caa_report_free) struct caa_report *caa = NULL;
	struct dns_report report;
	int r;

	if (order_is_swept(&order->facts))
		return look_at_many(hand);
	r = look(hand, order, &report, &caa, what);
	if (r || what->kind != OUTCOME_DONE)
		return r;
	r = keep(hand, order, &report, caa);
	return r ? r : conclude(hand, task, &report);
}
