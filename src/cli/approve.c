/* SPDX-License-Identifier: Apache-2.0 */
/* The second person's look at a certificate before it is installed (docs/decisions/0018). */
#include <stdio.h>

#include "cli/show.h"

static int
approve(struct cli *cli, const char *sha256)
{
	return cli_order_post(cli, "/approve", "--certificate", "certificate", sha256, cli_show);
}

static void
show_certificate(const struct cli *cli, const json_t *certificate)
{
	static const struct {
		const char *label, *member;
	} rows[] = { { "owner    ", "subject" }, { "issuer   ", "issuer" },
		{ "from     ", "not_before" }, { "until    ", "not_after" },
		{ "sha256   ", "sha256" } };
	char text[1024];

	show_names(cli, json_object_get(certificate, "names"));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		show_wrapped(
		    cli, rows[i].label, show_text(certificate, rows[i].member, text, sizeof(text)));
}

static int
decide(struct cli *cli, long status, json_t *order)
{
	const json_t *certificate = json_object_get(order, "certificate");
	const char *sha256 = json_string_value(json_object_get(certificate, "sha256"));

	if (status >= 400 || cli->json || !sha256)
		return cli_show(cli, status, order);
	show_certificate(cli, certificate);
	show_findings(cli, json_object_get(order, "findings"));
	if (cli_says_yes("Approve the installation of this certificate?"))
		return approve(cli, sha256);
	printf("\nNothing is installed until it is approved; what is done then, step by step:\n"
	       "    certdesk order plan %s\n"
	       "    certdesk order approve %s --certificate %s\n",
	    cli_value(cli, "ref"), cli_value(cli, "ref"), sha256);
	return EXIT_DONE;
}

int
run_order_approve(struct cli *cli)
{
	if (cli_value(cli, "certificate"))
		return approve(cli, cli_value(cli, "certificate"));
	return cli_order_get(cli, "", decide);
}
