/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to buy from: the authorities with how orders went there, whom an order's DNS forbids, and where
 * an order is bought.
 */
#include "desk/cas.h"

#include <stdlib.h>

#include "desk/access.h"
#include "desk/answer.h"
#include "desk/handlers.h"
#include "desk/json.h"
#include "desk/order_change.h"
#include "review/doubt.h"
#include "review/offers.h"
#include "store/purchases.h"

/* clang-format off */
static const struct field fields[] = {
	{ "ca",       FIELD_TEXT, 128, true,  NULL },
	{ "reseller", FIELD_TEXT, 128, false, NULL },
};
/* clang-format on */

static json_t *
names_list_json(const struct ca_names *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(list, json_text(names->name[i]));
	return list;
}

static json_t *
distrusted_json(const struct distrust_row *row)
{
	return row ? json_pack("{s:o, s:o}", "programs", json_text(row->programs), "since",
			 json_when(distrust_since(row)))
	           : json_null();
}

/* Seconds, like all spans of the API. */
static json_t *
span_json(when span)
{
	return span ? json_integer(span / SECONDS(1)) : json_null();
}

static json_t *
offer_json(const struct offer *offer)
{
	CLEAN(buf_fini) struct buf words = BUF(1024);
	const struct advice_row *row = &offer->row;
	const struct advice_line *line = &offer->line;

	advice_words(row, line, &words);
	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:b, s:s, s:I, s:I, s:o, s:o, s:o}",
	    "name", json_text(offer->ca->name), "reseller", json_text_or_null(offer->reseller),
	    "brands", names_list_json(&offer->ca->brands), "caa", names_list_json(&offer->ca->caa),
	    "acme", (int)offer->ca->acme, "platform", json_text_or_null(offer->ca->platform),
	    "distrusted", distrusted_json(offer->distrusted), "caa_forbids", (int)row->caa_forbids,
	    "verdict", advice_verdict_name(line->verdict), "orders", (json_int_t)row->orders,
	    "accepted_first", (json_int_t)row->accepted_first, "median", span_json(line->median),
	    "refused_for",
	    line->often < FINDING_MAX ? json_string(finding_rule(line->often)->code) : json_null(),
	    "words", json_text(buf_text(&words)));
}

static int
answer_offers(struct request *request, struct answer *answer, const struct order *order)
{
	CLEAN(offers_fini) struct offers offers = { 0 };
	CLEAN(buf_fini) struct buf words = BUF(1024);
	json_t *items;
	int r = offers_read(request->store, request->desk->market, order,
	    world_now(request->desk->process->world), &offers);

	if (r)
		return r;
	offers_words(&offers, &words);
	items = json_array();
	for (size_t i = 0; i < offers.count; i++)
		json_array_append_new(items, offer_json(&offers.list[i]));
	return answer_json(answer, 200,
	    json_pack("{s:o, s:o, s:o}", "recommended",
		offers.best ? json_text(offers.best->label) : json_null(), "words",
		json_text(buf_text(&words)), "items", items));
}

int
cas_list(struct request *request, struct answer *answer)
{
	return answer_offers(request, answer, NULL);
}

int
orders_cas(struct request *request, struct answer *answer)
{
	struct order o;

	return access_order(request, answer, &o) ? answer_offers(request, answer, &o) : 0;
}

/* What was odd about the authority alone is settled by another one. */
static int
reconsider(struct request *request, const struct order *o)
{
	struct doubt *doubt;
	bool doubtful;
	int r;

	if (!o->facts.fact[FACT_DOUBTED])
		return 0;
	doubt = alloc_zero(sizeof(*doubt));
	r = doubt_read(request->store, o, doubt);
	doubtful = doubt_severity(doubt) >= SEVERITY_HOLD;
	free(doubt);
	return r || doubtful ? r : store_order_event(request->store, o->id, EVENT_ASSURED, "");
}

/* The look at the DNS that follows says whether it may issue. */
static int
buy_at(struct request *request, const struct order *seen, const char *ca, const char *reseller,
    const struct findings *findings)
{
	struct order o;
	int r = store_order_get(request->store, seen->id, &o);

	if (r)
		return r;
	if (o.facts.fact[FACT_CERTIFIED] || o.facts.fact[FACT_REFUSED] ||
	    o.facts.fact[FACT_RETIRED])
		return STORE_E_NOT_NOW;
	r = store_order_set_ca(request->store, o.id, ca, reseller);
	if (r == 0)
		r = store_findings_replace(request->store, o.id, GATE_PURCHASE, findings);
	if (r == 0)
		r = reconsider(request, &o);
	if (r == 0)
		r = store_order_look_now(request->store, o.id);
	return r == STORE_E_NOT_NOW ? 0 : r; /* too early for a look: one comes by itself */
}

void
cas_read_reseller(const struct request *request, struct form *form, char *to, size_t size)
{
	struct str typed = str_trim(form_str(form, "reseller"));
	const char *named = request->desk->config->resellers;

	*to = '\0';
	if (typed.len > 0 && !market_reseller(request->desk->market, typed, to, size))
		form_mistake(form, "reseller", "%s%s.",
		    *named ? "Needed is one of these, or nothing: "
			   : "The provider has named none: leave it out",
		    named);
}

int
orders_buy_at(struct request *request, struct answer *answer)
{
	CLEAN(form_fini) struct form form = { 0 };
	struct findings findings = { .policy = &request->desk->config->severities };
	struct order o;
	char ca[CA_TEXT_SIZE], reseller[sizeof(o.reseller)];
	int r;

	if (!access_order(request, answer, &o) ||
	    !form_read(request, fields, COUNT_OF(fields), &form, answer))
		return 0;
	cas_read_reseller(request, &form, reseller, sizeof(reseller));
	if (!form_is_good(&form, answer))
		return 0;
	market_judge(request->desk->market, form_str(&form, "ca"), o.host,
	    world_now(request->desk->process->world), &findings, ca);
	if (findings_refuse(&findings))
		return answer_findings(answer, 422, &findings);
	r = store_begin(request->store);
	if (r == 0)
		r = buy_at(request, &o, ca, reseller, &findings);
	return order_change_settle(
	    request, answer, &o, r, "where its certificate is bought can no longer be changed.");
}
