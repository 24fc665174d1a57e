/* SPDX-License-Identifier: Apache-2.0 */
/* Files as Exchange and spreadsheets write them, answers of control panels, and the same broken. */
#include "check/mailboxes_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/file.h"
#include "sys/world.h"

#define HEAD  "\"PrimarySmtpAddress\",\"RecipientTypeDetails\",\"Organization\"\r\n"
#define ANNA  "\"anna@contoso.com\",\"UserMailbox\",\"contoso\"\r\n"
#define BERT  "\"bert@contoso.com\",\"LinkedMailbox\",\"contoso\"\r\n"
#define ROOM  "\"room@contoso.com\",\"RoomMailbox\",\"contoso\"\r\n"
#define OTHER "\"otto@fabrikam.com\",\"UserMailbox\",\"fabrikam\"\r\n"
#define BOTH  "anna@contoso.com\nbert@contoso.com\n"

static const struct mailbox_rule usual = {
	.column = "RecipientTypeDetails",
	.values = "UserMailbox, LinkedMailbox",
	.name = "PrimarySmtpAddress",
	.customer_column = "",
	.customer = "",
};

struct csv_case {
	const char *what;
	struct str bytes;
	int64_t counted, others;
	const char *names;   /* NULL: it is refused */
	size_t line, column; /* of the fault */
	const char *says;
};

#define CASE(what, bytes, ...)                       \
	{                                            \
		(what), STR_INIT(bytes), __VA_ARGS__ \
	}
/* clang-format off */
static const struct csv_case csv_cases[] = {
	CASE("as exported", "#TYPE Microsoft.Exchange.Data.Directory.Management.Mailbox\r\n" HEAD ANNA BERT ROOM, 2, 1, BOTH),
	CASE("without the type", HEAD ANNA BERT ROOM, 2, 1, BOTH),
	CASE("with a byte order mark", "\xef\xbb\xbf" HEAD ANNA BERT, 2, 0, BOTH),
	CASE("mark and type", "\xef\xbb\xbf#TYPE System.Object\r\n" HEAD ANNA BERT, 2, 0, BOTH),
	CASE("semicolons", "Alias;PrimarySmtpAddress;RecipientTypeDetails\nanna;anna@contoso.com;UserMailbox\nbert;bert@contoso.com;LinkedMailbox\n", 2, 0, BOTH),
	CASE("tabs", "PrimarySmtpAddress\tRecipientTypeDetails\nanna@contoso.com\tUserMailbox\nbert@contoso.com\tUserMailbox\n", 2, 0, BOTH),
	CASE("commas within semicolons", "\"Name, first\";PrimarySmtpAddress;RecipientTypeDetails\n\"A, B\";anna@contoso.com;UserMailbox\n", 1, 0, "anna@contoso.com\n"),
	CASE("letters of either case", "primarysmtpaddress,RECIPIENTTYPEDETAILS\nanna@contoso.com,usermailbox\n", 1, 0, "anna@contoso.com\n"),
	CASE("no end of the last line", HEAD "\"anna@contoso.com\",\"UserMailbox\",\"contoso\"", 1, 0, "anna@contoso.com\n"),
	CASE("blank lines", HEAD "\r\n" ANNA "\r\n\r\n" BERT "\r\n", 2, 0, BOTH),
	CASE("a line within quotes", "Notes,PrimarySmtpAddress,RecipientTypeDetails\n\"one\n\ntwo\",anna@contoso.com,UserMailbox\n", 1, 0, "anna@contoso.com\n"),
	CASE("quotes within quotes", "Notes,PrimarySmtpAddress,RecipientTypeDetails\n\"he said \"\"no\"\"\",anna@contoso.com,UserMailbox\n", 1, 0, "anna@contoso.com\n"),
	CASE("nobody", HEAD, 0, 0, ""),
	CASE("signs that turn text", "PrimarySmtpAddress,RecipientTypeDetails\nan\xe2\x80\xaena,UserMailbox\n", 1, 0, "an?na\n"),

	CASE("empty", "", .line = 0, .says = "is empty"),
	CASE("the type alone", "#TYPE Mailbox\r\n", .line = 0, .says = "is empty"),
	CASE("no such column", "Address,RecipientTypeDetails\na@b,UserMailbox\n", .line = 1, .says = "no column \"PrimarySmtpAddress\"; the first"),
	CASE("no such column, but one like it", "#TYPE x\nPrimarySmtpAddress,RecipientTypeDetail\na@b,UserMailbox\n", .line = 2, .says = "did you mean \"RecipientTypeDetail\"?"),
	CASE("too few fields", HEAD ANNA "\r\n\"bert@contoso.com\",\"UserMailbox\"\r\n", .line = 4, .says = "2 fields, where the first line names 3"),
	CASE("too many fields", HEAD "\"a\",\"b\",\"c\",\"d\"\r\n", .line = 2, .says = "4 fields"),
	CASE("cut off in a quote", HEAD ANNA "\"bert@contoso.com\",\"Linked", .line = 3, .says = "field 2 of the line has no closing quotation mark"),
	CASE("cut off in a quote over lines", HEAD ANNA "\"bert\nand\nmore", .line = 3, .says = "field 1 of the line"),
	CASE("cut off in a line", HEAD ANNA "\"bert@contoso.com\"", .line = 3, .says = "1 fields"),
	CASE("a quote in a field", HEAD ANNA "be\"rt,UserMailbox,contoso\r\n", .line = 3, .column = 3, .says = "quotation mark where none"),
	CASE("a quote in a field behind letters of two bytes", HEAD "\xc3\xa4\xc3\xb6\",UserMailbox,contoso\r\n", .line = 2, .column = 3, .says = "quotation mark"),
	CASE("another character set", HEAD ANNA "\"j\xfcrgen\",\"UserMailbox\",\"x\"\r\n", .line = 3, .column = 3, .says = "not UTF-8"),
	CASE("UTF-16 without its mark", "P\0r\0i\0\n\0", .line = 1, .says = "byte order mark"),
	CASE("no name", HEAD "\"\",\"UserMailbox\",\"contoso\"\r\n", .line = 2, .says = "\"PrimarySmtpAddress\" is empty"),
	CASE("UTF-16 cut within a character", "\xff\xfeP\0r\0i", .line = 1, .says = "cut off"),
	CASE("half of a pair", "\xfe\xff\0P\0\n\xd8\x3d\0x", .line = 2, .says = "cut off"),
};
/* clang-format on */

static void
check_csv(const struct csv_case *c, struct str bytes)
{
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	struct mailbox_fault fault = { 0 };
	int r;

	mailbox_tally_init(&tally);
	r = mailboxes_read_csv(bytes, &usual, &tally, &fault);
	if (!c->names) {
		assert_int_equal(r, MAILBOXES_E_FORMAT);
		assert_non_null(strstr(fault.words, c->says));
		assert_int_equal(fault.line, c->line);
		assert_int_equal(fault.column, c->column);
		return;
	}
	if (r)
		fail_msg("%zu:%zu: %s", fault.line, fault.column, fault.words);
	assert_int_equal(tally.counted, c->counted);
	assert_int_equal(tally.listed, c->counted);
	assert_int_equal(tally.others, c->others);
	assert_string_equal(buf_text(&tally.names), c->names);
}

static void
files(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(csv_cases); i++) {
		print_message("%s\n", csv_cases[i].what);
		check_csv(&csv_cases[i], csv_cases[i].bytes);
	}
}

/* The same as PowerShell's Unicode and BigEndianUnicode; ASCII is enough to widen here. */
static void
put_wide(struct str text, bool big, struct buf *to)
{
	buf_put(to, big ? "\xfe\xff" : "\xff\xfe", 2);
	for (size_t i = 0; i < text.len; i++) {
		char unit[2] = { big ? '\0' : text.p[i], big ? text.p[i] : '\0' };

		buf_put(to, unit, 2);
	}
}

static bool
is_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] >= 0x80 || text.p[i] == '\0')
			return false;
	return true;
}

static void
files_in_utf16(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(csv_cases); i++)
		for (int big = 0; big < 2 && is_ascii(csv_cases[i].bytes); big++) {
			CLEAN(buf_fini) struct buf wide = BUF(1 << 16);

			print_message("%s, %s\n", csv_cases[i].what, big ? "big" : "little");
			put_wide(csv_cases[i].bytes, big, &wide);
			check_csv(&csv_cases[i], buf_str(&wide));
		}
}

static void
names_beyond_ascii_in_utf16(void **state UNUSED)
{
	static const struct csv_case c = { .counted = 1, .names = "j\xc3\xbc\xf0\x9f\x98\x80\n" };
	CLEAN(buf_fini) struct buf wide = BUF(1 << 16);

	put_wide(STR("PrimarySmtpAddress,RecipientTypeDetails\nj"), false, &wide);
	buf_put(&wide, "\xfc\0\x3d\xd8\0\xde", 6); /* ü, and a face of two units */
	buf_put(&wide, ",\0U\0s\0e\0r\0M\0a\0i\0l\0b\0o\0x\0\n\0", 26);
	check_csv(&c, buf_str(&wide));
}

static void
a_file_of_all_customers(void **state UNUSED)
{
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	struct mailbox_rule rule = usual;
	struct mailbox_fault fault;

	rule.customer_column = "Organization";
	rule.customer = "Contoso";
	mailbox_tally_init(&tally);
	assert_int_equal(
	    mailboxes_read_csv(STR(HEAD ANNA OTHER ROOM OTHER BERT), &rule, &tally, &fault), 0);
	assert_string_equal(buf_text(&tally.names), BOTH);
	assert_int_equal(tally.others, 1); /* those of other customers are none of its business */
	assert_string_equal(buf_text(&tally.why),
	    "line 4: room@contoso.com: RecipientTypeDetails is \"RoomMailbox\"\n");
}

static void
all_lines_count_without_a_column(void **state UNUSED)
{
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	struct mailbox_rule rule = usual;
	struct mailbox_fault fault;

	rule.column = rule.values = "";
	mailbox_tally_init(&tally);
	assert_int_equal(mailboxes_read_csv(STR(HEAD ANNA ROOM), &rule, &tally, &fault), 0);
	assert_int_equal(tally.counted, 2);
}

static void
what_is_listed_is_bounded(void **state UNUSED)
{
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	CLEAN(buf_fini) struct buf file = BUF(4 << 20);
	struct mailbox_fault fault;

	mailbox_tally_init(&tally);
	buf_put_text(&file, HEAD);
	for (int i = 0; i < MAILBOXES_LISTED + 5; i++)
		buf_printf(&file, "%d@contoso.com,UserMailbox,contoso\n", i);
	for (int i = 0; i < MAILBOXES_OTHERS + 5; i++)
		buf_printf(&file, "%d@contoso.com,RoomMailbox,contoso\n", i);
	assert_int_equal(mailboxes_read_csv(buf_str(&file), &usual, &tally, &fault), 0);
	assert_int_equal(tally.counted, MAILBOXES_LISTED + 5);
	assert_int_equal(tally.listed, MAILBOXES_LISTED);
	assert_int_equal(tally.others, MAILBOXES_OTHERS + 5);
	assert_false(buf_failed(&tally.names) || buf_failed(&tally.why));
}

static void
panels(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *json, *pointer; int64_t counted; const char *names, *says; } cases[] = {
		{ "215", "", 215, "", NULL },
		{ "{\"data\":{\"mailboxes\":215}}", "/data/mailboxes", 215, "", NULL },
		{ "{\"a/b\":{\"c~d\":7}}", "/a~1b/c~0d", 7, "", NULL },
		{ "[1,[5,6]]", "/1/0", 5, "", NULL },
		{ "{\"\":3}", "/", 3, "", NULL },
		{ "[\"anna@contoso.com\",\"bert@contoso.com\"]", "", 2, BOTH, NULL },
		{ "{\"items\":[{\"mail\":\"anna@contoso.com\"},{\"mail\":\"bert@contoso.com\"}]}", "/items", 2, BOTH, NULL },
		{ "[]", "", 0, "", NULL },
		{ "{\"n\":-1}", "/n", 0, NULL, "no number of mailboxes" },
		{ "{\"n\":1e3}", "/n", 0, NULL, "neither a number nor a list" },
		{ "{\"n\":\"12\"}", "/n", 0, NULL, "neither a number nor a list" },
		{ "{\"n\":99999999}", "/n", 0, NULL, "no number of mailboxes" },
		{ "{\"n\":1}", "/m", 0, NULL, "is nothing" },
		{ "[1]", "/-1", 0, NULL, "is nothing" },
		{ "[{\"mial\":\"a\"}]", "", 0, NULL, "item 1 of the list has no \"mail\"" },
		{ "{\"n\":1,\"n\":2}", "/n", 0, NULL, "not JSON: duplicate" },
		{ "{\"n\":1", "/n", 0, NULL, "not JSON" },
		{ "", "", 0, NULL, "not JSON" },
	};
	/* clang-format on */
	static const struct mailbox_rule rule = { "", "", "mail", "", "" };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
		struct mailbox_fault fault = { 0 };
		int r;

		print_message("%s\n", cases[i].json);
		mailbox_tally_init(&tally);
		r = mailboxes_read_json(
		    str_of(cases[i].json), cases[i].pointer, &rule, &tally, &fault);
		assert_int_equal(r, cases[i].names ? 0 : MAILBOXES_E_FORMAT);
		if (r) {
			assert_non_null(strstr(fault.words, cases[i].says));
			continue;
		}
		assert_int_equal(tally.counted, cases[i].counted);
		assert_string_equal(buf_text(&tally.names), cases[i].names);
	}
}

static void
a_panel_marks_its_mailboxes(void **state UNUSED)
{
	static const char json[] = "[{\"login\":\"anna\",\"full\":true,\"of\":\"contoso\"},"
				   "{\"login\":\"bert\",\"full\":1,\"of\":\"contoso\"},"
				   "{\"login\":\"carl\",\"full\":\"Yes\",\"of\":\"contoso\"},"
				   "{\"login\":\"dora\",\"full\":false,\"of\":\"contoso\"},"
				   "{\"login\":\"emil\",\"of\":\"contoso\"},"
				   "{\"login\":\"otto\",\"full\":true,\"of\":\"fabrikam\"}]";
	static const struct mailbox_rule rule = { "full", "true,1,yes", "login", "of", "contoso" };
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	struct mailbox_fault fault;

	mailbox_tally_init(&tally);
	assert_int_equal(mailboxes_read_json(str_of(json), "", &rule, &tally, &fault), 0);
	assert_string_equal(buf_text(&tally.names), "anna\nbert\ncarl\n");
	assert_int_equal(tally.others, 2);
	assert_non_null(strstr(buf_text(&tally.why), "item 4: dora"));
}

static void
keys_are_escaped_for_where_they_stand(void **state UNUSED)
{
	/* clang-format off */
	static const struct { mailbox_escape *escape; const char *key, *text, *is; } cases[] = {
		{ mailbox_escape_filter, "contoso",        "(o={customer})",        "(o=contoso)" },
		{ mailbox_escape_filter, "*)(uid=*",       "(o={customer})",        "(o=\\2a\\29\\28uid=\\2a)" },
		{ mailbox_escape_filter, "a\\b",           "{customer}{customer}",  "a\\5cba\\5cb" },
		{ mailbox_escape_filter, "J\xc3\xbc",      "{customer}",            "J\\c3\\bc" },
		{ mailbox_escape_dn,     "Berg, Inc.",     "OU={customer},DC=x",    "OU=Berg\\2c Inc.,DC=x" },
		{ mailbox_escape_dn,     "#a+b=c ",        "OU={customer}",         "OU=\\23a\\2bb\\3dc\\20" },
		{ mailbox_escape_url,    "a/../b?c=d#e f", "https://p/{customer}/n", "https://p/a%2F%2E%2E%2Fb%3Fc%3Dd%23e%20f/n" },
		{ mailbox_escape_file,   "contoso",        "/x/{customer}.csv",     "/x/contoso.csv" },
		{ mailbox_escape_file,   "contoso",        "/x/all.csv",            "/x/all.csv" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(buf_fini) struct buf filled = BUF(4096);

		mailbox_fill(cases[i].text, cases[i].key, cases[i].escape, &filled);
		assert_string_equal(buf_text(&filled), cases[i].is);
	}
	assert_true(mailbox_key_is_file("contoso"));
	assert_false(mailbox_key_is_file("../shadow") || mailbox_key_is_file("a/b") ||
		     mailbox_key_is_file("..") || mailbox_key_is_file(""));
}

struct export
{
	char folder[64];
	struct config_mailbox_source source;
};

static void
export_make(struct export *e)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);

	*e = (struct export){ .folder = "/tmp/certdesk-mailboxes-XXXXXX",
		.source = { .kind = "csv",
		    .column = "RecipientTypeDetails",
		    .values = "UserMailbox",
		    .oldest_days = 7 } };
	assert_non_null(mkdtemp(e->folder));
	snprintf(e->source.file, sizeof(e->source.file), "%s/{customer}.csv", e->folder);
	buf_printf(&path, "%s/contoso.csv", e->folder);
	assert_int_equal(file_write(buf_text(&path), STR(HEAD ANNA BERT), 0600), 0);
	buf_clear(&path);
	buf_printf(&path, "%s/nobody.csv", e->folder);
	assert_int_equal(file_write(buf_text(&path), STR(HEAD ROOM), 0600), 0);
	buf_clear(&path);
	buf_printf(&path, "%s/broken.csv", e->folder);
	assert_int_equal(file_write(buf_text(&path), STR(HEAD ANNA "\"x\n"), 0600), 0);
}

static void
export_drop(struct export *e)
{
	static const char *const names[] = { "contoso", "nobody", "broken" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s.csv", e->folder, names[i]);
		unlink(path);
	}
	rmdir(e->folder);
}

static void
exports_of_a_folder(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *key; when later; enum outcome_kind kind; const char *says; } cases[] = {
		{ "contoso",   0,       OUTCOME_DONE,  "1 counted" },
		{ "contoso",   DAYS(6), OUTCOME_DONE,  "1 counted" },
		{ "contoso",   DAYS(8), OUTCOME_LATER, "older than 7 days" },
		{ "fabrikam",  0,       OUTCOME_LATER, "no file" },
		{ "../passwd", 0,       OUTCOME_HUMAN, "cannot be part of a file's name" },
		{ "nobody",    0,       OUTCOME_HUMAN, "Nobody was counted" },
		{ "broken",    0,       OUTCOME_HUMAN, "broken.csv, line 3: field 1" },
	};
	/* clang-format on */
	struct export e;

	export_make(&e);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
		struct outcome what = { 0 };

		mailbox_tally_init(&tally);
		assert_int_equal(mailboxes_count(&e.source, cases[i].key,
				     world_now(world_real()) + cases[i].later, &tally, &what),
		    cases[i].kind == OUTCOME_DONE);
		assert_int_equal(what.kind, cases[i].kind);
		if (!strstr(what.words, cases[i].says))
			fail_msg("%s", what.words);
	}
	export_drop(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(files_in_utf16),
		cmocka_unit_test(names_beyond_ascii_in_utf16),
		cmocka_unit_test(a_file_of_all_customers),
		cmocka_unit_test(all_lines_count_without_a_column),
		cmocka_unit_test(what_is_listed_is_bounded),
		cmocka_unit_test(panels),
		cmocka_unit_test(a_panel_marks_its_mailboxes),
		cmocka_unit_test(keys_are_escaped_for_where_they_stand),
		cmocka_unit_test(exports_of_a_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
