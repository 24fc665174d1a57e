/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM (RFC 7468) as people send it (I-02): text around and between the blocks, any line ends or
 * none, quoted with "> ", indented, with byte order marks, and with the dashes a word processor
 * makes of "-----".
 */
#include "delivery/loosen.h"
#include "delivery/read.h"

#include <stdio.h>

#include "pki/der_read.h"

#define LABEL_MAX  40
#define HEADER_MAX 1024 /* of the fields about encryption */
#define BLOCKS_MAX 256  /* far above 50 certificates, far below what costs time */

/* Where a line "-----BEGIN label-----" (or END) stands. */
struct marker {
	bool end;
	struct str label;
	size_t at, after; /* offsets of its first byte and of what follows */
};

/* Labels whose content is not DER, or which are of no interest; all others are decided by their DER
 * (I-03). */
struct label_rule {
	struct str label;
	bool is_key;      /* a private key that we do not read */
	bool is_aside;    /* told when nothing else is there */
	const char *what; /* NULL = passed over in silence */
};

/* clang-format off */
static const struct label_rule label_rules[] = {
	{ STR_INIT("OPENSSH PRIVATE KEY"),   true,  false, NULL },
	{ STR_INIT("PGP PRIVATE KEY BLOCK"), true,  false, NULL },
	{ STR_INIT("PGP PUBLIC KEY BLOCK"),  false, false, "a PGP public key" },
	{ STR_INIT("PGP MESSAGE"),           false, false, "a PGP message" },
	{ STR_INIT("PGP SIGNED MESSAGE"),    false, false, NULL },
	{ STR_INIT("PGP SIGNATURE"),         false, false, NULL },
	{ STR_INIT("EC PARAMETERS"),         false, true,  "parameters for making keys" },
	{ STR_INIT("DH PARAMETERS"),         false, true,  "parameters for exchanging keys (dhparam)" },
	{ STR_INIT("X9.42 DH PARAMETERS"),   false, true,  "parameters for exchanging keys (dhparam)" },
};
/* clang-format on */

/* Bytes of the dash at `at`, 0 if there is none: hyphen-minus and U+2010 to U+2015, U+2212. */
static size_t
dash_at(struct str text, size_t at)
{
	const unsigned char *p = (const unsigned char *)text.p + at;

	if (at < text.len && *p == '-')
		return 1;
	if (at + 3 > text.len || p[0] != 0xe2)
		return 0;
	if ((p[1] == 0x80 && p[2] >= 0x90 && p[2] <= 0x95) || (p[1] == 0x88 && p[2] == 0x92))
		return 3;
	return 0;
}

static size_t
skip_dashes(struct str text, size_t at, size_t most, size_t *ret_count)
{
	size_t size;

	for (*ret_count = 0; *ret_count < most && (size = dash_at(text, at)) > 0; (*ret_count)++)
		at += size;
	return at;
}

static size_t
all_dashes(struct str text, size_t at, size_t *ret_count)
{
	return skip_dashes(text, at, text.len, ret_count);
}

/* Behind "BEGIN ": the label, and at least two dashes. Behind that of an END five at most, as the next
 * line's may follow at once; base64 begins with none. */
static bool
read_label(struct str text, size_t at, struct marker *ret)
{
	size_t start = at, count;

	while (at < text.len && at - start <= LABEL_MAX && dash_at(text, at) == 0 &&
	       text.p[at] != '\n' && text.p[at] != '\r')
		at++;
	ret->label = str_trim(str_bytes(text.p + start, at - start));
	ret->after = skip_dashes(text, at, ret->end ? 5 : text.len, &count);
	return count >= 2 && ret->label.len > 0 && ret->label.len <= LABEL_MAX;
}

/* "BEGIN " or "END " in any case, blanks before it; *ret_at is moved behind it. */
static bool
take_word(struct str text, size_t *at, bool *ret_end)
{
	static const struct str words[] = { STR_INIT("BEGIN "), STR_INIT("END ") };
	size_t from = *at;

	while (from < text.len && text.p[from] == ' ')
		from++;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text.len - from >= words[i].len &&
		    str_eq_nocase(str_bytes(text.p + from, words[i].len), words[i])) {
			*ret_end = i == 1;
			*at = from + words[i].len;
			return true;
		}
	return false;
}

/* The next marker at or behind `from`. */
static bool
find_marker(struct str text, size_t from, struct marker *ret)
{
	for (size_t at = from, count; at < text.len; at++) {
		size_t after = all_dashes(text, at, &count), label = after;

		if (count == 0)
			continue;
		ret->at = at;
		if (count >= 2 && take_word(text, &label, &ret->end) &&
		    read_label(text, label, ret))
			return true;
		at = after - 1;
	}
	return false;
}

bool
intake_tells_pem(struct str text)
{
	struct marker marker;

	return find_marker(text, 0, &marker);
}

/* The next line, without white space and the marks of a quoted mail before it. */
static bool
next_line(struct str *rest, struct str *ret_line, bool *ret_indented)
{
	size_t len = 0;
	struct str line;

	if (rest->len == 0)
		return false;
	while (len < rest->len && rest->p[len] != '\n' && rest->p[len] != '\r')
		len++;
	line = str_bytes(rest->p, len);
	if (len + 1 < rest->len && rest->p[len] == '\r' && rest->p[len + 1] == '\n')
		len++;
	*rest = str_drop(*rest, len + 1);
	*ret_indented = line.len > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
	line = str_trim(line);
	while (line.len > 0 && (line.p[0] == '>' || line.p[0] == '|'))
		line = str_trim(str_drop(line, 1));
	*ret_line = line;
	return true;
}

/* What nobody sees and programs leave behind: blanks that do not break, of no width, or that join; the
 * byte order mark of joined files. Bytes of UTF-8; 0 = none there. */
static size_t
unseen_at(struct str line, size_t at)
{
	/* clang-format off */
	static const struct str unseen[] = { STR_INIT("\xc2\xa0"), STR_INIT("\xe2\x80\x8b"), STR_INIT("\xe2\x80\x8c"),
		STR_INIT("\xe2\x80\x8d"), STR_INIT("\xe2\x81\xa0"), STR_INIT("\xef\xbb\xbf"), STR_INIT("\xe2\x80\xaf"),
		STR_INIT("\xe2\x80\xa8"), STR_INIT("\xc2\xad") };
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(unseen); i++)
		if (str_starts(str_drop(line, at), unseen[i]))
			return unseen[i].len;
	return line.p[at] == ' ' || line.p[at] == '\t' ? 1 : 0;
}

static void
put_base64_line(struct str line, struct buf *to)
{
	for (size_t i = 0, size; i<line.len; i += size> 0 ? size : 1) {
		size = unseen_at(line, i);
		if (size == 0)
			buf_put_byte(to, (uint8_t)line.p[i]);
	}
}

/* Splits a block's body into header fields (RFC 1421) and base64; of the fields those that tell of
 * encryption are kept, a line each. */
static void
split_body(struct str body, struct buf *base64, struct buf *encryption)
{
	bool header = true, had_field = false, indented = false;
	struct str line;

	while (next_line(&body, &line, &indented)) {
		bool field = header && str_find(line, STR(":")) < line.len;

		if (field || (header && had_field && indented && line.len > 0)) {
			had_field = true;
			if (str_find(line, STR("ENCRYPTED")) < line.len ||
			    str_starts(line, STR("DEK-Info:"))) {
				buf_put_str(encryption, line);
				buf_put_byte(encryption, '\n');
			}
			continue;
		}
		header = header && line.len == 0 && !had_field;
		put_base64_line(line, base64);
	}
}

/* OpenSSL's "trusted" form: the certificate, then a sequence of its own settings. */
static struct str
certificate_part(struct str label, struct str der)
{
	struct der first;
	struct str rest = der;

	if (str_eq(label, STR("TRUSTED CERTIFICATE")) && der_next(&rest, &first))
		return first.whole;
	return der;
}

/* Test files and others' formats carry blocks of their own: no damage to us. */
static bool
is_of_interest(struct str label)
{
	static const struct str words[] = { STR_INIT("CERTIFICATE"), STR_INIT("KEY"),
		STR_INIT("PKCS"), STR_INIT("CMS"), STR_INIT("CRL") };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_find(label, words[i]) < label.len)
			return true;
	return false;
}

static void
read_block(struct intake *in, struct str label, struct str body)
{
	CLEAN(buf_fini) struct buf base64 = BUF_SECRET(DELIVERY_FILE_MAX);
	CLEAN(buf_fini) struct buf der = BUF_SECRET(DELIVERY_FILE_MAX);
	CLEAN(buf_fini) struct buf encryption = BUF(HEADER_MAX);

	for (size_t i = 0; i < COUNT_OF(label_rules); i++) {
		if (!str_eq(label, label_rules[i].label))
			continue;
		if (label_rules[i].is_key)
			intake_key(in, NULL);
		else if (label_rules[i].is_aside)
			in->aside = label_rules[i].what;
		else if (label_rules[i].what)
			intake_answer(in, DELIVERY_UNSUPPORTED_FORMAT, FINDING_CERT_IS_PGP, "%s",
			    label_rules[i].what);
		return;
	}
	split_body(body, &base64, &encryption);
	if (base64.len == 0)
		intake_problem(in, DELIVERY_MALFORMED, "nothing is between BEGIN and END");
	else if ((!buf_put_from_base64(&der, buf_str(&base64)) || der.len == 0) &&
		 !(intake_may_loosen(in, body.len) && loosen(body, &der)))
		intake_problem(in,
		    is_of_interest(label) ? DELIVERY_MALFORMED : DELIVERY_UNSUPPORTED_FORMAT,
		    is_of_interest(label) ? "letters are missing or do not belong there"
					  : "a PEM block of another kind");
	else if (encryption.len > 0)
		intake_headed_key(in, buf_str(&encryption), buf_str(&der));
	else
		intake_der(in, certificate_part(label, buf_str(&der)));
}

void
intake_pem(struct intake *in, struct str text)
{
	struct marker begin, next;
	size_t number = 0;

	if (++in->depth > INTAKE_DEPTH_MAX)
		return;
	for (size_t at = 0; find_marker(text, at, &begin); at = begin.after) {
		if (begin.end) {
			intake_problem(in, DELIVERY_MALFORMED, "the BEGIN line is missing");
			continue;
		}
		if (++number > BLOCKS_MAX) {
			intake_problem(in, DELIVERY_LIMIT, "more than %d PEM blocks", BLOCKS_MAX);
			break;
		}
		snprintf(
		    in->part, sizeof(in->part), "block %zu (%.*s): ", number, STR_ARG(begin.label));
		if (!find_marker(text, begin.after, &next) || !next.end) {
			intake_problem(in, DELIVERY_MALFORMED, "the END line is missing");
			continue;
		}
		read_block(in, begin.label, str_bytes(text.p + begin.after, next.at - begin.after));
		begin.after = next.after;
	}
	in->part[0] = '\0';
	in->depth--;
}

/* Base64 and nothing else, as copied from a web page without its BEGIN and END (I-02). */
static bool
decode_bare(struct str text, struct buf *der)
{
	CLEAN(buf_fini) struct buf base64 = BUF_SECRET(DELIVERY_FILE_MAX);
	bool indented;
	struct str line;

	while (next_line(&text, &line, &indented))
		put_base64_line(line, &base64);
	return base64.len >= 64 && buf_put_from_base64(der, buf_str(&base64)) && der->len > 0 &&
	       intake_tells_der(buf_str(der));
}

bool
intake_tells_base64(struct str text)
{
	CLEAN(buf_fini) struct buf der = BUF_SECRET(DELIVERY_FILE_MAX);

	return decode_bare(text, &der);
}

void
intake_base64(struct intake *in, struct str text)
{
	CLEAN(buf_fini) struct buf der = BUF_SECRET(DELIVERY_FILE_MAX);

	if (decode_bare(text, &der))
		intake_der(in, buf_str(&der));
}
