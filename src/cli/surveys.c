/* SPDX-License-Identifier: Apache-2.0 */
/* Surveys of load balancers: asked for, waited for, and shown with all their rows. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/show.h"
#include "sys/world.h"

#define LOOK_EVERY 200 /* milliseconds */

static bool
is_state(const json_t *survey, const char *state)
{
	char text[32];

	return strcmp(show_text(survey, "state", text, sizeof(text)), state) == 0;
}

static bool
is_over(const json_t *survey)
{
	return is_state(survey, "done") || is_state(survey, "failed");
}

/* One line on the terminal that counts; nothing elsewhere. */
static void
show_progress(const struct cli *cli, const json_t *survey)
{
	char state[32], looked[32], words[128];

	if (!isatty(2))
		return;
	show_text(survey, "words", words, sizeof(words));
	fprintf(stderr, "\r\x1b[K%s of %s: %s, %s looked at%s%s", cli->verb->verb,
	    cli_value(cli, "ref"), show_text(survey, "state", state, sizeof(state)),
	    show_text(survey, "looked", looked, sizeof(looked)), *words ? "; " : "", words);
}

static void
end_progress(void)
{
	if (isatty(2))
		fputs("\r\x1b[K", stderr);
}

static int
get(struct cli *cli, const char *path, json_t **ret)
{
	json_t *answer = NULL;
	long status = 0;
	int r = cli_call(cli, "GET", path, NULL, &status, &answer);

	if (r == 0 && status >= 400)
		r = cli_show(cli, status, answer);
	if (r == 0)
		*ret = answer;
	else
		json_decref(answer);
	return r;
}

/* *survey becomes a later look at the same. */
static int
wait_for(struct cli *cli, const char *path, int64_t seconds, json_t **survey)
{
	when deadline = world_ticks() + SECONDS(seconds);
	int r = 0;

	while (r == 0 && !is_over(*survey) && world_ticks() < deadline) {
		json_t *later = NULL;

		show_progress(cli, *survey);
		world_rest(MILLIS(LOOK_EVERY));
		r = get(cli, path, &later);
		if (r == 0) {
			json_decref(*survey);
			*survey = later;
		}
	}
	end_progress();
	return r;
}

static int
add_rows(struct cli *cli, const char *path, json_t *items)
{
	int64_t after = 0;
	bool more = true;
	int r = 0;

	while (r == 0 && more) {
		char page[256];
		json_t *answer = NULL;
		const json_t *next;

		snprintf(
		    page, sizeof(page), "%s/rows?limit=200&cursor=%lld", path, (long long)after);
		r = get(cli, page, &answer);
		if (r)
			break;
		json_array_extend(items, json_object_get(answer, "items"));
		next = json_object_get(answer, "next");
		more = json_is_integer(next);
		after = json_integer_value(next);
		json_decref(answer);
	}
	return r;
}

/* What was found to differ blocks nothing, but somebody has to see to it. */
static int
status_of(const json_t *survey)
{
	const json_t *result = json_object_get(survey, "result");

	if (!is_state(survey, "done"))
		return EXIT_FINDINGS;
	return json_integer_value(json_object_get(result, "different")) > 0 ||
	               json_integer_value(json_object_get(result, "left_over")) > 0
	           ? EXIT_FINDINGS
	           : EXIT_DONE;
}

static int
show_whole(struct cli *cli, const char *path, json_t *survey)
{
	json_t *items = json_array();
	int r = is_state(survey, "done") ? add_rows(cli, path, items) : 0;

	json_object_set_new(survey, "items", items);
	if (r == 0)
		r = cli_show(cli, 200, survey);
	return r ? r : status_of(survey);
}

static int
ask(struct cli *cli, json_t **ret)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	json_t *body = json_pack("{s:s}", "kind", cli->verb->verb), *answer = NULL;
	long status = 0;
	int r;

	buf_put_text(&path, "/balancers/");
	cli_put_escaped(&path, str_of(cli_value(cli, "ref")));
	buf_put_text(&path, "/surveys");
	r = cli_call(cli, "POST", buf_text(&path), body, &status, &answer);
	if (r == 0 && status >= 400)
		r = cli_show(cli, status, answer);
	if (r == 0)
		*ret = answer;
	else
		json_decref(answer);
	json_decref(body);
	return r;
}

static void
put_path(const json_t *survey, char *to, size_t size)
{
	char id[64];

	snprintf(to, size, "/surveys/%s", show_text(survey, "id", id, sizeof(id)));
}

int
run_survey(struct cli *cli)
{
	const char *timeout = cli_value(cli, "timeout");
	int64_t seconds = 300;
	json_t *survey = NULL;
	char path[128];
	int r;

	if (timeout && (!str_to_i64(str_of(timeout), &seconds) || seconds < 0))
		return cli_fail(EXIT_USAGE, "--timeout: \"%s\" is no number of seconds", timeout);
	r = ask(cli, &survey);
	if (r)
		return r;
	put_path(survey, path, sizeof(path));
	r = wait_for(cli, path, seconds, &survey);
	if (r == 0)
		r = show_whole(cli, path, survey);
	json_decref(survey);
	return r;
}

int
run_survey_again(struct cli *cli)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	json_t *survey = NULL;
	int r;

	buf_put_text(&path, "/surveys/");
	cli_put_escaped(&path, str_of(cli_value(cli, "id")));
	r = get(cli, buf_text(&path), &survey);
	if (r == 0)
		r = show_whole(cli, buf_text(&path), survey);
	json_decref(survey);
	return r;
}

/* ---- for people */

struct row {
	json_t *json; /* borrowed */
};

static int
row_before(const void *a, const void *b)
{
	static const char *const paths[] = { "customer.name", "service.name", "site.host", "host" };
	const struct row *one = a, *other = b;
	char left[300], right[300];
	int order = 0;

	for (size_t i = 0; order == 0 && i < COUNT_OF(paths); i++)
		order = strcmp(show_text(one->json, paths[i], left, sizeof(left)),
		    show_text(other->json, paths[i], right, sizeof(right)));
	return order;
}

static json_t *
sorted(const json_t *items)
{
	size_t count = json_array_size(items);
	struct row *row = alloc_array(count + 1, sizeof(*row));
	json_t *to = json_array();

	for (size_t i = 0; i < count; i++)
		row[i].json = json_array_get(items, i);
	qsort(row, count, sizeof(*row), row_before);
	for (size_t i = 0; i < count; i++)
		json_array_append(to, row[i].json);
	free(row);
	return to;
}

static void
show_drift(const struct cli *cli, const json_t *items)
{
	const json_t *row, *one;
	size_t i, j;

	json_array_foreach(items, i, row)
	{
		bool busy = json_is_true(json_object_get(row, "under_way"));
		char host[300], code[40], label[64], words[1024];

		show_text(row, "host", host, sizeof(host));
		printf("\n%s%s%s%s\n", show_paint(cli, "\x1b[1m"), *host ? host : "(no site)",
		    show_paint(cli, "\x1b[0m"), busy ? "  is being worked on just now" : "");
		json_array_foreach(json_object_get(row, "differences"), j, one)
		{
			snprintf(label, sizeof(label), "  %-18s ",
			    show_text(one, "code", code, sizeof(code)));
			show_wrapped(cli, label, show_text(one, "words", words, sizeof(words)));
		}
	}
	if (json_array_size(items) > 0) {
		putchar('\n');
		show_wrapped(cli, "next  ",
		    "Nothing was changed. Put it right on the load balancer, and compare again.");
	}
}

static void
show_remarks(const struct cli *cli, const json_t *items)
{
	const json_t *row, *one;
	bool any = false;
	size_t i, j;

	json_array_foreach(items, i, row)
	{
		char host[64], label[70];

		show_text(row, "site.host", host, sizeof(host));
		json_array_foreach(json_object_get(row, "remarks"), j, one)
		{
			if (!any)
				putchar('\n');
			any = true;
			snprintf(label, sizeof(label), "  %-30s ", *host ? host : "(no name)");
			show_wrapped(cli, label, json_string_value(one));
		}
	}
}

static void
show_import(const struct cli *cli, const json_t *items)
{
	static const struct column columns[] = { { "CUSTOMER", "customer.name" },
		{ "SERVICE", "service.name" }, { "KIND", "service.kind" }, { "HOST", "site.host" },
		{ "ADDRESS", "site.address" }, { "STATE", "found.state" },
		{ "OWNER", "found.owner" }, { "VALID UNTIL", "found.not_after" } };

	show_table(cli, items, columns, COUNT_OF(columns));
	show_remarks(cli, items);
}

/* "It holds: keys 12, certificates 14." */
static void
show_holdings(const struct cli *cli, const json_t *answer)
{
	const json_t *holds = json_object_get(json_object_get(answer, "result"), "holds"), *count;
	CLEAN(buf_fini) struct buf words = BUF(1024);
	const char *what;

	json_object_foreach((json_t *)(uintptr_t)holds, what, count)
	    buf_printf(&words, "%s %s %lld", words.len ? "," : "It holds:", what,
		(long long)json_integer_value(count));
	if (words.len == 0)
		return;
	buf_put_byte(&words, '.');
	show_wrapped(cli, "", buf_text(&words));
}

void
show_survey(const struct cli *cli, const json_t *answer)
{
	json_t *items = sorted(json_object_get(answer, "items"));
	char kind[16], words[1024], state[16];

	show_text(answer, "kind", kind, sizeof(kind));
	show_text(answer, "state", state, sizeof(state));
	show_text(answer, "words", words, sizeof(words));
	if (is_state(answer, "done"))
		show_wrapped(cli, "", words);
	else
		printf("%s: %s\n", state, words);
	show_holdings(cli, answer);
	if (*show_text(answer, "result.device", words, sizeof(words)))
		show_wrapped(cli, "  ", words);
	if (strcmp(kind, "drift") == 0)
		show_drift(cli, items);
	else if (json_array_size(items) > 0)
		show_import(cli, items);
	json_decref(items);
}
