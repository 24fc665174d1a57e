/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "desk/route.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte written as %XY at `at`; -1 when it is none. */
static int
escaped(struct str from, size_t at)
{
	int high, low;

	if (at + 2 >= from.len)
		return -1;
	high = hex_value(from.p[at + 1]);
	low = hex_value(from.p[at + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool
percent_decode(struct str from, char *to, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < from.len; i++) {
		int c = (unsigned char)from.p[i];

		if (c == '%') {
			c = escaped(from, i);
			i += 2;
		}
		if (c <= 0 || len + 1 >= size)
			return false;
		to[len++] = (char)c;
	}
	to[len] = '\0';
	return true;
}
