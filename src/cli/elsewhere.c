/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs that ask the world outside, or count as the worker does, need libraries that are slower to
 * load than most verbs are to run: they are in a program of their own, with the same table of verbs,
 * which goes on in this one's place (docs/decisions/0023).
 */
#include "base/error.h"
#include "cli/cli.h"
#include "sys/file.h"
#include "sys/spawn.h"

#define PROGRAM "certdesk-look"

static int
hand_over(struct cli *cli)
{
	char path[4096];

	if (!file_find_program(PROGRAM, CERTDESK_PROGRAMS, path, sizeof(path)))
		return cli_fail(EXIT_INTERNAL, "%s is missing or cannot be run", path);
	return cli_fail(EXIT_INTERNAL, "%s: %s", path, error_words(spawn_instead(path, cli->argv)));
}

int
run_caa(struct cli *cli)
{
	return hand_over(cli);
}

int
run_dns(struct cli *cli)
{
	return hand_over(cli);
}

int
run_mailboxes_count(struct cli *cli)
{
	return hand_over(cli);
}

int
run_mailboxes_file(struct cli *cli)
{
	return hand_over(cli);
}

int
run_org(struct cli *cli)
{
	return hand_over(cli);
}
