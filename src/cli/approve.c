/* SPDX-License-Identifier: Apache-2.0 */
/* The second person's look at a certificate before it is installed (docs/decisions/0018). */
#include <stdio.h>

#include "cli/show.h"

static int
approve(struct cli *cli, const char *sha256)
{
	CLEAN(buf_fini) struct buf path = BUF(4096);
	json_t *body = json_object(), *answer = NULL;
	long status = 0;
	int r = 0;

	if (json_object_set_new(body, "certificate", cli_json_text("--certificate", sha256)) != 0)
		r = EXIT_USAGE;
	cli_order_path(cli, "/approve", &path);
	if (r == 0)
		r = cli_call(cli, "POST", buf_text(&path), body, &status, &answer);
	if (r == 0)
		r = cli_show(cli, status, answer);
	json_decref(body);
	json_decref(answer);
	return r;
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
	CLEAN(buf_fini) struct buf path = BUF(4096);
	json_t *answer = NULL;
	long status = 0;
	int r;

	if (cli_value(cli, "certificate"))
		return approve(cli, cli_value(cli, "certificate"));
	cli_order_path(cli, "", &path);
	r = cli_call(cli, "GET", buf_text(&path), NULL, &status, &answer);
	if (r == 0)
		r = decide(cli, status, answer);
	json_decref(answer);
	return r;
}
