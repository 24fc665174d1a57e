/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /orders/{ref}/certificate: the files go to the reader, which answers with findings and
 * facts. What is good is kept until somebody accepts it (desk/review.c), or accepted at once where
 * there is nothing to decide; what is refused leaves its findings on the order and nothing else.
 */
#include <stdio.h>
#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/delivery_in.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/order_json.h"
#include "desk/review.h"
#include "ipc/wake.h"
#include "review/differences.h"
#include "review/question.h"
#include "review/review.h"
#include "store/certificates.h"

/* Both must have said yes: the provider by its policy, the customer with this very delivery. */
static struct read_wish
wish_of(const struct request *request, const struct order *o, const struct delivery_in *in)
{
	if (!request->desk->config->foreign_keys)
		return (struct read_wish){ .kind = READ_REFUSE };
	if (!*in->foreign_key_author)
		return (struct read_wish){ .kind = READ_MAY_TAKE };
	return (struct read_wish){ .kind = READ_TAKE,
		.key = world_id(request->desk->process->world),
		.customer = o->customer,
		.site = o->site };
}

static int
complete(struct request *request, const struct order *o, struct delivery_in *in)
{
	when now = world_now(request->desk->process->world);
	int r = review_question(request->store, o, now, &in->question, &in->held);

	in->question.wish = wish_of(request, o, in);
	return r;
}

/* A certificate is taken from the request on until the order is live or ended. */
static bool
awaits(const struct order *o, struct answer *answer)
{
	struct order_facts facts = o->facts;
	struct findings findings = { 0 };
	struct finding *f;

	if (order_apply(&facts, EVENT_CERTIFIED, o->changed) == 0)
		return true;
	f = findings_add(&findings, FINDING_CERT_NOT_AWAITED, "files");
	finding_param(f, "fqdn", "%s", o->host);
	finding_param(f, "stage", "%s", order_stage_name(order_stage(&o->facts)));
	if (answer_findings(answer, 409, &findings) != 0)
		answer->status = 500;
	return false;
}

#define E_CROWDED (READ_E_LIMIT + 1) /* too many wait for the reader */

static int
ask_reader(struct request *request, struct delivery_in *in)
{
	struct desk *desk = request->desk;
	int r;

	if (!desk_begin_reading(desk))
		return E_CROWDED;
	r = review_ask(request->store, desk->reader, &in->question, &in->held, &in->report);
	desk_end_reading(desk);
	return r;
}

static int
reader_failed(struct answer *answer, const struct delivery_in *in, int r)
{
	struct findings findings = { 0 };
	struct finding *f = findings_add(&findings,
	    r == READ_E_LIMIT ? FINDING_CERT_LIMIT : FINDING_CERT_READER_FAILED, "files");

	finding_param(f, "file", "%s", in->question.files[0].name);
	finding_param(f, "problem", "%s",
	    r == READ_E_LIMIT     ? "it is larger than we take"
	    : r == READ_E_TIMEOUT ? "it took too long"
	    : r == E_CROWDED      ? "others are being read; send it again in a moment"
				  : "the reader is being restarted; send it again in a moment");
	answer->retry_after = r == READ_E_LIMIT ? 0 : 3;
	return answer_findings(answer, r == READ_E_LIMIT ? 422 : 503, &findings);
}

/* The order's findings say how its certificate is: those of an accepted one stay. */
static int
refuse(struct request *request, struct answer *answer, const struct order *o,
    const struct read_report *report)
{
	int r = store_begin(request->store);

	if (r == 0)
		r = market_note(request->desk->market, request->store, o, report);
	if (r == 0)
		r = review_refuse(request->store, o, NULL, &report->findings);
	if (r == 0)
		r = answer_findings_with(answer, 422, &report->findings,
		    report->has_leaf ? json_pack("{s:o}", "differences", review_differences(report))
				     : NULL);
	return r ? r : request_commit(request, answer, "desk.refused");
}

static int
answer_accepted(struct request *request, struct answer *answer, struct id order,
    const struct read_report *report)
{
	struct order o;
	json_t *certificate;
	int r = store_order_get(request->store, order, &o);

	if (r == 0)
		r = order_certificate_json(request, &o, &certificate);
	if (r)
		return r;
	return answer_json(answer, 200,
	    json_pack("{s:b, s:s, s:o, s:o, s:o, s:n}", "accepted", 1, "container",
		report->container, "certificate", certificate, "differences",
		review_differences(report), "findings", findings_json(&report->findings),
		"review"));
}

/* Nothing changes by sending it again (I-20). */
static int
answer_known(struct request *request, struct answer *answer, const struct order *o,
    struct read_report *report)
{
	bool told = false;

	for (size_t i = 0; i < report->findings.count; i++)
		told = told || report->findings.list[i].code == FINDING_CERT_DUPLICATE;
	report->findings.policy = &request->desk->config->severities;
	if (!told)
		finding_param(findings_add(&report->findings, FINDING_CERT_DUPLICATE, "files"),
		    "fqdn", "%s", o->host);
	return answer_accepted(request, answer, o->id, report);
}

static int
is_known(
    struct request *request, const struct order *o, const struct read_report *report, bool *ret)
{
	struct certificate accepted;
	int r;

	*ret = false;
	if (id_is_none(o->certificate))
		return 0;
	r = store_certificate_get(request->store, o->certificate, &accepted);
	if (r == 0)
		*ret = memcmp(accepted.sha256, report->certificate.sha256,
			   sizeof(accepted.sha256)) == 0;
	return r;
}

/* What the reader says it took must be what was wished for. */
static int
keep_it(
    struct request *request, const struct order *o, struct delivery_in *in, struct delivered *ret)
{
	const struct review_offer offer = { .key = in->question.wish.key,
		.author = in->foreign_key_author,
		.statement = FOREIGN_KEY_STATEMENT };

	if (in->report.taken.is_taken && in->question.wish.kind == READ_TAKE)
		return review_keep_with_key(request->store, o, &in->report, &offer, ret);
	return review_keep(request->store, o, &in->report, in->accept_clean, ret);
}

/* Kept to be looked at, or, where there is nothing to decide, accepted at once (K-08). */
static int
keep(struct request *request, struct answer *answer, const struct order *o, struct delivery_in *in)
{
	struct delivered kept;
	int r = market_note(request->desk->market, request->store, o, &in->report);

	if (r == 0)
		r = keep_it(request, o, in, &kept);
	if (r)
		return r;
	if (in->report.taken.is_taken || /* whatever it is called */
	    !review_is_needless(review_policy_of(str_of(request->desk->config->review)),
		in->accept_clean, &in->report.findings)) {
		r = answer_json(answer, 200,
		    review_json(&kept, review_differences(&in->report), &in->report.findings));
		return r ? r : request_commit(request, answer, "desk.review");
	}
	r = review_accept(request->store, o, &kept);
	if (r == 0)
		r = answer_accepted(request, answer, o->id, &in->report);
	if (r == 0)
		r = request_commit(request, answer, "desk.certificate");
	if (r == 0)
		wake_tell(request->desk->worker);
	return r;
}

/* What was judged must still be what is: of two deliveries at one time the first one wins. */
static int
keep_now(struct request *request, struct answer *answer, const struct order *seen,
    struct delivery_in *in)
{
	struct read_report *report = &in->report;
	struct order o;
	bool known;
	int r = store_order_get(request->store, seen->id, &o);

	if (r == 0)
		r = is_known(request, &o, report, &known);
	if (r)
		return r;
	if (known)
		return answer_known(request, answer, &o, report);
	if (!awaits(&o, answer))
		return 0;
	if (!id_eq(o.certificate, seen->certificate) || !id_eq(o.key, seen->key))
		return answer_problem(answer, 409, "CHANGED",
		    "Another certificate was accepted for this order while this one was read. "
		    "Look at the order; send this one again if it shall replace the other.");
	return keep(request, answer, &o, in);
}

/* The worker fetches what is missing; in most cases it has it before a person looks up. */
static int
fetch(struct request *request, struct answer *answer, const struct order *seen,
    const struct delivery_in *in)
{
	struct delivered fetching;
	struct order o;
	int r = store_begin(request->store);

	if (r == 0)
		r = store_order_get(request->store, seen->id, &o);
	if (r)
		return r;
	if (!awaits(&o, answer))
		return 0;
	r = review_fetch(request->store, &o, &in->report, in->accept_clean, &fetching);
	if (r == 0)
		r = store_commit(request->store, "desk.fetching");
	if (r)
		return r;
	wake_tell(request->desk->worker);
	return review_await(request, answer, &o, &fetching);
}

static int
take(struct request *request, struct answer *answer, struct delivery_in *in)
{
	struct order o;
	int r;

	if (!access_order(request, answer, &o) || !awaits(&o, answer) ||
	    !delivery_in_read(in, request, answer))
		return 0;
	r = complete(request, &o, in);
	if (r)
		return r;
	r = ask_reader(request, in);
	if (r > 0)
		return reader_failed(answer, in, r);
	if (r)
		return r;
	if ((in->report.is_incomplete && *in->report.urls[0]) || in->report.lookup_count > 0)
		return fetch(request, answer, &o, in);
	if (!in->report.accepted)
		return refuse(request, answer, &o, &in->report);
	r = store_begin(request->store);
	return r ? r : keep_now(request, answer, &o, in);
}

int
certificate_add(struct request *request, struct answer *answer)
{
	CLEAN(delivery_in_free) struct delivery_in *in = delivery_in_new();

	return take(request, answer, in);
}
