/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the mailboxes of a file that Exchange exported: without a server, or to be recorded there. */
#include "check/mailboxes.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"
#include "sys/file.h"

#define SAMPLE 10

static struct mailbox_rule
rule_of(const struct cli *cli)
{
	const char *const given[] = { cli_value(cli, "column"), cli_value(cli, "values"),
		cli_value(cli, "listed"), cli_value(cli, "customer_column"),
		cli_value(cli, "key") };

	return (struct mailbox_rule){
		.column = given[0] ? given[0] : "",
		.values = given[1] ? given[1] : "",
		.name = given[2] ? given[2] : "PrimarySmtpAddress",
		.customer_column = given[3] ? given[3] : "",
		.customer = given[4] ? given[4] : "",
	};
}

static int
check_rule(const struct mailbox_rule *rule)
{
	if (!*rule->column != !*rule->values)
		return cli_fail(EXIT_USAGE, "--column and --values go together");
	if (!*rule->customer_column != !*rule->customer)
		return cli_fail(EXIT_USAGE, "--customer-column and --key go together");
	return EXIT_DONE;
}

static json_t *
lines_json(const struct buf *lines)
{
	struct str rest = buf_str(lines), line;
	json_t *list = json_array();

	while (str_next(&rest, '\n', &line))
		if (line.len > 0)
			json_array_append_new(list, json_stringn(line.p, line.len));
	return list;
}

static int
print_json(json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2));
	int r = puts(text ? text : "") < 0 ? EXIT_INTERNAL : EXIT_DONE;

	free(text);
	json_decref(json);
	return r;
}

static void
print_lines(const struct buf *lines, int64_t all, const char *title)
{
	struct str rest = buf_str(lines), line;
	int64_t shown = 0;

	if (all == 0)
		return;
	printf("%s:\n", title);
	while (shown < SAMPLE && str_next(&rest, '\n', &line) && line.len > 0) {
		printf("  %.*s\n", STR_ARG(line));
		shown++;
	}
	if (all > shown)
		printf("  and %lld more (--json names them)\n", (long long)(all - shown));
}

static int
show_tally(const struct cli *cli, const char *file, const struct mailbox_tally *tally)
{
	if (cli->json)
		return print_json(json_pack("{s:s, s:I, s:o, s:I, s:o}", "file", file, "mailboxes",
		    (json_int_t)tally->counted, "list", lines_json(&tally->names), "left_out",
		    (json_int_t)tally->others, "why", lines_json(&tally->why)));
	printf("%s: %lld with full access, %lld left out\n", file, (long long)tally->counted,
	    (long long)tally->others);
	print_lines(&tally->names, tally->counted, "counted");
	print_lines(&tally->why, tally->others, "left out");
	return EXIT_DONE;
}

static int
show_fault(const struct cli *cli, const char *file, const struct mailbox_fault *fault)
{
	if (cli->json && print_json(json_pack("{s:s, s:I, s:I, s:s}", "file", file, "line",
			     (json_int_t)fault->line, "column", (json_int_t)fault->column, "words",
			     fault->words)))
		return EXIT_INTERNAL;
	if (!cli->json && fault->column > 0)
		fprintf(stderr, "%s:%zu:%zu: %s\n", file, fault->line, fault->column, fault->words);
	else if (!cli->json)
		fprintf(stderr, "%s:%zu: %s\n", file, fault->line, fault->words);
	return EXIT_FINDINGS;
}

static int
count(const struct cli *cli, const char *file, struct mailbox_tally *tally)
{
	CLEAN(buf_fini) struct buf bytes = BUF(MAILBOX_BYTES_MAX);
	struct mailbox_rule rule = rule_of(cli);
	struct mailbox_fault fault = { 0 };
	int r = check_rule(&rule);

	if (r)
		return r;
	r = file_read_given(file, MAILBOX_BYTES_MAX, &bytes);
	if (r)
		return cli_fail(EXIT_USAGE, "%s %s", file,
		    r == FILE_E_ABSENT ? "is not there" : "cannot be read");
	if (bytes.len == MAILBOX_BYTES_MAX)
		return cli_fail(
		    EXIT_USAGE, "%s is larger than %u MiB", file, (MAILBOX_BYTES_MAX >> 20) - 1);
	r = mailboxes_read_csv(buf_str(&bytes), &rule, tally, &fault);
	if (r == MAILBOXES_E_FORMAT)
		return show_fault(cli, file, &fault);
	return r ? cli_fail(EXIT_INTERNAL, "%s cannot be counted", file) : EXIT_DONE;
}

int
run_mailboxes_file(struct cli *cli)
{
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	int r;

	mailbox_tally_init(&tally);
	r = count(cli, cli_value(cli, "file"), &tally);
	return r ? r : show_tally(cli, cli_value(cli, "file"), &tally);
}

static int
record(struct cli *cli, const struct mailbox_tally *tally)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	json_t *answer = NULL,
	       *body = json_pack("{s:I, s:I, s:o}", "mailboxes", (json_int_t)tally->counted,
		   "left_out", (json_int_t)tally->others, "list", lines_json(&tally->names));
	json_t *asked = cli_json_text("FILE", cli_value(cli, "file"));
	long status = 0;
	int r = asked ? json_object_set_new(body, "asked", asked) : EXIT_USAGE;

	buf_put_text(&path, "/customers/");
	cli_put_escaped(&path, str_of(cli_value(cli, "ref")));
	buf_put_text(&path, "/mailboxes");
	if (r == 0)
		r = cli_call(cli, "POST", buf_text(&path), body, &status, &answer);
	if (r == 0)
		r = cli_show(cli, status, answer);
	json_decref(answer);
	json_decref(body);
	return r;
}

int
run_mailboxes_count(struct cli *cli)
{
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	int r;

	mailbox_tally_init(&tally);
	r = count(cli, cli_value(cli, "file"), &tally);
	return r ? r : record(cli, &tally);
}
