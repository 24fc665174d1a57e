/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which known name somebody meant who typed one that is not known (H-10). Pure.
 *
 * Where the domain is known the host part alone may be mistyped, and one that is usual, or differs
 * by its number (mail, mail2), is another host and no mistake. Where it is not, the domain is looked
 * for: one slip away (names/mistake.h), looking the same, behind a dot that is missing or too many,
 * under another ending, in the middle of the name, with a word like "login" beside it.
 */
#pragma once

#include "names/known.h"
#include "names/mistake.h"

struct name_alike {
	enum name_mistake mistake; /* MISTAKE_NONE: nothing is alike */
	size_t away;               /* of two with the same mistake the nearer one is meant */
	struct host_name meant;
	char words[MISTAKE_WORDS]; /* what is wrong, to stand behind a colon */
};

/* `typed`: as in struct host_name, or with an ending that does not exist. `right`: its domain is the
 * customer's own, so that nothing but its host part can be wrong. A name that is known is alike to
 * nothing. */
void name_alike_find(
    const struct known_names *known, const char *typed, bool right, struct name_alike *ret);

/* Is `a` the likelier one? */
bool name_alike_is_better(const struct name_alike *a, const struct name_alike *b);

/* The name says its domain twice, which needs no known names to be seen. */
bool name_is_doubled(const char *typed, struct name_alike *ret);
