/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The review before the installation (K-08, I-22): what was delivered is shown with all that was
 * found, under a number that names exactly this; accepting says the number again.
 */
#include "desk/review.h"

#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/order_json.h"
#include "ipc/wake.h"

/* clang-format off */
static const struct field fields[] = {
	{ "review", FIELD_TEXT, 65, true, NULL },
};
/* clang-format on */

json_t *
review_json(const struct delivered *kept, json_t *differences, const struct findings *findings)
{
	json_t *certificate = json_pack("{s:n, s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:n}", "id",
	    "sha256", json_hex(kept->sha256, sizeof(kept->sha256)), "serial", kept->serial,
	    "subject", json_text(kept->subject), "issuer", json_text(kept->issuer), "names",
	    names_json(kept->names), "chain_length", (json_int_t)kept->chain_length, "not_before",
	    json_when(kept->not_before), "not_after", json_when(kept->not_after), "accepted");

	return json_pack("{s:b, s:s, s:o, s:o, s:o, s:o}", "accepted", 0, "container",
	    kept->container, "certificate", certificate, "differences", differences, "findings",
	    findings_json(findings), "review", json_hex(kept->review, sizeof(kept->review)));
}

static int
read_differences(struct request *request, const struct delivered *kept, json_t **ret)
{
	CLEAN(delivered_bytes_fini) struct delivered_bytes bytes;
	int r;

	delivered_bytes_init(&bytes);
	r = store_delivered_bytes(request->store, kept->id, &bytes);
	if (r)
		return r;
	*ret = json_loadb(bytes.differences.data, bytes.differences.len, 0, NULL);
	if (!*ret)
		*ret = json_array();
	return 0;
}

static int
answer_kept(struct request *request, struct answer *answer, const struct delivered *kept,
    const struct findings *findings)
{
	json_t *differences;
	int r = read_differences(request, kept, &differences);

	return r ? r : answer_json(answer, 200, review_json(kept, differences, findings));
}

static int
answer_none(struct answer *answer, const struct order *o)
{
	struct findings findings = { 0 };

	finding_param(
	    findings_add(&findings, FINDING_CERT_REVIEW_NONE, "review"), "fqdn", "%s", o->host);
	return answer_findings(answer, 404, &findings);
}

/* The open delivery that waits for somebody, with its findings; STORE_E_ABSENT. */
static int
read_open(struct request *request, const struct order *o, struct delivered *ret,
    struct findings *findings)
{
	int r = store_delivered_open(request->store, o->id, ret);

	if (r == 0 && ret->state != DELIVERED_REVIEW)
		return STORE_E_ABSENT;
	return r ? r : store_delivered_findings(request->store, ret->id, findings);
}

int
review_show(struct request *request, struct answer *answer)
{
	struct findings *findings = alloc_zero(sizeof(*findings));
	struct delivered kept;
	struct order o;
	int r = 0;

	if (access_order(request, answer, &o)) {
		r = read_open(request, &o, &kept, findings);
		if (r == STORE_E_ABSENT)
			r = answer_none(answer, &o);
		else if (r == 0)
			r = answer_kept(request, answer, &kept, findings);
	}
	free(findings);
	return r;
}

/* What is there now is shown with the refusal: it may be what was meant. */
static int
answer_changed(struct answer *answer, const struct order *o)
{
	struct findings findings = { 0 };

	finding_param(
	    findings_add(&findings, FINDING_CERT_REVIEW_CHANGED, "review"), "fqdn", "%s", o->host);
	return answer_findings(answer, 409, &findings);
}

static int
answer_accepted(struct request *request, struct answer *answer, struct id order,
    const struct delivered *kept, const struct findings *findings)
{
	struct order o;
	json_t *certificate, *differences;
	int r = store_order_get(request->store, order, &o);

	if (r == 0)
		r = read_differences(request, kept, &differences);
	if (r)
		return r;
	r = order_certificate_json(request, &o, &certificate);
	if (r) {
		json_decref(differences);
		return r;
	}
	return answer_json(answer, 200,
	    json_pack("{s:b, s:s, s:o, s:o, s:o, s:n}", "accepted", 1, "container", kept->container,
		"certificate", certificate, "differences", differences, "findings",
		findings_json(findings), "review"));
}

static int
accept(struct request *request, struct answer *answer, const struct order *o,
    const struct delivered *kept, const struct findings *findings)
{
	int r;

	if (!id_is_none(kept->key) && !request->desk->config->foreign_keys)
		return answer_problem(answer, 409, "POLICY",
		    "The provider does not take private keys any more that were not made here. Send a "
		    "certificate that was made from the request of this order.");
	r = review_accept(request->store, o, kept);
	if (r == STORE_E_NOT_NOW)
		return answer_none(answer, o);
	if (r == 0)
		r = answer_accepted(request, answer, o->id, kept, findings);
	if (r == 0)
		r = request_commit(request, answer, "desk.certificate");
	if (r == 0)
		wake_tell(request->desk->worker);
	return r;
}

/* Everything is read again under the write lock: what is accepted is what was looked at. */
static int
accept_number(struct request *request, struct answer *answer, const struct order *seen,
    struct str number, struct findings *findings)
{
	CLEAN(buf_fini) struct buf is = BUF(80);
	struct delivered kept;
	struct order o;
	int r = store_begin(request->store);

	if (r == 0)
		r = store_order_get(request->store, seen->id, &o);
	if (r == 0)
		r = read_open(request, &o, &kept, findings);
	if (r == STORE_E_ABSENT)
		return answer_none(answer, seen);
	if (r)
		return r;
	buf_put_hex(&is, kept.review, sizeof(kept.review));
	if (!str_eq(buf_str(&is), number))
		return answer_changed(answer, &o);
	return accept(request, answer, &o, &kept, findings);
}

#define LOOK_EVERY MILLIS(50)

/* It is still being fetched: what is known so far, and that nothing is to be done. */
static int
answer_fetching(struct answer *answer, const struct order *o, const struct delivered *fetching)
{
	struct findings findings = { 0 };
	json_t *json;

	finding_param(findings_add(&findings, FINDING_CERT_FETCHING, ""), "fqdn", "%s", o->host);
	json = review_json(fetching, json_array(), &findings);
	json_object_set_new(json, "review", json_null());
	return answer_json(answer, 202, json);
}

/* What came of it: kept, accepted, refused, or replaced by another delivery. */
static int
answer_outcome(struct request *request, struct answer *answer, const struct order *o,
    const struct delivered *latest)
{
	struct findings *findings = alloc_zero(sizeof(*findings));
	int r = store_delivered_findings(request->store, latest->id, findings);

	if (r == 0 && latest->state == DELIVERED_ACCEPTED)
		r = answer_accepted(request, answer, o->id, latest, findings);
	else if (r == 0 && latest->state == DELIVERED_REVIEW)
		r = answer_kept(request, answer, latest, findings);
	else if (r == 0)
		r = answer_findings(answer, 422, findings);
	free(findings);
	return r;
}

/* Its sender goes without an answer: it follows by mail. *latest is read again: the worker may have been
 * faster. */
static int
promise_mail(struct request *request, const struct order *o, struct delivered *latest)
{
	int r = store_begin(request->store);

	if (r == 0)
		r = store_delivered_by_mail(request->store, latest->id);
	if (r == 0)
		return store_commit(request->store, "desk.by_mail");
	store_abandon(request->store);
	return r == STORE_E_ABSENT ? store_delivered_latest(request->store, o->id, latest) : r;
}

int
review_await(struct request *request, struct answer *answer, const struct order *o,
    const struct delivered *fetching)
{
	when deadline = world_ticks() + request->desk->patience;
	struct delivered latest = *fetching;
	bool may_wait = desk_begin_reading(request->desk);
	int r = 0;

	while (
	    may_wait && r == 0 && latest.state == DELIVERED_FETCHING && world_ticks() < deadline) {
		world_rest(LOOK_EVERY);
		r = store_delivered_latest(request->store, o->id, &latest);
	}
	if (may_wait)
		desk_end_reading(request->desk);
	if (r == 0 && latest.state == DELIVERED_FETCHING)
		r = promise_mail(request, o, &latest);
	if (r)
		return r;
	return latest.state == DELIVERED_FETCHING ? answer_fetching(answer, o, &latest)
	                                          : answer_outcome(request, answer, o, &latest);
}

int
review_accepted(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct findings *findings = alloc_zero(sizeof(*findings));
	struct order o;
	int r = 0;

	if (access_order(request, answer, &o) &&
	    form_read(request, fields, COUNT_OF(fields), &form, answer) &&
	    form_is_good(&form, answer))
		r = accept_number(request, answer, &o, form_str(&form, "review"), findings);
	free(findings);
	return r;
}
