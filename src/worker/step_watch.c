/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_WATCH: a live site's certificate is judged again every day, by what is known today: roots
 * that browsers have stopped trusting, a chain that ends before its leaf, revocation (R-04, R-06,
 * What is found
 * stands on the order; what would be refused today is its trouble, for somebody of the provider.
 */
#include <stdlib.h>

#include "pki/der_read.h"
#include "review/review.h"
#include "store/certificates.h"
#include "sys/log.h"
#include "worker/judge.h"
#include "worker/window.h"

static struct judgement *
judgement_new(void)
{
	struct judgement *j = alloc_zero(sizeof(*j));

	judgement_init(j);
	return j;
}

static void
judgement_free(struct judgement *j)
{
	judgement_fini(j);
	free(j);
}
CLEAN_DEFINE(judgement_free, struct judgement *);

static void
add_file(struct delivery_question *question, struct str der)
{
	struct read_file *file = &question->files[question->file_count++];

	file->bytes = der;
	read_file_name(STR("what is installed"), file->name);
}

/* Leaf and chain as they are served; that we have them already is no finding. */
static int
prepare(struct hand *hand, const struct order *order, struct judgement *w)
{
	struct der one;
	struct str chain;
	int r =
	    store_certificate_der(hand->store, order->certificate, &w->bytes.leaf, &w->bytes.chain);

	if (r == 0)
		r = review_question(
		    hand->store, order, world_now(hand->worker->world), &w->question, &w->held);
	if (r)
		return r;
	w->question.has_accepted = false;
	w->question.is_served = true;
	add_file(&w->question, buf_str(&w->bytes.leaf));
	chain = buf_str(&w->bytes.chain);
	while (w->question.file_count < READ_FILES_MAX && der_next(&chain, &one))
		add_file(&w->question, one.whole);
	return 0;
}

/* "" when it would be accepted today. */
static void
put_trouble(const struct read_report *report, struct buf *to)
{
	const struct finding *first = findings_first(&report->findings);

	if (!report->accepted && first)
		finding_render(first, FINDING_TITLE, to);
}

static int
conclude(struct hand *hand, const struct task *task, const struct order *order,
    const struct read_report *report, bool is_better)
{
	CLEAN(buf_fini) struct buf trouble = BUF(4096);
	struct order after;
	struct site site;
	int r = hand_begin(hand);

	put_trouble(report, &trouble);
	if (r == 0 && is_better)
		r = review_rechain(hand->store, order, report);
	if (r == 0)
		r = store_findings_replace(
		    hand->store, order->id, GATE_CERTIFICATE, &report->findings);
	if (r == 0)
		r = store_site_get(hand->store, order->site, &site);
	if (r == 0)
		r = window_warn(hand, order, &site);
	if (r == 0)
		r = store_order_watched(hand->store, order->id);
	if (r == 0)
		r = store_order_trouble(hand->store, order->id, buf_text(&trouble));
	if (r == 0)
		r = store_task_done(hand->store, task->id);
	if (r == 0)
		r = store_order_get(hand->store, order->id, &after);
	if (r == 0)
		r = store_order_settle(hand->store, &after);
	return r ? r : store_commit(hand->store, "worker.watched");
}

/* As visitors get it; and where that is no longer good, with all that is known: *ret_better, there is
 * another way. */
static int
judge_twice(struct hand *hand, const struct order *order, struct judgement *w, bool *ret_better)
{
	CLEAN(buf_fini) struct buf problem = BUF(4096);
	struct finding *stale;
	int r = judgement_make(hand, w);

	*ret_better = false;
	if (r || w->report.accepted)
		return r;
	finding_render(findings_first(&w->report.findings), FINDING_WHAT, &problem);
	w->question.is_served = false;
	r = judgement_make(hand, w);
	if (r || !w->report.accepted)
		return r;
	*ret_better = true;
	stale = findings_add(&w->report.findings, FINDING_CERT_CHAIN_STALE, "");
	finding_param(stale, "fqdn", "%s", order->host);
	finding_param(stale, "problem", "%s", buf_text(&problem));
	return 0;
}

int
step_watch(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	CLEAN(judgement_free) struct judgement *w = judgement_new();
	bool is_better = false;
	int r = prepare(hand, order, w);

	if (r == 0)
		r = judge_twice(hand, order, w, &is_better);
	if (r == READ_E_UNAVAILABLE || r == READ_E_TIMEOUT) {
		outcome_set(what, OUTCOME_LATER, "the reader is being restarted");
		return 0;
	}
	if (r)
		return error_fold(r);
	if (!w->report.accepted)
		LOG(LOG_WARNING, "certificate.no_longer_good", LOG_TEXT("host", order->host),
		    LOG_NUMBER("order", order->number));
	outcome_set(what, OUTCOME_DONE, "%s",
	    is_better            ? "good with another chain"
	    : w->report.accepted ? "good"
				 : "no longer good");
	return conclude(hand, task, order, &w->report, is_better);
}
