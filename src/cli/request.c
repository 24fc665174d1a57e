/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"

void
cli_put_escaped(struct buf *to, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x80 && (isalnum(c) || (c && strchr("-._~", c))))
			buf_put_byte(to, c);
		else
			buf_printf(to, "%%%02X", c);
	}
}

json_t *
cli_json_text(const char *what, const char *text)
{
	json_t *json = json_string(text);

	if (!json)
		(void)!cli_fail(EXIT_USAGE, "%s: the text is not UTF-8", what);
	return json;
}

/* Fills {name} in the row's path, and puts query parameters behind it. */
static void
fill_path(const struct cli *cli, struct buf *to)
{
	struct str rest = str_of(cli->verb->path);
	char sign = '?';

	while (rest.len > 0) {
		size_t open = str_find(rest, STR("{"));
		struct str name = str_drop(rest, open + 1);
		char text[64];

		buf_put(to, rest.p, open);
		if (open == rest.len)
			break;
		name.len = str_find(name, STR("}"));
		if (str_copy(name, text, sizeof(text)) && cli_value(cli, text))
			cli_put_escaped(to, str_of(cli_value(cli, text)));
		rest = str_drop(rest, open + name.len + 2);
	}
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++)
		if (cli->verb->params[i].query && cli->value[i]) {
			buf_printf(to, "%c%s=", sign, cli->verb->params[i].name);
			cli_put_escaped(to, str_of(cli->value[i]));
			sign = '&';
		}
}

static bool
is_in_path(const struct verb *verb, const char *name)
{
	char braced[80];

	snprintf(braced, sizeof(braced), "{%s}", name);
	return strstr(verb->path, braced) != NULL;
}

static json_t *
many_json(const struct cli *cli, const struct param *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < cli->many_count; i++)
		if (json_array_append_new(list, cli_json_text(p->flag, cli->many[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *
value_json(const struct cli *cli, const struct param *p, const char *text)
{
	int64_t number;

	if (p->many)
		return many_json(cli, p);
	if (!p->value) /* a switch */
		return json_true();
	if (!p->number)
		return cli_json_text(p->flag ? p->flag : p->value, text);
	if (str_to_i64(str_of(text), &number))
		return json_integer(number);
	(void)!cli_fail(
	    EXIT_USAGE, "%s: \"%s\" is not a whole number", p->flag ? p->flag : p->value, text);
	return NULL;
}

static int
fill_body(const struct cli *cli, json_t *body)
{
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++) {
		const struct param *p = &cli->verb->params[i];

		if (!cli->value[i] || p->query || is_in_path(cli->verb, p->name))
			continue;
		if (json_object_set_new(body, p->name, value_json(cli, p, cli->value[i])) != 0)
			return EXIT_USAGE;
	}
	return 0;
}

int
cli_compose(const struct cli *cli, struct buf *path, json_t **ret_body)
{
	json_t *body = strcmp(cli->verb->method, "GET") == 0 ? NULL : json_object();
	int r = body ? fill_body(cli, body) : 0;

	if (r) {
		json_decref(body);
		return r;
	}
	fill_path(cli, path);
	*ret_body = body;
	return 0;
}

/* What blocks is 1; what was asked for in a wrong way is 2. */
static int
exit_status(long status, const json_t *answer)
{
	if (status >= 500)
		return EXIT_INTERNAL;
	if (status < 400)
		return json_is_false(json_object_get(answer, "whole")) ? EXIT_FINDINGS : EXIT_DONE;
	if (status == 404 || status == 409 || status == 412 || json_object_get(answer, "findings"))
		return EXIT_FINDINGS;
	return EXIT_USAGE;
}

int
cli_show(struct cli *cli, long status, json_t *answer)
{
	if (cli->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (status >= 400) {
		show_problem(cli, answer);
	} else if (cli->verb->show) {
		cli->verb->show(cli, answer);
	} else {
		show_object(cli, answer);
	}
	return exit_status(status, answer);
}

int
cli_request(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(8192);
	json_t *body = NULL, *answer = NULL;
	long status = 0;
	int r = cli_compose(cli, &path, &body);

	if (r == 0)
		r = cli_call(cli, cli->verb->method, buf_text(&path), body, &status, &answer);
	if (r == 0)
		r = cli_show(cli, status, answer);
	json_decref(body);
	json_decref(answer);
	return r;
}
