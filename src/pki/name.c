/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/name.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/buf.h"
#include "pki/name_script.h"

#define LABEL_MAX       63
#define NAME_LENGTH_MAX 253
#define CN_MAX          64
#define PASTED_MAX      1024

/* A piece of what was pasted, while it is cut down to the name. */
struct cutting {
	struct str rest;
	struct name_report *report;
};

/* White space and invisible characters that come along with copy and paste (H-01), in UTF-8. */
static const struct str invisible[] = {
	STR_INIT(" "),
	STR_INIT("\t"),
	STR_INIT("\r"),
	STR_INIT("\n"),
	STR_INIT("\xc2\xa0"),
	STR_INIT("\xe2\x80\x8b"),
	STR_INIT("\xe2\x80\x8c"),
	STR_INIT("\xe2\x80\x8d"),
	STR_INIT("\xe2\x81\xa0"),
	STR_INIT("\xef\xbb\xbf"),
	STR_INIT("\xe3\x80\x80"),
	STR_INIT("\xe2\x80\x80"),
	STR_INIT("\xe2\x80\x81"),
	STR_INIT("\xe2\x80\x82"),
	STR_INIT("\xe2\x80\x83"),
	STR_INIT("\xe2\x80\x84"),
	STR_INIT("\xe2\x80\x85"),
	STR_INIT("\xe2\x80\x86"),
	STR_INIT("\xe2\x80\x87"),
	STR_INIT("\xe2\x80\x88"),
	STR_INIT("\xe2\x80\x89"),
	STR_INIT("\xe2\x80\x8a"),
	STR_INIT("\xe2\x80\xaf"),
	STR_INIT("\xc2\xad"),
};
static const struct str quotes[] = {
	STR_INIT("\""),
	STR_INIT("'"),
	STR_INIT("<"),
	STR_INIT(">"),
	STR_INIT("`"),
	STR_INIT("\xe2\x80\x9c"),
	STR_INIT("\xe2\x80\x9d"),
	STR_INIT("\xe2\x80\x9e"),
	STR_INIT("\xe2\x80\x98"),
	STR_INIT("\xe2\x80\x99"),
	STR_INIT("\xc2\xab"),
	STR_INIT("\xc2\xbb"),
	STR_INIT(","),
	STR_INIT(";"),
};
/* Ideographic full stops, which UTS-46 takes for dots (H-01). */
static const struct str dots[] = { STR_INIT("\xe3\x80\x82"), STR_INIT("\xef\xbc\x8e"),
	STR_INIT("\xef\xbd\xa1") };

/* Names that look public and are not (H-04; RFC 6761, RFC 2606, RFC 8375, RFC 9476, ICANN's
 * .internal). */
static const char *const special[] = {
	"local",
	"localhost",
	"localdomain",
	"lan",
	"corp",
	"home",
	"internal",
	"intranet",
	"private",
	"test",
	"example",
	"invalid",
	"onion",
	"arpa",
	"alt",
	"example.com",
	"example.net",
	"example.org",
};

static void
note_removed(struct name_report *report, const char *words)
{
	size_t len = strlen(report->removed);

	report->changed = true;
	snprintf(
	    report->removed + len, sizeof(report->removed) - len, "%s%s", len ? ", " : "", words);
}

static bool
strip_start(struct str *s, const struct str *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_starts(*s, pieces[i])) {
			*s = str_drop(*s, pieces[i].len);
			return true;
		}
	return false;
}

static bool
strip_end(struct str *s, const struct str *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_ends(*s, pieces[i])) {
			s->len -= pieces[i].len;
			return true;
		}
	return false;
}

static void
strip_around(struct cutting *c, const struct str *pieces, size_t count, const char *words)
{
	bool any = false;

	while (c->rest.len > 0 &&
	       (strip_start(&c->rest, pieces, count) || strip_end(&c->rest, pieces, count)))
		any = true;
	if (any)
		note_removed(c->report, words);
}

static void
strip_scheme(struct cutting *c)
{
	size_t at = str_find(c->rest, STR("://"));
	char words[40];

	if (at >= c->rest.len || at > 12)
		return;
	snprintf(words, sizeof(words), "\"%.*s://\"", (int)at, c->rest.p);
	c->rest = str_drop(c->rest, at + 3);
	note_removed(c->report, words);
	at = str_find(c->rest, STR("@"));
	if (at < c->rest.len && at < str_find(c->rest, STR("/"))) {
		c->rest = str_drop(c->rest, at + 1);
		note_removed(c->report, "the user name");
	}
}

static void
strip_from(struct cutting *c, char mark, const char *what)
{
	const char *at = memchr(c->rest.p, mark, c->rest.len);
	char words[96], shown[48];

	if (!at)
		return;
	str_show(str_drop(c->rest, (size_t)(at - c->rest.p)), shown, sizeof(shown));
	snprintf(words, sizeof(words), "the %s \"%s\"", what, shown);
	c->rest.len = (size_t)(at - c->rest.p);
	note_removed(c->report, words);
}

static bool
is_port(struct str s)
{
	int64_t port;

	return s.len > 0 && s.len <= 5 && str_to_i64(s, &port) && port >= 0;
}

static void
strip_port(struct cutting *c)
{
	size_t at = c->rest.len;
	char words[32];

	while (at > 0 && c->rest.p[at - 1] != ':')
		at--;
	if (at == 0 || !is_port(str_drop(c->rest, at)) || memchr(c->rest.p, ':', at - 1))
		return;
	snprintf(
	    words, sizeof(words), "the port \":%.*s\"", (int)(c->rest.len - at), c->rest.p + at);
	c->rest.len = at - 1;
	note_removed(c->report, words);
}

static void
strip_trailing_dot(struct cutting *c)
{
	bool plain = c->rest.len > 1 && c->rest.p[c->rest.len - 1] == '.' &&
	             c->rest.p[c->rest.len - 2] != '.';

	c->rest.len -= plain;
	if (plain || strip_end(&c->rest, dots, COUNT_OF(dots)))
		note_removed(c->report, "the dot at the end");
}

static void
use_plain_dots(struct str from, struct buf *to)
{
	while (from.len > 0) {
		if (strip_start(&from, dots, COUNT_OF(dots))) {
			buf_put_byte(to, '.');
			continue;
		}
		buf_put_byte(to, (uint8_t)from.p[0]);
		from = str_drop(from, 1);
	}
}

static void
cut_down(struct cutting *c)
{
	strip_around(c, invisible, COUNT_OF(invisible), "white space");
	strip_around(c, quotes, COUNT_OF(quotes), "quotes or punctuation");
	strip_around(c, invisible, COUNT_OF(invisible), "white space");
	strip_scheme(c);
	strip_from(c, '/', "path");
	strip_from(c, '?', "query");
	strip_from(c, '#', "fragment");
	strip_port(c);
	strip_trailing_dot(c);
}

static bool
is_address(struct str s)
{
	struct addr addr;

	if (s.len > 2 && s.p[0] == '[' && s.p[s.len - 1] == ']')
		s = str_bytes(s.p + 1, s.len - 2);
	return addr_parse(s, &addr);
}

static const char *
character_words(unsigned char c, char *to, size_t size)
{
	static const struct {
		char c;
		const char *words;
	} known[] = {
		{ '_', "an underscore" },
		{ ' ', "a space" },
		{ '\t', "a tab" },
		{ ',', "a comma" },
		{ ';', "a semicolon" },
		{ ':', "a colon" },
		{ '@', "an @ sign" },
		{ '/', "a slash" },
		{ '\\', "a backslash" },
		{ '*', "a star" },
		{ '(', "a bracket" },
		{ ')', "a bracket" },
		{ '"', "a quote" },
		{ '\'', "a quote" },
		{ '&', "an & sign" },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].c == (char)c)
			return known[i].words;
	snprintf(
	    to, size, c < ' ' || c == 0x7f ? "a control character" : "the character \"%c\"", c);
	return to;
}

static int
bad_character(struct name_report *report, size_t position, const char *words)
{
	report->position = position;
	snprintf(report->bad, sizeof(report->bad), "%s", words);
	return NAME_E_CHARS;
}

static bool
is_letter_or_digit(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* ASCII letters, digits, hyphens and dots; what is not ASCII is libidn2's to judge (H-02). */
static int
check_characters(struct str s, struct name_report *report)
{
	char words[40];

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i],
			      next = i + 1 < s.len ? (unsigned char)s.p[i + 1] : '.';
		bool starts = i == 0 || s.p[i - 1] == '.';

		if (c >= 0x80)
			continue;
		if (c == '.' && starts)
			return bad_character(
			    report, i + 1, i == 0 ? "a dot at the start" : "two dots in a row");
		if (c == '-' && starts)
			return bad_character(report, i + 1, "a hyphen at the start of a part");
		if (c == '-' && next == '.')
			return bad_character(report, i + 1, "a hyphen at the end of a part");
		if (!is_letter_or_digit(c) && c != '-' && c != '.')
			return bad_character(
			    report, i + 1, character_words(c, words, sizeof(words)));
	}
	return 0;
}

static int
too_long(struct name_report *report, const char *format, size_t length)
{
	snprintf(report->reason, sizeof(report->reason), "%s (it has %zu)", format, length);
	return NAME_E_LENGTH;
}

static int
check_lengths(struct str s, struct name_report *report)
{
	struct str rest = s, label;

	if (s.len > NAME_LENGTH_MAX)
		return too_long(report, "the whole name may have 253 characters", s.len);
	while (str_next(&rest, '.', &label))
		if (label.len > LABEL_MAX)
			return too_long(
			    report, "a part between two dots may have 63 characters", label.len);
	return 0;
}

/* "??--" is reserved for A-labels (N-04), and those must be what their Unicode form makes. */
static int
check_labels(const char *name, struct name_report *report)
{
	struct str rest = str_of(name), label;

	while (str_next(&rest, '.', &label))
		if (label.len > 3 && label.p[2] == '-' && label.p[3] == '-' &&
		    !str_starts(label, STR("xn--"))) {
			snprintf(report->reason, sizeof(report->reason),
			    "\"%.*s\" has hyphens as third and fourth character", STR_ARG(label));
			return NAME_E_PUNYCODE;
		}
	return 0;
}

static int
idn_failed(int r, struct name_report *report)
{
	if (r == IDN2_MALLOC)
		out_of_memory(); /* and not the customer's mistake */
	if (r == IDN2_TOO_BIG_DOMAIN)
		return too_long(
		    report, "the whole name may have 253 characters", NAME_LENGTH_MAX + 1);
	if (r == IDN2_TOO_BIG_LABEL)
		return too_long(
		    report, "a part between two dots may have 63 characters", LABEL_MAX + 1);
	snprintf(report->reason, sizeof(report->reason), "%s", idn2_strerror(r));
	return NAME_E_PUNYCODE;
}

static void
fold_case(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* Checks A-labels both ways: their Unicode must be valid and give the same A-label again. */
static int
round_trip(const char *ascii, struct name_report *report)
{
	char *unicode = NULL, *back = NULL;
	int r = idn2_to_unicode_8z8z(ascii, &unicode, IDN2_NONTRANSITIONAL);

	if (r == IDN2_OK)
		r = idn2_to_ascii_8z(unicode, &back, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (r == IDN2_OK && strcmp(back, ascii) != 0)
		r = IDN2_ALABEL_ROUNDTRIP_FAILED;
	if (r == IDN2_OK &&
	    script_is_mixed(str_of(unicode), report->reason, sizeof(report->reason))) {
		idn2_free(unicode);
		idn2_free(back);
		return NAME_E_MIXED_SCRIPTS;
	}
	idn2_free(unicode);
	idn2_free(back);
	return r == IDN2_OK ? 0 : idn_failed(r, report);
}

/* UTS-46 makes plain characters of full-width signs and the like, and libidn2 lets them pass: U+FF0F
 * would be a slash in our file names, U+FF0A a wildcard (N-08). */
static int
check_mapped(const char *ascii, struct name_report *report)
{
	if (check_characters(str_of(ascii), report) == 0)
		return 0;
	snprintf(report->reason, sizeof(report->reason), "written in plain characters it has %s",
	    report->bad);
	report->position = 0;
	report->bad[0] = '\0';
	return NAME_E_PUNYCODE;
}

/* Letters, digits, hyphens and dots without an A-label among them: for such UTS 46 changes nothing but
 * the case, and most names are such. */
static bool
is_plain(const char *name)
{
	struct str rest = str_of(name), label;

	for (const char *c = name; *c; c++)
		if ((unsigned char)*c >= 0x80)
			return false;
	while (str_next(&rest, '.', &label))
		if (label.len > 3 && label.p[2] == '-' && label.p[3] == '-')
			return false;
	return true;
}

static int
take_ascii(char *ascii, struct host_name *ret, struct name_report *report)
{
	fold_case(ascii);
	snprintf(report->ascii, sizeof(report->ascii), "%s", ascii);
	if (!str_copy(str_of(ascii), ret->text, sizeof(ret->text)))
		return too_long(report, "the whole name may have 253 characters", strlen(ascii));
	return check_lengths(str_of(ascii), report);
}

static int
to_ascii(const char *name, struct host_name *ret, struct name_report *report)
{
	char *ascii = NULL;
	int r = idn2_to_ascii_8z(name, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);

	if (r != IDN2_OK)
		return idn_failed(r, report);
	r = check_mapped(ascii, report);
	if (r == 0)
		r = take_ascii(ascii, ret, report);
	idn2_free(ascii);
	if (r == 0)
		r = check_labels(ret->text, report);
	return r ? r : round_trip(ret->text, report);
}

static int
to_dns(const char *name, struct host_name *ret, struct name_report *report)
{
	CLEAN(free_text) char *copy = NULL;

	if (!is_plain(name))
		return to_ascii(name, ret, report);
	copy = alloc_text(name);
	return take_ascii(copy, ret, report);
}

/* `name` is `suffix` or ends in "." and it. */
static bool
lies_below(struct str name, struct str suffix)
{
	return str_eq(name, suffix) || (str_ends(name, suffix) && name.len > suffix.len &&
					   name.p[name.len - suffix.len - 1] == '.');
}

static const char *
last_label(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static int
internal(struct name_report *report, const char *ending)
{
	snprintf(report->reason, sizeof(report->reason), ".%s", ending);
	return NAME_E_INTERNAL;
}

static int
check_public(const char *name, struct name_report *report)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *top = last_label(name);

	for (size_t i = 0; i < COUNT_OF(special); i++)
		if (lies_below(str_of(name), str_of(special[i])))
			return internal(report, special[i]);
	if (top == name) {
		snprintf(report->reason, sizeof(report->reason), "%s",
		    psl_is_public_suffix2(psl, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE)
			? "only the ending of a name"
			: "a single word");
		return NAME_E_INCOMPLETE;
	}
	report->no_such_ending =
	    !psl_is_public_suffix2(psl, top, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
	if (report->no_such_ending)
		return internal(report, top);
	if (psl_is_public_suffix2(psl, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE)) {
		snprintf(report->reason, sizeof(report->reason), "%s",
		    "an ending under which many register their names");
		return NAME_E_INCOMPLETE;
	}
	return 0;
}

static void
describe(const struct host_name *name, struct name_report *report)
{
	report->is_apex =
	    host_name_registrable(name->text, report->domain, sizeof(report->domain)) &&
	    strcmp(report->domain, name->text) == 0;
	report->has_www = str_starts(str_of(name->text), STR("www."));
	report->is_long = strlen(name->text) > CN_MAX;
}

static int
parse_text(const char *name, struct host_name *ret, struct name_report *report)
{
	struct host_name found;
	int r = check_characters(str_of(name), report);

	if (r == 0)
		r = check_lengths(str_of(name), report);
	if (r == 0)
		r = to_dns(name, &found, report);
	if (r == 0)
		r = check_public(found.text, report);
	if (r)
		return r;
	describe(&found, report);
	*ret = found;
	return 0;
}

static int
find_mail_domain(struct str s, struct name_report *report)
{
	size_t at = str_find(s, STR("@"));

	(void)str_copy(str_drop(s, at + 1), report->domain, sizeof(report->domain));
	return NAME_E_IS_MAIL;
}

int
host_name_parse(struct str pasted, struct host_name *ret, struct name_report *report)
{
	CLEAN(buf_fini) struct buf plain = BUF(PASTED_MAX);
	struct cutting c = { .rest = pasted, .report = report };
	size_t characters;

	*report = (struct name_report){ 0 };
	if (pasted.len >= PASTED_MAX)
		return too_long(report, "the whole name may have 253 characters", pasted.len);
	if (!str_utf8_length(pasted, &characters) || memchr(pasted.p, '\0', pasted.len))
		return bad_character(report, 1, "bytes that are no text");
	if (is_address(str_trim(pasted))) /* before ':' is taken for a port */
		return NAME_E_IS_ADDRESS;
	cut_down(&c);
	if (c.rest.len == 0)
		return NAME_E_EMPTY;
	if (is_address(c.rest))
		return NAME_E_IS_ADDRESS;
	if (str_find(c.rest, STR("@")) < c.rest.len)
		return find_mail_domain(c.rest, report);
	if (str_starts(c.rest, STR("*."))) {
		(void)str_copy(str_drop(c.rest, 2), report->domain, sizeof(report->domain));
		return NAME_E_WILDCARD;
	}
	use_plain_dots(c.rest, &plain);
	return parse_text(buf_text(&plain), ret, report);
}
