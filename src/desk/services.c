/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "desk/access.h"
#include "desk/handlers.h"
#include "desk/list.h"
#include "pki/name.h"
#include "store/pools.h"

/* clang-format off */
#define SERVICE_FIELDS(needs_name)                                       \
	{ "name",        FIELD_TEXT, 128, (needs_name), NULL },            \
	{ "url",         FIELD_TEXT, 512, false, NULL },                   \
	{ "protection",  FIELD_TEXT, 16,  false, "unknown off on" },       \
	{ "backend_tls", FIELD_TEXT, 16,  false, "unknown off on" }
static const struct field fields_new[] = {
	SERVICE_FIELDS(true),
	{ "kind",        FIELD_TEXT, 32,  true,  "owa sharepoint web" },
	{ "backend",     FIELD_TEXT, 128, true,  NULL },
	{ "pool",        FIELD_TEXT, 64,  true,  NULL },
};
/* What its sites were made with stays. */
static const struct field fields_change[] = { SERVICE_FIELDS(false) };
/* clang-format on */

static json_t *
service_json(const struct request *request, const struct service *v)
{
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "id",
	    json_id(v->id), "customer", json_id(v->customer), "kind", service_kind_name(v->kind),
	    "name", json_text(v->name), "url", json_text(v->url), "backend",
	    json_inside(request, v->backend), "pool", json_inside(request, v->pool), "protection",
	    json_inside(request, told_name(v->protection)), "backend_tls",
	    json_inside(request, told_name(v->backend_tls)), "created", json_when(v->created),
	    "version", (json_int_t)v->version);
}

/* The backend's name goes into the balancer's map file: one word. */
static bool
is_word(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!strchr(
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
			return false;
	return text[0] != '\0';
}

static int
answer_service(struct request *request, struct answer *answer, int status, const struct service *v)
{
	char id[ID_TEXT_SIZE];

	answer_version(answer, v->version);
	if (status == 201)
		snprintf(answer->location, sizeof(answer->location), "/api/v1/services/%s",
		    id_text(v->id, id));
	return answer_json(answer, status, service_json(request, v));
}

static int
add(struct request *request, struct answer *answer, struct service *v)
{
	struct pool pool;
	int r = store_begin(request->store);

	if (r == 0)
		r = store_pool_by_name(request->store, v->pool, &pool);
	if (r == STORE_E_ABSENT) {
		(void)answer_no_field(answer, "pool", "There is no pool \"%.64s\".", v->pool);
		return 0;
	}
	if (r == 0)
		r = store_service_add(request->store, v);
	if (r == 0)
		r = answer_service(request, answer, 201, v);
	return r ? r : request_commit(request, answer, "desk.service");
}

static void
fill(struct form *form, struct service *v)
{
	struct name_report report;
	struct host_name host;

	/* the table has their choices */
	(void)service_kind_parse(form_str(form, "kind"), &v->kind);
	(void)told_parse(form_str(form, "protection"), &v->protection);
	(void)told_parse(form_str(form, "backend_tls"), &v->backend_tls);
	form_copy(form, "name", v->name, sizeof(v->name));
	form_copy(form, "url", v->url, sizeof(v->url));
	form_copy(form, "backend", v->backend, sizeof(v->backend));
	form_copy(form, "pool", v->pool, sizeof(v->pool));
	if (str_trim(str_of(v->name)).len == 0)
		form_mistake(form, "name", "A service needs a name.");
	if (!is_word(v->backend))
		form_mistake(form, "backend",
		    "Needed is one word of letters, digits, \".\", \"_\" and \"-\".");
	if (v->url[0] && host_name_parse(str_of(v->url), &host, &report) != 0)
		form_mistake(form, "url",
		    "Needed is what its users type, like https://owa.contoso.com/owa/; there is no "
		    "host name in it that a certificate could carry.");
}

int
services_add(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct service v = { 0 };
	struct customer c;

	if (!access_customer(request, answer, str_of(request->ref), &c) ||
	    !form_read(request, fields_new, COUNT_OF(fields_new), &form, answer))
		return 0;
	v.customer = c.id;
	fill(&form, &v);
	return form_is_good(&form, answer) ? add(request, answer, &v) : 0;
}

static int
list_of(struct request *request, struct answer *answer, struct id customer)
{
	CLEAN(service_list_fini) struct service_list list = { 0 };
	struct page page;
	json_t *items;
	int r;

	if (!request_page(request, answer, &page))
		return 0;
	r = store_service_list(request->store, customer, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, service_json(request, &list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

int
services_list(struct request *request, struct answer *answer)
{
	struct id customer;

	return access_list(request, answer, &customer) ? list_of(request, answer, customer) : 0;
}

int
services_of_customer(struct request *request, struct answer *answer)
{
	struct customer c;

	return access_customer(request, answer, str_of(request->ref), &c)
	           ? list_of(request, answer, c.id)
	           : 0;
}

int
services_show(struct request *request, struct answer *answer)
{
	struct service v;

	return access_service(request, answer, str_of(request->ref), &v)
	           ? answer_service(request, answer, 200, &v)
	           : 0;
}

int
services_change(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct service v;
	int r;

	if (!access_service(request, answer, str_of(request->ref), &v) ||
	    !form_read(request, fields_change, COUNT_OF(fields_change), &form, answer) ||
	    !request_version(request, answer, &v.version))
		return 0;
	fill(&form, &v);
	if (!form_is_good(&form, answer))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_service_change(request->store, &v);
	if (r == 0)
		r = answer_service(request, answer, 200, &v);
	return r ? r : request_commit(request, answer, "desk.service_changed");
}
