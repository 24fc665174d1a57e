/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity of everything we store: a UUIDv7 (RFC 9562 section 5.7), so that newer ids sort
 * later. Text form: the usual 36 characters, lower case. The nil id means "none".
 */
#pragma once

#include "base/when.h"

#define ID_TEXT_SIZE 37

struct id {
	uint8_t b[16];
};

#define ID_NONE ((struct id){ { 0 } })

/* From a time and 10 random bytes; new ids come from world_id() in sys/world.h. */
struct id id_from(when now, const uint8_t random[static 10]);
const char *id_text(struct id id, char to[static ID_TEXT_SIZE]); /* returns `to` */
bool id_parse(struct str s, struct id *ret);                     /* 36 characters, any case */
bool id_eq(struct id a, struct id b);
bool id_is_none(struct id id);
