/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_FETCH: a certificate came that is good but for a link. The issuer's certificate is fetched
 * from where the one below it says (AIA, I-16), and everything is judged once more by the reader:
 * what comes from the Internet is as hostile as what customers send, and is opened nowhere else.
 */
#include "worker/worker.h"

#include <stdlib.h>

#include "check/fetch.h"
#include "review/ask.h"
#include "review/question.h"
#include "review/review.h"

#define LINK_MAX     (64u * 1024) /* bytes of what is fetched (I-16) */
#define ATTEMPTS_MAX 4            /* then the customer is asked */

struct fetching {
	struct delivered delivered;
	struct delivered_bytes bytes;
	struct delivery_question question;
	struct review_held held;
	struct read_report report;
	struct outcome last; /* of the fetch that failed last */
};

static struct fetching *
fetching_new(void)
{
	struct fetching *f = alloc_zero(sizeof(*f));

	delivered_bytes_init(&f->bytes);
	read_report_init(&f->report);
	return f;
}

static void
fetching_free(struct fetching *f)
{
	delivered_bytes_fini(&f->bytes);
	review_held_fini(&f->held);
	read_report_fini(&f->report);
	free(f);
}
CLEAN_DEFINE(fetching_free, struct fetching *);

static int
prepare(struct hand *hand, const struct order *order, struct fetching *f)
{
	int r = store_delivered_open(hand->store, order->id, &f->delivered);

	if (r == 0 && f->delivered.state != DELIVERED_FETCHING)
		return STORE_E_ABSENT;
	if (r == 0)
		r = store_delivered_bytes(hand->store, f->delivered.id, &f->bytes);
	if (r == 0)
		r = review_question(
		    hand->store, order, world_now(hand->worker->world), &f->question, &f->held);
	f->question.file_count = 1;
	f->question.files[0].bytes = buf_str(&f->bytes.given);
	read_file_name(STR("the delivery"), f->question.files[0].name);
	return r;
}

/* The first address that gives something; what failed last is kept for people. */
static bool
fetch_link(struct hand *hand, struct fetching *f)
{
	struct buf *to = &f->held.der[f->question.known_count];

	for (size_t i = 0; i < READ_URLS_MAX && *f->report.urls[i]; i++) {
		buf_fini(to);
		*to = BUF(LINK_MAX);
		fetch_get(hand->worker->config, f->report.urls[i], to, &f->last);
		if (f->last.kind == OUTCOME_DONE) {
			f->question.known[f->question.known_count++] = buf_str(to);
			return true;
		}
	}
	return false;
}

/* Until the chain is whole, or a link cannot be had, or what came was not it. */
static int
complete_chain(struct hand *hand, struct fetching *f)
{
	uint8_t missing[32];
	int r = review_ask(hand->store, hand->worker->reader, &f->question, &f->held, &f->report);

	for (int i = 0; r == 0 && f->report.is_incomplete && i < READ_CHAIN_MAX; i++) {
		copy_bytes(missing, f->report.missing, sizeof(missing));
		if (f->question.known_count == READ_KNOWN_MAX || !fetch_link(hand, f))
			return 0;
		r = review_ask(
		    hand->store, hand->worker->reader, &f->question, &f->held, &f->report);
		if (r == 0 && memcmp(missing, f->report.missing, sizeof(missing)) == 0)
			return 0;
	}
	return r;
}

/* Why the link is still missing, beside the finding that it is. */
static void
tell_fetch(struct fetching *f)
{
	struct finding *finding;

	if (!f->report.is_incomplete || f->last.kind == OUTCOME_DONE)
		return;
	finding = findings_add(&f->report.findings, FINDING_CERT_FETCH_FAILED, "");
	finding_param(finding, "url", "%s", f->report.urls[0]);
	finding_param(finding, "reason", "%s", f->last.words);
}

/* Is it still what the order waits for? Another delivery may have taken its place meanwhile. */
static int
is_current(struct hand *hand, const struct fetching *f, bool *ret)
{
	struct delivered now;
	int r = store_delivered_open(hand->store, f->delivered.order, &now);

	*ret = r == 0 && id_eq(now.id, f->delivered.id);
	return r == STORE_E_ABSENT ? 0 : r;
}

static int
conclude(struct hand *hand, const struct task *task, const struct order *order, struct fetching *f)
{
	enum review_policy policy = review_policy_of(str_of(hand->worker->config->review));
	struct delivered kept;
	bool current = false;
	int r = hand_begin(hand);

	if (r == 0)
		r = is_current(hand, f, &current);
	if (r)
		return r;
	if (!current)
		return hand_finish(hand, task, EVENT_MAX, "", "worker.outdated");
	if (!f->report.accepted) {
		r = review_refuse(hand->store, order, &f->delivered, &f->report.findings);
	} else {
		r = review_keep(hand->store, order, &f->report, f->delivered.accept_clean, &kept);
		if (r == 0 &&
		    review_is_needless(policy, f->delivered.accept_clean, &f->report.findings))
			r = review_accept(hand->store, order, &kept);
	}
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
		r = complete_chain(hand, f);
	if (r == READ_E_UNAVAILABLE || r == READ_E_TIMEOUT) {
		outcome_set(what, OUTCOME_LATER, "the reader is being restarted");
		return 0;
	}
	if (r)
		return error_fold(r);
	if (f->report.is_incomplete && f->last.kind == OUTCOME_LATER &&
	    task->attempts < ATTEMPTS_MAX) {
		*what = f->last;
		return 0;
	}
	tell_fetch(f);
	outcome_set(what, OUTCOME_DONE, "%s", f->report.accepted ? "complete" : "refused");
	return conclude(hand, task, order, f);
}
