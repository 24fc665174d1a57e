/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdlib.h>

#define DISTANCE_MAX 64 /* longer words are cut: they are never near each other */

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && memcmp(s.p, prefix.p, prefix.len) == 0;
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len && memcmp(s.p + s.len - suffix.len, suffix.p, suffix.len) == 0;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && is_space(s.p[0]))
		s = str_drop(s, 1);
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

struct str
str_drop(struct str s, size_t count)
{
	if (count >= s.len)
		return STR("");
	return (struct str){ .p = s.p + count, .len = s.len - count };
}

bool
str_next(struct str *rest, char separator, struct str *ret_part)
{
	const char *at;

	if (!rest->p)
		return false;
	at = memchr(rest->p, separator, rest->len);
	*ret_part = (struct str){ .p = rest->p, .len = at ? (size_t)(at - rest->p) : rest->len };
	if (at)
		*rest = (struct str){ .p = at + 1, .len = rest->len - ret_part->len - 1 };
	else
		*rest = (struct str){ .p = NULL, .len = 0 };
	return true;
}

size_t
str_find(struct str s, struct str what)
{
	const char *at = what.len ? memmem(s.p, s.len, what.p, what.len) : s.p;

	return at ? (size_t)(at - s.p) : s.len;
}

bool
str_to_i64(struct str s, int64_t *ret)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	int64_t value = 0;

	if (negative)
		s = str_drop(s, 1);
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int64_t digit = s.p[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, (int64_t)10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret = negative ? -value : value;
	return true;
}

bool
str_copy(struct str s, char *to, size_t size)
{
	if (s.len >= size || (s.len > 0 && memchr(s.p, '\0', s.len))) {
		to[0] = '\0';
		return false;
	}
	copy_bytes(to, s.p, s.len);
	to[s.len] = '\0';
	return true;
}

char *
str_dup(struct str s)
{
	char *p = alloc_zero(s.len + 1);

	copy_bytes(p, s.p, s.len);
	return p;
}

/* Bytes of the UTF-8 character that begins with this one, 0 if none does. */
static size_t
utf8_announced(unsigned char first)
{
	return first < 0x80   ? 1
	       : first < 0xc2 ? 0
	       : first < 0xe0 ? 2
	       : first < 0xf0 ? 3
	       : first < 0xf5 ? 4
	                      : 0;
}

/* Bytes of the UTF-8 character at p, 0 if it is none (RFC 3629 section 4). */
static size_t
utf8_size(const unsigned char *p, size_t left)
{
	size_t size = utf8_announced(p[0]);

	if (size == 0 || size > left)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return size;
}

bool
str_utf8_length(struct str s, size_t *ret_characters)
{
	size_t characters = 0;

	for (size_t at = 0; at < s.len; characters++) {
		size_t size = utf8_size((const unsigned char *)s.p + at, s.len - at);

		if (size == 0)
			return false;
		at += size;
	}
	*ret_characters = characters;
	return true;
}

/* U+0080-9F are controls; U+202A-2E and U+2066-69 turn the direction of the text behind them. */
static char
instead_of(const unsigned char *p, size_t size)
{
	if (size == 1)
		return *p < ' ' || *p == 0x7f ? ' ' : '\0';
	if (size == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return ' ';
	if (size == 3 && p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae)
		return '?';
	if (size == 3 && p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
		return '?';
	return '\0';
}

void
str_show(struct str s, char *to, size_t size)
{
	size_t put = 0;

	for (size_t at = 0; at < s.len;) {
		const unsigned char *p = (const unsigned char *)s.p + at;
		size_t taken = utf8_size(p, s.len - at);
		char instead = taken == 0 ? '?' : instead_of(p, taken);
		size_t room = instead ? 1 : taken;

		if (put + room >= size)
			break;
		copy_bytes(to + put, instead ? (const void *)&instead : p, room);
		put += room;
		at += taken > 0 ? taken : 1;
	}
	to[put] = '\0';
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
str_distance(struct str a, struct str b)
{
	size_t row[3][DISTANCE_MAX + 1];

	a.len = least(a.len, DISTANCE_MAX);
	b.len = least(b.len, DISTANCE_MAX);
	for (size_t j = 0; j <= b.len; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t same = a.p[i - 1] == b.p[j - 1] ? 0 : 1;

			now[j] = least(least(now[j - 1], last[j]) + 1, last[j - 1] + same);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[a.len % 3][b.len];
}
