/* SPDX-License-Identifier: Apache-2.0 */
/* The look at what is odd about an order, before anything is bought (docs/decisions/0024). */
#include <stdio.h>

#include "cli/show.h"

static int
confirm(struct cli *cli, const char *question)
{
	return cli_order_post(cli, "/confirm", "--question", "question", question, cli_show);
}

static int
decide(struct cli *cli, long status, json_t *asked)
{
	const char *question = json_string_value(json_object_get(asked, "question"));
	const char *host = json_string_value(json_object_get(asked, "host"));

	if (status >= 400 || cli->json || !question || !host)
		return cli_show(cli, status, asked);
	printf("%s%s%s\n", show_paint(cli, "\x1b[1m"), host, show_paint(cli, "\x1b[0m"));
	show_host(cli, host, true);
	putchar('\n');
	show_findings(cli, json_object_get(asked, "findings"));
	if (cli_says_yes("Is all of this meant, letter by letter?"))
		return confirm(cli, question);
	printf("\nNothing is made, and nothing is to be bought, until it is confirmed:\n"
	       "    certdesk order confirm %s --question %s\n"
	       "If it is not meant: certdesk order cancel %s, and order the right name.\n",
	    cli_value(cli, "ref"), question, cli_value(cli, "ref"));
	return EXIT_FINDINGS;
}

int
run_order_confirm(struct cli *cli)
{
	if (cli_value(cli, "question"))
		return confirm(cli, cli_value(cli, "question"));
	return cli_order_get(cli, "/question", decide);
}
