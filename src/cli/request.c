/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"

static void
put_escaped(struct buf *to, const char *text)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			buf_put_byte(to, (uint8_t)*text);
		else
			buf_printf(to, "%%%02X", (unsigned char)*text);
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
			put_escaped(to, cli_value(cli, text));
		rest = str_drop(rest, open + name.len + 2);
	}
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++)
		if (cli->verb->params[i].query && cli->value[i]) {
			buf_printf(to, "%c%s=", sign, cli->verb->params[i].name);
			put_escaped(to, cli->value[i]);
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

static int
fill_body(const struct cli *cli, json_t *body)
{
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++) {
		const struct param *p = &cli->verb->params[i];
		int64_t number;

		if (!cli->value[i] || p->query || is_in_path(cli->verb, p->name))
			continue;
		if (!p->number)
			json_object_set_new(body, p->name, json_string(cli->value[i]));
		else if (str_to_i64(str_of(cli->value[i]), &number))
			json_object_set_new(body, p->name, json_integer(number));
		else
			return cli_fail(EXIT_USAGE, "%s: \"%s\" is not a whole number", p->value, cli->value[i]);
	}
	return 0;
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
	if (status >= 500)
		return EXIT_INTERNAL;
	return status >= 400 || json_is_false(json_object_get(answer, "whole")) ? EXIT_FINDINGS : EXIT_DONE;
}

int
cli_request(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(8192);
	json_t *body = strcmp(cli->verb->method, "GET") == 0 ? NULL : json_object(), *answer = NULL;
	long status = 0;
	int r = body ? fill_body(cli, body) : 0;

	fill_path(cli, &path);
	if (r == 0)
		r = cli_call(cli, cli->verb->method, buf_text(&path), body, &status, &answer);
	if (r == 0)
		r = cli_show(cli, status, answer);
	json_decref(body);
	json_decref(answer);
	return r;
}
