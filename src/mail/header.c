/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header lines (RFC 5322, RFC 2047). A value is refused, never repaired, when it holds a control
 * character or is no UTF-8: nothing anybody typed can add a header or a recipient.
 */
#include <stdio.h>

#include "mail/mail_internal.h"

#define ENCODED_BYTES \
	39 /* base64 of them in "=?UTF-8?B?" and "?=" stays below the 76 columns of RFC 2047 \
	      section 2, behind "Subject: " too */
#define ADDRESS_MAX 254 /* RFC 5321 section 4.5.3.1.3, without the angle brackets */

static bool
is_clean(const char *text)
{
	size_t characters;

	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return str_utf8_length(str_of(text), &characters);
}

static bool
is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* As many bytes as fit into one encoded word, cut at a character. */
static size_t
piece_of(struct str s)
{
	size_t len = s.len < ENCODED_BYTES ? s.len : ENCODED_BYTES;

	while (len < s.len && len > 1 && ((unsigned char)s.p[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
put_encoded(struct str s, struct buf *to)
{
	while (s.len > 0) {
		size_t len = piece_of(s);

		buf_put_text(to, "=?UTF-8?B?");
		buf_put_base64(to, s.p, len);
		buf_put_text(to, "?=");
		s = str_drop(s, len);
		if (s.len > 0)
			buf_put_text(to, "\r\n ");
	}
}

/* Long lines are folded at spaces (RFC 5322 section 2.1.1). Something that looks like an encoded
 * word is encoded, lest it be decoded. */
bool
mail_header_text(const char *name, const char *text, struct buf *to)
{
	struct str rest = str_of(text), word;
	size_t column = strlen(name) + 1;

	if (!is_clean(text))
		return false;
	buf_printf(to, "%s:", name);
	if (!is_ascii(rest) || str_find(rest, STR("=?")) < rest.len) {
		buf_put_byte(to, ' ');
		put_encoded(rest, to);
		return true;
	}
	while (str_next(&rest, ' ', &word)) {
		if (word.len > 0 && column + 1 + word.len > 76 && column > strlen(name) + 1) {
			buf_put_text(to, "\r\n");
			column = 0;
		}
		buf_put_byte(to, ' ');
		buf_put_str(to, word);
		column += 1 + word.len;
	}
	return true;
}

static bool
is_address_byte(char c)
{
	return (unsigned char)c > ' ' && (unsigned char)c < 0x7f && !strchr("<>()[]\\,;:\"", c);
}

/* One '@', something on both sides, none of the characters that separate recipients. */
static bool
is_address(struct str s)
{
	size_t at = str_find(s, STR("@"));

	if (at == 0 || at + 1 >= s.len || s.len > ADDRESS_MAX)
		return false;
	if (str_find(str_drop(s, at + 1), STR("@")) < s.len - at - 1)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_address_byte(s.p[i]))
			return false;
	return true;
}

/* "Name <address>" or "address". */
static bool
split(const char *mailbox, struct str *ret_name, struct str *ret_address)
{
	struct str s = str_trim(str_of(mailbox));
	size_t open = str_find(s, STR("<"));

	*ret_name = STR("");
	*ret_address = s;
	if (open < s.len) {
		if (!str_ends(s, STR(">")))
			return false;
		*ret_name = str_trim((struct str){ .p = s.p, .len = open });
		*ret_address = (struct str){ .p = s.p + open + 1, .len = s.len - open - 2 };
	}
	if (ret_name->len >= 2 && str_starts(*ret_name, STR("\"")) &&
	    str_ends(*ret_name, STR("\"")))
		*ret_name = (struct str){ .p = ret_name->p + 1, .len = ret_name->len - 2 };
	return is_clean(mailbox) && is_address(*ret_address);
}

bool
mail_address_of(const char *mailbox, char *to, size_t size)
{
	struct str name, address;

	return split(mailbox, &name, &address) && str_copy(address, to, size);
}

static void
put_quoted(struct str s, struct buf *to)
{
	buf_put_byte(to, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_put_byte(to, '\\');
		buf_put_byte(to, (uint8_t)s.p[i]);
	}
	buf_put_byte(to, '"');
}

bool
mail_header_mailbox(const char *name, const char *mailbox, struct buf *to)
{
	struct str shown, address;

	if (!split(mailbox, &shown, &address))
		return false;
	buf_printf(to, "%s: ", name);
	if (shown.len == 0) {
		buf_put_str(to, address);
		return true;
	}
	if (is_ascii(shown))
		put_quoted(shown, to);
	else
		put_encoded(shown, to);
	buf_printf(to, " <%.*s>", STR_ARG(address));
	return true;
}

bool
mail_token_is_plain(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("\"\\<>;,", *p))
			return false;
	return *text != '\0';
}

/* With its angle brackets, as everywhere. */
bool
mail_header_id(const char *name, const char *id, struct buf *to)
{
	struct str s = str_of(id);

	if (s.len < 5 || !str_starts(s, STR("<")) || !str_ends(s, STR(">")) ||
	    !is_address((struct str){ .p = s.p + 1, .len = s.len - 2 }))
		return false;
	buf_printf(to, "%s: %s", name, id);
	return true;
}

/* RFC 5322 section 3.3: "Tue, 24 Nov 2026 11:07:49 +0000"; the words are English whatever the
 * locale is. */
void
mail_header_date(when date, struct buf *to)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue",
		"Wed" }; /* from 1 January 1970 */
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	char text[WHEN_RFC3339_SIZE];
	int64_t month = 1;

	when_rfc3339(date > 0 ? date : SECONDS(1), text);
	(void)str_to_i64((struct str){ .p = text + 5, .len = 2 }, &month);
	buf_printf(to, "Date: %s, %.2s %s %.4s %.8s +0000",
	    days[(date > 0 ? date : 0) / DAYS(1) % 7], text + 8, months[(month - 1) % 12], text,
	    text + 11);
}
