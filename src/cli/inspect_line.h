/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tree (inspect_tree.c) and the rest of the text (inspect_text.c) are made of: marks,
 * lines that fit the terminal, and members of what was said, taken carefully: all text is
 * str_show()n.
 */
#pragma once

#include "cli/inspect.h"

#define TEXT_SIZE 1024

#define BOLD  "\x1b[1m"
#define DIM   "\x1b[2m"
#define PLAIN "\x1b[0m"
#define RED   "\x1b[31m"
#define GREEN "\x1b[32m"

enum inspect_mark { MARK_GOOD, MARK_WARN, MARK_BAD, MARK_INFO, MARK_MAX };

void inspect_mark(const struct inspect_view *view, enum inspect_mark mark);
const char *inspect_colour(enum inspect_mark mark);
/* A branch of the tree, where such letters can be shown. */
const char *inspect_branch(const struct inspect_view *view, const char *utf8, const char *ascii);

/* Text that begins in column `at` and goes on below, behind `behind` (of `indent` columns); returns
 * the column it ends in. */
size_t inspect_wrapped(const struct inspect_view *view, size_t at, const char *behind,
    size_t indent, const char *text);
/* "  │   valid    2026-…"; nothing for "". */
void inspect_field(const struct inspect_view *view, const char *bar, const char *label,
    const char *colour, const char *text);

/* Each returns `space`. */
const char *inspect_text(const json_t *object, const char *member, char *space, size_t size);
/* A distinguished name, with room to break lines at. */
const char *inspect_name(const json_t *object, const char *member, char *space, size_t size);
/* By what people call it: its common name, else its first name, else the whole subject. */
const char *inspect_name_of(const json_t *certificate, char *space, size_t size);
bool inspect_is(const json_t *object, const char *member, const char *text);
json_int_t inspect_number(const json_t *object, const char *member);
/* One of the delivery, or one that completes the chain; NULL = none. */
const json_t *inspect_find(const json_t *said, const char *sha256);
/* Is it one of the delivery? */
bool inspect_came(const json_t *said, const char *sha256);
/* What will be served where it is known, else as far as the files lead. */
const json_t *inspect_chain_of(const json_t *said);

/* inspect_text.c: what was found, the first cause at length, the others with `all`. */
void inspect_show_findings(const struct inspect_view *view, const json_t *said);
/* inspect_tree.c: the chain; the requests that came; and where there is no leaf, what certificates
 * there are. */
void inspect_show_chain(const struct inspect_view *view, const json_t *said);
void inspect_show_requests(const struct inspect_view *view, const json_t *said);
void inspect_show_loose(const struct inspect_view *view, const json_t *said);
