/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include <stdio.h>
#include <stdlib.h>

#define CELL_MAX 60

const char *
show_paint(const struct cli *cli, const char *code)
{
	return cli->colour ? code : "";
}

static const json_t *
member(const json_t *object, const char *path)
{
	struct str rest = str_of(path), part;

	while (object && str_next(&rest, '.', &part)) {
		char name[64];

		object = str_copy(part, name, sizeof(name)) ? json_object_get(object, name) : NULL;
	}
	return object;
}

const char *
show_text(const json_t *object, const char *path, char *space, size_t size)
{
	const json_t *value = member(object, path);

	if (json_is_string(value))
		str_show(str_of(json_string_value(value)), space, size);
	else if (json_is_integer(value))
		snprintf(space, size, "%lld", (long long)json_integer_value(value));
	else
		snprintf(space, size, "%s",
		    json_is_true(value)    ? "yes"
		    : json_is_false(value) ? "no"
					   : "");
	return space;
}

static size_t
cell_width(const char *text)
{
	size_t characters = strlen(text);

	(void)str_utf8_length(str_of(text), &characters);
	return characters;
}

static void
print_cell(const char *text, size_t width, bool last)
{
	size_t have = cell_width(text);

	fputs(text, stdout);
	for (size_t i = have; !last && i < width + 2; i++)
		putchar(' ');
}

void
show_table(const struct cli *cli, const json_t *items, const struct column *columns, size_t count)
{
	size_t width[12] = { 0 }, i;
	const json_t *item;
	char space[CELL_MAX];

	for (size_t c = 0; c < count; c++)
		width[c] = strlen(columns[c].title);
	json_array_foreach(items, i, item) for (size_t c = 0; c < count; c++)
	{
		size_t w = cell_width(show_text(item, columns[c].path, space, sizeof(space)));

		width[c] = w > width[c] ? w : width[c];
	}
	fputs(show_paint(cli, "\x1b[1m"), stdout);
	for (size_t c = 0; c < count; c++)
		print_cell(columns[c].title, width[c], c + 1 == count);
	printf("%s\n", show_paint(cli, "\x1b[0m"));
	json_array_foreach(items, i, item)
	{
		for (size_t c = 0; c < count; c++)
			print_cell(show_text(item, columns[c].path, space, sizeof(space)), width[c],
			    c + 1 == count);
		putchar('\n');
	}
	if (json_array_size(items) == 0)
		puts("(none)");
}

/* A list that was cut must not look whole. */
void
show_more(const struct cli *cli, const json_t *answer)
{
	char cursor[80];

	if (show_text(answer, "next", cursor, sizeof(cursor))[0])
		printf("%s(there is more: --cursor %s)%s\n", show_paint(cli, "\x1b[2m"), cursor,
		    show_paint(cli, "\x1b[0m"));
}

void
show_object(const struct cli *cli, const json_t *object)
{
	json_t *copy = json_deep_copy(object), *value;
	const char *name;

	json_object_foreach(copy, name, value)
	{
		if (json_is_null(value))
			continue;
		char *text = json_is_string(value)
		                 ? alloc_text(json_string_value(value))
		                 : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		char shown[1024];

		str_show(str_of(text), shown, sizeof(shown));
		printf("%s%-14s%s %s\n", show_paint(cli, "\x1b[2m"), name,
		    show_paint(cli, "\x1b[0m"), shown);
		free(text);
	}
	json_decref(copy);
}

/* Breaks at spaces; a word longer than the line stands alone. */
void
show_wrapped(const struct cli *cli, const char *label, const char *text)
{
	size_t indent = strlen(label), at = indent,
	       width = cli->width > 40 ? (size_t)cli->width : 40;
	struct str rest = str_of(text), word;

	fputs(label, stdout);
	while (str_next(&rest, ' ', &word)) {
		size_t need = word.len + (at > indent ? 1 : 0);

		if (at > indent && at + need > width) {
			printf("\n%*s", (int)indent, "");
			at = indent;
			need = word.len;
		} else if (at > indent) {
			putchar(' ');
		}
		printf("%.*s", STR_ARG(word));
		at += need;
	}
	putchar('\n');
}

static const char *
severity_colour(const char *severity)
{
	if (strcmp(severity, "reject") == 0)
		return "\x1b[31m";
	if (strcmp(severity, "hold") == 0 || strcmp(severity, "warn") == 0)
		return "\x1b[33m";
	return "\x1b[36m";
}

static void
show_finding(const struct cli *cli, const json_t *finding)
{
	static const struct {
		const char *label, *member;
	} parts[] = { { "    what  ", "what" }, { "    why   ", "why" }, { "    next  ", "next" } };
	const char *severity = json_string_value(json_object_get(finding, "severity"));
	char space[4096];

	printf("%s%-6s%s %s", show_paint(cli, severity_colour(severity ? severity : "")),
	    severity ? severity : "", show_paint(cli, "\x1b[0m"),
	    show_text(finding, "title", space, sizeof(space)));
	printf("  %s[%s]%s\n", show_paint(cli, "\x1b[2m"),
	    show_text(finding, "code", space, sizeof(space)), show_paint(cli, "\x1b[0m"));
	if (severity && strcmp(severity, "info") == 0) {
		show_wrapped(cli, "    ", show_text(finding, "what", space, sizeof(space)));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		show_wrapped(
		    cli, parts[i].label, show_text(finding, parts[i].member, space, sizeof(space)));
}

void
show_findings(const struct cli *cli, const json_t *findings)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding) show_finding(cli, finding);
}

void
show_problem(const struct cli *cli, const json_t *problem)
{
	const json_t *findings = json_object_get(problem, "findings"),
		     *errors = json_object_get(problem, "errors"), *error;
	char field[512], words[2048];
	size_t i;

	if (json_array_size(findings) > 0) {
		show_findings(cli, findings);
		return;
	}
	printf("%s%s%s\n", show_paint(cli, "\x1b[31m"),
	    show_text(problem, "title", words, sizeof(words)), show_paint(cli, "\x1b[0m"));
	if (!errors)
		show_wrapped(cli, "    ", show_text(problem, "detail", words, sizeof(words)));
	json_array_foreach(errors, i, error)
	{
		char label[560];

		show_text(error, "field", field, sizeof(field));
		snprintf(label, sizeof(label), "    %s%s", field, field[0] ? ": " : "");
		show_wrapped(cli, label, show_text(error, "words", words, sizeof(words)));
	}
}
