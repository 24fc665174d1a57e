/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repeating a POST safely: its answer is kept under the Idempotency-Key, in the transaction of its
 * change, and is given again to the same request of the same token. The same key with another
 * request is refused. An answer that changed nothing is not kept: asking again asks anew.
 *
 * What is kept of a request is a hash that takes in the token's secret, so that a password in a
 * body cannot be guessed from the database.
 */
#pragma once

#include "desk/desk.h"

bool repeat_is_wanted(const struct request *request);
/* Looks for the kept answer; *ret_known: the answer is filled, with the first one or a refusal. */
int repeat_find(struct request *request, struct answer *answer, bool *ret_known) MUST_USE;
/* In the caller's transaction. */
int repeat_keep(struct request *request, const struct answer *answer) MUST_USE;
