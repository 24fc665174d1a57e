/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "desk/access.h"
#include "desk/handlers.h"
#include "desk/list.h"
#include "store/domains.h"

/* clang-format off */
#define CUSTOMER_FIELDS(needs_name)                        \
	{ "name",         FIELD_TEXT, 256, (needs_name), NULL }, \
	{ "organization", FIELD_TEXT, 512, false, NULL },        \
	{ "division",     FIELD_TEXT, 512, false, NULL },        \
	{ "city",         FIELD_TEXT, 512, false, NULL },        \
	{ "state",        FIELD_TEXT, 512, false, NULL },        \
	{ "country",      FIELD_TEXT, 3,   false, NULL },        \
	{ "contact_name", FIELD_TEXT, 256, false, NULL },        \
	{ "contact_mail", FIELD_TEXT, 320, false, NULL },        \
	{ "domains",      FIELD_LIST, DOMAINS_MAX, false, NULL }, \
	{ "mailbox_source", FIELD_TEXT, 64, false, NULL },       \
	{ "mailbox_key",  FIELD_TEXT, 256, false, NULL }
static const struct field fields_new[] = { CUSTOMER_FIELDS(true) };
static const struct field fields_change[] = { CUSTOMER_FIELDS(false) };
/* clang-format on */

static json_t *
customer_json(const struct request *request, const struct customer *c)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}",
	    "id", json_id(c->id), "name", json_text(c->name), "organization",
	    json_text(c->organization), "division", json_text(c->division), "city",
	    json_text(c->city), "state", json_text(c->state), "country", json_text(c->country),
	    "contact_name", json_text(c->contact_name), "contact_mail", json_text(c->contact_mail),
	    "mailbox_source", json_inside(request, c->mailbox_source), "mailbox_key",
	    json_inside(request, c->mailbox_key), "created", json_when(c->created), "changed",
	    json_when(c->changed), "version", (json_int_t)c->version);
}

static void
fill(const struct form *form, struct customer *c)
{
	form_copy(form, "name", c->name, sizeof(c->name));
	form_copy(form, "organization", c->organization, sizeof(c->organization));
	form_copy(form, "division", c->division, sizeof(c->division));
	form_copy(form, "city", c->city, sizeof(c->city));
	form_copy(form, "state", c->state, sizeof(c->state));
	form_copy(form, "country", c->country, sizeof(c->country));
	form_copy(form, "contact_name", c->contact_name, sizeof(c->contact_name));
	form_copy(form, "contact_mail", c->contact_mail, sizeof(c->contact_mail));
	form_copy(form, "mailbox_source", c->mailbox_source, sizeof(c->mailbox_source));
	form_copy(form, "mailbox_key", c->mailbox_key, sizeof(c->mailbox_key));
}

/* One address, no header tricks; whether it exists only the mail server knows. */
static bool
is_mail_address(const char *text)
{
	const char *at = strchr(text, '@');

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || strchr(",;<>\"", *p) || *p == 0x7f)
			return false;
	return at && at != text && at[1] != '\0' && !strchr(at + 1, '@');
}

static void
check_source(const struct request *request, struct form *form, const struct customer *c)
{
	const char *source = config_counted_by(request->desk->config, c->mailbox_source);

	if (*c->mailbox_source && *source && !config_mailbox_source(request->desk->config, source))
		form_mistake(form, "mailbox_source",
		    "Needed is a name of mailbox_sources in the configuration, or hand.");
	for (const char *p = c->mailbox_key; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			form_mistake(form, "mailbox_key", "A key is one line of text.");
}

/* A name that reads as an id or is blank could not be told apart in a path. */
static void
check(const struct request *request, struct form *form, const struct customer *c)
{
	struct id id;

	if (str_trim(str_of(c->name)).len == 0 || strchr(c->name, '/'))
		form_mistake(form, "name", "A customer needs a name, without a slash.");
	if (id_parse(str_of(c->name), &id))
		form_mistake(form, "name", "A name that looks like an id cannot be told from one.");
	if (c->contact_mail[0] && !is_mail_address(c->contact_mail))
		form_mistake(form, "contact_mail",
		    "Needed is one mail address, like "
		    "anna.berg@contoso.com.");
	check_source(request, form, c);
}

/* Whatever is pasted for a domain is read as for a host name. */
static void
read_domain(struct form *form, size_t at, const json_t *item, struct host_name *ret)
{
	struct str text = str_bytes(json_string_value(item), json_string_length(item));
	struct name_report report;
	char field[32];

	snprintf(field, sizeof(field), "domains.%zu", at);
	if (!json_is_string(item))
		form_mistake(form, field, "Needed is a domain, as text.");
	else if (host_name_parse(text, ret, &report) != 0)
		form_mistake(form, field, "Needed is a domain, like contoso.com.");
}

/* To be released; without the member there is nothing to set. */
static struct domain_list
read_domains(struct form *form)
{
	const json_t *items = json_object_get(form->root, "domains"), *item;
	struct domain_list list = { 0 };
	size_t i;

	if (!json_is_array(items) || json_array_size(items) > DOMAINS_MAX)
		return list;
	list.row = alloc_array(json_array_size(items) + 1, sizeof(*list.row));
	json_array_foreach(items, i, item) read_domain(form, i, item, &list.row[i]);
	list.count = json_array_size(items);
	return list;
}

static json_t *
domains_json(const struct domain_list *list)
{
	json_t *items = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(items, json_string(list->row[i].text));
	return items;
}

static int
set_domains(struct request *request, const struct form *form, const struct domain_list *list,
    struct id customer)
{
	return form_has(form, "domains") ? store_domains_set(request->store, customer, list) : 0;
}

static int
answer_customer(
    struct request *request, struct answer *answer, int status, const struct customer *c)
{
	CLEAN(domain_list_fini) struct domain_list domains = { 0 };
	char id[ID_TEXT_SIZE];
	json_t *json;
	int r = store_domains_get(request->store, c->id, &domains);

	if (r)
		return r;

	answer_version(answer, c->version);
	if (status == 201)
		snprintf(answer->location, sizeof(answer->location), "/api/v1/customers/%s",
		    id_text(c->id, id));
	json = customer_json(request, c);
	json_object_set_new(json, "domains", domains_json(&domains));
	return answer_json(answer, status, json);
}

int
customers_add(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	CLEAN(domain_list_fini) struct domain_list domains = { 0 };
	struct customer c = { 0 };
	int r;

	if (!form_read(request, fields_new, COUNT_OF(fields_new), &form, answer))
		return 0;
	fill(&form, &c);
	domains = read_domains(&form);
	check(request, &form, &c);
	if (!form_is_good(&form, answer))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_customer_add(request->store, &c);
	if (r == 0)
		r = set_domains(request, &form, &domains, c.id);
	if (r == 0)
		r = answer_customer(request, answer, 201, &c);
	return r ? r : request_commit(request, answer, "desk.customer");
}

/* A customer's token sees a list of one. */
static int
list_own(struct request *request, struct answer *answer)
{
	struct customer own;
	int r = store_customer_get(request->store, request->token.customer, &own);

	return r ? r
	         : answer_list(
		       answer, json_pack("[o]", customer_json(request, &own)), false, own.id);
}

int
customers_list(struct request *request, struct answer *answer)
{
	CLEAN(customer_list_fini) struct customer_list list = { 0 };
	json_t *items = NULL;
	struct page page;
	int r;

	if (!request_page(request, answer, &page))
		return 0;
	if (!request_is_provider(request))
		return list_own(request, answer);
	r = store_customer_list(request->store, page, &list);
	if (r)
		return r;
	items = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(items, customer_json(request, &list.row[i]));
	return answer_list(
	    answer, items, list.more, list.count ? list.row[list.count - 1].id : ID_NONE);
}

int
customers_show(struct request *request, struct answer *answer)
{
	struct customer c;

	return access_customer(request, answer, str_of(request->ref), &c)
	           ? answer_customer(request, answer, 200, &c)
	           : 0;
}

int
customers_change(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	CLEAN(domain_list_fini) struct domain_list domains = { 0 };
	struct customer c;
	int r;

	if (!access_customer(request, answer, str_of(request->ref), &c) ||
	    !form_read(request, fields_change, COUNT_OF(fields_change), &form, answer) ||
	    !request_version(request, answer, &c.version))
		return 0;
	fill(&form, &c);
	domains = read_domains(&form);
	check(request, &form, &c);
	if (!form_is_good(&form, answer))
		return 0;
	r = store_begin(request->store);
	if (r == 0)
		r = store_customer_change(request->store, &c);
	if (r == 0)
		r = set_domains(request, &form, &domains, c.id);
	if (r == 0)
		r = answer_customer(request, answer, 200, &c);
	return r ? r : request_commit(request, answer, "desk.customer_changed");
}
