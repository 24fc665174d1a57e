/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct buf: bytes that grow up to a limit stated when it is made.
 *
 * Errors are sticky: after the first put that would pass the limit every further put is ignored and
 * `failed` stays true; test once at the end with buf_failed(). Always NUL-terminated behind `len`.
 * A secret buf is wiped whenever its memory moves or goes.
 */
#pragma once

#include "base/str.h"

struct buf {
	char *data;
	size_t len, cap, max;
	bool failed, secret;
};

#define BUF(limit)        ((struct buf){ .max = (limit) })
#define BUF_SECRET(limit) ((struct buf){ .max = (limit), .secret = true })

void buf_fini(struct buf *b);
CLEAN_DEFINE_FINI(buf_fini, struct buf);

void buf_put(struct buf *b, const void *bytes, size_t len);
void buf_put_str(struct buf *b, struct str s);
void buf_put_text(struct buf *b, const char *text);
void buf_put_byte(struct buf *b, uint8_t byte);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_put_hex(struct buf *b, const void *bytes, size_t len);    /* lower case */
void buf_put_base64(struct buf *b, const void *bytes, size_t len); /* RFC 4648, padded, one line */

void buf_clear(struct buf *b); /* empty again, memory kept, `failed` forgotten */
void buf_truncate(struct buf *b, size_t len);
void buf_drop(struct buf *b, size_t count); /* removes from the front */
char *buf_room(
    struct buf *b, size_t len); /* room for `len` more bytes, or NULL; follow with buf_added */
void buf_added(struct buf *b, size_t len);

bool buf_failed(const struct buf *b);
struct str buf_str(const struct buf *b);
const char *buf_text(const struct buf *b); /* terminated; "" when empty */
char *buf_take(
    struct buf *b) MUST_USE; /* the terminated bytes, to be freed; the buf is empty then */

/* Decodes all of `s` (padded or not, no white space); false and nothing added if it is anything
 * else. */
bool buf_put_from_base64(struct buf *b, struct str s);
bool buf_put_from_hex(struct buf *b, struct str s);
