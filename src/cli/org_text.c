/* SPDX-License-Identifier: Apache-2.0 */
/* How `certdesk org` looks on a terminal: the verdict, what goes into the request, what the registry
 * says, and the findings. */
#include "cli/org.h"

#include <stdio.h>

#include "cli/inspect_line.h"
#include "cli/show.h"

static void
field(const struct inspect_view *view, const char *label, const char *text)
{
	inspect_field(view, " ", label, "", text);
}

static void
put_part(struct buf *to, const json_t *object, const char *member, const char *label)
{
	char text[TEXT_SIZE];

	if (*inspect_text(object, member, text, sizeof(text)))
		buf_printf(to, "%s%s=%s", to->len > 0 ? ", " : "", label, text);
}

static void
show_subject(const struct inspect_view *view, const json_t *subject)
{
	CLEAN(buf_fini) struct buf request = BUF(4 * TEXT_SIZE);
	char division[TEXT_SIZE];

	put_part(&request, subject, "country", "C");
	put_part(&request, subject, "state", "ST");
	put_part(&request, subject, "city", "L");
	put_part(&request, subject, "organization", "O");
	field(view, "request", buf_text(&request));
	if (*inspect_text(subject, "division", division, sizeof(division))) {
		CLEAN(buf_fini) struct buf kept = BUF(2 * TEXT_SIZE);

		buf_printf(
		    &kept, "%s (division; kept with the order, never in the request)", division);
		field(view, "kept", buf_text(&kept));
	}
}

/* An RFC 3339 time in words. */
static void
show_time(
    const struct inspect_view *view, const char *label, const json_t *object, const char *member)
{
	char text[WHEN_RFC3339_SIZE], words[WHEN_WORDS_SIZE];
	when at;

	if (when_parse(str_of(inspect_text(object, member, text, sizeof(text))), &at))
		field(view, label, when_words(at, words));
}

static void
show_list(const struct inspect_view *view, const char *label, const json_t *list)
{
	CLEAN(buf_fini) struct buf all = BUF(1 << 16);
	char text[TEXT_SIZE];
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		str_show(str_of(json_string_value(one)), text, sizeof(text));
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", text);
	}
	field(view, label, buf_text(&all));
}

static void
show_owner(const struct inspect_view *view, const json_t *owner)
{
	static const struct {
		const char *result, *words;
		enum inspect_mark mark;
	} rows[] = {
		{ "match", "the same as in the order", MARK_GOOD },
		{ "similar", "much like in the order", MARK_INFO },
		{ "different", "another one than in the order", MARK_WARN },
		{ "redacted", "not shown", MARK_INFO },
		{ "unavailable", "not shown", MARK_INFO },
	};
	char registered[TEXT_SIZE], reason[TEXT_SIZE];

	inspect_text(owner, "registered", registered, sizeof(registered));
	inspect_text(owner, "reason", reason, sizeof(reason));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEAN(buf_fini) struct buf line = BUF(4 * TEXT_SIZE);

		if (!inspect_is(owner, "result", rows[i].result))
			continue;
		buf_printf(&line, "%s%s%s%s%s", registered, *registered ? ": " : "", rows[i].words,
		    *reason ? "; " : "", reason);
		inspect_field(view, " ", "owner", inspect_colour(rows[i].mark), buf_text(&line));
	}
}

static void
show_contact(const struct inspect_view *view, const char *label, const json_t *contact)
{
	char text[TEXT_SIZE];

	if (*inspect_text(contact, "organization", text, sizeof(text)) ||
	    *inspect_text(contact, "name", text, sizeof(text)))
		field(view, label, text);
}

static void
show_registration(const struct inspect_view *view, const json_t *said)
{
	const json_t *registration = json_object_get(said, "registration"),
		     *answer = json_object_get(registration, "answer"),
		     *owner = json_object_get(said, "owner");
	char text[TEXT_SIZE];

	if (!registration)
		return;
	if (json_object_get(said, "subject"))
		printf("\n  %s%s%s\n", show_paint(view->cli, BOLD),
		    inspect_text(said, "domain", text, sizeof(text)), show_paint(view->cli, PLAIN));
	field(view, "registry",
	    inspect_is(registration, "found", "no_domain")
		? "it does not know the domain"
		: inspect_text(registration, "words", text, sizeof(text)));
	if (inspect_is(registration, "found", "found")) {
		show_list(view, "status", json_object_get(answer, "status"));
		show_time(view, "until", registration, "ends");
		show_contact(view, "registrar", json_object_get(answer, "registrar"));
		show_list(view, "servers", json_object_get(answer, "name_servers"));
	}
	if (owner)
		show_owner(view, owner);
	else
		show_contact(view, "owner", json_object_get(answer, "registrant"));
	field(view, "asked", inspect_text(registration, "asked", text, sizeof(text)));
	field(view, "and", inspect_text(registration, "asked_registrar", text, sizeof(text)));
}

/* What the verdict is about: the organization, else the domain. */
static const char *
heading(const json_t *said, char *space, size_t size)
{
	if (*inspect_text(json_object_get(said, "subject"), "organization", space, size))
		return space;
	return inspect_text(said, "domain", space, size);
}

struct verdict {
	enum inspect_mark mark;
	const char *colour, *words;
};

/* Of a domain alone that nobody told us of nothing is known, good or bad. */
static struct verdict
verdict_of(const json_t *said)
{
	const json_t *registration = json_object_get(said, "registration");

	if (!json_is_true(json_object_get(said, "usable")))
		return (struct verdict){ MARK_BAD, BOLD RED, "not yet" };
	if (!json_object_get(said, "subject") && !inspect_is(registration, "found", "found"))
		return (struct verdict){ MARK_INFO, BOLD, "not known" };
	return (struct verdict){ MARK_GOOD, BOLD GREEN, "nothing in the way" };
}

void
org_show(const struct inspect_view *view, const json_t *said)
{
	const json_t *subject = json_object_get(said, "subject");
	struct verdict verdict = verdict_of(said);
	char text[TEXT_SIZE];

	inspect_mark(view, verdict.mark);
	printf(" %s%s%s  ", show_paint(view->cli, verdict.colour), verdict.words,
	    show_paint(view->cli, PLAIN));
	(void)inspect_wrapped(
	    view, strlen(verdict.words) + 4, "  ", 2, heading(said, text, sizeof(text)));
	putchar('\n');
	if (subject)
		show_subject(view, subject);
	show_registration(view, said);
	inspect_show_findings(view, said);
}
