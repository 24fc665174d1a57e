/* SPDX-License-Identifier: Apache-2.0 */
/* Orders as they are: lists, views, and what people may do to one that is there. Ordering is in
 * intake.c. */
#include "store/orders.h"

#include "desk/access.h"
#include "desk/handlers.h"
#include "desk/list.h"
#include "desk/order_change.h"
#include "desk/order_json.h"
#include "pki/csr.h"
#include "store/certificates.h"
#include "store/keys.h"
#include "store/messages.h"
#include "store/tasks.h"

static bool
read_filter(struct request *request, struct answer *answer, struct order_filter *ret)
{
	const char *stage = request_query(request, "stage");

	*ret = (struct order_filter){ 0 };
	if (!access_list(request, answer, &ret->customer))
		return false;
	if (!stage)
		return true;
	ret->by_stage = true;
	return order_stage_parse(str_of(stage), &ret->stage) ||
	       answer_no_field(answer, "stage",
		   "\"%.40s\" is not a stage; `certdesk manual stages` shows them.", stage);
}

int
orders_list(struct request *request, struct answer *answer)
{
	CLEAN(order_list_fini) struct order_list list = { 0 };
	struct order_filter filter;
	struct page page;
	json_t *items;
	int r;

	if (!read_filter(request, answer, &filter) || !request_page(request, answer, &page))
		return 0;
	r = store_order_list(request->store, &filter, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++) {
		struct site site;

		r = store_site_get(request->store, list.row[i].site, &site);
		if (r) {
			json_decref(items);
			return r;
		}
		json_array_append_new(items, order_json(request, &list.row[i], &site));
	}
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

int
orders_show(struct request *request, struct answer *answer)
{
	struct order o;
	json_t *json;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = order_json_whole(request, &o, &json);
	return r ? r : answer_json(answer, 200, json);
}

int
orders_csr(struct request *request, struct answer *answer)
{
	CLEAN(buf_fini) struct buf der = BUF(CSR_MAX);
	CLEAN(buf_fini) struct buf pem = BUF(2 * CSR_MAX);
	struct order o;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	if (id_is_none(o.csr))
		return answer_problem(answer, 404, "NOT_YET", "The request is still being made.");
	r = store_csr_get(request->store, o.csr, &der);
	if (r)
		return r;
	csr_to_pem(buf_str(&der), &pem);
	if (strstr(request->accept, "text/plain") ||
	    strstr(request->accept, "application/x-pem-file"))
		return answer_text(answer, 200, "text/plain; charset=us-ascii", buf_str(&pem));
	return answer_json(
	    answer, 200, json_pack("{s:s, s:s}", "host", o.host, "csr", buf_text(&pem)));
}

int
orders_certificate(struct request *request, struct answer *answer)
{
	struct order o;
	json_t *json;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	if (id_is_none(o.certificate))
		return answer_problem(
		    answer, 404, "NOT_YET", "No certificate was accepted for this order yet.");
	r = order_certificate_json(request, &o, &json);
	return r ? r : answer_json(answer, 200, json);
}

int
orders_look(struct request *request, struct answer *answer)
{
	struct order o;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_order_look_now(request->store, o.id);
	return order_change_settle(request, answer, &o, r,
	    "the DNS is looked at from the request on until the order ends.");
}

int
orders_go_on(struct request *request, struct answer *answer)
{
	struct order o;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_order_event(request->store, o.id, EVENT_UNSTUCK, "");
	return order_change_settle(
	    request, answer, &o, r, "it is not set aside, so there is nothing to let go on.");
}

/* An installation by hand, which the worker then looks at; everything else goes on by go-on. */
int
orders_done(struct request *request, struct answer *answer)
{
	struct installation i = { .state = INSTALLATION_PLANNED };
	struct order o;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = store_begin(request->store);
	if (r == 0 && !id_is_none(o.installation))
		r = store_installation_get(request->store, o.installation, &i);
	if (r == 0)
		r = i.state == INSTALLATION_BY_HAND
		        ? store_order_event(request->store, o.id, EVENT_UNSTUCK, "done by hand")
		        : STORE_E_NOT_NOW;
	return order_change_settle(
	    request, answer, &o, r, "nothing of it waits for somebody to do it by hand.");
}

int
orders_cancel(struct request *request, struct answer *answer)
{
	struct order o;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_order_event(request->store, o.id, EVENT_RETIRED, "");
	return order_change_settle(request, answer, &o, r, "it has ended already.");
}

int
orders_findings(struct request *request, struct answer *answer)
{
	struct order o;
	json_t *items;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = order_findings_json(request, &o, &items);
	return r ? r : answer_list(answer, items, false, ID_NONE);
}

static json_t *
message_json(const struct request *request, const struct message *m)
{
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
	    json_id(m->id), "direction", m->incoming ? "in" : "out", "purpose", m->purpose, "from",
	    json_text(m->sender), "to", json_text(m->recipient), "subject", json_text(m->subject),
	    "message_id", json_text(m->message_id), "body", json_text(m->body), "attachment",
	    m->attachment_name ? json_text(m->attachment_name) : json_null(), "created",
	    json_when(m->created), "sent", json_when(m->sent), "words",
	    json_inside(request, m->words));
}

int
orders_messages(struct request *request, struct answer *answer)
{
	CLEAN(message_list_fini) struct message_list list = { 0 };
	struct order o;
	struct page page;
	json_t *items;
	int r;

	if (!access_order(request, answer, &o) || !request_page(request, answer, &page))
		return 0;
	r = store_message_list(request->store, o.id, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, message_json(request, &list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

int
orders_tasks(struct request *request, struct answer *answer)
{
	struct task tasks[TASK_KIND_MAX];
	struct order o;
	size_t count;
	json_t *items;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = store_tasks_of_order(request->store, o.id, tasks, COUNT_OF(tasks), &count);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    items, json_pack("{s:s, s:o, s:I, s:s, s:o}", "kind",
			       task_kind_name(tasks[i].kind), "due",
			       json_when(tasks[i].due == INT64_MAX
					     ? 0
					     : tasks[i].due), /* none: waits for a human */
			       "attempts", (json_int_t)tasks[i].attempts, "outcome",
			       outcome_name(tasks[i].outcome), "words", json_text(tasks[i].words)));
	return answer_list(answer, items, false, ID_NONE);
}

static int
look_json(struct request *request, struct id order, enum look_kind kind, json_t **ret)
{
	CLEAN(buf_fini) struct buf words = BUF(1 << 16), report = BUF(1 << 20);
	bool good;
	when at;
	int r = store_look_get(request->store, order, kind, &good, &at, &words, &report);
	json_t *parsed;

	if (r == STORE_E_ABSENT)
		*ret = json_null();
	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	parsed = json_loadb(report.data ? report.data : "", report.len, 0, NULL);
	*ret = json_pack("{s:b, s:o, s:o, s:o}", "good", good, "at", json_when(at), "words",
	    json_text(buf_text(&words)), "report", parsed ? parsed : json_object());
	return 0;
}

int
orders_tests(struct request *request, struct answer *answer)
{
	static const enum look_kind kinds[] = { LOOK_DNS, LOOK_CAA, LOOK_REGISTRATION,
		LOOK_TEST_ADDRESS, LOOK_TEST_NAME };
	struct order o;
	json_t *all;

	if (!access_order(request, answer, &o))
		return 0;
	all = json_object();
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		json_t *look;
		int r = look_json(request, o.id, kinds[i], &look);

		if (r) {
			json_decref(all);
			return r;
		}
		json_object_set_new(all, look_kind_name(kinds[i]), look);
	}
	return answer_json(answer, 200, all);
}

/* As the worker made it, last time it began the installation. */
int
orders_plan(struct request *request, struct answer *answer)
{
	json_t *look, *plan;
	struct order o;
	int r;

	if (!access_order(request, answer, &o))
		return 0;
	r = look_json(request, o.id, LOOK_PLAN, &look);
	if (r)
		return r;
	if (json_is_null(look)) {
		json_decref(look);
		return answer_problem(answer, 404, "NOT_YET",
		    "The plan is made when the installation of an accepted certificate begins.");
	}
	plan = json_incref(json_object_get(look, "report"));
	json_object_set(plan, "at", json_object_get(look, "at"));
	json_object_set(plan, "summary", json_object_get(look, "words"));
	json_decref(look);
	return answer_json(answer, 200, plan);
}
