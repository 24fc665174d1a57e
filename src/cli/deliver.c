/* SPDX-License-Identifier: Apache-2.0 */
/* What the customer sends back: delivered, looked at, accepted (K-08). */
#include <stdio.h>
#include <unistd.h>

#include "cli/show.h"
#include "order/foreign_key.h"
#include "sys/file.h"

#define FILE_MOST (1024 * 1024)

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
add_file(json_t *files, const char *path)
{
	CLEAN(buf_fini) struct buf content = BUF_SECRET(FILE_MOST);
	CLEAN(buf_fini) struct buf text = BUF_SECRET(2 * FILE_MOST);
	char shown[256];
	int r = file_read(path, &content);

	if (r == FILE_E_ABSENT)
		return cli_fail(EXIT_USAGE, "there is no file %s", path);
	if (r == FILE_E_TOO_LARGE)
		return cli_fail(
		    EXIT_USAGE, "%s is larger than a mebibyte: this is no certificate", path);
	if (r)
		return cli_fail(EXIT_USAGE, "%s cannot be read", path);
	buf_put_base64(&text, buf_text(&content), content.len);
	str_show(str_of(base_name(path)), shown, sizeof(shown));
	json_array_append_new(
	    files, json_pack("{s:s, s:s}", "name", shown, "content_base64", buf_text(&text)));
	return 0;
}

static int
add_password(const struct cli *cli, json_t *body)
{
	CLEAN(buf_fini) struct buf text = BUF_SECRET(4096);
	const char *path = cli_value(cli, "password_file");

	if (!path)
		return 0;
	if (file_read(path, &text) != 0)
		return cli_fail(EXIT_USAGE, "the password file %s cannot be read", path);
	while (text.len > 0 && strchr("\r\n", text.data[text.len - 1]))
		buf_truncate(&text, text.len - 1);
	if (json_object_set_new(body, "password", json_stringn(buf_text(&text), text.len)) != 0)
		return cli_fail(EXIT_USAGE, "the password in %s is not UTF-8", path);
	return 0;
}

void
show_names(const struct cli *cli, const json_t *names)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
	    buf_printf(&text, "%s%s", i > 0 ? ", " : "", json_string_value(name));
	show_wrapped(cli, "names    ", buf_text(&text));
}

/* The summary that a person accepts by (I-22). */
static void
show_delivered(const struct cli *cli, const json_t *answer)
{
	bool accepted = json_is_true(json_object_get(answer, "accepted"));
	const json_t *certificate = json_object_get(answer, "certificate");
	char text[600];

	printf("%s%s%s (%s)\n", show_paint(cli, accepted ? "\x1b[32m" : "\x1b[33m"),
	    accepted ? "accepted: it is installed next" : "good: waiting to be accepted",
	    show_paint(cli, "\x1b[0m"), show_text(answer, "container", text, sizeof(text)));
	show_names(cli, json_object_get(certificate, "names"));
	show_wrapped(cli, "owner    ", show_text(certificate, "subject", text, sizeof(text)));
	show_wrapped(cli, "issuer   ", show_text(certificate, "issuer", text, sizeof(text)));
	printf("valid    from %s", show_text(certificate, "not_before", text, sizeof(text)));
	printf(" until %s\n", show_text(certificate, "not_after", text, sizeof(text)));
	show_findings(cli, json_object_get(answer, "findings"));
}

static int
show_accepted(struct cli *cli, long status, json_t *answer)
{
	if (cli->json || status >= 400)
		return cli_show(cli, status, answer);
	printf("%saccepted%s: it is installed next\n", show_paint(cli, "\x1b[32m"),
	    show_paint(cli, "\x1b[0m"));
	return EXIT_DONE;
}

static int
accept(struct cli *cli, const char *number)
{
	return cli_order_post(
	    cli, "/certificate/accept", "--review", "review", number, show_accepted);
}

bool
cli_says_yes(const char *question)
{
	char line[16] = "";

	if (!isatty(0) || !isatty(1))
		return false;
	printf("\n%s [y/N] ", question);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

static int
decide(struct cli *cli, const json_t *answer)
{
	const char *number = json_string_value(json_object_get(answer, "review"));

	if (!number)
		return EXIT_DONE;
	if (cli_says_yes("Install this certificate?"))
		return accept(cli, number);
	printf("\nNothing is installed until it is accepted:\n"
	       "    certdesk order accept %s --review %s\n",
	    cli_value(cli, "ref"), number);
	return EXIT_DONE;
}

static int
show_and_decide(struct cli *cli, long status, json_t *answer)
{
	if (cli->json || status >= 400)
		return cli_show(cli, status, answer);
	show_delivered(cli, answer);
	return decide(cli, answer);
}

/* The words are shown in any case; without --statement somebody must say yes to them here and now. */
static int
add_foreign_key(const struct cli *cli, json_t *body)
{
	const char *author = cli_value(cli, "foreign_key"),
		   *statement = cli_value(cli, "statement");

	if (!author)
		return statement
		           ? cli_fail(EXIT_USAGE, "--statement goes with --accept-foreign-key")
		           : 0;
	if (!statement) {
		show_wrapped(cli, "", FOREIGN_KEY_STATEMENT);
		if (!cli_says_yes("Is this what you accept?"))
			return cli_fail(EXIT_USAGE,
			    "nothing was sent: say so on a terminal, or by --statement \"%s\"",
			    FOREIGN_KEY_STATEMENT);
		statement = FOREIGN_KEY_STATEMENT;
	}
	return json_object_set_new(body, "foreign_key",
		   json_pack("{s:o, s:o}", "author", cli_json_text("--accept-foreign-key", author),
		       "statement", cli_json_text("--statement", statement))) == 0
	           ? 0
	           : EXIT_USAGE;
}

int
run_order_certificate(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	json_t *body = json_object(), *files = json_array(), *answer = NULL;
	long status = 0;
	int r = 0;

	json_object_set_new(body, "files", files);
	if (cli_value(cli, "accept"))
		json_object_set_new(body, "accept", json_true());
	for (size_t i = 0; r == 0 && i < cli->file_count; i++)
		r = add_file(files, cli->file[i]);
	if (r == 0)
		r = add_password(cli, body);
	if (r == 0)
		r = add_foreign_key(cli, body);
	cli_order_path(cli, "/certificate", &path);
	if (r == 0)
		r = cli_call(cli, "POST", buf_text(&path), body, &status, &answer);
	if (r == 0)
		r = show_and_decide(cli, status, answer);
	json_decref(body);
	json_decref(answer);
	return r;
}

int
run_order_accept(struct cli *cli)
{
	if (cli_value(cli, "review"))
		return accept(cli, cli_value(cli, "review"));
	return cli_order_get(cli, "/certificate/review", show_and_decide);
}
