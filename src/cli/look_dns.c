/* SPDX-License-Identifier: Apache-2.0 */
/* `certdesk dns HOST --expect ADDRESS`: where the name leads, by each name server and resolver. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/dns.h"
#include "cli/look.h"
#include "cli/show.h"
#include "sys/world.h"

static const struct {
	const char *between, *behind; /* host and address */
} sentences[] = {
	[DNS_POINTED] = { " leads to ", "" },
	[DNS_ELSEWHERE] = { " does not lead to ", ", or not alone" },
	[DNS_ABSENT] = { " does not lead to ", ": there is no such entry yet" },
	[DNS_FAILING] = { " cannot be relied on to lead to ", "" },
	[DNS_UNKNOWN] = { " could not be looked up from here; it should lead to ", "" },
};
static_assert(COUNT_OF(sentences) == DNS_VERDICT_MAX, "a sentence for each verdict");

static void
show_verdict(const struct inspect_view *view, const char *host, const char *expected,
    const struct dns_report *report)
{
	CLEAN(buf_fini) struct buf text = BUF(1024);

	buf_printf(&text, "%s%s%s%s", host, sentences[report->verdict].between, expected,
	    sentences[report->verdict].behind);
	look_verdict(view, report->verdict == DNS_POINTED ? MARK_GOOD : MARK_BAD, buf_text(&text));
}

static void
show_way(const struct inspect_view *view, const struct dns_report *report)
{
	look_asked(view, report->asked_instead, report->unchecked);
	inspect_field(view, " ", "zone", "", report->zone);
	inspect_field(view, " ", "signed", "",
	    report->secure ? "yes, and the signatures check out (DNSSEC)" : "");
	inspect_field(view, " ", "way", "", report->chain);
}

static void
show_servers(const struct inspect_view *view, const struct dns_report *report)
{
	struct look_row *rows = alloc_array(DNS_SERVERS_MAX, sizeof(*rows));

	for (size_t i = 0; i < report->server_count; i++) {
		rows[i].mark = report->server[i].good ? MARK_GOOD : MARK_BAD;
		str_show(str_of(report->server[i].server), rows[i].label, sizeof(rows[i].label));
		str_show(str_of(report->server[i].answer), rows[i].text, sizeof(rows[i].text));
	}
	if (report->server_count > 0)
		puts("\n  Name servers");
	look_rows(view, rows, report->server_count);
	free(rows);
}

static void
put_minutes(const struct dns_outlook *outlook, char *text, size_t size)
{
	size_t len = strlen(text);

	if (outlook->until > 0)
		snprintf(text + len, size - len, ", for %u more minutes at most",
		    (unsigned)((outlook->until + 59) / 60));
}

static void
show_resolvers(const struct inspect_view *view, const struct dns_report *report)
{
	struct look_row *rows = alloc_array(DNS_VIEWS_MAX, sizeof(*rows));

	for (size_t i = 0; i < report->view_count; i++) {
		const struct dns_outlook *outlook = &report->view[i];

		rows[i].mark = outlook->good ? MARK_GOOD : MARK_INFO;
		snprintf(rows[i].label, sizeof(rows[i].label), "%s%s", outlook->resolver,
		    outlook->inside ? " (of this machine)" : "");
		str_show(str_of(outlook->answer), rows[i].text, sizeof(rows[i].text));
		put_minutes(outlook, rows[i].text, sizeof(rows[i].text));
	}
	if (report->view_count > 0)
		puts("\n  Resolvers");
	look_rows(view, rows, report->view_count);
	free(rows);
}

/* "14:32 UTC", with the day where it is another one (G-06). */
static void
show_settling(const struct inspect_view *view, const struct dns_report *report)
{
	CLEAN(buf_fini) struct buf text = BUF(256);
	char by[WHEN_WORDS_SIZE];

	if (report->everyone_by == 0 || report->verdict == DNS_UNKNOWN)
		return;
	buf_printf(&text, "%s by %s.",
	    report->verdict == DNS_POINTED ? "Everyone will see it"
					   : "If it is changed now, everyone will see it",
	    when_words(report->everyone_by, by));
	printf("\n  ");
	(void)inspect_wrapped(view, 2, "  ", 2, buf_text(&text));
	putchar('\n');
}

static int
tell(const struct inspect_view *view, const char *host, const char *expected,
    const struct dns_report *report)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 20);
	json_t *told;

	if (dns_report_json(report, &text) ||
	    !(told = look_told(host, buf_str(&text), &report->findings)))
		return cli_fail(EXIT_INTERNAL, "the report is too large");
	json_object_set_new(told, "expected", json_string(expected));
	if (view->cli->json) {
		look_print(told);
	} else {
		show_verdict(view, host, expected, report);
		show_way(view, report);
		show_servers(view, report);
		show_resolvers(view, report);
		show_settling(view, report);
		inspect_show_findings(view, told);
	}
	json_decref(told);
	return report->verdict == DNS_POINTED   ? EXIT_DONE
	       : report->verdict == DNS_UNKNOWN ? EXIT_UNREACHABLE
	                                        : EXIT_FINDINGS;
}

static int
look_at(const struct cli *cli, struct config *config, const struct host_name *host,
    const struct addr *address)
{
	struct inspect_view view = { .cli = cli, .all = true };
	CLEAN(dns_free) struct dns *dns = NULL;
	struct dns_report *report;
	char expected[ADDR_TEXT_SIZE];
	int r = look_begin(config);

	if (r)
		return r;
	if (dns_new(config, world_real(), &dns)) {
		look_end();
		return cli_fail(EXIT_USAGE, "the DNS options cannot be used");
	}
	report = alloc_zero(sizeof(*report));
	r = dns_check(dns, host, address, report);
	look_end();
	r = r ? cli_fail(EXIT_INTERNAL, "%s", error_words(r))
	      : tell(&view, host->text, addr_text(address, expected), report);
	free(report);
	return r;
}

int
run_dns(struct cli *cli)
{
	struct config *config = alloc_zero(sizeof(*config));
	struct host_name host;
	struct addr address = { 0 };
	int r = look_host(cli, &host, NULL);

	if (r == 0 && !addr_parse(str_of(cli_value(cli, "expect")), &address))
		r = cli_fail(
		    EXIT_USAGE, "--expect: \"%s\" is no IP address", cli_value(cli, "expect"));
	if (r == 0)
		r = look_config(cli, config);
	if (r == 0)
		r = look_at(cli, config, &host, &address);
	free(config);
	return r;
}
