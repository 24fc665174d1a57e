/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this delivery the certificate the order waits for? One table of checks in the order of I-08,
 * each a small function with its rules; all findings are reported, and the first of the worst is
 * what the customer sees. To add a requirement, add a row, a function, and a test that produces its
 * finding.
 *
 * What only public authorities must heed (CT, policies, lengths of life, forms of names) weighs
 * nothing where the provider trusts roots of its own: docs/decisions/0008.
 *
 * Runs where the files were opened (a child of the reader): no clock, no network, no database.
 */
#pragma once

#include "ipc/key_take.h"
#include "ipc/read_delivery.h"
#include "delivery/ct_logs.h"
#include "delivery/delivery.h"
#include "pki/chain.h"

/* What a delivery is held against besides the question. */
struct judge_setting {
	const struct trust *trust;
	const struct ct_logs *ct_logs; /* NULL: operators and states of logs are not judged */
	bool public_rules; /* false: what only public authorities must heed is told as info */
	const struct severity_policy *severities; /* NULL = the catalogue's */
};

/* Opens the question's files and judges them. *report must be initialised. */
void judge_question(const struct delivery_question *question, const struct delivery_tools *tools,
    const struct judge_setting *setting, struct read_report *report);

/* The leaf's own private key, for the keeper: only where the question wishes so and the report
 * accepts everything else. The report says nothing of it yet. */
struct key_offer {
	bool is_made;
	char file[DELIVERY_NAME_SIZE]; /* its name, for people: it may lie within another one */
	struct key_numbers numbers;
};
void key_offer_fini(struct key_offer *offer); /* wipes */
CLEAN_DEFINE_FINI(key_offer_fini, struct key_offer);

/* judge_question() for a question that may wish to take a key; *ret_offer is filled from scratch. */
void judge_and_offer(const struct delivery_question *question, const struct delivery_tools *tools,
    const struct judge_setting *setting, struct read_report *report, struct key_offer *ret_offer);

/* The two halves, for who looks at the delivery too. *ret must be zeroed, but for `keeps_keys`. */
void judge_open(const struct delivery_question *question, const struct delivery_tools *tools,
    struct delivery *ret);
/* *ret_chain: as chain_build() left it, positions are those in the delivery; all zero when there is
 * no leaf. */
void judge_delivery(const struct delivery_question *question, const struct delivery *delivery,
    const struct delivery_tools *tools, const struct judge_setting *setting,
    struct read_report *report, struct chain *ret_chain);

/* The checks, for the manual and the tests: name and rules of row `at`; NULL behind the last. */
const char *judge_check_rules(size_t at);
