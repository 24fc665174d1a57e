/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people send instead of a certificate, told by content (I-01): documents, pictures, links,
 * programs, and text that speaks of a certificate without holding it. None of it is opened; it is
 * recognised so that the answer fits.
 */
#include "delivery/read.h"

#include <ctype.h>

#define LOOK_MAX 4096 /* enough of a text to know it by */
#define LINK_MAX 2048 /* more is prose in which a link stands */

static struct str
first_bytes(struct str bytes)
{
	return str_bytes(bytes.p, bytes.len < LOOK_MAX ? bytes.len : LOOK_MAX);
}

static bool
holds(struct str bytes, struct str what)
{
	return str_find(bytes, what) < bytes.len;
}

static bool
holds_nocase(struct str bytes, struct str what)
{
	for (size_t i = 0; i + what.len <= bytes.len; i++)
		if (str_eq_nocase(str_bytes(bytes.p + i, what.len), what))
			return true;
	return false;
}

static uint32_t
little_endian(struct str bytes, size_t at)
{
	const unsigned char *p = (const unsigned char *)bytes.p + at;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* An OLE file with the streams of [MS-OXMSG] 2.2; names are in UTF-16. */
bool
intake_tells_outlook(struct str bytes)
{
	return str_starts(bytes, STR("\xd0\xcf\x11\xe0")) &&
	       (holds(bytes, STR("_\0_\0s\0u\0b\0s\0t\0g\0"
				 "1\0")) ||
		   holds(bytes, STR("_\0_\0n\0a\0m\0e\0i\0d\0_\0")));
}

/* Those that have no few bytes at the start to know them by. */
bool
intake_tells_picture(struct str bytes)
{
	static const struct str brands[] = { STR_INIT("ftyphei"), STR_INIT("ftypmif1"),
		STR_INIT("ftypavif") };

	if (str_starts(bytes, STR("RIFF")) && str_starts(str_drop(bytes, 8), STR("WEBP")))
		return true;
	if (str_starts(bytes, STR("BM")) && bytes.len > 26 && little_endian(bytes, 2) == bytes.len)
		return true;
	for (size_t i = 0; i < COUNT_OF(brands); i++)
		if (str_starts(str_drop(bytes, 4), brands[i]))
			return true;
	return false;
}

/* "MZ", and "PE" where the word at 0x3c says; all else that begins so may be text. */
bool
intake_tells_program(struct str bytes)
{
	return str_starts(bytes, STR("MZ")) && bytes.len >= 0x40 &&
	       str_starts(str_drop(bytes, little_endian(bytes, 0x3c)), STR("PE\0\0"));
}

/* UTF-8, or mostly ASCII with some letters of an old charset. */
bool
intake_tells_text(struct str bytes)
{
	size_t high = 0, characters;

	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		if (c == 0x7f || (c < 0x20 && !isspace(c)))
			return false;
		high += c >= 0x80;
	}
	return str_utf8_length(bytes, &characters) || high < bytes.len / 4;
}

/* What `openssl x509 -text`, keytool and certutil print of a certificate. */
bool
intake_tells_listing(struct str bytes)
{
	struct str text = first_bytes(bytes);

	return intake_tells_text(bytes) && holds_nocase(text, STR("serial number:")) &&
	       holds_nocase(text, STR("issuer:"));
}

/* Hexadecimal digits of a SHA-1 or a SHA-256, perhaps in pairs, and what Windows copies before them
 * unseen (U+200E). */
static bool
is_digest(struct str text)
{
	size_t digits = 0;

	if (str_starts(text, STR("\xe2\x80\x8e")))
		text = str_drop(text, 3);
	for (size_t i = 0; i < text.len; i++) {
		if (isxdigit((unsigned char)text.p[i]))
			digits++;
		else if (!strchr(" :-\r\n\t", text.p[i]) || text.p[i] == '\0')
			return false;
	}
	return digits == 40 || digits == 64;
}

/* Alone, or behind its name: "SHA1 Fingerprint=AB:CD…", "Thumbprint: abcd…". */
bool
intake_tells_thumbprint(struct str bytes)
{
	struct str text = str_trim(bytes);
	size_t at = 0;

	if (text.len > 256)
		return false;
	while (at < text.len && text.p[at] != '=' && text.p[at] != ':')
		at++;
	return is_digest(text) || is_digest(str_trim(str_drop(text, at + 1)));
}

bool
intake_tells_link(struct str bytes)
{
	return bytes.len <= LINK_MAX && intake_tells_text(bytes) &&
	       (holds_nocase(bytes, STR("https://")) || holds_nocase(bytes, STR("http://")));
}
