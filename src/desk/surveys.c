/* SPDX-License-Identifier: Apache-2.0 */
/* The desk only records that a load balancer shall be looked over: the worker does it. */
#include "store/surveys.h"

#include <stdio.h>

#include "desk/handlers.h"
#include "desk/list.h"
#include "ipc/wake.h"

/* clang-format off */
static const struct field fields[] = {
	{ "kind", FIELD_TEXT, 16, true, "probe drift import" },
};
/* clang-format on */

static json_t *
survey_json(const struct survey *v)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:o}", "id",
	    json_id(v->id), "balancer", json_text(v->balancer), "kind", survey_kind_name(v->kind),
	    "state", survey_state_name(v->state), "author", json_text(v->author), "asked",
	    json_when(v->asked), "ended", json_when(v->ended), "attempts", (json_int_t)v->attempts,
	    "looked", (json_int_t)v->looked, "rows", (json_int_t)v->told, "words",
	    json_text(v->words));
}

static bool
knows_balancer(const struct request *request, struct answer *answer)
{
	return config_balancer(request->desk->config, request->ref) ||
	       answer_no(answer, 404, "NOT_FOUND",
		   "There is no load balancer \"%.64s\" in the configuration.", request->ref);
}

int
surveys_list(struct request *request, struct answer *answer)
{
	CLEAN(survey_list_fini) struct survey_list list = { 0 };
	struct page page;
	json_t *items;
	int r;

	if (!knows_balancer(request, answer) || !request_page(request, answer, &page))
		return 0;
	r = store_survey_list(request->store, request->ref, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, survey_json(&list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

static int
add(struct request *request, struct answer *answer, struct survey *v)
{
	char id[ID_TEXT_SIZE];
	int r = store_begin(request->store);

	if (r == 0)
		r = store_survey_add(request->store, v);
	if (r == STORE_E_ALREADY)
		return answer_json(answer, 200, survey_json(v));
	snprintf(
	    answer->location, sizeof(answer->location), "/api/v1/surveys/%s", id_text(v->id, id));
	if (r == 0)
		r = answer_json(answer, 201, survey_json(v));
	if (r == 0)
		r = request_commit(request, answer, "desk.survey");
	if (r == 0)
		wake_tell(request->desk->worker);
	return r;
}

int
surveys_add(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct survey v = { 0 };

	if (!knows_balancer(request, answer) ||
	    !form_read(request, fields, COUNT_OF(fields), &form, answer) ||
	    !form_is_good(&form, answer))
		return 0;
	(void)survey_kind_parse(form_str(&form, "kind"), &v.kind); /* the table has its choices */
	(void)str_copy(str_of(request->ref), v.balancer, sizeof(v.balancer));
	snprintf(v.author, sizeof(v.author), "%s", request_author(request));
	return add(request, answer, &v);
}

int
surveys_show(struct request *request, struct answer *answer)
{
	CLEAN(buf_fini) struct buf result = BUF(SURVEY_RESULT_MAX);
	struct survey v;
	struct id id;
	json_t *json, *found;
	int r = id_parse(str_of(request->ref), &id)
	            ? store_survey_get(request->store, id, &v, &result)
	            : STORE_E_ABSENT;

	if (r)
		return r == STORE_E_ABSENT ? answer_not_found(answer, "survey") : r;
	json = survey_json(&v);
	found = json_loadb(buf_text(&result), result.len, 0, NULL);
	json_object_set_new(json, "result", found ? found : json_object());
	return answer_json(answer, 200, json);
}

static json_t *
row_json(const struct survey_row *row)
{
	json_t *json = json_loads(row->content ? row->content : "", 0, NULL);

	if (!json)
		json = json_object();
	json_object_set_new(json, "number", json_integer(row->number));
	return json;
}

int
surveys_rows(struct request *request, struct answer *answer)
{
	CLEAN(survey_rows_fini) struct survey_rows rows = { 0 };
	struct survey v;
	struct id id;
	int64_t after;
	json_t *items, *next;
	size_t limit;
	int r = id_parse(str_of(request->ref), &id) ? store_survey_get(request->store, id, &v, NULL)
	                                            : STORE_E_ABSENT;

	if (r)
		return r == STORE_E_ABSENT ? answer_not_found(answer, "survey") : r;
	if (!request_sequence(request, answer, &after, &limit))
		return 0;
	r = store_survey_rows(request->store, id, after, limit, &rows);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(items, row_json(&rows.row[i]));
	next = rows.more ? json_integer(rows.row[rows.count - 1].number) : json_null();
	return answer_json(answer, 200, json_pack("{s:o, s:o}", "items", items, "next", next));
}
