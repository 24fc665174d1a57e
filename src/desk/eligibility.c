/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts of mailboxes with the list that was counted, which its customer may see, too; and waivers of
 * two people (M-G, docs/decisions/0025). Here is recorded what people counted; sources are asked by
 * the worker.
 */
#include "store/eligibility.h"

#include <stdio.h>

#include "desk/access.h"
#include "desk/handlers.h"
#include "desk/list.h"

#define LIST_MOST   10000
#define SAMPLE_MOST 5

/* clang-format off */
static const struct field mailbox_fields[] = {
	{ "mailboxes", FIELD_NUMBER, 0,         true,  NULL },
	{ "asked",     FIELD_TEXT,   512,       false, NULL },
	{ "left_out",  FIELD_NUMBER, 0,         false, NULL },
	{ "list",      FIELD_LIST,   LIST_MOST, false, NULL },
};
static const struct field waiver_fields[] = {
	{ "reason",  FIELD_TEXT, 512, true,  NULL },
	{ "expires", FIELD_TEXT, 40,  false, NULL },
};
/* clang-format on */

/* ---- counts */

/* Where it was looked is inside the provider's house. */
static json_t *
count_json(const struct request *request, const struct mailbox_count *count)
{
	return json_pack("{s:o, s:I, s:o, s:o, s:o, s:I, s:I, s:o}", "id", json_id(count->id),
	    "mailboxes", (json_int_t)count->mailboxes, "source",
	    json_inside(request, count->source), "author", json_inside(request, count->author),
	    "asked", json_inside(request, count->asked), "left_out", (json_int_t)count->others,
	    "listed", (json_int_t)count->listed, "counted", json_when(count->counted));
}

static int
add_sample(struct request *request, const struct mailbox_count *count, json_t *to)
{
	CLEAN(mailbox_names_fini) struct mailbox_names names = { 0 };
	json_t *sample = json_array();
	int r = count->listed > 0
	            ? store_mailbox_names(request->store, count->id, 0, SAMPLE_MOST, &names)
	            : 0;

	for (size_t i = 0; i < names.count; i++)
		json_array_append_new(sample, json_text(names.row[i].name));
	json_object_set_new(to, "sample", sample);
	return r;
}

int
mailboxes_list(struct request *request, struct answer *answer)
{
	CLEAN(mailbox_count_list_fini) struct mailbox_count_list list = { 0 };
	struct customer c;
	struct page page;
	json_t *items;
	int r;

	if (!access_customer(request, answer, str_of(request->ref), &c) ||
	    !request_page(request, answer, &page))
		return 0;
	r = store_mailboxes_list(request->store, c.id, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		json_t *item = count_json(request, &list.row[i]);

		json_array_append_new(items, item);
		r = add_sample(request, &list.row[i], item);
	}
	if (r) {
		json_decref(items);
		return r;
	}
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

/* The one asked for with ?count=, or the latest. False: the answer is filled. */
static bool
find_count(struct request *request, struct answer *answer, const struct customer *c,
    struct mailbox_count *ret)
{
	const char *asked = request_query(request, "count");
	int r = STORE_E_ABSENT;
	struct id id;

	if (!asked)
		r = store_mailboxes_latest(request->store, c->id, ret);
	else if (id_parse(str_of(asked), &id))
		r = store_mailboxes_get(request->store, c->id, id, ret);
	if (r == STORE_E_ABSENT)
		return answer_no(answer, 404, "NOT_FOUND", "There is no such count.");
	return r == 0 || answer_fault_no(answer, r);
}

int
mailboxes_names(struct request *request, struct answer *answer)
{
	CLEAN(mailbox_names_fini) struct mailbox_names names = { 0 };
	struct mailbox_count count = { 0 };
	struct customer c;
	json_t *items, *next;
	int64_t after;
	size_t limit;
	int r;

	if (!access_customer(request, answer, str_of(request->ref), &c) ||
	    !request_sequence(request, answer, &after, &limit) ||
	    !find_count(request, answer, &c, &count))
		return 0;
	r = store_mailbox_names(request->store, count.id, after, limit, &names);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < names.count; i++)
		json_array_append_new(
		    items, json_pack("{s:I, s:o}", "number", (json_int_t)names.row[i].number,
			       "name", json_text(names.row[i].name)));
	next = names.more ? json_integer(names.row[names.count - 1].number) : json_null();
	return answer_json(answer, 200,
	    json_pack("{s:o, s:o, s:o}", "count", count_json(request, &count), "items", items,
		"next", next));
}

/* Each item on a line of its own; made fit for people's eyes as a source's are. */
static void
take_list(struct form *form, struct mailbox_count *count, struct buf *names)
{
	const json_t *list = json_object_get(form->root, "list"), *item;
	char shown[256];
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item) || json_string_length(item) == 0)
			form_mistake(form, "list", "Needed are names of mailboxes.");
		str_show(str_bytes(json_string_value(item), json_string_length(item)), shown,
		    sizeof(shown));
		buf_put_text(names, shown);
		buf_put_byte(names, '\n');
	}
	count->listed = (int64_t)json_array_size(list);
	if (count->listed > 0 && count->listed < LIST_MOST && count->listed != count->mailboxes)
		form_mistake(form, "list", "It has %lld names, and mailboxes says %lld.",
		    (long long)count->listed, (long long)count->mailboxes);
}

static void
fill_count(
    struct request *request, struct form *form, struct mailbox_count *count, struct buf *names)
{
	count->mailboxes = form_number(form, "mailboxes", 0);
	count->others = form_number(form, "left_out", 0);
	form_copy(form, "asked", count->asked, sizeof(count->asked));
	take_list(form, count, names);
	snprintf(count->source, sizeof(count->source), "%s", count->listed > 0 ? "file" : "hand");
	snprintf(count->author, sizeof(count->author), "%s", request_author(request));
}

int
mailboxes_add(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	CLEAN(buf_fini) struct buf names = BUF(BODY_MAX * 2);
	struct mailbox_count count = { 0 };
	struct customer c;
	int r;

	if (!access_customer(request, answer, str_of(request->ref), &c) ||
	    !form_read(request, mailbox_fields, COUNT_OF(mailbox_fields), &form, answer))
		return 0;
	count.customer = c.id;
	fill_count(request, &form, &count, &names);
	if (!form_is_good(&form, answer))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_mailboxes_add(request->store, &count, buf_str(&names), ID_NONE);
	if (r == 0)
		r = answer_json(answer, 201, count_json(request, &count));
	return r ? r : request_commit(request, answer, "desk.mailboxes");
}

/* ---- waivers */

static json_t *
waiver_json(const struct waiver *w)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", json_id(w->id),
	    "customer", json_id(w->customer), "author", json_text(w->author), "reason",
	    json_text(w->reason), "second", json_text(w->second), "given", json_when(w->given),
	    "confirmed", json_when(w->confirmed), "expires", json_when(w->expires));
}

int
waivers_list(struct request *request, struct answer *answer)
{
	CLEAN(waiver_list_fini) struct waiver_list list = { 0 };
	struct customer c;
	struct page page;
	json_t *items;
	int r;

	if (!access_customer(request, answer, str_of(request->ref), &c) ||
	    !request_page(request, answer, &page))
		return 0;
	r = store_waiver_list(request->store, c.id, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, waiver_json(&list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

static void
fill_waiver(struct request *request, struct form *form, struct waiver *w)
{
	when now = world_now(request->desk->process->world);
	when most = now + DAYS(request->desk->config->waiver_days);

	snprintf(w->author, sizeof(w->author), "%s", request_author(request));
	form_copy(form, "reason", w->reason, sizeof(w->reason));
	if (str_trim(str_of(w->reason)).len == 0)
		form_mistake(form, "reason", "A waiver names its reason.");
	w->expires = most;
	if (form_has(form, "expires") && !when_parse(form_str(form, "expires"), &w->expires))
		form_mistake(form, "expires", "Needed is a time like 2027-03-15T14:00:00Z.");
	else if (w->expires <= now || w->expires > most)
		form_mistake(form, "expires",
		    "A waiver expires, at the latest in %lld days (policy.waiver_days).",
		    (long long)request->desk->config->waiver_days);
}

int
waivers_add(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct waiver w = { 0 };
	struct customer c;
	int r;

	if (!access_customer(request, answer, str_of(request->ref), &c) ||
	    !form_read(request, waiver_fields, COUNT_OF(waiver_fields), &form, answer))
		return 0;
	w.customer = c.id;
	fill_waiver(request, &form, &w);
	if (!form_is_good(&form, answer))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_waiver_add(request->store, &w);
	if (r == 0)
		r = answer_json(answer, 201, waiver_json(&w));
	return r ? r : request_commit(request, answer, "desk.waiver");
}

/* A name is a person: two tokens of one name are one (docs/decisions/0018). */
static int
confirm(struct request *request, struct answer *answer, struct waiver *w)
{
	int r = store_begin(request->store);

	if (r == 0)
		r = store_waiver_confirm(request->store, w);
	if (r == STORE_E_ALREADY)
		return answer_problem(answer, 409, "ALREADY", "It was confirmed already.");
	if (r == STORE_E_NOT_NOW)
		return answer_problem(answer, 409, "EXPIRED", "It has expired; propose a new one.");
	if (r == 0)
		r = answer_json(answer, 200, waiver_json(w));
	return r ? r : request_commit(request, answer, "desk.waiver_confirmed");
}

int
waivers_confirm(struct request *request, struct answer *answer)
{
	struct waiver w;
	struct id id;
	int r = id_parse(str_of(request->ref), &id) ? store_waiver_get(request->store, id, &w)
	                                            : STORE_E_ABSENT;

	if (r)
		return r == STORE_E_ABSENT ? answer_not_found(answer, "waiver") : r;
	if (strcmp(w.author, request_author(request)) == 0)
		return answer_problem(answer, 403, "SAME_PERSON",
		    "\"%.128s\" proposed this waiver; somebody else of the provider has to confirm it.",
		    w.author);
	snprintf(w.second, sizeof(w.second), "%s", request_author(request));
	return confirm(request, answer, &w);
}
