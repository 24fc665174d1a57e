/* SPDX-License-Identifier: Apache-2.0 */
/* The chain as a tree, from the leaf to where it ends. */
#include <stdio.h>

#include "cli/inspect_line.h"
#include "cli/show.h"

#define NAMES_SHOWN 6
#define SHORT_LEFT  DAYS(14) /* I-14 */

struct validity {
	enum inspect_mark mark;
	char words[256];
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

	inspect_text(certificate, "not_before", from, sizeof(from));
	inspect_text(certificate, "not_after", until, sizeof(until));
	if (!when_parse(str_of(from), &begins) || !when_parse(str_of(until), &ends))
		return (struct validity){ .mark = MARK_BAD, .words = "its dates make no sense" };
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
	inspect_field(view, bar, "names", "", buf_text(&text));
}

static void
put_key(const struct inspect_view *view, const char *bar, const json_t *certificate)
{
	char text[TEXT_SIZE], algorithm[64], curve[64], signature[128];
	json_int_t bits = inspect_number(certificate, "key_bits");

	inspect_text(certificate, "key_algorithm", algorithm, sizeof(algorithm));
	inspect_text(certificate, "curve", curve, sizeof(curve));
	inspect_text(certificate, "signature", signature, sizeof(signature));
	if (!*algorithm)
		return;
	if (*curve)
		snprintf(text, sizeof(text), "%s %s, signed %s", algorithm, curve, signature);
	else
		snprintf(text, sizeof(text), "%s %lld, signed %s", algorithm, (long long)bits,
		    signature);
	inspect_field(view, bar, "key", "", text);
}

/* A name and what it is, from column `at`. */
static void
put_title(const struct inspect_view *view, size_t at, const char *name, const char *role)
{
	printf(" %s", show_paint(view->cli, BOLD));
	at = inspect_wrapped(view, at, "      ", 6, name);
	printf("%s%s%s%s%s\n", show_paint(view->cli, PLAIN),
	    at + 2 + strlen(role) > (size_t)view->cli->width ? "\n      " : "  ",
	    show_paint(view->cli, DIM), role, show_paint(view->cli, PLAIN));
}

static void
put_certificate(const struct inspect_view *view, const json_t *certificate, const char *role,
    const char *turn, const char *bar)
{
	struct validity valid = validity_of(view, certificate);
	bool leaf = strcmp(role, "leaf") == 0;
	char text[TEXT_SIZE];

	printf("  %s%s%s", show_paint(view->cli, DIM), turn, show_paint(view->cli, PLAIN));
	inspect_mark(view, valid.mark);
	put_title(view, *turn ? 6 : 4, inspect_name_of(certificate, text, sizeof(text)), role);
	if (leaf) {
		put_names(view, bar, certificate);
		inspect_field(view, bar, "subject", "",
		    inspect_name(certificate, "subject", text, sizeof(text)));
		inspect_field(view, bar, "issuer", "",
		    inspect_name(certificate, "issuer", text, sizeof(text)));
	}
	inspect_field(view, bar, "valid", valid.mark == MARK_GOOD ? "" : inspect_colour(valid.mark),
	    valid.words);
	put_key(view, bar, certificate);
	if (leaf || view->all)
		inspect_field(view, bar, "serial", "",
		    inspect_text(certificate, "serial_hex", text, sizeof(text)));
	inspect_field(
	    view, bar, "sha256", "", inspect_text(certificate, "sha256", text, sizeof(text)));
}

struct chain_end {
	const char *end, *member; /* of chain_status; "" = none */
	const char *before, *behind;
	enum inspect_mark mark;
};

static void
put_one_end(const struct inspect_view *view, const struct chain_end *end, const char *name)
{
	const struct cli *cli = view->cli;
	size_t at = 5;

	printf("  %s%s%s", show_paint(cli, DIM), inspect_branch(view, "└ ", "`-"),
	    show_paint(cli, PLAIN));
	inspect_mark(view, end->mark);
	if (*name) {
		printf(" %s%s", show_paint(cli, BOLD), end->before);
		at = inspect_wrapped(view, 6 + strlen(end->before), "      ", 6, name) + 1;
		fputs(show_paint(cli, PLAIN), stdout);
	}
	if (*end->behind)
		printf("%s%s%s%s",
		    at + 1 + strlen(end->behind) > (size_t)cli->width ? "\n      "
		    : *name                                           ? "  "
								      : " ",
		    show_paint(cli, end->mark == MARK_GOOD ? DIM : inspect_colour(end->mark)),
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

	inspect_name(last, "subject", subject, sizeof(subject));
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (inspect_is(status, "end", ends[i].end)) {
			inspect_name(status, ends[i].member, name, sizeof(name));
			put_one_end(view, &ends[i], strcmp(name, subject) == 0 ? "" : name);
		}
}

static const char *
role_of(const json_t *said, size_t at, const json_t *certificate)
{
	const char *sha256 = json_string_value(json_object_get(certificate, "sha256"));

	if (at == 0)
		return "leaf";
	if (sha256 && !inspect_came(said, sha256))
		return "intermediate, added";
	if (inspect_is(certificate, "issuer",
		json_string_value(json_object_get(certificate, "subject"))
		    ? json_string_value(json_object_get(certificate, "subject"))
		    : ""))
		return "root";
	return "intermediate";
}

void
inspect_show_chain(const struct inspect_view *view, const json_t *said)
{
	const json_t *chain = inspect_chain_of(said), *sha256, *certificate = NULL;
	const char *bar = inspect_branch(view, "│", "|");
	size_t i;

	if (json_array_size(chain) == 0)
		return;
	putchar('\n');
	json_array_foreach(chain, i, sha256)
	{
		certificate =
		    inspect_find(said, json_is_string(sha256) ? json_string_value(sha256) : "");
		put_certificate(view, certificate, role_of(said, i, certificate),
		    i == 0 ? "" : inspect_branch(view, "├ ", "|-"), bar);
	}
	put_end(view, said, certificate);
}

void
inspect_show_requests(const struct inspect_view *view, const json_t *said)
{
	const json_t *list = json_object_get(said, "csrs"), *request;
	size_t i;

	json_array_foreach(list, i, request)
	{
		bool is_signed = json_is_true(json_object_get(request, "signed"));
		char text[TEXT_SIZE];

		printf("\n  ");
		inspect_mark(view, is_signed ? MARK_INFO : MARK_BAD);
		put_title(view, 4, inspect_name_of(request, text, sizeof(text)), "signing request");
		put_names(view, " ", request);
		inspect_field(
		    view, " ", "subject", "", inspect_name(request, "subject", text, sizeof(text)));
		inspect_field(
		    view, " ", "key", "", inspect_text(request, "key", text, sizeof(text)));
		if (!is_signed)
			inspect_field(
			    view, " ", "signed", RED, "not by its own key: no seller takes it");
	}
}

/* Without a leaf: what certificates there are, one line each. */
void
inspect_show_loose(const struct inspect_view *view, const json_t *said)
{
	const json_t *list = json_object_get(said, "certificates"), *certificate;
	size_t i;

	if (json_array_size(inspect_chain_of(said)) > 0 || json_array_size(list) == 0)
		return;
	putchar('\n');
	json_array_foreach(list, i, certificate)
	{
		struct validity valid = validity_of(view, certificate);
		char text[TEXT_SIZE], role[TEXT_SIZE];

		snprintf(role, sizeof(role), "%s%s",
		    json_is_true(json_object_get(certificate, "is_ca")) ? "CA, " : "", valid.words);
		printf("  ");
		inspect_mark(view, valid.mark);
		put_title(view, 4, inspect_name_of(certificate, text, sizeof(text)), role);
	}
}
