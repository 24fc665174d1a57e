/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are two names those of one organization? Compared as a person would read them (S-09): upper and
 * lower case, punctuation, blanks, "and" and "&", accents (ü as u and as ue) and the way a legal form
 * is written make no difference. It is a hint for people and decides nothing: certificate authorities
 * compare with company registers (D-07). Pure.
 */
#pragma once

#include "base/str.h"

enum organization_likeness {
	ORGANIZATION_SAME,
	ORGANIZATION_SIMILAR, /* perhaps written by another hand, a parent or a sister; see `why` */
	ORGANIZATION_OTHER,
	ORGANIZATION_UNLIKE_LETTERS, /* written in two alphabets: nothing can be said */
	ORGANIZATION_LIKENESS_MAX
};

/* `country`: whose legal forms are meant, two capitals, "" = all. *ret_why: a clause behind "because",
 * "" but for SIMILAR; it lives on. */
enum organization_likeness organization_compare(
    struct str a, struct str b, const char *country, const char **ret_why);

/* Cities, states: the same folding, without legal forms; "" is the same as nothing. */
bool organization_place_same(struct str a, struct str b);
