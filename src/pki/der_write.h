/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing DER (X.690), from the last byte to the first: what stands inside an element is written
 * before its header, so every length is known by then and nothing moves.
 *
 *     struct der_write w = DER_WRITE(room, sizeof room);
 *     size_t mark = der_mark(&w);
 *     der_put_bytes(…last part…); der_put_bytes(…first part…);
 *     der_put_header(&w, 0x30, mark);
 *
 * Only well-formed pieces of our own go in. Errors are sticky: a room too small, asked once at the
 * end. The room belongs to the caller, who wipes it if it held a secret.
 */
#pragma once

#include "base/str.h"

struct der_write {
	uint8_t *start, *at, *end;
	bool failed;
};

#define DER_WRITE(room, len) \
	((struct der_write){ .start = (room), .at = (room) + (len), .end = (room) + (len) })

void der_put_bytes(struct der_write *w, const void *bytes, size_t len);
/* INTEGER from an unsigned big-endian number; leading zeros are dropped, one is added before a high
 * bit. */
void der_put_uint(struct der_write *w, const uint8_t *number, size_t len);

size_t der_mark(
    const struct der_write *w); /* how much is written: remember it before the content */
/* Tag and length of all that was written since `mark`. */
void der_put_header(struct der_write *w, uint8_t tag, size_t mark);

bool der_failed(const struct der_write *w);
struct str der_str(const struct der_write *w); /* what is written; borrows the room */
