/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/caa_look.h"

#include <stdlib.h>

#include "base/error.h"

void
caa_report_free(struct caa_report *report)
{
	free(report);
}

bool
caa_look_matters(const struct order *order)
{
	return order->facts.fact[FACT_CERTIFIED] == 0;
}

int
caa_look_make(struct hand *hand, const struct order *order, struct caa_report **ret)
{
	CLEAN(caa_report_free) struct caa_report *report = alloc_zero(sizeof(*report));
	struct caa_question question = { .host = order->host, .account = "", .method = "" };
	struct ca *ca = alloc_zero(sizeof(*ca));
	int r;

	if (*order->ca && cas_named(market_cas(hand->worker->market), str_of(order->ca), ca))
		question.ca = ca;
	r = caa_check(hand->worker->config, &question, report);
	free(ca);
	if (r)
		return error_fold(r);
	*ret = TAKE(report);
	return 0;
}

static void
put_words(const struct order *order, const struct caa_report *report, struct buf *to)
{
	const struct finding *first = findings_first(&report->findings);

	if (first)
		finding_render(first, FINDING_WHAT, to);
	else if (report->verdict == CAA_OPEN)
		buf_printf(to, "Any certificate authority may issue for %s.", order->host);
	else
		buf_printf(to, "%s may issue for %s.", order->ca, order->host);
}

int
caa_look_keep(struct hand *hand, const struct order *order, struct caa_report *report)
{
	static const struct findings none;
	CLEAN(buf_fini) struct buf words = BUF(4096), json = BUF(1 << 20);
	bool good;
	int r;

	if (!report)
		return store_findings_replace(hand->store, order->id, GATE_CAA, &none);
	findings_weigh(&report->findings, &hand->worker->config->severities);
	put_words(order, report, &words);
	good = report->verdict == CAA_OPEN || report->verdict == CAA_ALLOWED;
	r = caa_report_json(report, &json);
	if (r == 0)
		r = store_look_set(
		    hand->store, order->id, LOOK_CAA, good, buf_text(&words), buf_str(&json));
	return r ? r : store_findings_replace(hand->store, order->id, GATE_CAA, &report->findings);
}

int
caa_look(struct hand *hand, const struct order *order)
{
	CLEAN(caa_report_free) struct caa_report *report = NULL;
	int r = caa_look_make(hand, order, &report);

	if (r == 0)
		r = hand_begin(hand);
	if (r == 0)
		r = caa_look_keep(hand, order, report);
	return r ? r : store_commit(hand->store, "worker.caa");
}
