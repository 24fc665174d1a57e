/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to buy from: each authority of the market, and each reseller of it that orders named, with how
 * the house's latest orders went there (order/advice.h), and for an order with whom its DNS forbids.
 */
#pragma once

#include "order/advice.h"
#include "review/market.h"

struct offer {
	const struct ca *ca;
	const struct distrust_row *distrusted; /* NULL = it is not */
	char reseller[64];                     /* "" = directly, or not told */
	char label[CA_TEXT_SIZE + 64 + 16];    /* "DigiCert", "DigiCert from Vienna Trust" */
	when *took;
	struct advice_row row;
	struct advice_line line;
};

struct offers {
	struct offer *list;
	size_t count;
	const struct offer *best; /* NULL = nothing is known well enough */
};
void offers_fini(struct offers *offers);
CLEAN_DEFINE_FINI(offers_fini, struct offers);

/* `order`: for whose name, as its CAA entries were seen last; NULL = for none. */
int offers_read(struct store *store, const struct market *market, const struct order *order,
    when now, struct offers *ret) MUST_USE;
/* One sentence: the best one, or why there is none. */
void offers_words(const struct offers *offers, struct buf *to);
