/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How `certdesk inspect` looks on a terminal: the verdict, the chain as a tree from the leaf to its
 * root, what else was there, what is repaired, and the findings, the first cause at length.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/inspect.h"
#include "cli/show.h"

#define TEXT_SIZE   1024
#define NAMES_SIZE  4096
#define NAMES_SHOWN 6
#define LABEL_WIDTH 10
#define SHORT_LEFT  DAYS(14) /* I-14 */

#define BOLD   "\x1b[1m"
#define DIM    "\x1b[2m"
#define PLAIN  "\x1b[0m"
#define RED    "\x1b[31m"
#define GREEN  "\x1b[32m"
#define YELLOW "\x1b[33m"
#define CYAN   "\x1b[36m"

enum mark { MARK_GOOD, MARK_WARN, MARK_BAD, MARK_INFO, MARK_MAX };

/* clang-format off */
static const struct { const char *utf8, *ascii, *colour; } marks[] = {
	[MARK_GOOD] = { "✓", "+", GREEN },
	[MARK_WARN] = { "!", "!", YELLOW },
	[MARK_BAD]  = { "✗", "x", RED },
	[MARK_INFO] = { "·", "-", CYAN },
};
/* clang-format on */
static_assert(COUNT_OF(marks) == MARK_MAX, "a sign for each mark");

static void
print_mark(const struct inspect_view *view, enum mark mark)
{
	const struct cli *cli = view->cli;
	bool plain = !cli->utf8 || (cli->terminal && !cli->colour);

	printf("%s%s%s", show_paint(cli, marks[mark].colour),
	    plain ? marks[mark].ascii : marks[mark].utf8, show_paint(cli, PLAIN));
}

static const char *
branch(const struct inspect_view *view, const char *utf8, const char *ascii)
{
	const struct cli *cli = view->cli;

	return cli->utf8 && !(cli->terminal && !cli->colour) ? utf8 : ascii;
}

/* ---- lines ---- */

/* Text that begins in column `at` and goes on below, behind `behind` (of `indent` columns); returns
 * the column it ends in. */
static size_t
put_wrapped(
    const struct inspect_view *view, size_t at, const char *behind, size_t indent, const char *text)
{
	size_t width = view->cli->width > 40 ? (size_t)view->cli->width : 40, begin = at;
	struct str rest = str_of(text), word;

	while (str_next(&rest, ' ', &word)) {
		size_t need = word.len;

		(void)str_utf8_length(word, &need);
		if (at > begin && at + 1 + need > width) {
			printf("\n%s%s%s", show_paint(view->cli, DIM), behind,
			    show_paint(view->cli, PLAIN));
			at = begin = indent;
		} else if (at > begin) {
			putchar(' ');
			at++;
		}
		printf("%.*s", STR_ARG(word));
		at += need;
	}
	return at;
}

/* "  │   valid    2026-…" */
static void
put_field(const struct inspect_view *view, const char *bar, const char *label, const char *colour,
    const char *text)
{
	char behind[64];

	if (!*text)
		return;
	snprintf(behind, sizeof(behind), "  %s   %*s", bar, LABEL_WIDTH, "");
	printf("  %s%s   %-*s%s%s", show_paint(view->cli, DIM), bar, LABEL_WIDTH, label,
	    show_paint(view->cli, PLAIN), show_paint(view->cli, colour));
	(void)put_wrapped(view, 6 + LABEL_WIDTH, behind, 6 + LABEL_WIDTH, text);
	printf("%s\n", show_paint(view->cli, PLAIN));
}

/* ---- what was said, taken carefully ---- */

static const char *
text_at(const json_t *object, const char *name, char *space, size_t size)
{
	const json_t *value = json_object_get(object, name);

	str_show(str_bytes(json_string_value(value), json_string_length(value)), space, size);
	return space;
}

static bool
is_text(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value && strcmp(value, text) == 0;
}

static json_int_t
number_at(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const json_t *
find_in(const json_t *certificates, const char *sha256)
{
	const json_t *item;
	size_t i;

	json_array_foreach(certificates, i, item) if (is_text(item, "sha256", sha256)) return item;
	return NULL;
}

/* One of the delivery, or one that completes the chain. */
static const json_t *
find_certificate(const json_t *said, const char *sha256)
{
	const json_t *found = find_in(json_object_get(said, "certificates"), sha256);

	return found ? found
	             : find_in(json_object_get(json_object_get(said, "repaired"), "certificates"),
			   sha256);
}

/* By what people call it: its common name, else its first name, else the whole subject. */
static const char *
name_of(const json_t *certificate, char *space, size_t size)
{
	const json_t *first = json_array_get(json_object_get(certificate, "san_dns"), 0);

	if (*text_at(certificate, "subject_cn", space, size))
		return space;
	if (json_is_string(first))
		str_show(
		    str_bytes(json_string_value(first), json_string_length(first)), space, size);
	else
		text_at(certificate, "subject", space, size);
	if (!*space)
		snprintf(space, size, "(no name)");
	return space;
}

/* ---- one certificate ---- */

struct validity {
	bool known;
	enum mark mark;
	char words[TEXT_SIZE];
};

static const char *
days(when span, char to[static 32])
{
	long long count = (long long)((span + DAYS(1) - 1) / DAYS(1));

	snprintf(to, 32, "%lld day%s", count, count == 1 ? "" : "s");
	return to;
}

static struct validity
validity_of(const struct inspect_view *view, const json_t *certificate)
{
	struct validity v = { .mark = MARK_GOOD };
	char from[64], until[64], rest[80], count[32];
	when begins = 0, ends = 0, now = view->now;

	text_at(certificate, "not_before", from, sizeof(from));
	text_at(certificate, "not_after", until, sizeof(until));
	v.known = when_parse(str_of(from), &begins) && when_parse(str_of(until), &ends);
	if (!v.known)
		return v;
	if (now > ends) {
		v.mark = MARK_BAD;
		snprintf(rest, sizeof(rest), "over for %s", days(now - ends, count));
	} else if (now < begins) {
		v.mark = MARK_WARN;
		snprintf(rest, sizeof(rest), "begins in %s", days(begins - now, count));
	} else {
		v.mark = ends - now < SHORT_LEFT ? MARK_WARN : MARK_GOOD;
		snprintf(rest, sizeof(rest), "%lld of %lld days left",
		    (long long)((ends - now) / DAYS(1)),
		    (long long)((ends - begins + SECONDS(1)) / DAYS(1)));
	}
	snprintf(v.words, sizeof(v.words), "%.10s to %.10s, %s", from, until, rest);
	return v;
}

static void
put_names(const struct inspect_view *view, const char *bar, const json_t *certificate)
{
	const json_t *names = json_object_get(certificate, "san_dns"), *name;
	size_t i, count = json_array_size(names), most = view->all ? count : NAMES_SHOWN;
	CLEAN(buf_fini) struct buf text = BUF(1 << 20);

	json_array_foreach(names, i, name)
	{
		char shown[TEXT_SIZE];

		if (i >= most)
			break;
		str_show(str_bytes(json_string_value(name), json_string_length(name)), shown,
		    sizeof(shown));
		buf_printf(&text, "%s%s", i > 0 ? ", " : "", shown);
	}
	if (count > most)
		buf_printf(&text, " and %zu more", count - most);
	put_field(view, bar, "names", "", buf_text(&text));
}

static void
put_key(const struct inspect_view *view, const char *bar, const json_t *certificate)
{
	char text[TEXT_SIZE], algorithm[64], curve[64], signature[128];
	json_int_t bits = number_at(certificate, "key_bits");

	text_at(certificate, "key_algorithm", algorithm, sizeof(algorithm));
	text_at(certificate, "curve", curve, sizeof(curve));
	text_at(certificate, "signature", signature, sizeof(signature));
	if (!*algorithm)
		return;
	if (*curve)
		snprintf(text, sizeof(text), "%s %s, signed %s", algorithm, curve, signature);
	else
		snprintf(text, sizeof(text), "%s %lld, signed %s", algorithm, (long long)bits,
		    signature);
	put_field(view, bar, "key", "", text);
}

static void
put_certificate(const struct inspect_view *view, const json_t *certificate, const char *role,
    const char *turn, const char *bar)
{
	struct validity valid = validity_of(view, certificate);
	bool leaf = strcmp(role, "leaf") == 0;
	char text[TEXT_SIZE];

	printf("  %s%s%s", show_paint(view->cli, DIM), turn, show_paint(view->cli, PLAIN));
	print_mark(view, valid.known ? valid.mark : MARK_BAD);
	printf(" %s%s%s  %s%s%s\n", show_paint(view->cli, BOLD),
	    name_of(certificate, text, sizeof(text)), show_paint(view->cli, PLAIN),
	    show_paint(view->cli, DIM), role, show_paint(view->cli, PLAIN));
	if (leaf) {
		put_names(view, bar, certificate);
		put_field(
		    view, bar, "subject", "", text_at(certificate, "subject", text, sizeof(text)));
		put_field(
		    view, bar, "issuer", "", text_at(certificate, "issuer", text, sizeof(text)));
	}
	put_field(view, bar, "valid", valid.mark == MARK_GOOD ? "" : marks[valid.mark].colour,
	    valid.words);
	put_key(view, bar, certificate);
	if (leaf || view->all)
		put_field(view, bar, "serial", "",
		    text_at(certificate, "serial_hex", text, sizeof(text)));
	put_field(view, bar, "sha256", "", text_at(certificate, "sha256", text, sizeof(text)));
}

/* ---- the chain ---- */

struct chain_end {
	const char *end, *member; /* of chain_status; "" = none */
	const char *before, *behind;
	enum mark mark;
};

static void
put_one_end(const struct inspect_view *view, const struct chain_end *end, const char *name)
{
	const struct cli *cli = view->cli;
	size_t at = 5;

	printf("  %s%s%s", show_paint(cli, DIM), branch(view, "└ ", "`-"), show_paint(cli, PLAIN));
	print_mark(view, end->mark);
	if (*name) {
		printf(" %s%s", show_paint(cli, BOLD), end->before);
		at = put_wrapped(view, 6 + strlen(end->before), "      ", 6, name) + 1;
		fputs(show_paint(cli, PLAIN), stdout);
	}
	if (*end->behind)
		printf("%s%s%s%s",
		    at + 1 + strlen(end->behind) > (size_t)cli->width ? "\n      "
		    : *name                                           ? "  "
								      : " ",
		    show_paint(cli, end->mark == MARK_GOOD ? DIM : marks[end->mark].colour),
		    end->behind, show_paint(cli, PLAIN));
	putchar('\n');
}

/* How the chain ends; a name that the last certificate has said already is not said again. */
static void
put_end(const struct inspect_view *view, const json_t *said, const json_t *last)
{
	/* clang-format off */
	static const struct chain_end ends[] = {
		{ "trusted",     "root",          "", "trusted root", MARK_GOOD },
		{ "incomplete",  "missing",       "", "missing: it did not come along and is not known", MARK_BAD },
		{ "untrusted",   "root",          "", "a root that is not trusted", MARK_BAD },
		{ "distrusted",  "distrusted_by", "no longer trusted by ", "", MARK_BAD },
		{ "broken",      "reason",        "", "so the chain does not hold", MARK_BAD },
		{ "self_signed", "",              "", "signed by itself: nobody vouches for it", MARK_BAD },
	};
	/* clang-format on */
	const json_t *status = json_object_get(said, "chain_status");
	char name[TEXT_SIZE], subject[TEXT_SIZE];

	text_at(last, "subject", subject, sizeof(subject));
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (is_text(status, "end", ends[i].end)) {
			text_at(status, ends[i].member, name, sizeof(name));
			put_one_end(view, &ends[i], strcmp(name, subject) == 0 ? "" : name);
		}
}

static const char *
role_of(const json_t *said, size_t at, const json_t *certificate)
{
	const char *sha256 = json_string_value(json_object_get(certificate, "sha256"));

	if (at == 0)
		return "leaf";
	if (sha256 && !find_in(json_object_get(said, "certificates"), sha256))
		return "intermediate, added";
	if (is_text(certificate, "issuer",
		json_string_value(json_object_get(certificate, "subject"))
		    ? json_string_value(json_object_get(certificate, "subject"))
		    : ""))
		return "root";
	return "intermediate";
}

/* What will be served where it is known, else as far as the files lead. */
static const json_t *
chain_of(const json_t *said)
{
	const json_t *repaired = json_object_get(json_object_get(said, "repaired"), "chain");

	return json_array_size(repaired) > 0 ? repaired : json_object_get(said, "chain");
}

static void
show_chain(const struct inspect_view *view, const json_t *said)
{
	const json_t *chain = chain_of(said), *sha256, *certificate = NULL;
	const char *bar = branch(view, "│", "|");
	size_t i;

	if (json_array_size(chain) == 0)
		return;
	putchar('\n');
	json_array_foreach(chain, i, sha256)
	{
		certificate =
		    find_certificate(said, json_is_string(sha256) ? json_string_value(sha256) : "");
		put_certificate(view, certificate, role_of(said, i, certificate),
		    i == 0 ? "" : branch(view, "├ ", "|-"), bar);
	}
	put_end(view, said, certificate);
}

/* Without a leaf: what certificates there are, one line each. */
static void
show_loose(const struct inspect_view *view, const json_t *said)
{
	const json_t *list = json_object_get(said, "certificates"), *certificate;
	size_t i;

	if (json_array_size(chain_of(said)) > 0 || json_array_size(list) == 0)
		return;
	putchar('\n');
	json_array_foreach(list, i, certificate)
	{
		struct validity valid = validity_of(view, certificate);
		char text[TEXT_SIZE];

		printf("  ");
		print_mark(view, valid.known ? valid.mark : MARK_BAD);
		printf(" %s%s%s  %s%s%s%s%s\n", show_paint(view->cli, BOLD),
		    name_of(certificate, text, sizeof(text)), show_paint(view->cli, PLAIN),
		    show_paint(view->cli, DIM),
		    json_is_true(json_object_get(certificate, "is_ca")) ? "CA, " : "", valid.words,
		    show_paint(view->cli, PLAIN), "");
	}
}

/* ---- beside the chain ---- */

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
		    to, (size_t)number_at(file, parts[i].member), parts[i].one, parts[i].many);
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
		text_at(file, "container", container, sizeof(container));
		if (json_array_size(files) > 1)
			buf_printf(&text, "%s: ", text_at(file, "name", name, sizeof(name)));
		buf_printf(&text, "%s%s%s", container, *container && counts.len > 0 ? ": " : "",
		    buf_text(&counts));
		if (text.len == 0)
			continue;
		printf("  %s", show_paint(view->cli, DIM));
		(void)put_wrapped(view, 2, "  ", 2, buf_text(&text));
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
		    name_of(find_certificate(
				said, json_is_string(sha256) ? json_string_value(sha256) : ""),
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
	put_field(b->view, " ", label, colour, text);
}

static void
show_keys(struct beside *b)
{
	const json_t *fits = json_object_get(b->said, "key_matches_leaf"),
		     *csr = json_object_get(json_object_get(b->said, "csr"), "matches_leaf");
	size_t keys = json_array_size(json_object_get(b->said, "private_keys"));

	if (json_is_true(fits))
		put_beside(b, "key", GREEN, "the private key came along and fits the leaf");
	else if (json_is_false(fits))
		put_beside(b, "key", RED, "the private key that came along is another one's");
	else if (keys > 0)
		put_beside(b, "key", "", "a private key came along");
	if (json_is_true(csr))
		put_beside(b, "request", GREEN, "the certificate answers it: same key");
	else if (json_is_false(csr))
		put_beside(b, "request", RED, "the certificate was made from another one");
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
	put_count(&text, (size_t)number_at(repaired, "completed"), "missing intermediate is added",
	    "missing intermediates are added");
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

	put_beside(&b, "for", "", text_at(said, "name", text, sizeof(text)));
	show_keys(&b);
	show_repair(&b);
	if (!view->wrote)
		return;
	put_count(&count, json_array_size(chain_of(said)), "certificate", "certificates");
	buf_printf(&wrote, "%s: %s", view->wrote, buf_text(&count));
	str_show(buf_str(&wrote), text, sizeof(text));
	put_beside(&b, "written", "", text);
}

/* ---- findings ---- */

static enum mark
mark_of(const json_t *finding)
{
	if (is_text(finding, "severity", "reject"))
		return MARK_BAD;
	return is_text(finding, "severity", "info") ? MARK_INFO : MARK_WARN;
}

static void
put_sentence(
    const struct inspect_view *view, const char *label, const json_t *finding, const char *member)
{
	char text[NAMES_SIZE];

	if (!*text_at(finding, member, text, sizeof(text)))
		return;
	printf("    %s%-6s%s", show_paint(view->cli, DIM), label, show_paint(view->cli, PLAIN));
	(void)put_wrapped(view, 10, "          ", 10, text);
	putchar('\n');
}

static void
show_finding(const struct inspect_view *view, const json_t *finding, bool whole)
{
	size_t width = (size_t)view->cli->width, at;
	char title[TEXT_SIZE], code[64];

	text_at(finding, "title", title, sizeof(title));
	text_at(finding, "code", code, sizeof(code));
	print_mark(view, mark_of(finding));
	printf(" %s", whole ? show_paint(view->cli, BOLD) : "");
	at = put_wrapped(view, 2, "  ", 2, title);
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

static void
show_findings_of(const struct inspect_view *view, const json_t *said)
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
	(void)put_wrapped(view, 2, "  ", 2, text_at(error, "message", text, sizeof(text)));
	putchar('\n');
}

void
inspect_show(const struct inspect_view *view, const char *given, const json_t *said)
{
	bool usable = json_is_true(json_object_get(said, "usable"));

	print_mark(view, usable ? MARK_GOOD : MARK_BAD);
	printf(" %s%s%s  ", show_paint(view->cli, usable ? BOLD GREEN : BOLD RED),
	    usable ? "usable" : "not usable", show_paint(view->cli, PLAIN));
	(void)put_wrapped(view, usable ? 10 : 14, "  ", 2, given);
	putchar('\n');
	show_files(view, said);
	if (json_object_get(said, "error"))
		show_error(view, said);
	show_chain(view, said);
	show_loose(view, said);
	show_beside(view, said);
	show_findings_of(view, said);
}
