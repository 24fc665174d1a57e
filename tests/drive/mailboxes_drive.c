/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts a customer's mailboxes at a source without the house around it:
 *
 *     mailboxes_drive CONFIG SOURCE KEY
 *
 * prints one JSON object: {"kind": "done", "words": "…", "counted": 7, "listed": 7, "asked": "…",
 * "names": "one a line"}.
 */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/mailboxes.h"
#include "sys/world.h"

static int
print(const struct mailbox_tally *tally, const struct outcome *what)
{
	json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "kind", outcome_name(what->kind),
	    "words", what->words, "counted", (json_int_t)tally->counted, "listed",
	    (json_int_t)tally->listed, "asked", tally->asked, "names", buf_text(&tally->names));
	char *text = json_dumps(json, 0);
	int r = !text || puts(text) < 0;

	free(text);
	json_decref(json);
	return r;
}

int
main(int argc, char **argv)
{
	struct config *config = alloc_zero(sizeof(*config));
	struct config_mistakes *mistakes = alloc_zero(sizeof(*mistakes));
	const struct config_mailbox_source *source = NULL;
	CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
	struct outcome what = { 0 };
	int r = 2;

	mailbox_tally_init(&tally);
	signal(SIGPIPE, SIG_IGN); /* as in every process of the house */
	if (argc == 4 && config_read(argv[1], config, mistakes) == 0)
		source = config_mailbox_source(config, argv[2]);
	if (source) {
		(void)mailboxes_count(source, argv[3], world_now(world_real()), &tally, &what);
		r = print(&tally, &what);
	} else {
		fprintf(stderr, "mailboxes_drive: %s\n", mistakes->list[0].words);
	}
	free(config);
	free(mistakes);
	return r;
}
