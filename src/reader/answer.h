/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a question's bytes to an answer's bytes: in a closed room, whatever happens in there.
 */
#pragma once

#include <stdatomic.h>

#include "delivery/judge.h"
#include "ipc/channel.h"
#include "sys/room.h"

struct reader {
	struct trust trust;
	struct ct_logs *ct_logs; /* NULL = no list */
	bool public_rules;
	struct severity_policy severities;
	struct delivery_tools *tools;
	struct channel *keeper; /* NULL: private keys are taken from nobody */
	_Atomic int64_t questions, accepted,
	    failed; /* for `certdesk status`, read by another thread */
};

/* Touches everything OpenSSL loads when first used, while files may still be opened, so that no
 * child has to, and none pays for it again. */
void answer_warm_up(const struct reader *reader);

/* -EBADMSG: no question. Anything else is an answer: a child that died or ran out of time gives a
 * report with CERT_READER_FAILED. */
int answer_question(struct reader *reader, struct str question, struct buf *answer) MUST_USE;
/* The same with other bounds, or other work: for tests of what happens when it goes wrong. */
int answer_in_room(struct reader *reader, struct str question, const struct room *room,
    int (*work)(const void *about, struct buf *answer), struct buf *answer) MUST_USE;

void answer_report(const struct reader *reader, when now, struct buf *to);

/* What the room works on. */
struct answer_work {
	const struct reader *reader;
	const struct delivery_question *question;
};
