/* SPDX-License-Identifier: Apache-2.0 */
/* `certdesk caa HOST --ca NAME`: may this CA issue for the name? */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/caa.h"
#include "cli/look.h"
#include "cli/show.h"
#include "pki/data.h"
#include "sys/world.h"

struct caa_look {
	const struct cli *cli;
	struct config config;
	struct host_name host;
	bool wildcard;
	struct ca ca;
	struct distrust *distrust;
	struct cas *cas;
	struct caa_report report;
};

static void
look_free(struct caa_look *l)
{
	distrust_free(l->distrust);
	cas_free(l->cas);
	free(l);
}
CLEAN_DEFINE(look_free, struct caa_look *);

static int
load_lists(struct caa_look *l)
{
	char words[DISTRUST_TEXT_SIZE];

	static_assert(CAS_WORDS_SIZE == DISTRUST_TEXT_SIZE, "words of either");
	if (cas_new(data_cas, words, &l->cas) || distrust_new(data_distrust, words, &l->distrust))
		return cli_fail(EXIT_INTERNAL, "the list of CAs: %s", words);
	return 0;
}

static int
unknown_ca(const struct cas *cas, const char *typed)
{
	CLEAN(buf_fini) struct buf known = BUF(8192);
	const char *like = cas_like(cas, str_of(typed));

	if (like)
		return cli_fail(
		    EXIT_USAGE, "--ca: \"%s\" is not known; did you mean %s?", typed, like);
	for (size_t i = 0; i < cas_count(cas); i++)
		buf_printf(&known, "%s%s", i > 0 ? ", " : "", cas_at(cas, i)->name);
	return cli_fail(EXIT_USAGE,
	    "--ca: \"%s\" is not known. Known are %s, their brands, and any name that a CA accepts in CAA records, such as ca.example.com",
	    typed, buf_text(&known));
}

static int
take_ca(struct caa_look *l)
{
	const char *typed = cli_value(l->cli, "ca");

	return cas_named(l->cas, str_of(typed), &l->ca) ? 0 : unknown_ca(l->cas, typed);
}

static void
show_verdict(const struct inspect_view *view, const struct caa_look *l)
{
	CLEAN(buf_fini) struct buf text = BUF(1024);
	const char *star = l->wildcard ? "*." : "";
	bool good = l->report.verdict == CAA_OPEN || l->report.verdict == CAA_ALLOWED;

	if (l->report.verdict == CAA_UNKNOWN)
		buf_printf(&text, "what CAA says for %s%s could not be looked up from here", star,
		    l->host.text);
	else
		buf_printf(&text, "%s %s issue for %s%s", l->ca.name, good ? "may" : "must not",
		    star, l->host.text);
	if (l->report.verdict == CAA_OPEN)
		buf_put_text(&text, ": there is no CAA entry against it");
	look_verdict(view, good ? MARK_GOOD : MARK_BAD, buf_text(&text));
}

/* Each name with what is there, and below the one that counts its entries. */
static void
show_levels(const struct inspect_view *view, const struct caa_report *report)
{
	struct look_row *rows = alloc_array(report->level_count + CAA_LINES_MAX + 1, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < report->level_count; i++, count++) {
		rows[count].mark = MARK_MAX;
		str_show(
		    str_of(report->level[i].name), rows[count].label, sizeof(rows[count].label));
		str_show(
		    str_of(report->level[i].answer), rows[count].text, sizeof(rows[count].text));
	}
	for (size_t i = 0; i < report->line_count; i++, count++) {
		rows[count].mark = MARK_MAX;
		str_show(str_of(report->line[i]), rows[count].text, sizeof(rows[count].text));
	}
	look_rows(view, rows, count);
	free(rows);
	if (report->record_count > report->line_count)
		printf("  (and %zu more)\n", report->record_count - report->line_count);
}

static void
show_ca(const struct inspect_view *view, const struct caa_look *l)
{
	CLEAN(buf_fini) struct buf text = BUF(4096);

	look_asked(view, l->report.asked_instead, l->report.unchecked);
	inspect_field(view, " ", "signed", "",
	    l->report.secure ? "yes, and the signatures check out (DNSSEC)" : "");
	for (size_t i = 0; i < l->ca.caa.count; i++)
		buf_printf(&text, "%s%s", i > 0 ? ", " : "", l->ca.caa.name[i]);
	inspect_field(view, " ", "accepts", "", buf_text(&text));
	inspect_field(view, " ", "platform", "", l->ca.platform);
	if (*l->report.record) /* in one line, to be copied */
		printf("\n  To add: %s\n", l->report.record);
}

static json_t *
told_of(const struct caa_look *l)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 20);
	json_t *told;

	if (caa_report_json(&l->report, &text))
		return NULL;
	told = look_told(l->host.text, buf_str(&text), &l->report.findings);
	json_object_set_new(told, "wildcard", json_boolean(l->wildcard));
	json_object_set_new(told, "ca", json_string(l->ca.name));
	json_object_set_new(told, "accepts", json_array());
	for (size_t i = 0; i < l->ca.caa.count; i++)
		json_array_append_new(
		    json_object_get(told, "accepts"), json_string(l->ca.caa.name[i]));
	json_object_set_new(told, "platform", json_string(l->ca.platform));
	json_object_set_new(told, "acme", json_boolean(l->ca.acme));
	return told;
}

static int
tell(const struct caa_look *l)
{
	const struct inspect_view view = { .cli = l->cli, .all = true };
	json_t *told = told_of(l);

	if (!told)
		return cli_fail(EXIT_INTERNAL, "the report is too large");
	if (l->cli->json) {
		look_print(told);
	} else {
		show_verdict(&view, l);
		show_levels(&view, &l->report);
		show_ca(&view, l);
		inspect_show_findings(&view, told);
	}
	json_decref(told);
	if (l->report.verdict == CAA_UNKNOWN)
		return EXIT_UNREACHABLE;
	return findings_block(&l->report.findings) ? EXIT_FINDINGS : EXIT_DONE;
}

static int
look_at(struct caa_look *l)
{
	const char *account = cli_value(l->cli, "account"), *method = cli_value(l->cli, "method");
	const struct caa_question question = { .host = l->host.text,
		.wildcard = l->wildcard,
		.ca = &l->ca,
		.distrusted = ca_distrusted(&l->ca, l->distrust, world_now(world_real())),
		.account = account ? account : "",
		.method = method ? method : "" };
	int r = look_begin(&l->config);

	if (r)
		return r;
	r = caa_check(&l->config, &question, &l->report);
	look_end();
	return r ? cli_fail(EXIT_USAGE, "the DNS options cannot be used: %s", error_words(r))
	         : tell(l);
}

int
run_caa(struct cli *cli)
{
	CLEAN(look_free) struct caa_look *l = alloc_zero(sizeof(*l));
	int r = look_host(cli, &l->host, &l->wildcard);

	l->cli = cli;
	if (r == 0)
		r = load_lists(l);
	if (r == 0)
		r = take_ca(l);
	if (r == 0)
		r = look_config(cli, &l->config);
	return r ? r : look_at(l);
}
