/* SPDX-License-Identifier: Apache-2.0 */
/* Judging with what can be fetched: for step_fetch.c and step_watch.c. */
#pragma once

#include "review/ask.h"
#include "review/question.h"
#include "store/deliveries.h"
#include "worker/worker.h"

struct judgement {
	struct delivered_bytes bytes; /* what the question's files borrow */
	struct delivery_question question;
	struct review_held held;
	struct read_report report;
	struct outcome last; /* of the link that could not be fetched */
	char tried[READ_STATUS_MAX][READ_URL_SIZE];
	size_t tried_count;
};

void judgement_init(struct judgement *j);
void judgement_fini(struct judgement *j);

/* The question's files are there; READ_E_… of read_delivery_ask(). */
int judgement_make(struct hand *hand, struct judgement *j) MUST_USE;
void judgement_tried(struct judgement *j, const char *url);
bool judgement_has_tried(const struct judgement *j, const char *url);
