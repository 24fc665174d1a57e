/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before the request of an order is made, the customer's mailboxes are counted where the
 * configuration says so (M-G, docs/decisions/0025): for a renewal as for the first one. The count is
 * made outside any transaction, and kept together with what follows from it.
 */
#pragma once

#include "check/mailboxes.h"
#include "store/customers.h"
#include "store/eligibility.h"
#include "worker/worker.h"

struct counting {
	const struct config_mailbox_source *source; /* NULL: nothing is counted here */
	struct customer customer;
	struct mailbox_tally tally;
};
void counting_init(struct counting *counting);
void counting_fini(struct counting *counting);
CLEAN_DEFINE_FINI(counting_fini, struct counting);

/* Asks the source. Not DONE in *what: no count came of it; the order says so, for its customer. */
int counting_make(struct hand *hand, const struct order *order, struct counting *ret,
    struct outcome *what) MUST_USE;
/* In the caller's transaction: count, names and findings, by which the order is judged. */
int counting_keep(
    struct hand *hand, const struct order *order, const struct counting *counting) MUST_USE;
