/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How `certdesk inspect` looks on a terminal: the verdict, the chain, what else was there, what is
 * repaired, and the findings, the first cause at length.
 */
#include <stdio.h>

#include "cli/inspect_line.h"
#include "cli/show.h"

#define SENTENCE_SIZE 4096

static void
put_count(struct buf *to, size_t count, const char *one, const char *many)
{
	if (count > 0)
		buf_printf(to, "%s%zu %s", to->len > 0 ? ", " : "", count, count == 1 ? one : many);
}

static void
put_contents(struct buf *to, const json_t *file)
{
	/* clang-format off */
	static const struct { const char *member, *one, *many; } parts[] = {
		{ "certificates", "certificate",        "certificates" },
		{ "private_keys", "private key",        "private keys" },
		{ "csrs",         "signing request",    "signing requests" },
		{ "crls",         "revocation list",    "revocation lists" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		put_count(
		    to, (size_t)inspect_number(file, parts[i].member), parts[i].one, parts[i].many);
}

static void
show_files(const struct inspect_view *view, const json_t *said)
{
	const json_t *files = json_object_get(said, "files"), *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		CLEAN(buf_fini) struct buf text = BUF(4096);
		CLEAN(buf_fini) struct buf counts = BUF(1024);
		char name[TEXT_SIZE], container[TEXT_SIZE];

		put_contents(&counts, file);
		inspect_text(file, "container", container, sizeof(container));
		if (json_array_size(files) > 1)
			buf_printf(&text, "%s: ", inspect_text(file, "name", name, sizeof(name)));
		buf_printf(&text, "%s%s%s", container, *container && counts.len > 0 ? ": " : "",
		    buf_text(&counts));
		if (text.len == 0)
			continue;
		printf("  %s", show_paint(view->cli, DIM));
		(void)inspect_wrapped(view, 2, "  ", 2, buf_text(&text));
		printf("%s\n", show_paint(view->cli, PLAIN));
	}
}

/* Subjects of certificates, a comma between. */
static void
put_subjects(struct buf *to, const json_t *said, const json_t *list)
{
	const json_t *sha256;
	size_t i;

	json_array_foreach(list, i, sha256)
	{
		char name[TEXT_SIZE];

		buf_printf(to, "%s%s", i > 0 ? ", " : "",
		    inspect_name_of(
			inspect_find(said, json_is_string(sha256) ? json_string_value(sha256) : ""),
			name, sizeof(name)));
	}
}

/* The lines beside the tree; an empty line before the first of them. */
struct beside {
	const struct inspect_view *view;
	const json_t *said;
	bool begun;
};

static void
put_beside(struct beside *b, const char *label, const char *colour, const char *text)
{
	if (!*text)
		return;
	if (!b->begun)
		putchar('\n');
	b->begun = true;
	inspect_field(b->view, " ", label, colour, text);
}

/* Of request and certificate; a request that says nothing of it has asked for nothing. */
static void
show_differences(struct beside *b)
{
	const json_t *list = json_object_get(json_object_get(b->said, "csr"), "differences"), *row;
	size_t i;

	json_array_foreach(list, i, row)
	{
		CLEAN(buf_fini) struct buf line = BUF(4 * TEXT_SIZE);
		char field[64], asked[TEXT_SIZE], came[TEXT_SIZE];

		if (json_is_true(json_object_get(row, "same")) || inspect_is(row, "field", "names"))
			continue;
		inspect_text(row, "field", field, sizeof(field));
		inspect_text(row, "requested", asked, sizeof(asked));
		inspect_text(row, "delivered", came, sizeof(came));
		for (char *c = field; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		buf_printf(&line, "%s: %s%s%s%s%s", field, *asked ? "asked for " : "", asked,
		    *asked && *came ? ", " : "", *came ? "has " : "", came);
		put_beside(b, "differs", "", buf_text(&line));
	}
}

static void
show_keys(struct beside *b)
{
	const json_t *fits = json_object_get(b->said, "key_matches_leaf"),
		     *csr = json_object_get(json_object_get(b->said, "csr"), "matches_leaf");
	const json_t *list = json_object_get(b->said, "private_keys");
	size_t keys = json_array_size(list);

	if (json_is_true(fits))
		put_beside(b, "key", GREEN, "the private key came along and fits the leaf");
	else if (json_is_false(fits))
		put_beside(b, "key", RED, "the private key that came along is another one's");
	else if (keys > 0)
		put_beside(b, "key", "",
		    json_is_true(json_object_get(json_array_get(list, 0), "unread"))
			? "a private key came along, and stayed closed"
			: "a private key came along");
	if (json_is_true(csr))
		put_beside(b, "request", GREEN, "the certificate answers it: same key");
	else if (json_is_false(csr))
		put_beside(b, "request", RED, "the certificate was made from another one");
	show_differences(b);
}

static void
show_left_out(struct beside *b, const char *member, const char *why)
{
	const json_t *list = json_object_get(json_object_get(b->said, "repaired"), member);
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);

	if (json_array_size(list) == 0)
		return;
	buf_put_text(&text, why);
	put_subjects(&text, b->said, list);
	put_beside(b, "left out", "", buf_text(&text));
}

static void
show_repair(struct beside *b)
{
	const json_t *repaired = json_object_get(b->said, "repaired");
	CLEAN(buf_fini) struct buf text = BUF(1024);

	if (json_is_true(json_object_get(repaired, "order_repaired")))
		put_beside(b, "repaired", "", "the chain is put in order");
	put_count(&text, (size_t)inspect_number(repaired, "completed"),
	    "missing intermediate is added", "missing intermediates are added");
	put_beside(b, "repaired", "", buf_text(&text));
	show_left_out(b, "roots", "the root, which visitors have: ");
	show_left_out(b, "extras", "not needed: ");
}

static void
show_beside(const struct inspect_view *view, const json_t *said)
{
	struct beside b = { .view = view, .said = said };
	CLEAN(buf_fini) struct buf wrote = BUF(8192), count = BUF(64);
	char text[TEXT_SIZE];

	put_beside(&b, "for", "", inspect_text(said, "name", text, sizeof(text)));
	show_keys(&b);
	show_repair(&b);
	if (!view->wrote)
		return;
	put_count(&count, json_array_size(inspect_chain_of(said)), "certificate", "certificates");
	buf_printf(&wrote, "%s: %s", view->wrote, buf_text(&count));
	str_show(buf_str(&wrote), text, sizeof(text));
	put_beside(&b, "written", "", text);
}

/* ---- findings ---- */

static enum inspect_mark
mark_of(const json_t *finding)
{
	if (inspect_is(finding, "severity", "reject"))
		return MARK_BAD;
	return inspect_is(finding, "severity", "info") ? MARK_INFO : MARK_WARN;
}

static void
put_sentence(
    const struct inspect_view *view, const char *label, const json_t *finding, const char *member)
{
	char text[SENTENCE_SIZE];

	if (!*inspect_text(finding, member, text, sizeof(text)))
		return;
	printf("    %s%-6s%s", show_paint(view->cli, DIM), label, show_paint(view->cli, PLAIN));
	(void)inspect_wrapped(view, 10, "          ", 10, text);
	putchar('\n');
}

static void
show_finding(const struct inspect_view *view, const json_t *finding, bool whole)
{
	size_t width = (size_t)view->cli->width, at;
	char title[TEXT_SIZE], code[64];

	inspect_text(finding, "title", title, sizeof(title));
	inspect_text(finding, "code", code, sizeof(code));
	inspect_mark(view, mark_of(finding));
	printf(" %s", whole ? show_paint(view->cli, BOLD) : "");
	at = inspect_wrapped(view, 2, "  ", 2, title);
	printf("%s%s%s%s%s\n", show_paint(view->cli, PLAIN),
	    at + 2 + strlen(code) > width ? "\n  " : "  ", show_paint(view->cli, DIM), code,
	    show_paint(view->cli, PLAIN));
	if (!whole)
		return;
	put_sentence(view, "what", finding, "what");
	put_sentence(view, "why", finding, "why");
	put_sentence(view, "to do", finding, "next");
}

/* I-08: the first of the worst is the cause; the others may be its consequences. */
static const json_t *
first_cause(const json_t *findings)
{
	const json_t *finding, *first = NULL;
	size_t i;

	json_array_foreach(findings, i,
	    finding) if (mark_of(finding) != MARK_INFO &&
			 (!first || (mark_of(first) == MARK_WARN && mark_of(finding) == MARK_BAD)))
	    first = finding;
	return first;
}

void
inspect_show_findings(const struct inspect_view *view, const json_t *said)
{
	const json_t *findings = json_object_get(said, "findings"), *finding,
		     *first = first_cause(findings);
	size_t i;

	if (json_array_size(findings) > 0)
		putchar('\n');
	if (first)
		show_finding(view, first, true);
	json_array_foreach(findings, i, finding) if (finding != first)
	    show_finding(view, finding, view->all);
}

/* What could not even be opened. */
static void
show_error(const struct inspect_view *view, const json_t *said)
{
	const json_t *error = json_object_get(said, "error");
	char text[TEXT_SIZE];

	if (json_array_size(json_object_get(said, "findings")) > 0)
		return;
	printf("  ");
	(void)inspect_wrapped(view, 2, "  ", 2, inspect_text(error, "message", text, sizeof(text)));
	putchar('\n');
}

void
inspect_show(const struct inspect_view *view, const char *given, const json_t *said)
{
	bool usable = json_is_true(json_object_get(said, "usable"));

	inspect_mark(view, usable ? MARK_GOOD : MARK_BAD);
	printf(" %s%s%s  ", show_paint(view->cli, usable ? BOLD GREEN : BOLD RED),
	    usable ? "usable" : "not usable", show_paint(view->cli, PLAIN));
	(void)inspect_wrapped(view, usable ? 10 : 14, "  ", 2, given);
	putchar('\n');
	show_files(view, said);
	if (json_object_get(said, "error"))
		show_error(view, said);
	inspect_show_chain(view, said);
	inspect_show_loose(view, said);
	inspect_show_requests(view, said);
	show_beside(view, said);
	inspect_show_findings(view, said);
}
