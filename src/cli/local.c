/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that need no server. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cli/cli.h"
#include "order/order.h"

static int
print(const struct buf *text)
{
	return fputs(buf_text(text), stdout) < 0 ? EXIT_INTERNAL : EXIT_DONE;
}

int
run_config_defaults(struct cli *cli UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);

	config_print_defaults(&text);
	return print(&text);
}

int
run_config_manual(struct cli *cli UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);

	config_print_manual(&text);
	return print(&text);
}

static int
tell_mistakes(const struct config_mistakes *mistakes)
{
	for (size_t i = 0; i < mistakes->count; i++)
		fprintf(stderr, "%s:%zu:%zu: %s\n", mistakes->list[i].file, mistakes->list[i].line,
		    mistakes->list[i].column, mistakes->list[i].words);
	return EXIT_FINDINGS;
}

int
cli_read_config(const char *path, struct config *ret)
{
	struct config_mistakes *mistakes = alloc_zero(sizeof(*mistakes));
	int r = config_read(path, ret, mistakes);

	if (r == CONFIG_E_ABSENT)
		r = cli_fail(EXIT_USAGE, "there is no configuration %s", path);
	else if (r == CONFIG_E_MISTAKES)
		r = tell_mistakes(mistakes);
	else if (r)
		r = cli_fail(EXIT_USAGE, "%s cannot be read: %s", path, error_words(r));
	free(mistakes);
	return r;
}

int
run_config_check(struct cli *cli)
{
	struct config *config = alloc_zero(sizeof(*config));
	int r = cli_read_config(cli->config_path, config);

	if (r == 0)
		printf("%s is in order: %zu load balancer(s), API at %s\n", cli->config_path,
		    config->balancer_count, config->desk_listen);
	free(config);
	return r;
}

int
run_manual_stages(struct cli *cli)
{
	CLEAN(buf_fini) struct buf text = BUF(1 << 18);

	if (cli_value(cli, "dot"))
		order_diagram_dot(&text);
	else
		order_diagram_text(&text);
	return print(&text);
}

int
run_version(struct cli *cli UNUSED)
{
	return puts("certdesk " CERTDESK_VERSION) < 0 ? EXIT_INTERNAL : EXIT_DONE;
}

/* Nouns first, then each noun's verbs, then the verb's flags; files for the rest. */
int
run_completion(struct cli *cli UNUSED)
{
	puts(
	    "_certdesk() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} noun=${COMP_WORDS[1]} verb=${COMP_WORDS[2]}\n\tlocal words=\n"
	    "\tcase $COMP_CWORD:$noun:$verb in");
	printf("\t1:*) words='");
	for (size_t i = 0; i < verb_count; i++)
		if (i == 0 || strcmp(verbs[i].noun, verbs[i - 1].noun) != 0)
			printf("%s ", verbs[i].noun);
	puts("' ;;");
	for (size_t i = 0; i < verb_count; i++) {
		if (verbs[i].verb[0] && (i == 0 || strcmp(verbs[i].noun, verbs[i - 1].noun) != 0)) {
			printf("\t2:%s:*) words='", verbs[i].noun);
			for (size_t j = i;
			     j < verb_count && strcmp(verbs[i].noun, verbs[j].noun) == 0; j++)
				printf("%s ", verbs[j].verb);
			puts("' ;;");
		}
	}
	for (size_t i = 0; i < verb_count; i++) {
		printf("\t*:%s:%s) %swords='--json --help ", verbs[i].noun,
		    verbs[i].verb[0] ? verbs[i].verb : "*",
		    verbs[i].files > 0 ? "[[ $cur == -* ]] && " : ""); /* else names of files */
		for (size_t p = 0; p < PARAMS_MAX && verbs[i].params[p].name; p++)
			if (verbs[i].params[p].flag)
				printf("%s ", verbs[i].params[p].flag);
		puts("' ;;");
	}
	puts(
	    "\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _certdesk certdesk");
	return EXIT_DONE;
}
