/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV as Exchange exports it, decoded by libcsv. It is fed line by line, so that every fault has its
 * line; a record may go over several. A record of another width than the header's, a quote that is
 * never closed, a byte that is no text: the file is not counted, as nobody knows what is missing.
 */
#include <csv.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/mailboxes_internal.h"

#define VALUE_SIZE 512 /* of a column we look at; what is longer is no value of ours */
#define TITLES_MAX 4096

enum place { PLACE_KIND, PLACE_NAME, PLACE_CUSTOMER, PLACE_MAX };
#define NOWHERE SIZE_MAX

struct reading {
	const struct mailbox_rule *rule;
	struct mailbox_tally *tally;
	struct mailbox_fault *fault;
	struct csv_parser parser;
	int result;
	size_t line;       /* which is being fed */
	size_t began;      /* where the record began */
	size_t field;      /* of the record, so far */
	size_t width;      /* of the header; 0 = it has not come yet */
	struct buf titles; /* of the header, one a line */
	const char *wanted[PLACE_MAX];
	size_t at[PLACE_MAX];
	char value[PLACE_MAX][VALUE_SIZE];
};

static void
reading_fini(struct reading *reading)
{
	csv_free(&reading->parser);
	buf_fini(&reading->titles);
}
CLEAN_DEFINE_FINI(reading_fini, struct reading);

static int
reading_init(struct reading *reading, const struct mailbox_rule *rule, unsigned char delimiter,
    struct mailbox_tally *tally, struct mailbox_fault *fault)
{
	*reading = (struct reading){
		.rule = rule,
		.tally = tally,
		.fault = fault,
		.titles = BUF(TITLES_MAX),
		.wanted = { rule->column, rule->name, rule->customer_column },
		.at = { NOWHERE, NOWHERE, NOWHERE },
	};
	if (csv_init(&reading->parser, CSV_STRICT | CSV_STRICT_FINI))
		return error_origin(-ENOMEM);
	csv_set_delim(&reading->parser, delimiter);
	return 0;
}

static void
take_title(struct reading *reading, struct str title)
{
	for (size_t p = 0; p < PLACE_MAX; p++)
		if (reading->at[p] == NOWHERE && str_eq_nocase(title, str_of(reading->wanted[p])))
			reading->at[p] = reading->field;
	buf_put_str(&reading->titles, title);
	buf_put_byte(&reading->titles, '\n');
}

static void
take_field(void *bytes, size_t len, void *context)
{
	struct reading *reading = context;
	struct str text = str_bytes(bytes, len);

	if (reading->width == 0)
		take_title(reading, text);
	for (size_t p = 0; reading->width > 0 && p < PLACE_MAX; p++)
		if (reading->at[p] == reading->field)
			(void)str_copy(text, reading->value[p], VALUE_SIZE);
	reading->field++;
}

/* The title that is nearest, if near enough to be meant; "" else. */
static struct str
title_like(const struct reading *reading, struct str wanted)
{
	struct str rest = buf_str(&reading->titles), title, best = STR("");
	size_t least = wanted.len / 3 + 2;

	while (str_next(&rest, '\n', &title)) {
		size_t away = title.len < 64 ? str_distance(title, wanted) : SIZE_MAX;

		if (title.len > 0 && away < least) {
			least = away;
			best = title;
		}
	}
	return best;
}

static int
miss_title(struct reading *reading, const char *wanted)
{
	struct str like = title_like(reading, str_of(wanted));

	if (like.len > 0)
		return mailbox_fault_at(reading->fault, reading->began, 0,
		    "there is no column \"%s\" (did you mean \"%.*s\"?)", wanted, STR_ARG(like));
	return mailbox_fault_at(reading->fault, reading->began, 0,
	    "there is no column \"%s\"; the first line must name the columns", wanted);
}

static int
end_header(struct reading *reading)
{
	reading->width = reading->field;
	for (size_t p = 0; p < PLACE_MAX; p++)
		if (*reading->wanted[p] && reading->at[p] == NOWHERE)
			return miss_title(reading, reading->wanted[p]);
	return 0;
}

static int
judge(struct reading *reading)
{
	const struct mailbox_rule *rule = reading->rule;
	const char *kind = reading->value[PLACE_KIND], *name = reading->value[PLACE_NAME];

	if (*rule->customer_column &&
	    !str_eq_nocase(str_of(reading->value[PLACE_CUSTOMER]), str_of(rule->customer)))
		return 0;
	if (*rule->column && !mailbox_value_counts(rule, str_of(kind)))
		mailbox_tally_leave_out(reading->tally, "line %zu: %s: %s is \"%s\"",
		    reading->began, name, rule->column, kind);
	else if (*name == '\0')
		return mailbox_fault_at(
		    reading->fault, reading->began, 0, "\"%s\" is empty", rule->name);
	else
		mailbox_tally_add(reading->tally, str_of(name));
	return reading->tally->counted <= MAILBOXES_MOST
	           ? 0
	           : mailbox_fault_at(reading->fault, reading->began, 0,
			 "these are more than %d mailboxes", MAILBOXES_MOST);
}

static int
end_record(struct reading *reading)
{
	if (reading->width == 0)
		return end_header(reading);
	if (reading->field != reading->width)
		return mailbox_fault_at(reading->fault, reading->began, 0,
		    "%zu fields, where the first line names %zu columns", reading->field,
		    reading->width);
	return judge(reading);
}

static void
take_end(int sign UNUSED, void *context)
{
	struct reading *reading = context;

	if (reading->result == 0)
		reading->result = end_record(reading);
	reading->field = 0;
	reading->began = 0;
	for (size_t p = 0; p < PLACE_MAX; p++)
		reading->value[p][0] = '\0';
}

/* The column of a byte, as an editor counts it. */
static size_t
column_of(struct str line, size_t byte)
{
	size_t characters = byte;

	(void)str_utf8_length(str_bytes(line.p, byte), &characters);
	return characters + 1;
}

/* Bytes of the character at the front; 0 when it is none. */
static size_t
character_at(struct str text)
{
	size_t characters;

	for (size_t len = 1; len <= 4 && len <= text.len; len++)
		if (str_utf8_length(str_bytes(text.p, len), &characters))
			return len;
	return 0;
}

static size_t
first_bad_byte(struct str line)
{
	size_t good = 0, len;

	while ((len = character_at(str_drop(line, good))) > 0)
		good += len;
	return good;
}

static int
feed(struct reading *reading, struct str line)
{
	size_t characters, taken;

	if (!str_utf8_length(line, &characters))
		return mailbox_fault_at(reading->fault, reading->line,
		    column_of(line, first_bad_byte(line)),
		    "not UTF-8: export it with -Encoding UTF8 or Unicode");
	if (memchr(line.p, '\0', line.len))
		return mailbox_fault_at(reading->fault, reading->line, 0,
		    "this is not text, or it lost its byte order mark");
	if (!reading->parser.quoted && str_trim(line).len == 0)
		return 0;
	if (reading->began == 0)
		reading->began = reading->line;
	taken = csv_parse(&reading->parser, line.p, line.len, take_field, take_end, reading);
	if (reading->result)
		return reading->result;
	if (taken == line.len)
		return 0;
	return csv_error(&reading->parser) == CSV_EPARSE
	           ? mailbox_fault_at(reading->fault, reading->line, column_of(line, taken),
			 "a quotation mark where none may be")
	           : error_origin(-ENOMEM);
}

/* With the end of the line. */
static struct str
next_line(struct str *rest)
{
	size_t at = str_find(*rest, STR("\n"));
	struct str line = str_bytes(rest->p, at < rest->len ? at + 1 : at);

	*rest = str_drop(*rest, line.len);
	return line;
}

static int
finish(struct reading *reading)
{
	if (csv_fini(&reading->parser, take_field, take_end, reading))
		return mailbox_fault_at(reading->fault, reading->began, 0,
		    "field %zu of the line has no closing quotation mark: the file was cut off",
		    reading->field + 1);
	if (reading->result)
		return reading->result;
	return reading->width > 0 ? 0 : mailbox_fault_at(reading->fault, 0, 0, "the file is empty");
}

static int
read_lines(struct reading *reading, struct str rest, size_t line)
{
	int r = 0;

	while (r == 0 && rest.len > 0) {
		reading->line = ++line;
		r = feed(reading, next_line(&rest));
	}
	return r ? r : finish(reading);
}

/* How many columns the first line has so, and whether the wanted one is among them. */
static size_t
columns_by(unsigned char delimiter, struct str first, const struct mailbox_rule *rule)
{
	CLEAN(reading_fini) struct reading trial = { 0 };
	struct mailbox_tally tally = { 0 };
	struct mailbox_fault fault;

	if (reading_init(&trial, rule, delimiter, &tally, &fault) ||
	    read_lines(&trial, first, 0) < 0)
		return 0;
	return trial.at[PLACE_NAME] == NOWHERE ? trial.width : SIZE_MAX;
}

/* Export-Csv writes a comma, or by -UseCulture what Windows has there; spreadsheets write tabs,
 * too. */
static unsigned char
delimiter_of(struct str first, const struct mailbox_rule *rule)
{
	static const unsigned char signs[] = { ',', ';', '\t' };
	unsigned char best = signs[0];
	size_t most = 0;

	for (size_t i = 0; i < COUNT_OF(signs); i++) {
		size_t columns = columns_by(signs[i], first, rule);

		if (columns > most) {
			most = columns;
			best = signs[i];
		}
	}
	return best;
}

static size_t
lines_in(struct str text)
{
	size_t lines = 1;

	for (size_t i = 0; i < text.len; i++)
		lines += text.p[i] == '\n';
	return lines;
}

/* False: it ends within a character, or has half of one. */
static bool
convert(iconv_t by, struct str bytes, struct buf *to)
{
	char *in = str_dup(bytes), *from = in;
	size_t left = bytes.len, room = bytes.len / 2 * 3; /* what UTF-16 can become */
	char *at = buf_room(to, room), *end = at;
	size_t failed = 1;

	if (at) {
		failed = iconv(by, &from, &left, &end, &room);
		buf_added(to, (size_t)(end - at));
	}
	free(in);
	return failed == 0;
}

static int
from_utf16(struct str bytes, const char *charset, struct buf *to, struct mailbox_fault *fault)
{
	iconv_t by = iconv_open("UTF-8", charset);
	bool good;

	if (by == (iconv_t)-1) /* NOLINT(performance-no-int-to-ptr): POSIX has it so */
		return error_origin(-errno);
	good = convert(by, bytes, to);
	iconv_close(by);
	return good ? 0
	            : mailbox_fault_at(fault, lines_in(buf_str(to)), 0,
			  "the UTF-16 ends within a character: the file was cut off");
}

/* By its byte order mark; without one it is UTF-8. */
static int
as_utf8(struct str bytes, struct buf *space, struct str *ret, struct mailbox_fault *fault)
{
	bool little = str_starts(bytes, STR("\xff\xfe")), big = str_starts(bytes, STR("\xfe\xff"));
	int r = little || big
	            ? from_utf16(str_drop(bytes, 2), little ? "UTF-16LE" : "UTF-16BE", space, fault)
	            : 0;

	if (r)
		return r;
	*ret = little || big                            ? buf_str(space)
	       : str_starts(bytes, STR("\xef\xbb\xbf")) ? str_drop(bytes, 3)
	                                                : bytes;
	return 0;
}

int
mailboxes_read_csv(struct str bytes, const struct mailbox_rule *rule, struct mailbox_tally *tally,
    struct mailbox_fault *fault)
{
	CLEAN(buf_fini) struct buf space = BUF(MAILBOX_BYTES_MAX / 2 * 3 + 1);
	CLEAN(reading_fini) struct reading reading = { 0 };
	struct str text, ahead;
	size_t skipped = 0;
	int r = as_utf8(bytes, &space, &text, fault);

	if (r)
		return r;
	if (str_starts(text, STR("#TYPE"))) {
		next_line(&text);
		skipped = 1;
	}
	ahead = text;
	r = reading_init(&reading, rule, delimiter_of(next_line(&ahead), rule), tally, fault);
	return r ? r : read_lines(&reading, text, skipped);
}
