/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/password.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/pkcs12.h>

struct spelling {
	bool of_characters, of_octets;
	bool (*write)(struct str given, struct buf *to); /* false: the same as one before */
};

static bool
as_given(struct str given, struct buf *to)
{
	buf_put_str(to, given);
	return true;
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((uint8_t)s.p[i] >= 0x80)
			return false;
	return true;
}

/* UTF-8 of a code point below U+0100. */
static void
put_octet_as_utf8(struct buf *to, uint8_t octet)
{
	if (octet >= 0x80)
		buf_put_byte(to, (uint8_t)(0xc0 | octet >> 6));
	buf_put_byte(to, octet >= 0x80 ? (uint8_t)(0x80 | (octet & 0x3f)) : octet);
}

/* OpenSSL before 1.1.0 took each octet of the UTF-8 for a character (PKCS12_key_gen_asc). */
static bool
octets_as_characters(struct str given, struct buf *to)
{
	for (size_t i = 0; i < given.len; i++)
		put_octet_as_utf8(to, (uint8_t)given.p[i]);
	return !is_ascii(given);
}

/* One octet a character, as it came from a terminal or a form of ISO 8859-1. */
static bool
latin1(struct str given, struct buf *to)
{
	for (size_t i = 0; i < given.len; i++) {
		uint8_t octet = (uint8_t)given.p[i];

		if (octet < 0x80) {
			buf_put_byte(to, octet);
			continue;
		}
		if ((octet != 0xc2 && octet != 0xc3) || i + 1 == given.len)
			return false;
		buf_put_byte(to, (uint8_t)(octet << 6 | ((uint8_t)given.p[++i] & 0x3f)));
	}
	return !is_ascii(given);
}

/* Old exports of NSS gave the BMPString to PBES2 too, with its two zeros at the end. */
static bool
bmp(struct str given, struct buf *to)
{
	unsigned char *units = NULL;
	int len = 0;

	if (!OPENSSL_utf82uni(given.p, (int)given.len, &units, &len))
		return false;
	buf_put(to, units, (size_t)len);
	OPENSSL_clear_free(units, (size_t)len);
	return true;
}

/* clang-format off */
static const struct spelling spellings[] = {
	{ true,  true,  as_given },
	{ true,  false, octets_as_characters },
	{ false, true,  latin1 },
	{ false, true,  bmp },
};
/* clang-format on */
static_assert(COUNT_OF(spellings) == PASSWORD_SPELLINGS, "a number for each");

void
password_fini(struct password *password)
{
	buf_fini(&password->text);
	*password = (struct password){ 0 };
}

static bool
spell_nothing(size_t at, struct password *ret)
{
	static const char *const none[] = { NULL, "" };

	if (at >= COUNT_OF(none))
		return false;
	ret->p = none[at];
	ret->len = 0;
	return true;
}

bool
password_spell(const struct str *given, enum password_form form, size_t at, struct password *ret)
{
	const struct spelling *spelling = &spellings[at < COUNT_OF(spellings) ? at : 0];

	if (!given || given->len == 0)
		return spell_nothing(at, ret);
	ret->text = BUF_SECRET((size_t)4 * PASSWORD_MAX);
	if (at >= COUNT_OF(spellings) || given->len > PASSWORD_MAX ||
	    !(form == PASSWORD_OCTETS ? spelling->of_octets : spelling->of_characters) ||
	    !spelling->write(*given, &ret->text) || buf_failed(&ret->text))
		return false;
	ret->p = buf_text(&ret->text);
	ret->len = (int)ret->text.len;
	return true;
}
