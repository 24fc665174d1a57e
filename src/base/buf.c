/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void
release(struct buf *b)
{
	if (b->secret && b->data)
		sodium_memzero(b->data, b->cap);
	free(b->data);
}

void
buf_fini(struct buf *b)
{
	release(b);
	b->data = NULL;
	b->len = b->cap = 0;
}

static void
grow(struct buf *b, size_t cap)
{
	char *data = alloc_zero(cap);

	copy_bytes(data, b->data, b->len);
	release(b);
	b->data = data;
	b->cap = cap;
}

char *
buf_room(struct buf *b, size_t len)
{
	size_t cap = b->cap > 0 ? b->cap : 64;

	if (b->failed || len > b->max || b->len > b->max - len) {
		b->failed = true;
		return NULL;
	}
	while (cap < b->len + len + 1)
		cap *= 2;
	if (cap > b->cap)
		grow(b, cap);
	return b->data + b->len;
}

void
buf_added(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_put(struct buf *b, const void *bytes, size_t len)
{
	char *room = buf_room(b, len);

	if (!room)
		return;
	copy_bytes(room, bytes, len);
	buf_added(b, len);
}

void
buf_put_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.len);
}

void
buf_put_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void
buf_put_byte(struct buf *b, uint8_t byte)
{
	buf_put(b, &byte, 1);
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list args, again;
	char *room;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	room = len >= 0 ? buf_room(b, (size_t)len) : NULL;
	if (room) {
		vsnprintf(room, (size_t)len + 1, format, again);
		buf_added(b, (size_t)len);
	}
	va_end(again);
}

void
buf_put_hex(struct buf *b, const void *bytes, size_t len)
{
	char *room = len <= b->max ? buf_room(b, len * 2) : buf_room(b, SIZE_MAX);

	if (!room)
		return;
	sodium_bin2hex(room, len * 2 + 1, bytes, len);
	buf_added(b, len * 2);
}

void
buf_put_base64(struct buf *b, const void *bytes, size_t len)
{
	size_t size = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);
	char *room = buf_room(b, size - 1);

	if (!room)
		return;
	sodium_bin2base64(room, size, bytes, len, sodium_base64_VARIANT_ORIGINAL);
	buf_added(b, size - 1);
}

void
buf_clear(struct buf *b)
{
	b->failed = false;
	buf_truncate(b, 0);
}

void
buf_truncate(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	if (b->secret)
		sodium_memzero(b->data + len, b->len - len);
	b->len = len;
	b->data[len] = '\0';
}

void
buf_drop(struct buf *b, size_t count)
{
	if (count >= b->len) {
		buf_truncate(b, 0);
		return;
	}
	memmove(b->data, b->data + count, b->len - count);
	buf_truncate(b, b->len - count);
}

bool
buf_failed(const struct buf *b)
{
	return b->failed;
}

struct str
buf_str(const struct buf *b)
{
	return str_bytes(b->data, b->len);
}

const char *
buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *
buf_take(struct buf *b)
{
	char *data = b->data ? b->data : alloc_zero(1);

	b->data = NULL;
	b->len = b->cap = 0;
	return data;
}

bool
buf_put_from_base64(struct buf *b, struct str s)
{
	size_t max = s.len / 4 * 3 + 3, len = 0;
	char *room;

	while (s.len > 0 && s.p[s.len - 1] == '=')
		s.len--;
	room = buf_room(b, max);
	if (!room || sodium_base642bin((unsigned char *)room, max, s.p, s.len, NULL, &len, NULL,
			 sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
		return false;
	buf_added(b, len);
	return true;
}

bool
buf_put_from_hex(struct buf *b, struct str s)
{
	size_t max = s.len / 2, len = 0;
	char *room = buf_room(b, max);

	if (!room || s.len % 2 != 0 ||
	    sodium_hex2bin((unsigned char *)room, max, s.p, s.len, NULL, &len, NULL) != 0 ||
	    len != s.len / 2)
		return false;
	buf_added(b, len);
	return true;
}
