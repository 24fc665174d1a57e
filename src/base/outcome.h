/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a talk with the outside ended, as data: stored with the task, shown to people.
 * Whatever speaks to a CA, a balancer, a DNS or mail server fills one; its `words` are the peer's
 * own where the peer said something, never a secret, "" when there is nothing to say.
 */
#pragma once

#include "base/when.h"

#define OUTCOME_WORDS_SIZE 512

enum outcome_kind {
	OUTCOME_DONE = 0,
	OUTCOME_LATER,   /* may work later without anybody's doing: try again at `again` (0: by the
	                    retry table) */
	OUTCOME_REFUSED, /* the peer said no for good: this same request will not be repeated */
	OUTCOME_HUMAN,   /* somebody must look: it stays in view until told to go on */
	OUTCOME_MAX
};

struct outcome {
	enum outcome_kind kind;
	when again;
	char words[OUTCOME_WORDS_SIZE]; /* UTF-8, cut at a character; one line */
};

/* Fills one; `format` as printf; control characters in the result become spaces. Returns kind ==
 * DONE. */
bool outcome_set(struct outcome *o, enum outcome_kind kind, const char *format, ...)
    PRINTF_LIKE(3, 4);
const char *outcome_name(enum outcome_kind kind); /* "done", "later", "refused", "human" */
