/* SPDX-License-Identifier: Apache-2.0 */
#include "base/macro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
out_of_memory(void)
{
	fputs("out of memory\n", stderr);
	abort();
}

void
copy_bytes(void *to, const void *from, size_t len)
{
	if (len > 0)
		memcpy(to, from, len);
}

void *
alloc_zero(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *
alloc_array(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size);

	if (!p)
		out_of_memory();
	return p;
}

void *
alloc_again(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count > 0 ? count : 1, size);

	if (!p)
		out_of_memory();
	return p;
}

char *
alloc_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *p = alloc_zero(size);

	memcpy(p, text, size);
	return p;
}

void
free_text(char *text)
{
	free(text);
}
