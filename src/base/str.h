/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct str: a borrowed piece of text or bytes, pointer and length, not terminated.
 * Never NULL inside: an empty str points at "".
 */
#pragma once

#include <string.h>

#include "base/macro.h"

struct str {
	const char *p;
	size_t len;
};

/* printf("%.*s", STR_ARG(s)) */
#define STR_ARG(s)   (int)(s).len, (s).p
#define STR(literal) ((struct str){ .p = "" literal, .len = sizeof(literal) - 1 })
/* The same as an initializer, for static tables. */
#define STR_INIT(literal)                                   \
	{                                                   \
		.p = "" literal, .len = sizeof(literal) - 1 \
	}

static inline struct str
str_of(const char *text)
{
	return (struct str){ .p = text ? text : "", .len = text ? strlen(text) : 0 };
}

static inline struct str
str_bytes(const void *p, size_t len)
{
	return (struct str){ .p = len > 0 ? p : "", .len = len };
}

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* folds ASCII only */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s);               /* ASCII white space at both ends */
struct str str_drop(struct str s, size_t count); /* without the first `count` bytes (or all) */

/* Cuts `*rest` at the first `separator`: the part before it is returned, *rest is what follows.
 * False when *rest was used up (its pointer is then NULL). "a,,b" gives "a", "", "b"; "" gives "".
 */
bool str_next(struct str *rest, char separator, struct str *ret_part);

/* Position of the first occurrence, or s.len. */
size_t str_find(struct str s, struct str what);

/* The whole of `s` as a decimal number, optionally with '-'; false if anything else, or out of
 * range. */
bool str_to_i64(struct str s, int64_t *ret);

/* Copies into a terminated array; false (and "" in it) if it does not fit or holds a NUL. */
bool str_copy(struct str s, char *to, size_t size);

/* A terminated copy on the heap. */
char *str_dup(struct str s) MUST_USE;

/* Characters in UTF-8 text; false when it is not valid UTF-8 (RFC 3629: no surrogates, no
 * overlong). */
bool str_utf8_length(struct str s, size_t *ret_characters);

/* A terminated copy for people's eyes: one line of valid UTF-8, cut at a character to fit. Control
 * characters become spaces; bytes that are no UTF-8, and marks that turn the direction of text,
 * become "?". */
void str_show(struct str s, char *to, size_t size);

/* Edits (insert, delete, replace, swap of neighbours) between two short ASCII words; for "did you
 * mean". */
size_t str_distance(struct str a, struct str b);
