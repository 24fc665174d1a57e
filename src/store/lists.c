/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lists.h"

#include <stdlib.h>

size_t
list_limit(size_t asked)
{
	return asked < 1 ? 1 : asked > LIST_LIMIT_MAX ? LIST_LIMIT_MAX : asked;
}

int
list_read(struct query *q, size_t size, size_t limit, void (*read)(struct query *q, void *row),
    struct rows *ret)
{
	struct rows rows = { 0 };
	int r;

	while ((r = query_row(q)) == 0) {
		if (rows.count == limit) {
			rows.more = true;
			break;
		}
		rows.row = alloc_again(rows.row, rows.count + 1, size);
		memset((char *)rows.row + rows.count * size, 0, size);
		read(q, (char *)rows.row + rows.count++ * size);
	}
	r = query_result(q);
	if (r) {
		free(rows.row);
		return r;
	}
	*ret = rows;
	return 0;
}
