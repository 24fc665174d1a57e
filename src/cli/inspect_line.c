/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inspect_line.h"

#include <assert.h>
#include <stdio.h>

#include "cli/show.h"

#define LABEL_WIDTH 10
#define WORD_MOST   64 /* a fingerprint stays whole */

/* clang-format off */
static const struct { const char *utf8, *ascii, *colour; } marks[] = {
	[MARK_GOOD] = { "✓", "+", GREEN },
	[MARK_WARN] = { "!", "!", "\x1b[33m" },
	[MARK_BAD]  = { "✗", "x", RED },
	[MARK_INFO] = { "·", "-", "\x1b[36m" },
};
/* clang-format on */
static_assert(COUNT_OF(marks) == MARK_MAX, "a sign for each mark");

void
inspect_mark(const struct inspect_view *view, enum inspect_mark mark)
{
	const struct cli *cli = view->cli;
	bool plain = !cli->utf8 || (cli->terminal && !cli->colour);

	printf("%s%s%s", show_paint(cli, marks[mark].colour),
	    plain ? marks[mark].ascii : marks[mark].utf8, show_paint(cli, PLAIN));
}

const char *
inspect_colour(enum inspect_mark mark)
{
	return marks[mark].colour;
}

const char *
inspect_branch(const struct inspect_view *view, const char *utf8, const char *ascii)
{
	const struct cli *cli = view->cli;

	return cli->utf8 && !(cli->terminal && !cli->colour) ? utf8 : ascii;
}

struct wrap {
	const struct inspect_view *view;
	const char *behind; /* what further lines begin with, of `indent` columns */
	size_t indent, at, width;
};

static void
next_line(struct wrap *w)
{
	printf(
	    "\n%s%s%s", show_paint(w->view->cli, DIM), w->behind, show_paint(w->view->cli, PLAIN));
	w->at = w->indent;
}

/* A word that no line can hold is cut, at a character. */
static void
put_word(struct wrap *w, struct str word, size_t columns)
{
	if (columns <= WORD_MOST || w->width <= w->indent + WORD_MOST) {
		printf("%.*s", STR_ARG(word));
		w->at += columns;
		return;
	}
	for (size_t i = 0; i < word.len; i++) {
		if ((word.p[i] & 0xc0) != 0x80 && w->at++ >= w->width) {
			next_line(w);
			w->at++;
		}
		putchar(word.p[i]);
	}
}

size_t
inspect_wrapped(
    const struct inspect_view *view, size_t at, const char *behind, size_t indent, const char *text)
{
	struct wrap w = { .view = view,
		.behind = behind,
		.indent = indent,
		.at = at,
		.width = view->cli->width > 40 ? (size_t)view->cli->width : 40 };
	struct str rest = str_of(text), word;
	size_t begin = at;

	while (str_next(&rest, ' ', &word)) {
		size_t need = word.len;

		(void)str_utf8_length(word, &need);
		if (w.at > begin && w.at + 1 + need > w.width) {
			next_line(&w);
			begin = indent;
		} else if (w.at > begin) {
			putchar(' ');
			w.at++;
		}
		put_word(&w, word, need);
	}
	return w.at;
}

void
inspect_field(const struct inspect_view *view, const char *bar, const char *label,
    const char *colour, const char *text)
{
	char behind[64];

	if (!*text)
		return;
	snprintf(behind, sizeof(behind), "  %s   %*s", bar, LABEL_WIDTH, "");
	printf("  %s%s   %-*s%s%s", show_paint(view->cli, DIM), bar, LABEL_WIDTH, label,
	    show_paint(view->cli, PLAIN), show_paint(view->cli, colour));
	(void)inspect_wrapped(view, 6 + LABEL_WIDTH, behind, 6 + LABEL_WIDTH, text);
	printf("%s\n", show_paint(view->cli, PLAIN));
}

const char *
inspect_text(const json_t *object, const char *name, char *space, size_t size)
{
	const json_t *value = json_object_get(object, name);

	str_show(str_bytes(json_string_value(value), json_string_length(value)), space, size);
	return space;
}

const char *
inspect_name(const json_t *object, const char *member, char *space, size_t size)
{
	char packed[TEXT_SIZE];
	size_t put = 0;

	inspect_text(object, member, packed, sizeof(packed));
	for (size_t i = 0; packed[i] && put + 2 < size; i++) {
		space[put++] = packed[i];
		if (packed[i] == ',' && i > 0 && packed[i - 1] != '\\' && packed[i + 1] != ' ')
			space[put++] = ' ';
	}
	space[put] = '\0';
	return space;
}

bool
inspect_is(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value && strcmp(value, text) == 0;
}

json_int_t
inspect_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const json_t *
find_in(const json_t *certificates, const char *sha256)
{
	const json_t *item;
	size_t i;

	json_array_foreach(
	    certificates, i, item) if (inspect_is(item, "sha256", sha256)) return item;
	return NULL;
}

bool
inspect_came(const json_t *said, const char *sha256)
{
	return find_in(json_object_get(said, "certificates"), sha256) != NULL;
}

const json_t *
inspect_find(const json_t *said, const char *sha256)
{
	const json_t *found = find_in(json_object_get(said, "certificates"), sha256);

	return found ? found
	             : find_in(json_object_get(json_object_get(said, "repaired"), "certificates"),
			   sha256);
}

const char *
inspect_name_of(const json_t *certificate, char *space, size_t size)
{
	const json_t *first = json_array_get(json_object_get(certificate, "san_dns"), 0);

	if (*inspect_text(certificate, "subject_cn", space, size))
		return space;
	if (json_is_string(first))
		str_show(
		    str_bytes(json_string_value(first), json_string_length(first)), space, size);
	else
		inspect_name(certificate, "subject", space, size);
	if (!*space)
		snprintf(space, size, "(no name)");
	return space;
}

const json_t *
inspect_chain_of(const json_t *said)
{
	const json_t *repaired = json_object_get(json_object_get(said, "repaired"), "chain");

	return json_array_size(repaired) > 0 ? repaired : json_object_get(said, "chain");
}
