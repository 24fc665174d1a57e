/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery/loosen.h"

#include <stdlib.h>

#include "delivery/read.h"
#include "pki/der_read.h"

#define LINE_NUMBER_MAX 6
#define LABEL_LINE_MAX  60
#define PROBE           64 /* bytes that tell an alphabet */

static bool
is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* JSON and source code: "\n", "\r", "\/", "\u002b" … */
static void
undo_escapes(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		struct str rest = str_drop(in, i);

		if (in.p[i] != '\\' || i + 1 == in.len) {
			buf_put_byte(out, (uint8_t)in.p[i]);
			continue;
		}
		if (rest.len >= 6 && rest.p[1] == 'u' && rest.p[2] == '0' && rest.p[3] == '0' &&
		    buf_put_from_hex(out, str_bytes(rest.p + 4, 2))) {
			i += 5;
			continue;
		}
		i++;
		buf_put_byte(out, in.p[i] == 'n' || in.p[i] == 'r' || in.p[i] == 't'
				      ? (uint8_t)'\n'
				      : (uint8_t)in.p[i]);
	}
}

struct entity {
	struct str name;
	char stands_for;
};

/* clang-format off */
static const struct entity entities[] = { /* with what is behind the "&" */
	{ STR_INIT("#43;"),    '+' }, { STR_INIT("#x2b;"), '+' }, { STR_INIT("plus;"),   '+' },
	{ STR_INIT("#47;"),    '/' }, { STR_INIT("#x2f;"), '/' }, { STR_INIT("sol;"),    '/' },
	{ STR_INIT("#61;"),    '=' }, { STR_INIT("#x3d;"), '=' }, { STR_INIT("equals;"), '=' },
	{ STR_INIT("nbsp;"),   '\n' }, { STR_INIT("#160;"), '\n' }, { STR_INIT("#xa0;"),  '\n' },
	{ STR_INIT("#10;"),    '\n' }, { STR_INIT("#13;"),  '\n' }, { STR_INIT("NewLine;"), '\n' },
};
/* clang-format on */

static size_t
put_entity(struct str rest, struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(entities); i++) {
		struct str name = entities[i].name;

		if (rest.len > name.len && str_eq_nocase(str_bytes(rest.p + 1, name.len), name)) {
			buf_put_byte(out, (uint8_t)entities[i].stands_for);
			return name.len + 1;
		}
	}
	return 0;
}

/* Web pages and XML: tags go, entities become what they stand for. */
static void
undo_page(struct str in, struct buf *out)
{
	bool open = false; /* no ">" follows any more: looking again at each "<" would take n * n */

	for (size_t i = 0; i < in.len; i++) {
		struct str rest = str_drop(in, i);
		size_t tag = in.p[i] == '<' && !open ? str_find(rest, STR(">")) : rest.len;
		size_t entity = in.p[i] == '&' ? put_entity(rest, out) : 0;

		open |= in.p[i] == '<' && tag == rest.len;
		if (tag < rest.len) {
			buf_put_byte(out, '\n');
			i += tag;
		} else if (entity > 0) {
			i += entity - 1;
		} else {
			buf_put_byte(out, (uint8_t)in.p[i]);
		}
	}
}

/* A mail's source (RFC 2045 section 6.7): "=3D", and lines that end in "=". */
static void
undo_quoted_printable(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		struct str rest = str_drop(in, i);

		if (in.p[i] != '=') {
			buf_put_byte(out, (uint8_t)in.p[i]);
		} else if (rest.len > 2 && buf_put_from_hex(out, str_bytes(rest.p + 1, 2))) {
			i += 2;
		} else {
			while (
			    i + 1 < in.len && strchr(" \t\r", in.p[i + 1]) && in.p[i + 1] != '\0')
				i++;
			i += i + 1 < in.len && in.p[i + 1] == '\n';
		}
	}
}

/* A formatted document: "\par", "\line", and braces. */
static void
undo_rtf(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		if (in.p[i] != '\\') {
			buf_put_byte(out, strchr("{}", in.p[i]) ? (uint8_t)'\n' : (uint8_t)in.p[i]);
			continue;
		}
		while (i + 1 < in.len && ((in.p[i + 1] >= 'a' && in.p[i + 1] <= 'z') ||
					     is_digit(in.p[i + 1]) || in.p[i + 1] == '-'))
			i++;
		i += i + 1 < in.len && in.p[i + 1] == ' ';
	}
}

/* "  12  " or "12:" in front of a line. */
static struct str
without_number(struct str line)
{
	size_t digits = 0;

	while (digits < line.len && digits < LINE_NUMBER_MAX && is_digit(line.p[digits]))
		digits++;
	if (digits == line.len) /* of the line with the marker */
		return STR("");
	if (digits == 0 || is_base64(line.p[digits]))
		return line;
	return str_trim(str_drop(line, digits + 1));
}

/* Source code and listings: quotes, commas, plus signs between strings, numbers in front. */
static void
undo_listing(struct str in, struct buf *out)
{
	struct str line;

	while (str_next(&in, '\n', &line)) {
		line = without_number(str_trim(line));
		while (line.len > 0 && strchr("\"'`,;.+&|*#/ ", line.p[0]) &&
		       (line.len == 1 || !is_base64(line.p[0]) || line.p[1] == ' '))
			line = str_drop(line, 1);
		while (line.len > 0 && strchr("\"'`,;.+&| \\", line.p[line.len - 1]) &&
		       (line.p[line.len - 1] != '+' || line.len < 2 ||
			   line.p[line.len - 2] == ' ' || line.p[line.len - 2] == '"'))
			line.len--;
		buf_put_str(out, line);
		buf_put_byte(out, '\n');
	}
}

/* Base64 for addresses (RFC 4648 section 5). */
static void
undo_url_alphabet(struct str in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++)
		buf_put_byte(out, in.p[i] == '-'   ? (uint8_t)'+'
				  : in.p[i] == '_' ? (uint8_t)'/'
						   : (uint8_t)in.p[i]);
}

static void (*const ways[])(struct str in, struct buf *out) = {
	undo_escapes,
	undo_page,
	undo_quoted_printable,
	undo_rtf,
	undo_listing,
	undo_url_alphabet,
};

/* One whole structure, and nothing behind it. */
static bool
decode(struct str text, struct buf *der)
{
	CLEAN(buf_fini) struct buf dense = BUF_SECRET(DELIVERY_FILE_MAX);
	CLEAN(buf_fini) struct buf bytes = BUF_SECRET(DELIVERY_FILE_MAX);
	struct der whole;

	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\r\n\"", text.p[i]))
			buf_put_byte(&dense, (uint8_t)text.p[i]);
	if (buf_failed(&dense) || !buf_put_from_base64(&bytes, buf_str(&dense)) ||
	    !der_peek(buf_str(&bytes), &whole) || whole.tag != DER_SEQUENCE ||
	    whole.whole.len != bytes.len)
		return false;
	buf_put_str(der, buf_str(&bytes));
	return true;
}

/* Each way alone, then one behind the other: a listing of JSON in a web page. */
bool
loosen(struct str text, struct buf *der)
{
	CLEAN(buf_fini) struct buf all = BUF_SECRET(2 * DELIVERY_FILE_MAX);

	buf_put_str(&all, text);
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		CLEAN(buf_fini) struct buf alone = BUF_SECRET(2 * DELIVERY_FILE_MAX);
		CLEAN(buf_fini) struct buf next = BUF_SECRET(2 * DELIVERY_FILE_MAX);

		ways[i](text, &alone);
		if (decode(buf_str(&alone), der))
			return true;
		ways[i](buf_str(&all), &next);
		buf_clear(&all);
		buf_put_str(&all, buf_str(&next));
		if (decode(buf_str(&all), der))
			return true;
	}
	return false;
}

/* Every `width`th byte is text and all between are NUL, as ASCII is in UTF-16 and UTF-32. */
static bool
is_wide(struct str bytes, size_t width, size_t at)
{
	size_t looked = bytes.len < PROBE ? bytes.len : PROBE;

	if (bytes.len < 2 * width || bytes.len % width != 0)
		return false;
	for (size_t i = 0; i < looked; i++)
		if ((bytes.p[i] != '\0') != (i % width == at))
			return false;
	return true;
}

static bool
from_wide(struct str bytes, struct buf *to)
{
	/* clang-format off */
	static const struct { size_t width, at; } forms[] = { { 2, 0 }, { 2, 1 }, { 4, 0 }, { 4, 3 } };
	/* clang-format on */
	static const struct str marks[] = { STR_INIT("\xff\xfe\0\0"), STR_INIT("\0\0\xfe\xff") };

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (str_starts(bytes, marks[i]))
			bytes = str_drop(bytes, 4);
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		if (!is_wide(bytes, forms[i].width, forms[i].at))
			continue;
		for (size_t k = forms[i].at; k < bytes.len; k += forms[i].width)
			buf_put_byte(to, (uint8_t)bytes.p[k]);
		return true;
	}
	return false;
}

/* "30 82 05 …", "30:82:05", "308205": DER as a listing of its bytes. */
static bool
from_hex(struct str bytes, struct buf *to)
{
	CLEAN(buf_fini) struct buf dense = BUF_SECRET(2 * DELIVERY_FILE_MAX);
	struct str text = str_trim(bytes);

	if (!str_starts(text, STR("30")) && !str_starts(text, STR("0x30")))
		return false;
	text = text.p[1] == 'x' ? str_drop(text, 2) : text;
	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \t\r\n:,-", text.p[i]))
			buf_put_byte(&dense, (uint8_t)text.p[i]);
	return dense.len >= 64 && buf_put_from_hex(to, buf_str(&dense));
}

/* A PEM file that was made base64 once more. */
static bool
from_base64(struct str bytes, struct buf *to)
{
	CLEAN(buf_fini) struct buf dense = BUF_SECRET(DELIVERY_FILE_MAX);
	CLEAN(buf_fini) struct buf text = BUF_SECRET(DELIVERY_FILE_MAX);

	for (size_t i = 0; i < bytes.len; i++)
		if (!strchr(" \t\r\n", bytes.p[i]))
			buf_put_byte(&dense, (uint8_t)bytes.p[i]);
	if (dense.len < 64 || !buf_put_from_base64(&text, buf_str(&dense)) ||
	    !intake_tells_pem(buf_str(&text)))
		return false;
	buf_put_str(to, buf_str(&text));
	return true;
}

/* "BEGIN CERTIFICATE" and "END CERTIFICATE" on lines of their own, their dashes lost. */
static bool
from_undashed(struct str bytes, struct buf *to)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(2 * DELIVERY_FILE_MAX);
	struct str line;

	while (str_next(&bytes, '\n', &line)) {
		struct str word = str_trim(line);
		bool marker = (str_starts(word, STR("BEGIN ")) || str_starts(word, STR("END "))) &&
		              word.len <= LABEL_LINE_MAX;

		buf_printf(&text, "%s%.*s%s\n", marker ? "-----" : "", STR_ARG(word),
		    marker ? "-----" : "");
	}
	if (buf_failed(&text) || !intake_tells_pem(buf_str(&text)))
		return false;
	buf_put_str(to, buf_str(&text));
	return true;
}

bool
loosen_file(struct str bytes, struct buf *to)
{
	return from_wide(bytes, to) || from_hex(bytes, to) || from_base64(bytes, to) ||
	       from_undashed(bytes, to) || loosen(bytes, to);
}
