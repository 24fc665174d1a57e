/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wire.h"

static void
put_number(struct buf *to, uint64_t v, size_t bytes)
{
	uint8_t out[8];

	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	buf_put(to, out, bytes);
}

/* The next `len` bytes, or NULL with the error set. */
static const char *
take(struct wire *from, size_t len)
{
	const char *at = from->rest.p;

	if (from->bad || len > from->rest.len) {
		from->bad = true;
		return NULL;
	}
	from->rest = str_bytes(at + len, from->rest.len - len);
	return at;
}

static uint64_t
get_number(struct wire *from, size_t bytes)
{
	const char *at = take(from, bytes);
	uint64_t v = 0;

	for (size_t i = 0; at && i < bytes; i++)
		v = v << 8 | (uint8_t)at[i];
	return v;
}

void
wire_put_u8(struct buf *to, uint8_t v)
{
	put_number(to, v, 1);
}

uint8_t
wire_get_u8(struct wire *from)
{
	return (uint8_t)get_number(from, 1);
}

void
wire_put_u16(struct buf *to, uint16_t v)
{
	put_number(to, v, 2);
}

uint16_t
wire_get_u16(struct wire *from)
{
	return (uint16_t)get_number(from, 2);
}

void
wire_put_u32(struct buf *to, uint32_t v)
{
	put_number(to, v, 4);
}

uint32_t
wire_get_u32(struct wire *from)
{
	return (uint32_t)get_number(from, 4);
}

void
wire_put_i64(struct buf *to, int64_t v)
{
	put_number(to, (uint64_t)v, 8);
}

int64_t
wire_get_i64(struct wire *from)
{
	return (int64_t)get_number(from, 8);
}

void
wire_put_bool(struct buf *to, bool v)
{
	wire_put_u8(to, v ? 1 : 0);
}

bool
wire_get_bool(struct wire *from)
{
	uint8_t v = wire_get_u8(from);

	if (v > 1)
		from->bad = true;
	return v == 1;
}

void
wire_put_id(struct buf *to, struct id v)
{
	wire_put_fixed(to, v.b, sizeof(v.b));
}

struct id
wire_get_id(struct wire *from)
{
	struct id v = ID_NONE;

	wire_get_fixed(from, v.b, sizeof(v.b));
	return v;
}

void
wire_put_str(struct buf *to, struct str v)
{
	if (v.len > UINT32_MAX) {
		to->failed = true;
		return;
	}
	wire_put_u32(to, (uint32_t)v.len);
	buf_put_str(to, v);
}

struct str
wire_get_str(struct wire *from, size_t max)
{
	size_t len = wire_get_u32(from);
	const char *at;

	if (len > max)
		from->bad = true;
	at = take(from, len);
	return at ? str_bytes(at, len) : STR("");
}

void
wire_put_text(struct buf *to, const char *v)
{
	wire_put_str(to, str_of(v));
}

void
wire_get_text(struct wire *from, char *to, size_t size)
{
	if (!str_copy(wire_get_str(from, size - 1), to, size))
		from->bad = true;
}

void
wire_put_fixed(struct buf *to, const void *v, size_t len)
{
	buf_put(to, v, len);
}

void
wire_get_fixed(struct wire *from, void *to, size_t len)
{
	const char *at = take(from, len);

	if (at)
		copy_bytes(to, at, len);
	else
		memset(to, 0, len);
}

uint32_t
wire_get_count(struct wire *from, uint32_t max, size_t least)
{
	uint32_t count = wire_get_u32(from);

	if (count > max || (least > 0 && count > from->rest.len / least))
		from->bad = true;
	return from->bad ? 0 : count;
}

bool
wire_end(const struct wire *from)
{
	return !from->bad && from->rest.len == 0;
}
