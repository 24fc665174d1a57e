/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key-encryption key (KEK) and the file it lies in: one line of text,
 *
 *     certdesk-kek-1 <id: 16 hex digits> <key: 32 bytes in base64>
 *
 * The id is random and names the KEK in the header of every key wrapped with it. Who loses the file
 * loses all private keys; who copies it together with the database has them. Pure: reading and
 * writing is the caller's.
 */
#pragma once

#include "base/buf.h"
#include "sys/world.h"

#define KEK_FILE_MAX     256
#define KEK_ID_TEXT_SIZE 17

struct kek {
	uint8_t id[8];
	uint8_t key[32];
};

void kek_fini(struct kek *kek); /* wipes it */
CLEAN_DEFINE_FINI(kek_fini, struct kek);

/* Puts the line of a new KEK; *to shall be a BUF_SECRET of at least KEK_FILE_MAX. */
void kek_make(const struct world *world, struct buf *to);
/* False for anything but one such line, with or without its line end. */
bool kek_parse(struct str text, struct kek *ret) MUST_USE;
const char *kek_id_text(
    const uint8_t id[static 8], char to[static KEK_ID_TEXT_SIZE]); /* returns `to` */
