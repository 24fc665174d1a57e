/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_FETCH: a certificate came that is good but for what its issuers publish: a link that is
 * missing, and whether it is revoked. It is judged once more with that.
 */
#include <stdlib.h>

#include "review/review.h"
#include "worker/judge.h"

#define ATTEMPTS_MAX 4 /* then the customer is asked */

struct fetching {
	struct delivered delivered;
	struct judgement j;
};

static struct fetching *
fetching_new(void)
{
	struct fetching *f = alloc_zero(sizeof(*f));

	judgement_init(&f->j);
	return f;
}

static void
fetching_free(struct fetching *f)
{
	judgement_fini(&f->j);
	free(f);
}
CLEAN_DEFINE(fetching_free, struct fetching *);

static int
prepare(struct hand *hand, const struct order *order, struct fetching *f)
{
	struct delivery_question *question = &f->j.question;
	int r = store_delivered_open(hand->store, order->id, &f->delivered);

	if (r == 0 && f->delivered.state != DELIVERED_FETCHING)
		return STORE_E_ABSENT;
	if (r == 0)
		r = store_delivered_bytes(hand->store, f->delivered.id, &f->j.bytes);
	if (r == 0)
		r = review_question(
		    hand->store, order, world_now(hand->worker->world), question, &f->j.held);
	question->file_count = 1;
	question->files[0].bytes = buf_str(&f->j.bytes.given);
	read_file_name(STR("the delivery"), question->files[0].name);
	return r;
}

/* Why the link is still missing, beside the finding that it is. */
static void
tell_fetch(struct fetching *f)
{
	struct finding *finding;

	if (!f->j.report.is_incomplete || f->j.last.kind == OUTCOME_DONE)
		return;
	finding = findings_add(&f->j.report.findings, FINDING_CERT_FETCH_FAILED, "");
	finding_param(finding, "url", "%s", f->j.report.urls[0]);
	finding_param(finding, "reason", "%s", f->j.last.words);
}

/* Is it still what the order waits for? Another delivery may have taken its place meanwhile, or its
 * sender may have gone. */
static int
is_current(struct hand *hand, const struct fetching *f, bool *ret, bool *ret_by_mail)
{
	struct delivered now;
	int r = store_delivered_open(hand->store, f->delivered.order, &now);

	*ret = r == 0 && id_eq(now.id, f->delivered.id);
	*ret_by_mail = *ret && now.by_mail;
	return r == STORE_E_ABSENT ? 0 : r;
}

/* Refused, or kept for a review, or accepted: then nobody has to be asked. */
static int
settle(struct hand *hand, const struct order *order, struct fetching *f, bool *ret_accepted)
{
	enum review_policy policy = review_policy_of(str_of(hand->worker->config->review));
	struct delivered kept;
	int r;

	*ret_accepted = false;
	r = market_note(hand->worker->market, hand->store, order, &f->j.report);
	if (r)
		return r;
	if (!f->j.report.accepted)
		return review_refuse(hand->store, order, &f->delivered, &f->j.report.findings);
	r = review_keep(hand->store, order, &f->j.report, f->delivered.accept_clean, &kept);
	*ret_accepted =
	    review_is_needless(policy, f->delivered.accept_clean, &f->j.report.findings);
	return r || !*ret_accepted ? r : review_accept(hand->store, order, &kept);
}

static int
conclude(struct hand *hand, const struct task *task, const struct order *order, struct fetching *f)
{
	bool current = false, by_mail = false, accepted;
	int r = hand_begin(hand);

	if (r == 0)
		r = is_current(hand, f, &current, &by_mail);
	if (r)
		return r;
	if (!current)
		return hand_finish(hand, task, EVENT_MAX, "", "worker.outdated");
	r = settle(hand, order, f, &accepted);
	if (r == 0 && by_mail && !accepted)
		r = store_order_event(hand->store, order->id, EVENT_UNANSWERED, "");
	return r ? r : hand_finish(hand, task, EVENT_MAX, "", "worker.fetched");
}

static int
nothing_to_fetch(struct hand *hand, const struct task *task)
{
	int r = hand_begin(hand);

	return r ? r : hand_finish(hand, task, EVENT_DISCARDED, "", "worker.unfetched");
}

int
step_fetch(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	CLEAN(fetching_free) struct fetching *f = fetching_new();
	int r = prepare(hand, order, f);

	if (r == STORE_E_ABSENT) {
		outcome_set(what, OUTCOME_DONE, "%s", "");
		return nothing_to_fetch(hand, task);
	}
	if (r == 0)
		r = judgement_make(hand, &f->j);
	if (r == READ_E_UNAVAILABLE || r == READ_E_TIMEOUT) {
		outcome_set(what, OUTCOME_LATER, "the reader is being restarted");
		return 0;
	}
	if (r)
		return error_fold(r);
	if (f->j.report.is_incomplete && f->j.last.kind == OUTCOME_LATER &&
	    task->attempts < ATTEMPTS_MAX) {
		*what = f->j.last;
		return 0;
	}
	tell_fetch(f);
	outcome_set(what, OUTCOME_DONE, "%s", f->j.report.accepted ? "complete" : "refused");
	return conclude(hand, task, order, f);
}
