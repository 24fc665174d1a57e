/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HAProxy's crt-list and map files as text: a line each, the first word is its key, '#' begins a
 * comment, leading spaces mean nothing. Pure. Administrators write into these files too: lines that
 * are not ours stay as they are.
 */
#pragma once

#include "base/buf.h"

/* The first line of that key, without its leading spaces. */
bool lines_find(struct str text, struct str key, struct str *ret_line);
/* What follows the key in a line; "" for nothing. */
struct str lines_value(struct str line);
/* The text without the lines of that key. */
void lines_without(struct str text, struct str key, struct buf *to);
