/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <stdio.h>

struct id
id_from(when now, const uint8_t random[static 10])
{
	uint64_t millis = (uint64_t)(now / MILLIS(1));
	struct id id;

	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)(millis >> (40 - 8 * i));
	memcpy(id.b + 6, random, 10);
	id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

const char *
id_text(struct id id, char to[static ID_TEXT_SIZE])
{
	size_t at = 0;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			to[at++] = '-';
		snprintf(to + at, 3, "%02x", id.b[i]);
		at += 2;
	}
	return to;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
id_parse(struct str s, struct id *ret)
{
	struct id id;
	size_t at = 0;

	if (s.len != ID_TEXT_SIZE - 1)
		return false;
	for (int i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && s.p[at++] != '-')
			return false;
		int high = hex_value(s.p[at]), low = hex_value(s.p[at + 1]);

		if (high < 0 || low < 0)
			return false;
		id.b[i] = (uint8_t)(high * 16 + low);
		at += 2;
	}
	*ret = id;
	return true;
}

bool
id_eq(struct id a, struct id b)
{
	return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}

bool
id_is_none(struct id id)
{
	return id_eq(id, ID_NONE);
}
