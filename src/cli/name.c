/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `certdesk name`: the name gate (names/judge.h) for people, without a server. What was typed is
 * judged against lists that they hand over, and shown so that a slip is seen.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/show.h"
#include "delivery/inspect.h"
#include "names/judge.h"
#include "names/list.h"
#include "names/spell.h"
#include "order/intake.h"
#include "sys/file.h"

#define MARGIN "    "

struct name_session {
	const struct cli *cli;
	struct known_names *domains, *known, *others;
	struct name_question question;
	struct findings *findings;
	struct name_judgement said;
};

static void
session_fini(struct name_session *s)
{
	known_names_free(s->domains);
	known_names_free(s->known);
	known_names_free(s->others);
	free(s->findings);
}
CLEAN_DEFINE_FINI(session_fini, struct name_session);

/* ---- what is asked ---- */

/* The sentence of the catalogue for what is no host name. */
static int
refuse(const char *where, struct str text)
{
	CLEAN(buf_fini) struct buf words = BUF(4096);
	struct findings *findings = alloc_zero(sizeof(*findings));
	struct name_report report;
	struct host_name host;

	(void)!order_intake_name(text, "", findings, &host, &report);
	finding_render(findings_first(findings), FINDING_WHAT, &words);
	free(findings);
	return cli_fail(EXIT_USAGE, "%s: %s", where, buf_text(&words));
}

static int
read_list(const char *option, const char *path, struct known_names **ret)
{
	CLEAN(buf_fini) struct buf text = BUF(NAME_LIST_BYTES + 1);
	struct name_list_mistake mistake;
	char where[4096];
	int r = file_read_given(path, NAME_LIST_BYTES + 1, &text);

	if (r)
		return cli_fail(EXIT_USAGE, "%s %s: %s", option, path,
		    r == FILE_E_ABSENT ? "it does not exist" : error_words(r));
	if (buf_failed(&text) || text.len > NAME_LIST_BYTES)
		return cli_fail(EXIT_USAGE, "%s %s: it has more than %u MiB", option, path,
		    NAME_LIST_BYTES >> 20);
	*ret = known_names_new();
	r = name_list_read(buf_str(&text), *ret, &mistake);
	if (r == NAME_LIST_E_FULL)
		return cli_fail(
		    EXIT_USAGE, "%s %s: it has more than %u names", option, path, KNOWN_MAX);
	if (r == 0)
		return 0;
	snprintf(where, sizeof(where), "%s:%zu", path, mistake.line);
	return refuse(where, mistake.text);
}

static int
take_lists(struct name_session *s)
{
	const char *known = cli_value(s->cli, "known"), *others = cli_value(s->cli, "others");
	int r = 0;

	if (known && others && strcmp(known, "-") == 0 && strcmp(others, "-") == 0)
		return cli_fail(EXIT_USAGE, "standard input (-) can be read only once");
	if (known)
		r = read_list("--known", known, &s->known);
	if (r == 0 && others)
		r = read_list("--others", others, &s->others);
	return r;
}

static int
take_domains(struct name_session *s)
{
	s->domains = known_names_new();
	for (size_t i = 0; i < s->cli->many_count; i++) {
		struct str text = str_of(s->cli->many[i]);
		struct name_report report;
		struct host_name name;

		if (host_name_parse(text, &name, &report) != 0)
			return refuse("--domain", text);
		if (known_names_add(s->domains, &name) != 0)
			return cli_fail(EXIT_USAGE, "--domain: too many");
	}
	return 0;
}

static int
take_service(struct name_session *s)
{
	static const char *const kinds[] = { "", "owa", "sharepoint", "web" };
	const char *kind = cli_value(s->cli, "service"), *url = cli_value(s->cli, "url");
	struct name_report report;
	struct host_name host;

	s->question.service = kind ? kind : "";
	s->question.service_url = url ? url : "";
	if (url && host_name_parse(str_of(url), &host, &report) != 0)
		return refuse("--url", str_of(url));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(s->question.service, kinds[i]) == 0)
			return 0;
	return cli_fail(EXIT_USAGE, "--service: \"%s\" is none of owa, sharepoint, web", kind);
}

static int
take_told(struct name_session *s)
{
	const struct {
		const char *value, *flag;
		enum told *to;
	} options[] = {
		{ "protection", "--extended-protection", &s->question.protection },
		{ "backend_tls", "--backend-tls", &s->question.backend_tls },
	};

	for (size_t i = 0; i < COUNT_OF(options); i++) {
		const char *state = cli_value(s->cli, options[i].value);

		if (state && !told_parse(str_of(state), options[i].to))
			return cli_fail(
			    EXIT_USAGE, "%s: \"%s\" is neither on nor off", options[i].flag, state);
	}
	return 0;
}

static int
prepare(struct name_session *s)
{
	int (*const steps[])(
	    struct name_session *) = { take_service, take_told, take_domains, take_lists };
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(steps); i++)
		r = steps[i](s);
	s->question.pasted = str_of(cli_value(s->cli, "host"));
	s->question.domains = s->domains;
	s->question.known = s->known;
	s->question.others = s->others;
	return r;
}

/* ---- what is said ---- */

static const char *
verdict_of(int r)
{
	return r == NAME_JUDGE_E_REFUSED ? "refused" : r == NAME_JUDGE_E_HELD ? "confirm" : "fine";
}

/* The worst first: people read the beginning. */
static json_t *
finding_list(const struct findings *findings)
{
	json_t *list = json_array();

	for (int severity = SEVERITY_REJECT; severity >= SEVERITY_INFO; severity--)
		for (size_t i = 0; i < findings->count; i++)
			if ((int)findings->list[i].severity == severity)
				json_array_append_new(list, inspect_finding(&findings->list[i]));
	return list;
}

static json_t *
letter_list(const char *name)
{
	struct name_letter letters[sizeof(((struct host_name *)0)->text)];
	size_t count = name_spell_letters(name, letters, COUNT_OF(letters));
	json_t *list = json_array();

	for (size_t i = 0; i < count && name_needs_spelling(name); i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "letter", letters[i].text,
						"script", letters[i].script));
	return list;
}

static json_t *
text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *
describe(const struct name_session *s, int r)
{
	const struct name_judgement *said = &s->said;
	char asked[1024];

	str_show(s->question.pasted, asked, sizeof(asked));
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o}", "asked", asked, "verdict",
	    verdict_of(r), "name", text_or_null(said->host.text), "domain",
	    text_or_null(said->domain), "meant", text_or_null(said->alike.meant.text), "mistake",
	    mistake_name(said->alike.mistake), "letters", letter_list(said->host.text), "findings",
	    finding_list(s->findings));
}

static void
show_letters(const struct cli *cli, const char *name)
{
	struct name_letter letters[sizeof(((struct host_name *)0)->text)];
	size_t count = name_spell_letters(name, letters, COUNT_OF(letters));

	putchar('\n');
	for (size_t i = 0; i < count; i++)
		printf(MARGIN "%3zu  %s  %s%s%s\n", i + 1, cli->utf8 ? letters[i].text : "?",
		    show_paint(cli, "\x1b[2m"), letters[i].script, show_paint(cli, "\x1b[0m"));
}

void
show_host(const struct cli *cli, const char *name, bool big_too)
{
	CLEAN(buf_fini) struct buf big = BUF(1 << 16);

	if (big_too) {
		name_spell_big(name, (size_t)cli->width, MARGIN, &big);
		printf("\n%s", buf_text(&big));
	}
	if (name_needs_spelling(name))
		show_letters(cli, name);
}

static void
show(const struct name_session *s, int r, const json_t *object)
{
	static const struct {
		const char *words, *colour;
	} heads[] = {
		[0] = { "fine", "\x1b[32m" },
		[NAME_JUDGE_E_REFUSED] = { "not possible", "\x1b[31m" },
		[NAME_JUDGE_E_HELD] = { "please confirm", "\x1b[33m" },
	};
	const json_t *findings = json_object_get(object, "findings");
	const char *name = s->said.host.text;
	const struct cli *cli = s->cli;
	char asked[1024];

	printf("%s%s%s  %s\n", show_paint(cli, heads[r].colour), heads[r].words,
	    show_paint(cli, "\x1b[0m"),
	    r == NAME_JUDGE_E_REFUSED ? show_text(object, "asked", asked, sizeof(asked)) : name);
	if (name[0] && json_array_size(findings) > 0)
		show_host(cli, name, r != NAME_JUDGE_E_REFUSED);
	if (json_array_size(findings) > 0)
		putchar('\n');
	show_findings(cli, findings);
}

int
run_name(struct cli *cli)
{
	CLEAN(session_fini) struct name_session s = { .cli = cli };
	json_t *object;
	int r = prepare(&s);

	if (r)
		return r;
	s.findings = alloc_zero(sizeof(*s.findings));
	r = name_judge(&s.question, s.findings, &s.said);
	object = describe(&s, r);
	if (cli->json) {
		json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		putchar('\n');
	} else {
		show(&s, r, object);
	}
	json_decref(object);
	return r ? EXIT_FINDINGS : EXIT_DONE;
}
