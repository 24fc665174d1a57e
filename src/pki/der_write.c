/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/der_write.h"

static uint8_t *
room_for(struct der_write *w, size_t len)
{
	if (w->failed || len > (size_t)(w->at - w->start)) {
		w->failed = true;
		return NULL;
	}
	w->at -= len;
	return w->at;
}

static void
put_byte(struct der_write *w, uint8_t byte)
{
	uint8_t *at = room_for(w, 1);

	if (at)
		*at = byte;
}

void
der_put_bytes(struct der_write *w, const void *bytes, size_t len)
{
	uint8_t *at = room_for(w, len);

	if (at)
		copy_bytes(at, bytes, len);
}

void
der_put_uint(struct der_write *w, const uint8_t *number, size_t len)
{
	size_t mark = der_mark(w);

	while (len > 1 && *number == 0) {
		number++;
		len--;
	}
	der_put_bytes(w, number, len);
	if (len == 0 || *number & 0x80)
		put_byte(w, 0);
	der_put_header(w, 0x02, mark);
}

size_t
der_mark(const struct der_write *w)
{
	return (size_t)(w->end - w->at);
}

void
der_put_header(struct der_write *w, uint8_t tag, size_t mark)
{
	size_t len = der_mark(w) - mark;
	uint8_t count = 0;

	if (len >= 0x80) {
		for (size_t rest = len; rest > 0; rest >>= 8, count++)
			put_byte(w, (uint8_t)rest);
		put_byte(w, 0x80 | count);
	} else {
		put_byte(w, (uint8_t)len);
	}
	put_byte(w, tag);
}

bool
der_failed(const struct der_write *w)
{
	return w->failed;
}

struct str
der_str(const struct der_write *w)
{
	return w->failed ? STR("") : str_bytes(w->at, der_mark(w));
}
