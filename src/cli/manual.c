/* SPDX-License-Identifier: Apache-2.0 */
/* The source of certdesk(1), for scdoc: what is said of each verb comes from its row. */
#include <stdio.h>

#include "cli/cli.h"

static const char head[] =
    "certdesk(1)\n\n# NAME\n\ncertdesk - from a certificate order to a tested live site\n\n"
    "# SYNOPSIS\n\n*certdesk* _NOUN_ _VERB_ [parameters] [--json] [--help]\n\n"
    "# DESCRIPTION\n\n"
    "*certdesk* is the command for people and scripts. It talks to the API of a running *certdeskd*(8); *init*, "
    "*inspect*, *name*, *org*, *config*, *findings*, *manual*, *completion* and *version* need none. The same things can be done by the API, which _docs/openapi.yaml_ describes.\n\n"
    "An order can be named by its number, its host name (the newest order of it) or its id; a customer by its name or id; a service by its "
    "name, by CUSTOMER/NAME or by its id.\n\n"
    "# OPTIONS OF ALL COMMANDS\n\n"
    "*--json*\n\tThe answer of the API as it is, for programs.\n\n"
    "*--help*\n\tWhat the command takes. Behind a noun alone: its verbs.\n\n"
    "*--config* _FILE_\n\tThe configuration, _" CLI_CONFIG
    "_ by default. Only the API's address is read from it, and by *org* how to reach registries; it need not be readable.\n\n"
    "*--server* _ADDRESS_\n\tWhere the API is: _ADDRESS:PORT_, _unix:/path_ or a URL.\n\n"
    "*--token-file* _FILE_\n\tThe file with the API token.\n\n"
    "# COMMANDS\n\n";

static const char tail[] =
    "# EXIT STATUS\n\n"
    "0 done, 1 findings that block, or the wait was in vain, 2 wrong use, 3 certdesk cannot be reached, 4 a fault.\n\n"
    "# ENVIRONMENT\n\n"
    "*CERTDESK_SERVER*\n\tAs *--server*, which comes first.\n\n"
    "*NO_COLOR*\n\tNo colours on a terminal.\n\n"
    "# FILES\n\n"
    "_~/.config/certdesk/token_, then _token_ beside the configuration: the API token.\n\n"
    "# EXAMPLES\n\n"
    "A first order, start to finish:\n\n"
    "```\n"
    "certdesk pool add edge-1 --balancer edge --prefix 192.0.2.0/24\n"
    "certdesk customer add Contoso --mail anna.berg@contoso.com \\\n"
    "    --organization \"Contoso GmbH\" --city Salzburg --country AT\n"
    "certdesk service add Contoso mail --kind owa --backend exchange --pool edge-1\n"
    "certdesk order add owa.contoso.com --service mail --mailboxes 420\n"
    "certdesk order csr owa.contoso.com > owa.csr\n"
    "certdesk order certificate owa.contoso.com owa.crt ca-bundle.crt\n"
    "certdesk order wait owa.contoso.com\n"
    "```\n\n"
    "Will a certificate authority be able to use these words? Nothing is stored, no server is needed:\n\n"
    "```\n"
    "certdesk org --name \"Contoso GmbH\" --city Salzburg --country AT --domain contoso.com\n"
    "```\n\n"
    "Is what is served still what certdesk installed? And what is on the load balancer that it knows nothing of?\n\n"
    "```\n"
    "certdesk balancer drift edge\n"
    "certdesk balancer import edge --json > proposal.json\n"
    "```\n\n"
    "# SEE ALSO\n\n*certdesk-inspect*(1), *certdesk-name*(1), *certdesk-org*(1), *certdeskd*(8), *certdesk.yaml*(5), *certdesk-findings*(7)\n";

/* What scdoc would take for its own marks. */
static void
print_plain(const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void
print_param(const struct param *p)
{
	printf("++\n\t");
	if (p->flag)
		printf("*%s*%s", p->flag, p->value ? " " : "");
	if (p->value)
		printf("_%s_", p->value);
	fputs(": ", stdout);
	print_plain(p->help);
	printf("%s.", p->flag && p->needed ? " (needed)" : "");
}

static void
print_verb(const struct verb *verb)
{
	printf("*%s%s%s*", verb->noun, verb->verb[0] ? " " : "", verb->verb);
	for (size_t i = 0; i < PARAMS_MAX && verb->params[i].name; i++)
		if (!verb->params[i].flag)
			printf(" _%s_", verb->params[i].value);
	printf("%s\n\t%s.", verb->files ? " _FILE_..." : "", verb->summary);
	for (size_t i = 0; i < PARAMS_MAX && verb->params[i].name; i++)
		print_param(&verb->params[i]);
	puts("\n");
}

int
run_manual_command(struct cli *cli UNUSED)
{
	fputs(head, stdout);
	for (size_t i = 0; i < verb_count; i++)
		print_verb(&verbs[i]);
	return fputs(tail, stdout) < 0 ? EXIT_INTERNAL : EXIT_DONE;
}
