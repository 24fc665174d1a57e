/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec of messages between our processes: fixed-width big-endian numbers, and byte strings
 * with a 32-bit length before them. No native structs cross a socket.
 *
 * Writing goes into a struct buf (sticky failure at its limit). Reading goes through a cursor with
 * a sticky error: read all fields, then ask wire_end() once; after an error every get gives zero or
 * "". Borrowed results point into the frame.
 */
#pragma once

#include "base/addr.h"
#include "base/buf.h"
#include "base/id.h"

struct wire {
	struct str rest;
	bool bad;
};

#define WIRE(s) ((struct wire){ .rest = (s) })

void wire_put_u8(struct buf *to, uint8_t v);
void wire_put_u16(struct buf *to, uint16_t v);
void wire_put_u32(struct buf *to, uint32_t v);
void wire_put_i64(struct buf *to, int64_t v);
void wire_put_bool(struct buf *to, bool v);
void wire_put_id(struct buf *to, struct id v);
void wire_put_str(struct buf *to, struct str v);
void wire_put_text(struct buf *to, const char *v);
void wire_put_fixed(struct buf *to, const void *v, size_t len); /* no length before it */

uint8_t wire_get_u8(struct wire *from);
uint16_t wire_get_u16(struct wire *from);
uint32_t wire_get_u32(struct wire *from);
int64_t wire_get_i64(struct wire *from);
bool wire_get_bool(struct wire *from); /* anything but 0 and 1 is an error */
struct id wire_get_id(struct wire *from);
struct str wire_get_str(struct wire *from, size_t max);
void wire_get_text(
    struct wire *from, char *to, size_t size); /* terminated; a NUL inside is an error */
void wire_get_fixed(struct wire *from, void *to, size_t len);
/* A count of things that follow, each at least `least` bytes long: more than `max`, or more than
 * the rest can hold, is an error. */
uint32_t wire_get_count(struct wire *from, uint32_t max, size_t least);

/* True when all was well and nothing is left: short, long and ill-formed are one answer. */
bool wire_end(const struct wire *from);
