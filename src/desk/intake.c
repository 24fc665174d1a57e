/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST /orders: the form is checked whole; then site, address, order, findings, the count and the
 * kept answer are one transaction. Refused means nothing was stored.
 */
#include "order/intake.h"

#include <stdio.h>
#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/cas.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/name_gate.h"
#include "desk/order_json.h"
#include "ipc/wake.h"
#include "store/eligibility.h"
#include "store/pools.h"

/* clang-format off */
static const struct field fields[] = {
	{ "service",      FIELD_TEXT,   40,   true,  NULL },
	{ "host",         FIELD_TEXT,   1024, false, NULL }, /* absent is a finding: FQDN_MISSING */
	{ "kind",         FIELD_TEXT,   16,   false, "first renewal reissue rekey" },
	{ "key",          FIELD_TEXT,   16,   false, "rsa2048 rsa3072 rsa4096 p256 p384" },
	{ "organization", FIELD_TEXT,   0,    false, NULL },
	{ "division",     FIELD_TEXT,   0,    false, NULL },
	{ "city",         FIELD_TEXT,   0,    false, NULL },
	{ "state",        FIELD_TEXT,   0,    false, NULL },
	{ "country",      FIELD_TEXT,   0,    false, NULL },
	{ "mailboxes",    FIELD_NUMBER, 0,    false, NULL },
	{ "ca",           FIELD_TEXT,   128,  false, NULL },
	{ "reseller",     FIELD_TEXT,   128,  false, NULL },
};
/* clang-format on */

/* What an order stands on, gathered before the transaction. */
struct application {
	struct form form;
	struct service service;
	struct customer customer;
	enum order_kind kind;
	enum key_kind key_kind;
	bool new_count, waived;
	struct mailbox_count count;
	struct waiver waiver;
	struct intake intake;
	char ca[CA_TEXT_SIZE], reseller[sizeof(((struct order *)0)->reseller)];
};

static struct str
field_or(const struct form *form, const char *name, const char *fallback)
{
	return form_has(form, name) ? form_str(form, name) : str_of(fallback);
}

/* The table has the choices; absent is the usual one. */
static void
read_kinds(struct application *a)
{
	a->kind = ORDER_FIRST;
	a->key_kind = KEY_RSA2048;
	(void)order_kind_parse(form_str(&a->form, "kind"), &a->kind);
	(void)key_kind_parse(form_str(&a->form, "key"), &a->key_kind);
}

static bool
read_form(struct request *request, struct answer *answer, struct application *a)
{
	if (!form_read(request, fields, COUNT_OF(fields), &a->form, answer))
		return false;
	read_kinds(a);
	cas_read_reseller(request, &a->form, a->reseller, sizeof(a->reseller));
	if (!form_is_good(&a->form, answer))
		return false;
	if (!request_is_provider(request) && form_has(&a->form, "mailboxes"))
		return answer_no(
		    answer, 403, "NOT_ALLOWED", "mailboxes are recorded by the provider.");
	return true;
}

/* What came with the order counts; else what was recorded before. */
static int
read_eligibility(struct request *request, struct application *a)
{
	when now = world_now(request->desk->process->world);
	int r = 0;

	if (form_has(&a->form, "mailboxes")) {
		a->new_count = true;
		a->count = (struct mailbox_count){ .customer = a->customer.id,
			.source = "hand",
			.counted = now,
			.mailboxes = form_number(&a->form, "mailboxes", 0) };
		snprintf(a->count.author, sizeof(a->count.author), "%s", request_author(request));
	} else {
		r = store_mailboxes_latest(request->store, a->customer.id, &a->count);
		if (r == STORE_E_ABSENT)
			a->count = (struct mailbox_count){ .mailboxes = -1 };
	}
	if (r && r != STORE_E_ABSENT)
		return r;
	r = store_waiver_valid(request->store, a->customer.id, now, &a->waiver);
	a->waived = r == 0;
	return r == STORE_E_ABSENT ? 0 : r;
}

static bool
gather(struct request *request, struct answer *answer, struct application *a)
{
	int r;

	if (!read_form(request, answer, a) ||
	    !access_service(request, answer, form_str(&a->form, "service"), &a->service))
		return false;
	r = store_customer_get(request->store, a->service.customer, &a->customer);
	if (r == 0)
		r = read_eligibility(request, a);
	return r == 0 || answer_fault_no(answer, r);
}

/* As is_in_order(). */
static bool
has_its_name(struct request *request, struct answer *answer, struct application *a)
{
	struct findings *findings = &a->intake.findings;
	const struct host_name *host = &a->intake.host;
	int r = name_gate_judge(request, &a->service, a->kind, host, findings);

	if (r)
		return answer_fault_no(answer, r);
	if (findings_refuse(findings)) {
		if (answer_findings(answer, 422, findings) != 0)
			answer->status = 500;
		return false;
	}
	return true;
}

/* What a source counts is judged by the worker, before the request is made; an exposed key is
 * replaced whatever was counted. */
static bool
is_judged_later(const struct request *request, const struct application *a)
{
	return a->kind == ORDER_REKEY ||
	       *config_counted_by(request->desk->config, a->customer.mailbox_source);
}

static struct eligibility
eligibility_of(const struct request *request, const struct application *a)
{
	const struct config *config = request->desk->config;
	when now = world_now(request->desk->process->world);

	return (struct eligibility){ .mailboxes = a->count.mailboxes,
		.counted = a->count.counted,
		.oldest = now - DAYS(config->count_days),
		.least = config->mailboxes_least,
		.waived = a->waived,
		.author = a->waiver.author,
		.second = a->waiver.second,
		.reason = a->waiver.reason,
		.expires = a->waiver.expires,
		.later = is_judged_later(request, a) };
}

/* A site is bought again where it was, unless the order says otherwise. */
static int
take_earlier_seller(struct request *request, struct application *a)
{
	struct order earlier;
	int r = a->kind == ORDER_FIRST || form_has(&a->form, "ca")
	            ? STORE_E_ABSENT
	            : store_order_by_host(request->store, a->intake.host.text, &earlier);

	if (r || !id_eq(earlier.service, a->service.id) ||
	    !market_knows(request->desk->market, earlier.ca))
		return r == STORE_E_ABSENT ? 0 : r;
	(void)str_copy(str_of(earlier.ca), a->ca, sizeof(a->ca));
	if (!form_has(&a->form, "reseller"))
		(void)str_copy(str_of(earlier.reseller), a->reseller, sizeof(a->reseller));
	return 0;
}

static int
judge_seller(struct request *request, struct application *a)
{
	struct findings *findings = &a->intake.findings;
	char earlier[sizeof(a->ca)];
	int r = take_earlier_seller(request, a);

	if (r)
		return r;
	(void)str_copy(str_of(a->ca), earlier, sizeof(earlier));
	findings->policy = &request->desk->config->severities;
	market_judge(request->desk->market,
	    form_has(&a->form, "ca") ? form_str(&a->form, "ca") : str_of(earlier),
	    a->intake.host.text, world_now(request->desk->process->world), findings, a->ca);
	findings->policy = NULL;
	return 0;
}

/* False: the answer is filled with all findings. */
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
		.eligibility = eligibility_of(request, a),
		.service_url = a->service.url,
		.severities = &request->desk->config->severities,
	};
	int r = order_intake_check(&form, &a->intake);

	if (r >= 0)
		r = judge_seller(request, a);
	if (r)
		return answer_fault_no(answer, r);
	if (!findings_refuse(&a->intake.findings))
		return has_its_name(request, answer, a);
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

/* A customer's own token could take all addresses of a pool, and by cancelling put them all into
 * quarantine. */
static int
check_share(struct request *request, struct answer *answer, const struct application *a)
{
	const struct desk *desk = request->desk;
	struct findings findings = { 0 };
	struct finding *f;
	int64_t open = 0;
	int r = request_is_provider(request)
	            ? 0
	            : store_orders_under_way(request->store, a->customer.id,
			  world_now(desk->process->world) - DAYS(1), &open);

	if (r || open < desk->config->orders_most)
		return r;
	f = findings_add(&findings, FINDING_ELIGIBILITY_ORDERS, "");
	finding_param(f, "found", "%lld", (long long)open);
	finding_param(f, "most", "%lld", (long long)desk->config->orders_most);
	return answer_findings(answer, 429, &findings);
}

static int
new_site(
    struct request *request, struct answer *answer, const struct application *a, struct site *site)
{
	struct pool pool = { 0 };
	struct addr addr;
	int r = store_pool_by_name(request->store, a->service.pool, &pool);

	*site = (struct site){ .customer = a->customer.id, .service = a->service.id };
	site->id = world_id(request->desk->process->world);
	snprintf(site->host, sizeof(site->host), "%s", a->intake.host.text);
	if (r == 0)
		snprintf(site->balancer, sizeof(site->balancer), "%s", pool.balancer);
	if (r == 0)
		r = store_address_reserve(
		    request->store, a->service.pool, site->id, &site->address, &addr);
	if (r == STORE_E_NO_ADDRESS)
		return refuse_pool(answer, a);
	if (r == 0)
		r = store_site_add(request->store, site);
	return r == STORE_E_TAKEN ? refuse_name(answer, a, FINDING_FQDN_TAKEN) : r;
}

/* A renewal is for a site that is live and of this service. */
static int
live_site(
    struct request *request, struct answer *answer, const struct application *a, struct site *site)
{
	int r = store_site_by_host(request->store, a->intake.host.text, site);

	if (r == STORE_E_ABSENT ||
	    (r == 0 && (!id_eq(site->service, a->service.id) || id_is_none(site->live_order))))
		return refuse_name(answer, a, FINDING_FQDN_UNKNOWN_SITE);
	return r;
}

static int
keep_findings(struct request *request, struct id order, const struct findings *all)
{
	for (enum gate gate = 0; gate < GATE_MAX; gate++) {
		struct findings of_gate = { 0 };
		int r;

		for (size_t i = 0; i < all->count; i++)
			if (finding_rule(all->list[i].code)->gate == gate)
				of_gate.list[of_gate.count++] = all->list[i];
		r = of_gate.count ? store_findings_replace(request->store, order, gate, &of_gate)
		                  : 0;
		if (r)
			return r;
	}
	return 0;
}

/* The one without which it would have been refused. */
static struct id
used_waiver(const struct application *a)
{
	for (size_t i = 0; i < a->intake.findings.count; i++)
		if (a->intake.findings.list[i].code == FINDING_ELIGIBILITY_WAIVED)
			return a->waiver.id;
	return ID_NONE;
}

static void
fill_order(const struct application *a, const struct site *site, struct order *o)
{
	const struct subject *s = &a->intake.subject;

	*o = (struct order){ .site = site->id,
		.customer = a->customer.id,
		.service = a->service.id,
		.key_kind = a->key_kind,
		.mailboxes = a->count.mailboxes < 0 ? 0 : a->count.mailboxes,
		.waiver = used_waiver(a) };
	o->facts.kind = a->kind;
	snprintf(o->ca, sizeof(o->ca), "%s", a->ca);
	snprintf(o->reseller, sizeof(o->reseller), "%s", a->reseller);
	snprintf(o->host, sizeof(o->host), "%s", site->host);
	snprintf(o->organization, sizeof(o->organization), "%s", s->organization);
	snprintf(o->division, sizeof(o->division), "%s", s->division);
	snprintf(o->city, sizeof(o->city), "%s", s->city);
	snprintf(o->state, sizeof(o->state), "%s", s->state);
	snprintf(o->country, sizeof(o->country), "%s", s->country);
}

/* The checks that look at the world are a task of the worker: they come before the request is
 * made (docs/decisions/0004). */
static int
add_order(
    struct request *request, struct answer *answer, struct application *a, const struct site *site)
{
	struct order o;
	json_t *json;
	int r;

	fill_order(a, site, &o);
	r = store_order_add(request->store, &o);
	if (r == STORE_E_TAKEN)
		return refuse_name(answer, a, FINDING_FQDN_TAKEN);
	if (r == 0)
		r = keep_findings(request, o.id, &a->intake.findings);
	if (r == 0)
		r = order_json_whole(request, &o, &json);
	if (r)
		return r;
	snprintf(
	    answer->location, sizeof(answer->location), "/api/v1/orders/%lld", (long long)o.number);
	r = answer_json(answer, 201, json);
	if (r == 0)
		r = request_commit(request, answer, "desk.order");
	if (r == 0)
		wake_tell(request->desk->worker);
	return r;
}

static int
place(struct request *request, struct answer *answer, struct application *a)
{
	struct site site;
	int r = check_share(request, answer, a);

	if (r == 0 && answer->status == 0)
		r = a->kind == ORDER_FIRST ? new_site(request, answer, a, &site)
		                           : live_site(request, answer, a, &site);
	if (r || answer->status)
		return r;
	r = a->new_count ? store_mailboxes_add(request->store, &a->count, STR(""), ID_NONE) : 0;
	return r ? r : add_order(request, answer, a, &site);
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
