/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of orders that are more than one request. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"
#include "sys/file.h"
#include "sys/world.h"

#define FILE_MOST  (1024 * 1024)
#define LOOK_EVERY 200 /* milliseconds */

/* "Contoso/mail" to the service's id, into `to`. */
static int
find_service(struct cli *cli, const char *text, char *to, size_t size)
{
	struct str rest = str_of(text), customer;
	CLEAN(buf_fini) struct buf path = BUF(1024);
	json_t *answer = NULL, *item;
	long status = 0;
	size_t i;
	int r;

	(void)str_next(&rest, '/', &customer);
	snprintf(to, size, "%s", text);
	if (!rest.p)
		return 0;
	buf_printf(&path, "/customers/%.*s/services?limit=200", STR_ARG(customer));
	r = cli_call(cli, "GET", buf_text(&path), NULL, &status, &answer);
	if (r == 0 && status >= 400)
		r = cli_show(cli, status, answer);
	json_array_foreach(r == 0 ? json_object_get(answer, "items") : NULL, i, item)
		if (str_eq(rest, str_of(json_string_value(json_object_get(item, "name")))))
			snprintf(to, size, "%s", json_string_value(json_object_get(item, "id")));
	json_decref(answer);
	if (r == 0 && strcmp(to, text) == 0)
		return cli_fail(EXIT_FINDINGS, "%.*s has no service \"%.*s\"", STR_ARG(customer), STR_ARG(rest));
	return r;
}

static int
order_body(const struct cli *cli, const char *service, json_t **ret)
{
	static const char *const texts[] = { "host", "kind", "key", "organization", "division", "city", "state", "country" };
	const char *mailboxes = cli_value(cli, "mailboxes"), *author = cli_value(cli, "waiver_author");
	json_t *body = json_object();
	int64_t number = 0;

	if (mailboxes && !str_to_i64(str_of(mailboxes), &number)) {
		json_decref(body);
		return cli_fail(EXIT_USAGE, "--mailboxes: \"%s\" is not a whole number", mailboxes);
	}
	json_object_set_new(body, "service", json_string(service));
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (cli_value(cli, texts[i]))
			json_object_set_new(body, texts[i], json_string(cli_value(cli, texts[i])));
	if (mailboxes)
		json_object_set_new(body, "mailboxes", json_integer(number));
	if (author) {
		const char *reason = cli_value(cli, "waiver_reason");

		json_object_set_new(body, "waiver", json_pack("{s:s, s:s}", "author", author, "reason", reason ? reason : ""));
	}
	*ret = body;
	return 0;
}

int
run_order_add(struct cli *cli)
{
	char service[256];
	json_t *body = NULL, *answer = NULL;
	long status = 0;
	int r = find_service(cli, cli_value(cli, "service"), service, sizeof(service));

	if (r == 0)
		r = order_body(cli, service, &body);
	if (r == 0)
		r = cli_call(cli, "POST", "/orders", body, &status, &answer);
	if (r == 0)
		r = cli_show(cli, status, answer);
	json_decref(body);
	json_decref(answer);
	return r;
}

static void
order_path(const struct cli *cli, const char *behind, struct buf *to)
{
	buf_printf(to, "/orders/%s%s", cli_value(cli, "ref"), behind);
}

int
run_order_csr(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(1024), text = BUF(1 << 20);
	long status = 0;
	json_t *problem;
	int r;

	order_path(cli, "/csr", &path);
	r = cli_call_text(cli, buf_text(&path), &text, &status);
	buf_fini(&path);
	if (r == 0 && status >= 400) {
		problem = json_loads(buf_text(&text), 0, NULL);
		r = cli_show(cli, status, problem);
		json_decref(problem);
	} else if (r == 0) {
		fputs(buf_text(&text), stdout);
	}
	return r;
}

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
	int r = file_read(path, &content);

	if (r == FILE_E_ABSENT)
		return cli_fail(EXIT_USAGE, "there is no file %s", path);
	if (r == FILE_E_TOO_LARGE)
		return cli_fail(EXIT_USAGE, "%s is larger than a mebibyte: this is no certificate", path);
	if (r)
		return cli_fail(EXIT_USAGE, "%s cannot be read", path);
	buf_put_base64(&text, buf_text(&content), content.len);
	json_array_append_new(files, json_pack("{s:s, s:s}", "name", base_name(path), "content_base64", buf_text(&text)));
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
	json_object_set_new(body, "password", json_stringn(buf_text(&text), text.len));
	return 0;
}

static void
show_delivery(const struct cli *cli, const json_t *answer)
{
	char names[300], issuer[300], until[40];
	const json_t *certificate = json_object_get(answer, "certificate");

	snprintf(names, sizeof(names), "%s", json_string_value(json_array_get(json_object_get(certificate, "names"), 0)));
	printf("%saccepted%s: %s, by %s, until %s\n", show_paint(cli, "\x1b[32m"), show_paint(cli, "\x1b[0m"), names,
	    show_text(certificate, "issuer", issuer, sizeof(issuer)), show_text(certificate, "not_after", until, sizeof(until)));
	show_findings(cli, json_object_get(answer, "findings"));
}

int
run_order_certificate(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(1024);
	json_t *body = json_object(), *files = json_array(), *answer = NULL;
	long status = 0;
	int r = 0;

	json_object_set_new(body, "files", files);
	for (size_t i = 0; r == 0 && i < cli->file_count; i++)
		r = add_file(files, cli->file[i]);
	if (r == 0)
		r = add_password(cli, body);
	order_path(cli, "/certificate", &path);
	if (r == 0)
		r = cli_call(cli, "POST", buf_text(&path), body, &status, &answer);
	if (r == 0 && (cli->json || status >= 400))
		r = cli_show(cli, status, answer);
	else if (r == 0)
		show_delivery(cli, answer);
	json_decref(body);
	json_decref(answer);
	return r;
}

static bool
is_over(const json_t *order, const char *wanted)
{
	const char *stage = json_string_value(json_object_get(order, "stage"));

	return !stage || strcmp(stage, wanted) == 0 || strcmp(stage, "refused") == 0 || strcmp(stage, "retired") == 0;
}

int
run_order_wait(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(1024);
	const char *wanted = cli_value(cli, "stage") ? cli_value(cli, "stage") : "live";
	when deadline = world_ticks();
	int64_t seconds = 300;
	int r = 0;

	if (cli_value(cli, "timeout") && !str_to_i64(str_of(cli_value(cli, "timeout")), &seconds))
		return cli_fail(EXIT_USAGE, "--timeout: a whole number of seconds is needed");
	deadline += SECONDS(seconds);
	order_path(cli, "", &path);
	while (r == 0) {
		json_t *answer = NULL;
		long status = 0;
		bool over;

		r = cli_call(cli, "GET", buf_text(&path), NULL, &status, &answer);
		over = r == 0 && (status >= 400 || is_over(answer, wanted) || world_ticks() > deadline);
		if (over) {
			const char *stage = json_string_value(json_object_get(answer, "stage"));

			r = cli_show(cli, status, answer);
			if (r == 0 && (!stage || strcmp(stage, wanted) != 0))
				r = EXIT_FINDINGS;
		}
		json_decref(answer);
		if (over)
			break;
		world_rest(MILLIS(LOOK_EVERY));
	}
	return r;
}
