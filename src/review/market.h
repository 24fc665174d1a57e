/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom certificates are bought from: the authorities that we know (pki/cas.h), those of them that
 * browsers stopped trusting, and the resellers of the configuration. What an order says of it is
 * judged before anything is paid (G-14, R-05); what was delivered says what it really was.
 */
#pragma once

#include "config/config.h"
#include "ipc/read_delivery.h"
#include "pki/cas.h"
#include "store/orders.h"

struct market;

/* Reads the files of the configuration, before the sandbox closes; what is wrong is logged. */
int market_open(const struct config *config, struct market **ret) MUST_USE;
struct market *market_free(struct market *market);
CLEAN_DEFINE(market_free, struct market *);

const struct cas *market_cas(const struct market *market);
bool market_knows(const struct market *market, const char *name); /* an authority's */
/* NULL = browsers accept what it issues now. */
const struct distrust_row *market_distrusted(
    const struct market *market, const struct ca *ca, when now);
/* Of the configuration, in its spelling; false: none of that name. */
bool market_reseller(const struct market *market, struct str typed, char *to, size_t size);
/* The n-th; false behind the last. */
bool market_reseller_at(const struct market *market, size_t n, char *to, size_t size);

/* The findings of GATE_PURCHASE on what somebody typed, "" = nothing; *ret_name is the authority's
 * name, "" = none. */
void market_judge(const struct market *market, struct str typed, const char *host, when now,
    struct findings *findings, char ret_name[static CA_TEXT_SIZE]);
/* Inside a transaction: the order was bought where the accepted certificate says, whatever was told
 * before. One that was refused may be another order's: it says so only where nothing was told. */
int market_note(const struct market *market, struct store *store, const struct order *order,
    const struct read_report *report) MUST_USE;
