/* SPDX-License-Identifier: Apache-2.0 */
/* From the command line to a verb and its values; --help from the same rows. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"

int
cli_fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("certdesk: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

const char *
cli_value(const struct cli *cli, const char *name)
{
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++)
		if (strcmp(cli->verb->params[i].name, name) == 0)
			return cli->value[i];
	return NULL;
}

static void
print_use(FILE *to, const struct verb *verb)
{
	fprintf(to, "certdesk %s%s%s", verb->noun, verb->verb[0] ? " " : "", verb->verb);
	for (size_t i = 0; i < PARAMS_MAX && verb->params[i].name; i++)
		if (!verb->params[i].flag)
			fprintf(to, " %s", verb->params[i].value);
		else if (verb->params[i].needed)
			fprintf(to, " %s%s%s", verb->params[i].flag,
			    verb->params[i].value ? " " : "",
			    verb->params[i].value ? verb->params[i].value : "");
	if (verb->files)
		fputs(" FILE...", to);
}

static void
print_param(FILE *to, const struct param *p)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%s%s", p->flag ? p->flag : "",
	    p->flag && p->value ? " " : "", p->value ? p->value : "");
	fprintf(to, "  %-26s %s%s\n", left, p->help, p->flag && p->needed ? " (needed)" : "");
}

static int
help_verb(const struct verb *verb)
{
	printf("usage: ");
	print_use(stdout, verb);
	printf(" [options]\n%s.\n", verb->summary);
	for (size_t i = 0; i < PARAMS_MAX && verb->params[i].name; i++)
		print_param(stdout, &verb->params[i]);
	puts("  --json                     the answer as JSON");
	if (verb->alone)
		return CLI_HELPED;
	puts(
	    "  --config FILE              " CLI_CONFIG "\n"
	    "  --server ADDRESS           ADDRESS:PORT, unix:/path or a URL; default: CERTDESK_SERVER, or the configuration's\n"
	    "  --token-file FILE          default: ~/.config/certdesk/token, or `token` beside the configuration");
	return CLI_HELPED;
}

static int
help(FILE *to, const char *noun, int status)
{
	fputs("usage: certdesk NOUN VERB [parameters] [--json] [--help]\n\n", to);
	for (size_t i = 0; i < verb_count; i++) {
		char name[64];

		if (noun && strcmp(noun, verbs[i].noun) != 0)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", verbs[i].noun, verbs[i].verb[0] ? " " : "",
		    verbs[i].verb);
		fprintf(to, "  %-20s %s\n", name, verbs[i].summary);
	}
	fputs(
	    "\nExit status: 0 done, 1 findings that block, 2 wrong use, 3 certdesk cannot be reached, 4 a fault.\n",
	    to);
	return status;
}

/* The next parameter by place that has no value yet. */
static bool
take_by_place(struct cli *cli, char *arg)
{
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++)
		if (!cli->verb->params[i].flag && !cli->value[i]) {
			cli->value[i] = arg;
			return true;
		}
	if (cli->file_count >= cli->verb->files)
		return false;
	cli->file[cli->file_count++] = arg;
	return true;
}

/* As take_flag(). */
static int
take_further(struct cli *cli, size_t at)
{
	if (!cli->verb->params[at].many)
		return 1;
	if (cli->many_count >= MANY_MAX)
		return -2;
	cli->many[cli->many_count++] = cli->value[at];
	return 1;
}

/* 1: it was one of the verb's flags; 0: it is none; -1: its value is missing; -2: it stands there
 * too often. */
static int
take_flag(struct cli *cli, int argc, char **argv, int *at)
{
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++) {
		const struct param *p = &cli->verb->params[i];

		if (!p->flag || strcmp(p->flag, argv[*at]) != 0)
			continue;
		if (!p->value)
			cli->value[i] = "yes";
		else if (*at + 1 < argc)
			cli->value[i] = argv[++*at];
		else
			return -1;
		return take_further(cli, i);
	}
	return 0;
}

/* The flags of all verbs. */
static bool
take_global(struct cli *cli, int argc, char **argv, int *at)
{
	const struct {
		const char *flag;
		const char **to;
	} valued[] = { { "--config", &cli->config_path }, { "--server", &cli->server },
		{ "--token-file", &cli->token_file } };

	if (strcmp(argv[*at], "--json") == 0) {
		cli->json = true;
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(valued); i++)
		if (strcmp(argv[*at], valued[i].flag) == 0 && *at + 1 < argc) {
			*valued[i].to = argv[++*at];
			return true;
		}
	return false;
}

static int
missing(const struct cli *cli)
{
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++)
		if (cli->verb->params[i].needed && !cli->value[i]) {
			fprintf(stderr, "certdesk: %s%s%s is missing\nusage: ",
			    cli->verb->params[i].flag ? cli->verb->params[i].flag : "",
			    cli->verb->params[i].flag && cli->verb->params[i].value ? " " : "",
			    cli->verb->params[i].value ? cli->verb->params[i].value : "");
			print_use(stderr, cli->verb);
			fputc('\n', stderr);
			return EXIT_USAGE;
		}
	if (cli->verb->files && cli->file_count == 0)
		return cli_fail(EXIT_USAGE, "name at least one file");
	return EXIT_DONE;
}

/* The word of `count` that is nearest to what was typed, if near enough to be meant. */
static void
consider(const char *typed, const char *word, const char **best, size_t *least)
{
	size_t away = word ? str_distance(str_of(typed), str_of(word)) : *least;

	if (away < *least) {
		*least = away;
		*best = word;
	}
}

static int
not_understood(const struct cli *cli, const char *typed)
{
	static const char *const globals[] = { "--json", "--config", "--server", "--token-file",
		"--help" };
	const char *best = NULL;
	size_t least = 4;

	for (size_t i = 0; !cli->verb && i < verb_count; i++)
		consider(typed, verbs[i].noun, &best, &least);
	for (size_t i = 0; cli->verb && i < PARAMS_MAX && cli->verb->params[i].name; i++)
		consider(typed, cli->verb->params[i].flag, &best, &least);
	for (size_t i = 0; typed[0] == '-' && i < COUNT_OF(globals); i++)
		consider(typed, globals[i], &best, &least);
	if (best)
		return cli_fail(
		    EXIT_USAGE, "\"%s\" was not understood; did you mean %s?", typed, best);
	if (cli->verb)
		return cli_fail(EXIT_USAGE, "\"%s\" was not understood; see: certdesk %s %s --help",
		    typed, cli->verb->noun, cli->verb->verb);
	return cli_fail(
	    EXIT_USAGE, "there is no \"%s\"; `certdesk --help` lists what there is", typed);
}

static const struct verb *
find_verb(int argc, char **argv, int *ret_used)
{
	for (size_t i = 0; argc > 0 && i < verb_count; i++) {
		bool single = verbs[i].verb[0] == '\0';

		if (strcmp(verbs[i].noun, argv[0]) != 0 ||
		    (!single && (argc < 2 || strcmp(verbs[i].verb, argv[1]) != 0)))
			continue;
		*ret_used = single ? 1 : 2;
		return &verbs[i];
	}
	return NULL;
}

static bool
is_noun(const char *word)
{
	for (size_t i = 0; i < verb_count; i++)
		if (strcmp(verbs[i].noun, word) == 0)
			return true;
	return false;
}

/* A noun without one of its verbs: what was meant, or what there is. */
static int
no_such_verb(const char *noun, const char *typed)
{
	const char *best = NULL;
	size_t least = 4;

	if (!typed)
		return help(stderr, noun, EXIT_USAGE);
	for (size_t i = 0; i < verb_count; i++)
		if (strcmp(verbs[i].noun, noun) == 0)
			consider(typed, verbs[i].verb, &best, &least);
	if (best)
		return cli_fail(EXIT_USAGE, "there is no \"%s %s\"; did you mean %s %s?", noun,
		    typed, noun, best);
	return cli_fail(EXIT_USAGE,
	    "there is no \"%s %s\"; `certdesk %s --help` lists what there is", noun, typed, noun);
}

static int
take_rest(struct cli *cli, int argc, char **argv, int at)
{
	bool only_places = false; /* behind "--" */

	cli->file = argv + at;
	for (; at < argc; at++) {
		int flag = only_places ? 0 : take_flag(cli, argc, argv, &at);

		if (flag == -2)
			return cli_fail(EXIT_USAGE, "at most %d of these: %s", MANY_MAX, argv[at]);
		if (flag < 0)
			return cli_fail(EXIT_USAGE, "%s needs a value", argv[at]);
		if (flag > 0 || (!only_places && take_global(cli, argc, argv, &at)))
			continue;
		if (!only_places && strcmp(argv[at], "--") == 0) {
			only_places = true;
			continue;
		}
		if ((!only_places && argv[at][0] == '-' && argv[at][1] != '\0') ||
		    !take_by_place(cli, argv[at]))
			return not_understood(cli, argv[at]);
	}
	return missing(cli);
}

/* `--help` anywhere behind the verb asks for its help. */
static bool
wants_help(int argc, char **argv, int at)
{
	for (; at < argc; at++)
		if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
			return true;
	return false;
}

/* Global flags may stand before the noun too. */
int
cli_understand(struct cli *cli, int argc, char **argv)
{
	int at = 1, used = 0;

	while (at < argc && take_global(cli, argc, argv, &at))
		at++;
	if (at >= argc)
		return help(stderr, NULL, EXIT_USAGE);
	if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
		return help(stdout, NULL, CLI_HELPED);
	if (strcmp(argv[at], "--version") == 0)
		argv[at] = argv[at] + 2;
	cli->verb = find_verb(argc - at, argv + at, &used);
	if (!cli->verb && !is_noun(argv[at]))
		return not_understood(cli, argv[at]);
	if (!cli->verb)
		return wants_help(argc, argv, at) ? help(stdout, argv[at], CLI_HELPED)
		                                  : no_such_verb(argv[at], argv[at + 1]);
	if (wants_help(argc, argv, at + used))
		return help_verb(cli->verb);
	return take_rest(cli, argc, argv, at + used);
}
