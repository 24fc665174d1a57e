/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /orders: the form is checked whole; then site, address, order, findings, the count and the kept answer are one
 * transaction. Refused means nothing was stored.
 */
#include "order/intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/order_json.h"
#include "ipc/wake.h"
#include "store/pools.h"

static const struct field fields[] = {
	{ "service", FIELD_TEXT, 40, true },       { "host", FIELD_TEXT, 1024, false },     { "kind", FIELD_TEXT, 16, false },
	{ "key", FIELD_TEXT, 16, false },          { "organization", FIELD_TEXT, 0, false }, { "division", FIELD_TEXT, 0, false },
	{ "city", FIELD_TEXT, 0, false },          { "state", FIELD_TEXT, 0, false },        { "country", FIELD_TEXT, 0, false },
	{ "mailboxes", FIELD_NUMBER, 0, false },   { "waiver", FIELD_OBJECT, 0, false },
};
static const struct field waiver_fields[] = {
	{ "author", FIELD_TEXT, 256, true },
	{ "reason", FIELD_TEXT, 512, true },
};

/* What an order stands on, gathered before the transaction. */
struct application {
	struct form form;
	struct service service;
	struct customer customer;
	enum order_kind kind;
	enum key_kind key_kind;
	bool new_count, new_waiver, waived;
	struct mailbox_count count;
	struct waiver waiver;
	struct intake intake;
};

static struct str
field_or(const struct form *form, const char *name, const char *fallback)
{
	return form_has(form, name) ? form_str(form, name) : str_of(fallback);
}

static bool
read_kinds(struct application *a, struct answer *answer)
{
	struct str kind = field_or(&a->form, "kind", "first"), key = field_or(&a->form, "key", key_kind_name(KEY_RSA2048));

	if (!order_kind_parse(kind, &a->kind))
		return answer_no(answer, 422, "FIELDS", "kind: first, renewal, reissue or rekey is needed; found was \"%.*s\".", STR_ARG(kind));
	return key_kind_parse(key, &a->key_kind) ||
	       answer_no(answer, 422, "FIELDS", "key: rsa2048, rsa3072, rsa4096, p256 or p384 is needed; found was \"%.*s\".", STR_ARG(key));
}

/* A count may come with the order; the provider may waive the minimum with it. */
static bool
read_eligibility(struct request *request, struct answer *answer, struct application *a)
{
	json_t *waiver = json_object_get(a->form.root, "waiver");
	int r = store_mailboxes_latest(request->store, a->customer.id, &a->count);

	if (r && r != STORE_E_ABSENT)
		return answer_fault_no(answer, r);
	if (r == STORE_E_ABSENT)
		a->count = (struct mailbox_count){ .mailboxes = -1 };
	if (form_has(&a->form, "mailboxes") || waiver) {
		if (!request_is_provider(request))
			return answer_no(answer, 403, "NOT_ALLOWED", "mailboxes and waiver are recorded by the provider.");
	}
	if (form_has(&a->form, "mailboxes")) {
		a->new_count = true;
		a->count = (struct mailbox_count){ .customer = a->customer.id, .source = "hand",
			.mailboxes = form_number(&a->form, "mailboxes", 0), .counted = world_now(request->desk->process->world) };
		snprintf(a->count.author, sizeof(a->count.author), "%s", request_author(request));
	}
	if (waiver) {
		if (!form_read_member(waiver, "waiver", waiver_fields, COUNT_OF(waiver_fields), answer))
			return false;
		a->new_waiver = a->waived = true;
		a->waiver.customer = a->customer.id;
		snprintf(a->waiver.author, sizeof(a->waiver.author), "%s", json_string_value(json_object_get(waiver, "author")));
		snprintf(a->waiver.reason, sizeof(a->waiver.reason), "%s", json_string_value(json_object_get(waiver, "reason")));
		return (a->waiver.author[0] && a->waiver.reason[0]) ||
		       answer_no(answer, 422, "FIELDS", "waiver: a waiver names its author and its reason.");
	}
	r = store_waiver_valid(request->store, a->customer.id, world_now(request->desk->process->world), &a->waiver);
	a->waived = r == 0;
	return r == 0 || r == STORE_E_ABSENT || answer_fault_no(answer, r);
}

static bool
gather(struct request *request, struct answer *answer, struct application *a)
{
	int r;

	if (!form_read(request, fields, COUNT_OF(fields), &a->form, answer) ||
	    !access_service(request, answer, form_str(&a->form, "service"), &a->service))
		return false;
	r = store_customer_get(request->store, a->service.customer, &a->customer);
	if (r)
		return answer_fault_no(answer, r);
	return read_kinds(a, answer) && read_eligibility(request, answer, a);
}

/* 0, or the answer is filled with all findings. */
static bool
is_in_order(struct request *request, struct answer *answer, struct application *a)
{
	const struct customer *c = &a->customer;
	struct order_form form = {
		.host = form_str(&a->form, "host"),
		.subject = {
			.organization = field_or(&a->form, "organization", c->organization),
			.division = field_or(&a->form, "division", c->division),
			.city = field_or(&a->form, "city", c->city),
			.state = field_or(&a->form, "state", c->state),
			.country = field_or(&a->form, "country", c->country),
		},
		.mailboxes = a->count.mailboxes,
		.counted = a->count.counted,
		.waived = a->waived,
		.waiver_author = a->waiver.author,
		.waiver_reason = a->waiver.reason,
		.service_url = a->service.url,
		.least = request->desk->config->mailboxes_least,
	};
	int r = order_intake_check(&form, &a->intake);

	if (r == 0)
		return true;
	if (r < 0)
		return answer_fault_no(answer, r);
	if (answer_findings(answer, 422, &a->intake.findings) != 0)
		answer->status = 500;
	return false;
}

static int
refuse_name(struct answer *answer, const struct application *a, enum finding_code code)
{
	struct findings findings = { 0 };
	struct finding *f = findings_add(&findings, code, "host");

	finding_param(f, "fqdn", "%s", a->intake.host.text);
	finding_param(f, "kind", "%s", order_kind_name(a->kind));
	return answer_findings(answer, code == FINDING_FQDN_TAKEN ? 409 : 422, &findings);
}

static int
refuse_pool(struct answer *answer, const struct application *a)
{
	struct findings findings = { 0 };
	struct finding *f = findings_add(&findings, FINDING_POOL_EMPTY, "service");

	finding_param(f, "pool", "%s", a->service.pool);
	return answer_findings(answer, 409, &findings);
}

static int
new_site(struct request *request, struct answer *answer, const struct application *a, struct site *site)
{
	struct pool pool;
	struct addr addr;
	int r = store_pool_by_name(request->store, a->service.pool, &pool);

	*site = (struct site){ .customer = a->customer.id, .service = a->service.id };
	site->id = world_id(request->desk->process->world);
	snprintf(site->host, sizeof(site->host), "%s", a->intake.host.text);
	if (r == 0)
		snprintf(site->balancer, sizeof(site->balancer), "%s", pool.balancer);
	if (r == 0)
		r = store_address_reserve(request->store, a->service.pool, site->id, &site->address, &addr);
	if (r == STORE_E_NO_ADDRESS)
		return refuse_pool(answer, a);
	if (r == 0)
		r = store_site_add(request->store, site);
	return r == STORE_E_TAKEN ? refuse_name(answer, a, FINDING_FQDN_TAKEN) : r;
}

/* A renewal is for a site that is live and of this service. */
static int
live_site(struct request *request, struct answer *answer, const struct application *a, struct site *site)
{
	int r = store_site_by_host(request->store, a->intake.host.text, site);

	if (r == STORE_E_ABSENT || (r == 0 && (!id_eq(site->service, a->service.id) || id_is_none(site->live_order))))
		return refuse_name(answer, a, FINDING_FQDN_UNKNOWN_SITE);
	return r;
}

static int
record_eligibility(struct request *request, struct application *a)
{
	int r = a->new_count ? store_mailboxes_add(request->store, &a->count) : 0;

	if (r == 0 && a->new_waiver)
		r = store_waiver_add(request->store, &a->waiver);
	return r;
}

static int
keep_findings(struct request *request, struct id order, const struct findings *all)
{
	static const enum gate gates[] = { GATE_ELIGIBILITY, GATE_NAME, GATE_ORGANIZATION };

	for (size_t g = 0; g < COUNT_OF(gates); g++) {
		struct findings of_gate = { 0 };
		int r;

		for (size_t i = 0; i < all->count; i++)
			if (finding_rule(all->list[i].code)->gate == gates[g])
				of_gate.list[of_gate.count++] = all->list[i];
		r = of_gate.count ? store_findings_replace(request->store, order, gates[g], &of_gate) : 0;
		if (r)
			return r;
	}
	return 0;
}

static void
fill_order(const struct application *a, const struct site *site, struct order *o)
{
	const struct subject *s = &a->intake.subject;

	*o = (struct order){ .site = site->id, .customer = a->customer.id, .service = a->service.id, .key_kind = a->key_kind,
		.mailboxes = a->count.mailboxes < 0 ? 0 : a->count.mailboxes, .waiver = a->waived ? a->waiver.id : ID_NONE };
	o->facts.kind = a->kind;
	snprintf(o->host, sizeof(o->host), "%s", site->host);
	snprintf(o->organization, sizeof(o->organization), "%s", s->organization);
	snprintf(o->division, sizeof(o->division), "%s", s->division);
	snprintf(o->city, sizeof(o->city), "%s", s->city);
	snprintf(o->state, sizeof(o->state), "%s", s->state);
	snprintf(o->country, sizeof(o->country), "%s", s->country);
}

static int
place(struct request *request, struct answer *answer, struct application *a)
{
	struct site site;
	struct order o;
	json_t *json;
	int r = a->kind == ORDER_FIRST ? new_site(request, answer, a, &site) : live_site(request, answer, a, &site);

	if (r || answer->status)
		return r;
	r = record_eligibility(request, a);
	if (r)
		return r;
	fill_order(a, &site, &o);
	r = store_order_add(request->store, &o);
	if (r == STORE_E_TAKEN)
		return refuse_name(answer, a, FINDING_FQDN_TAKEN);
	if (r == 0)
		r = keep_findings(request, o.id, &a->intake.findings);
	if (r == 0)
		r = order_json_whole(request, &o, &json);
	if (r)
		return r;
	snprintf(answer->location, sizeof(answer->location), "/api/v1/orders/%lld", (long long)o.number);
	r = answer_json(answer, 201, json);
	if (r == 0)
		r = request_commit(request, answer, "desk.order");
	if (r == 0)
		wake_tell(request->desk->worker);
	return r;
}

static int
order(struct request *request, struct answer *answer, struct application *a)
{
	int r;

	if (!gather(request, answer, a) || !is_in_order(request, answer, a))
		return 0;
	r = store_begin(request->store);
	return r ? r : place(request, answer, a);
}

int
orders_add(struct request *request, struct answer *answer)
{
	struct application *a = alloc_zero(sizeof(*a));
	int r = order(request, answer, a);

	form_fini(&a->form);
	free(a);
	return r;
}
