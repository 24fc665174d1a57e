/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private key on its way from the child that opened the file to the keeper
 * (docs/decisions/0012). The child answers with its report and, apart from it, the key's numbers;
 * this process hands them over at once and wipes them before it serves the next delivery.
 */
#pragma once

#include "delivery/judge.h"
#include "ipc/channel.h"

#define OFFER_MAX 1024 /* bytes that it adds to the child's answer */

/* The child's answer: `to` is secret. */
void offer_put(const struct read_report *report, const struct key_offer *offer, struct buf *to);
/* False for anything ill-formed; *ret_offer is to be wiped in any case. */
bool offer_get(struct str from, struct read_report *report, struct key_offer *ret_offer) MUST_USE;

/* May a child that was asked this have said that? */
bool offer_is_wanted(const struct delivery_question *question, const struct read_report *report,
    const struct key_offer *offer);
/* Gives it to the keeper: the report says what came of it. */
void offer_hand_over(struct channel *keeper, const struct delivery_question *question,
    const struct key_offer *offer, struct read_report *report);
