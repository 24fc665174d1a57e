/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate's dNSName that does not cover the order's host name: how far off is it? `san` is
 * hostile bytes, compared as they are (a NUL or a foreign letter simply matches nothing); `host` is
 * ours: lower case, A-labels, no dot at the end.
 */
#pragma once

#include "base/str.h"

enum name_nearness {
	NAME_FAR,
	NAME_STAR, /* the star is a level off */
	NAME_WWW,  /* one of them has "www." in front */
	NAME_TYPO, /* one letter is another, missing, too many, or has changed places */
};

/* A mistake that people make; the host itself is none of these. */
enum name_nearness name_nearness(struct str san, struct str host);
/* Below the same registrable domain (public suffix list). */
bool name_same_owner(struct str san, struct str host);
