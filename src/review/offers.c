/* SPDX-License-Identifier: Apache-2.0 */
#include "review/offers.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/purchases.h"

#define REPORT_MAX (1u << 20)

void
offers_fini(struct offers *offers)
{
	for (size_t i = 0; i < offers->count; i++)
		free(offers->list[i].took);
	free(offers->list);
}

/* ---- how the orders went ---- */

static void
count_refusal(struct advice_row *row, enum finding_code code)
{
	size_t i = 0;

	while (i < row->reason_count && row->reason[i].code != code)
		i++;
	if (i == ADVICE_REASONS_MAX)
		return;
	row->reason[i].code = code;
	row->reason[i].count++;
	if (i == row->reason_count)
		row->reason_count++;
}

static int
compare_times(const void *a, const void *b)
{
	const when *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
count_purchases(const struct purchase bought[], size_t count, struct offer *to)
{
	struct advice_row *row = &to->row;

	to->took = alloc_array(count + 1, sizeof(*to->took));
	for (size_t i = 0; i < count; i++) {
		row->orders++;
		row->accepted_first += !bought[i].was_refused;
		if (bought[i].was_refused)
			count_refusal(row, bought[i].refused);
		if (bought[i].took > 0)
			to->took[row->took_count++] = bought[i].took;
	}
	qsort(to->took, row->took_count, sizeof(*to->took), compare_times);
	row->took = to->took;
}

static int
read_offer(struct store *store, const struct ca *ca, const char *reseller, struct offer *ret)
{
	struct purchase *bought = alloc_array(PURCHASES_LATEST, sizeof(*bought));
	size_t count = 0;
	int r = store_purchases(store, ca->name, reseller, bought, &count);

	ret->ca = ca;
	(void)str_copy(str_of(reseller), ret->reseller, sizeof(ret->reseller));
	snprintf(ret->label, sizeof(ret->label), "%s%s%s", ca->name, *reseller ? " from " : "",
	    reseller);
	count_purchases(bought, r ? 0 : count, ret);
	free(bought);
	return r;
}

/* ---- whom the order's DNS allows ---- */

static bool
is_named(const struct ca *ca, const json_t *issuers)
{
	const json_t *issuer;
	size_t i;

	json_array_foreach(issuers, i, issuer)
	{
		if (ca_accepts(ca, str_of(json_string_value(issuer))))
			return true;
	}
	return false;
}

/* *ret is NULL where nothing restricts, or nobody has looked yet. */
static int
read_issuers(struct store *store, const struct order *order, json_t **ret)
{
	CLEAN(buf_fini) struct buf words = BUF(8192), report = BUF(REPORT_MAX);
	json_t *seen;
	bool good;
	when at;
	int r = order ? store_look_get(store, order->id, LOOK_CAA, &good, &at, &words, &report)
	              : STORE_E_ABSENT;

	*ret = NULL;
	if (r)
		return r == STORE_E_ABSENT ? 0 : r;
	seen = json_loadb(report.data, report.len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_true(json_object_get(seen, "restricts")))
		*ret = json_incref(json_object_get(seen, "issuers"));
	json_decref(seen);
	return 0;
}

/* ---- all of them ---- */

static int
add_offer(struct store *store, const struct market *market, const struct ca *ca,
    const char *reseller, const json_t *issuers, when now, struct offers *to)
{
	struct offer *offer = &to->list[to->count];
	int r;

	*offer = (struct offer){ .distrusted = market_distrusted(market, ca, now) };
	r = read_offer(store, ca, reseller, offer);
	offer->row.name = offer->label;
	offer->row.distrusted = offer->distrusted != NULL;
	offer->row.caa_forbids = issuers && !is_named(ca, issuers);
	if (*reseller && offer->row.orders == 0)
		free(offer->took); /* nobody has bought it there */
	else
		to->count++;
	return r;
}

static int
add_authority(struct store *store, const struct market *market, const struct ca *ca,
    const json_t *issuers, when now, struct offers *to)
{
	int r = add_offer(store, market, ca, "", issuers, now, to);
	char reseller[CONFIG_RESELLER_SIZE];

	for (size_t n = 0; r == 0 && n < CONFIG_RESELLERS_MAX &&
			   market_reseller_at(market, n, reseller, sizeof(reseller));
	     n++)
		r = add_offer(store, market, ca, reseller, issuers, now, to);
	return r;
}

static void
choose(struct offers *offers)
{
	struct advice_row *rows = alloc_array(offers->count + 1, sizeof(*rows));
	struct advice_line *lines = alloc_array(offers->count + 1, sizeof(*lines));
	size_t best;

	for (size_t i = 0; i < offers->count; i++)
		rows[i] = offers->list[i].row;
	if (advice_choose(rows, offers->count, lines, &best))
		offers->best = &offers->list[best];
	for (size_t i = 0; i < offers->count; i++)
		offers->list[i].line = lines[i];
	free(rows);
	free(lines);
}

int
offers_read(struct store *store, const struct market *market, const struct order *order, when now,
    struct offers *ret)
{
	const struct cas *cas = market_cas(market);
	json_t *issuers = NULL;
	int r = read_issuers(store, order, &issuers);

	*ret = (struct offers){ 0 };
	ret->list = alloc_array(cas_count(cas) * (CONFIG_RESELLERS_MAX + 1), sizeof(*ret->list));
	for (size_t i = 0; r == 0 && i < cas_count(cas); i++)
		r = add_authority(store, market, cas_at(cas, i), issuers, now, ret);
	json_decref(issuers);
	if (r)
		return error_fold(r);
	choose(ret);
	return 0;
}

void
offers_words(const struct offers *offers, struct buf *to)
{
	const struct offer *best = offers->best;

	advice_words(best ? &best->row : NULL, best ? &best->line : NULL, to);
}
