/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delivery as it came over HTTP: JSON with files and a password, or the bare bytes of one file,
 * made the reader's question. Holds a password, perhaps: wiped when freed.
 */
#pragma once

#include "desk/json.h"
#include "order/foreign_key.h"
#include "review/ask.h"

struct delivery_in {
	struct form form;
	struct delivery_question question;
	struct review_held held;
	bool accept_clean; /* accept it at once if there is nothing to decide */
	char foreign_key_author[FOREIGN_KEY_AUTHOR_SIZE]; /* who accepted the risk of a key that was
	                                                     not made here; "" = nobody did */
	struct buf content[READ_FILES_MAX];
	struct read_report report;
};

struct delivery_in *delivery_in_new(void) MUST_USE;
struct delivery_in *delivery_in_free(struct delivery_in *in);
CLEAN_DEFINE(delivery_in_free, struct delivery_in *);

/* Fills the question's files and password. False: the answer is filled. */
bool delivery_in_read(
    struct delivery_in *in, struct request *request, struct answer *answer) MUST_USE;
