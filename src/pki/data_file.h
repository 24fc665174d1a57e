/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form that data files of ours have in common (docs/man/certdesk-data.7): one JSON object, with the
 * time the facts are of and a list of rows. Read strictly: a list that was read by half would judge
 * more kindly.
 */
#pragma once

#include <jansson.h>

#include "base/str.h"
#include "base/when.h"

#define DATA_FILE_WORDS_SIZE 128

enum { DATA_FILE_E_MALFORMED = 1 };

struct data_file_form {
	size_t least, most; /* rows */
	/* Adds one row to what is read; NULL, or what is wrong with it, as a clause. */
	const char *(*read_row)(void *to, json_t *row);
};

/* DATA_FILE_E_MALFORMED: `words` say where and what is wrong. */
int data_file_read(struct str json, const struct data_file_form *form, void *to, when *ret_dated,
    char words[static DATA_FILE_WORDS_SIZE]) MUST_USE;
/* "" when it is no text. */
struct str data_file_text(const json_t *value);
