/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a name as people see it: its letters, and the skeleton, in which letters that look
 * alike are the same (after UTS 39 section 4) and hyphens do not count. A letter always becomes one
 * letter or none, so that what is one slip in the name is at most one in its skeleton.
 *
 * The table knows the alphabets of Europe and Cherokee, which is what browsers are fooled with; from
 * other alphabets a name is another name. Pure.
 */
#pragma once

#include "base/str.h"

#define LETTERS_MAX 64 /* a part of a name has 63 bytes at most */

struct letters {
	size_t count;
	bool beyond; /* some are not ASCII, or were not before this skeleton was made */
	uint32_t at[LETTERS_MAX]; /* Unicode */
};

/* Of an A-label its Unicode form; one that is none is taken as it stands. More letters than fit are
 * left out. */
void letters_of(struct str label, struct letters *ret);
void letters_skeleton(const struct letters *plain, struct letters *ret);
bool letters_eq(const struct letters *a, const struct letters *b);
/* In a number alone: mail and mail2, node1-web and node2-web; or not at all. */
bool letters_differ_in_number(const struct letters *a, const struct letters *b);
struct letters letters_drop(const struct letters *from, size_t at); /* without the one at `at` */
/* One letter in UTF-8, terminated. */
#define LETTER_SIZE 5
const char *letter_text(uint32_t letter, char to[static LETTER_SIZE]);
