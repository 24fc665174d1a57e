/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one shape of a list: rows on the heap, one more asked for than wanted, so that `more` is
 * known. For this folder only.
 */
#pragma once

#include "store/db.h"

#define LIST_LIMIT_MAX 1000

struct rows {
	void *row;
	size_t count;
	bool more;
};

size_t list_limit(size_t asked); /* within 1..LIST_LIMIT_MAX */
/* Reads all rows of the query by `read`; at most `limit` are kept. *ret is untouched on failure. */
int list_read(struct query *q, size_t size, size_t limit, void (*read)(struct query *q, void *row),
    struct rows *ret) MUST_USE;
