/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of findings, from the table itself: no server is asked. `certdesk findings`, and
 * the source of certdesk-findings(7) for scdoc.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/show.h"
#include "order/finding.h"

static json_t *
rule_json(const struct finding_rule *rule)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "code", rule->code,
	    "gate", gate_name(rule->gate), "severity", severity_name(rule->severity), "owner",
	    party_name(rule->owner), "rules", rule->rules, "title", rule->title, "what", rule->what,
	    "why", rule->why, "next", rule->next);
}

/* As GET /findings answers. */
int
run_findings(struct cli *cli)
{
	json_t *items = json_array(), *answer;
	char *text = NULL;

	for (int i = 0; i < FINDING_MAX; i++)
		json_array_append_new(items, rule_json(finding_rule((enum finding_code)i)));
	answer = json_pack("{s:o, s:n}", "items", items, "next");
	if (cli->json) {
		text = json_dumps(answer, JSON_INDENT(2));
		puts(text ? text : "");
	} else {
		show_catalogue(cli, answer);
	}
	free(text);
	json_decref(answer);
	return EXIT_DONE;
}

static const char head[] =
    "certdesk-findings(7)\n\n# NAME\n\ncertdesk-findings - what certdesk notices, and what it says then\n\n"
    "# DESCRIPTION\n\n"
    "A finding is one thing that was noticed about an order: a code, how much it weighs, whose turn it is, and three sentences: what is "
    "wrong, why it matters, what to do next. Words in braces are filled in when it is found. The customer sees the first of the worst; "
    "engineers see all.\n\n"
    "*info*\n\tworth knowing, nothing to do\n\n"
    "*warn*\n\tit goes on, but somebody should look\n\n"
    "*hold*\n\tit waits until somebody decides, or until it is repaired\n\n"
    "*reject*\n\tthe input is refused; nothing was changed by it\n\n"
    "A provider can let findings weigh more by _policy.severities_ in *certdesk.yaml*(5). *certdesk findings* prints the same list, "
    "*certdesk findings --json* for programs.\n\n";

static const char tail[] = "# SEE ALSO\n\n*certdesk*(1), *certdesk.yaml*(5), *certdesk-data*(7)\n";

/* Plain text for scdoc: signs that it would take for markup are escaped. */
static void
print_plain(const char *text)
{
	for (; *text; text++) {
		if (strchr("\\*_#[~<>", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void
print_rule(const struct finding_rule *rule)
{
	putchar('*');
	print_plain(rule->code);
	printf("*, %s, %s, rules %s\n\t", severity_name(rule->severity), party_name(rule->owner),
	    rule->rules);
	print_plain(rule->title);
	fputs("\n\n\t", stdout);
	print_plain(rule->what);
	putchar(' ');
	print_plain(rule->why);
	fputs("\n\n\tNext: ", stdout);
	print_plain(rule->next);
	puts("\n");
}

int
run_manual_findings(struct cli *cli UNUSED)
{
	static const char *const titles[] = {
		[GATE_ELIGIBILITY] = "ELIGIBILITY",
		[GATE_NAME] = "HOST NAME",
		[GATE_ORGANIZATION] = "ORGANIZATION",
		[GATE_CERTIFICATE] = "CERTIFICATE",
		[GATE_DNS] = "DNS",
		[GATE_SITE] = "INSTALLATION AND SITE",
		[GATE_WINDOW] = "CHANGE WINDOW",
	};
	static_assert(COUNT_OF(titles) == GATE_MAX, "a title for every gate");

	fputs(head, stdout);
	for (size_t gate = 0; gate < COUNT_OF(titles); gate++) {
		printf("# %s\n\n", titles[gate]);
		for (int i = 0; i < FINDING_MAX; i++)
			if (finding_rule((enum finding_code)i)->gate == (enum gate)gate)
				print_rule(finding_rule((enum finding_code)i));
	}
	return fputs(tail, stdout) < 0 ? EXIT_INTERNAL : EXIT_DONE;
}
