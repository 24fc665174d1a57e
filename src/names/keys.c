/* SPDX-License-Identifier: Apache-2.0 */
#include "names/keys.h"

#include <stdlib.h>

#include "names/alike.h"

void
name_keys_fini(struct name_keys *keys)
{
	free(keys->row);
	*keys = (struct name_keys){ 0 };
}

static void
note(void *to, uint64_t key)
{
	struct name_keys *keys = to;

	if (keys->count == keys->cap) {
		keys->cap = keys->cap ? keys->cap * 2 : 1024;
		keys->row = alloc_again(keys->row, keys->cap, sizeof(*keys->row));
	}
	keys->row[keys->count++] = key;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* A search that finds nothing has asked for everything. */
void
name_keys_for(const char *typed, struct name_keys *ret)
{
	CLEAN(known_names_free) struct known_names *none = known_names_new();
	struct name_alike found;
	size_t kept = 0;

	*ret = (struct name_keys){ 0 };
	known_names_tell(none, note, ret);
	name_alike_find(none, typed, false, &found);
	qsort(ret->row, ret->count, sizeof(*ret->row), compare);
	for (size_t i = 0; i < ret->count; i++)
		if (kept == 0 || ret->row[kept - 1] != ret->row[i])
			ret->row[kept++] = ret->row[i];
	ret->count = kept;
}
