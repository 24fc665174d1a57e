/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "ipc/house.h"
#include "store/orders.h"
#include "store/tasks.h"

/* "a=1\nb=two\n" as an object of texts. */
static json_t *
lines_json(const char *lines)
{
	json_t *object = json_object();
	struct str rest = str_of(lines), line;

	while (str_next(&rest, '\n', &line)) {
		struct str value = line, name;

		if (str_next(&value, '=', &name) && value.p)
			json_object_setn_new(
			    object, name.p, name.len, json_stringn(value.p, value.len));
	}
	return object;
}

static json_t *
processes_json(struct request *request)
{
	struct house *house = alloc_zero(sizeof(*house));
	json_t *list = json_array();

	if (house_ask(request->desk->process->boss, house) == 0)
		for (size_t i = 0; i < house->count; i++) {
			const struct resident *p = &house->resident[i];

			json_array_append_new(
			    list, json_pack("{s:s, s:s, s:I, s:b, s:o, s:i, s:o, s:o, s:o}",
				      "program", role_name(p->role), "version", p->version, "pid",
				      (json_int_t)p->pid, "ready", p->ready, "started",
				      json_when(p->started), "restarts", (int)p->restarts,
				      "sandbox", lines_json(p->sandbox), "report",
				      lines_json(p->report), "last_end", json_text(p->last_end)));
		}
	free(house);
	return list;
}

static json_t *
stages_json(const int64_t counts[static STAGE_MAX])
{
	json_t *object = json_object();

	for (int i = 0; i < STAGE_MAX; i++)
		json_object_set_new(
		    object, order_stage_name((enum order_stage)i), json_integer(counts[i]));
	return object;
}

int
status_show(struct request *request, struct answer *answer)
{
	int64_t counts[STAGE_MAX], schema;
	struct queue_depth q;
	int r = store_queue_depth(request->store, &q);

	if (r == 0)
		r = store_order_counts(request->store, counts);
	if (r == 0)
		r = store_schema_version(request->store, &schema);
	if (r)
		return r;
	return answer_json(answer, 200,
	    json_pack("{s:s, s:I, s:o, s:{s:I, s:I, s:I, s:I}, s:o}", "version", CERTDESK_VERSION,
		"schema", (json_int_t)schema, "processes", processes_json(request), "queue", "due",
		(json_int_t)q.due, "later", (json_int_t)q.later, "leased", (json_int_t)q.leased,
		"stuck", (json_int_t)q.stuck, "orders", stages_json(counts)));
}

static void
put_requests(struct desk *desk, struct buf *text)
{
	buf_put_text(text,
	    "# HELP certdesk_requests_total Requests to the API.\n# TYPE certdesk_requests_total counter\n");
	buf_printf(text, "certdesk_requests_total %llu\n",
	    (unsigned long long)atomic_load(&desk->requests));
	buf_put_text(text,
	    "# HELP certdesk_refused_total Requests answered with a problem.\n# TYPE certdesk_refused_total counter\n");
	buf_printf(
	    text, "certdesk_refused_total %llu\n", (unsigned long long)atomic_load(&desk->refused));
	buf_put_text(text,
	    "# HELP certdesk_faults_total Requests that met a fault of ours.\n# TYPE certdesk_faults_total counter\n");
	buf_printf(
	    text, "certdesk_faults_total %llu\n", (unsigned long long)atomic_load(&desk->faults));
}

int
metrics_show(struct request *request, struct answer *answer)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	int64_t counts[STAGE_MAX];
	struct queue_depth q;
	int r = store_queue_depth(request->store, &q);

	if (r == 0)
		r = store_order_counts(request->store, counts);
	if (r)
		return r;
	buf_put_text(
	    &text, "# HELP certdesk_orders Orders by stage.\n# TYPE certdesk_orders gauge\n");
	for (int i = 0; i < STAGE_MAX; i++)
		buf_printf(&text, "certdesk_orders{stage=\"%s\"} %lld\n",
		    order_stage_name((enum order_stage)i), (long long)counts[i]);
	buf_put_text(
	    &text, "# HELP certdesk_tasks Tasks in the queue.\n# TYPE certdesk_tasks gauge\n");
	buf_printf(&text,
	    "certdesk_tasks{state=\"due\"} %lld\ncertdesk_tasks{state=\"later\"} %lld\n",
	    (long long)q.due, (long long)q.later);
	buf_printf(&text,
	    "certdesk_tasks{state=\"leased\"} %lld\ncertdesk_tasks{state=\"stuck\"} %lld\n",
	    (long long)q.leased, (long long)q.stuck);
	put_requests(request->desk, &text);
	return answer_text(answer, 200, "text/plain; version=0.0.4", buf_str(&text));
}

int
catalogue_show(struct request *request UNUSED, struct answer *answer)
{
	json_t *items = json_array();

	for (int i = 0; i < FINDING_MAX; i++) {
		const struct finding_rule *rule = finding_rule((enum finding_code)i);

		json_array_append_new(items,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "code", rule->code,
			"gate", gate_name(rule->gate), "severity", severity_name(rule->severity),
			"owner", party_name(rule->owner), "rules", rule->rules, "title",
			rule->title, "what", rule->what, "why", rule->why, "next", rule->next));
	}
	return answer_json(answer, 200, json_pack("{s:o, s:n}", "items", items, "next"));
}
