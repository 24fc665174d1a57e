/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/kek_file.h"

#include <sodium.h>

#define MARK STR("certdesk-kek-1")

void
kek_fini(struct kek *kek)
{
	if (kek)
		sodium_memzero(kek, sizeof(*kek));
}

void
kek_make(const struct world *world, struct buf *to)
{
	CLEAN(kek_fini) struct kek kek;

	world->random(world, kek.id, sizeof(kek.id));
	world->random(world, kek.key, sizeof(kek.key));
	buf_put_str(to, MARK);
	buf_put_byte(to, ' ');
	buf_put_hex(to, kek.id, sizeof(kek.id));
	buf_put_byte(to, ' ');
	buf_put_base64(to, kek.key, sizeof(kek.key));
	buf_put_byte(to, '\n');
}

bool
kek_parse(struct str text, struct kek *ret)
{
	CLEAN(buf_fini) struct buf id = BUF(KEK_FILE_MAX);
	CLEAN(buf_fini) struct buf key = BUF_SECRET(KEK_FILE_MAX);
	struct str mark, id_hex, key_base64;

	if (text.len > 0 && text.p[text.len - 1] == '\n')
		text.len--;
	if (!str_next(&text, ' ', &mark) || !str_next(&text, ' ', &id_hex) ||
	    !str_next(&text, ' ', &key_base64))
		return false;
	if (text.p || !str_eq(mark, MARK)) /* a fourth field */
		return false;
	if (!buf_put_from_hex(&id, id_hex) || !buf_put_from_base64(&key, key_base64))
		return false;
	if (id.len != sizeof(ret->id) || key.len != sizeof(ret->key))
		return false;
	copy_bytes(ret->id, id.data, id.len);
	copy_bytes(ret->key, key.data, key.len);
	return true;
}

const char *
kek_id_text(const uint8_t id[static 8], char to[static KEK_ID_TEXT_SIZE])
{
	sodium_bin2hex(to, KEK_ID_TEXT_SIZE, id, 8);
	return to;
}
