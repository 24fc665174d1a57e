/* SPDX-License-Identifier: Apache-2.0 */
/* certdesk(1): finds the verb, understands its parameters, runs it. */
#include "cli/cli.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/show.h"

#define DEFAULT_CONFIG "/etc/certdesk/certdesk.yaml"

int
cli_fail(int status, const char *format, ...)
{
	va_list args;

	fputs("certdesk: ", stderr);
	va_start(args, format);
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
			fprintf(to, " %s %s", verb->params[i].flag, verb->params[i].value);
	if (verb->files)
		fputs(" FILE...", to);
}

static void
print_param(FILE *to, const struct param *p)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%s%s", p->flag ? p->flag : "", p->flag && p->value ? " " : "", p->value ? p->value : "");
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
	puts("  --json                     the answer as JSON\n"
	     "  --config FILE              " DEFAULT_CONFIG "\n"
	     "  --server ADDRESS           ADDRESS:PORT, unix:/path or a URL; default: the configuration's\n"
	     "  --token-file FILE          default: `token` beside the configuration");
	return EXIT_DONE;
}

static int
help(FILE *to, const char *noun, int status)
{
	fputs("usage: certdesk NOUN VERB [parameters] [--json] [--help]\n\n", to);
	for (size_t i = 0; i < verb_count; i++) {
		char name[64];

		if (noun && strcmp(noun, verbs[i].noun) != 0)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", verbs[i].noun, verbs[i].verb[0] ? " " : "", verbs[i].verb);
		fprintf(to, "  %-20s %s\n", name, verbs[i].summary);
	}
	fputs("\nExit status: 0 done, 1 findings that block, 2 wrong use, 3 certdesk cannot be reached, 4 a fault.\n", to);
	return status;
}

/* The next parameter by place that has no value yet. */
static bool
take_by_place(struct cli *cli, const char *arg)
{
	for (size_t i = 0; i < PARAMS_MAX && cli->verb->params[i].name; i++)
		if (!cli->verb->params[i].flag && !cli->value[i]) {
			cli->value[i] = arg;
			return true;
		}
	if (!cli->verb->files || cli->file_count == FILES_MAX)
		return false;
	cli->file[cli->file_count++] = arg;
	return true;
}

/* 1: it was one of the verb's flags; 0: it is none; -1: its value is missing. */
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
		return 1;
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
	} valued[] = { { "--config", &cli->config_path }, { "--server", &cli->server }, { "--token-file", &cli->token_file } };

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
			fputs("certdesk: needed is also ", stderr);
			fprintf(stderr, "%s%s%s\nusage: ", cli->verb->params[i].flag ? cli->verb->params[i].flag : "",
			    cli->verb->params[i].flag ? " " : "", cli->verb->params[i].value);
			print_use(stderr, cli->verb);
			fputc('\n', stderr);
			return EXIT_USAGE;
		}
	if (cli->verb->files && cli->file_count == 0)
		return cli_fail(EXIT_USAGE, "name at least one file");
	return EXIT_DONE;
}

static const struct verb *
find_verb(int argc, char **argv, int *ret_used)
{
	for (size_t i = 0; argc > 0 && i < verb_count; i++) {
		bool single = verbs[i].verb[0] == '\0';

		if (strcmp(verbs[i].noun, argv[0]) != 0 || (!single && (argc < 2 || strcmp(verbs[i].verb, argv[1]) != 0)))
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

/* Global flags may stand before the noun too. */
static int
understand(struct cli *cli, int argc, char **argv)
{
	int at = 1, used = 0;

	while (at < argc && take_global(cli, argc, argv, &at))
		at++;
	if (at >= argc || strcmp(argv[at], "--help") == 0)
		return help(at >= argc ? stderr : stdout, NULL, at >= argc ? EXIT_USAGE : -1);
	cli->verb = find_verb(argc - at, argv + at, &used);
	if (!cli->verb)
		return is_noun(argv[at]) ? help(stderr, argv[at], at + 1 < argc && strcmp(argv[at + 1], "--help") == 0 ? -1 : EXIT_USAGE)
					 : cli_fail(EXIT_USAGE, "there is no \"%s\"; `certdesk --help` lists what there is", argv[at]);
	for (at += used; at < argc; at++) {
		int flag;

		if (strcmp(argv[at], "--help") == 0) {
			help_verb(cli->verb);
			return -1;
		}
		flag = take_flag(cli, argc, argv, &at);
		if (flag < 0)
			return cli_fail(EXIT_USAGE, "%s needs a value", argv[at]);
		if (flag == 0 && !take_global(cli, argc, argv, &at) && (argv[at][0] == '-' || !take_by_place(cli, argv[at])))
			return cli_fail(EXIT_USAGE, "\"%s\" was not understood; `certdesk %s %s --help`", argv[at], cli->verb->noun, cli->verb->verb);
	}
	return missing(cli);
}

/* Where certdesk is and which token to use: flags, then environment, then the configuration. */
static void
find_server(struct cli *cli, struct buf *token)
{
	struct config_mistakes *mistakes = alloc_zero(sizeof(*mistakes));
	struct config *config = alloc_zero(sizeof(*config));
	const char *slash = strrchr(cli->config_path, '/');

	if (config_read(cli->config_path, config, mistakes) == 0)
		cli->config = config;
	else
		free(config);
	free(mistakes);
	if (!cli->server)
		cli->server = getenv("CERTDESK_SERVER");
	if (!cli->server)
		cli->server = cli->config ? cli->config->desk_listen : "127.0.0.1:8780";
	buf_printf(token, "%.*stoken", slash ? (int)(slash - cli->config_path) + 1 : 0, cli->config_path);
	if (!cli->token_file)
		cli->token_file = buf_text(token);
}

static int
terminal_width(void)
{
	struct winsize size;

	return isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? (size.ws_col > 110 ? 110 : size.ws_col) : 90;
}

int
main(int argc, char **argv)
{
	CLEAN(buf_fini) struct buf token = BUF(4096);
	struct cli cli = { .config_path = DEFAULT_CONFIG };
	int r = understand(&cli, argc, argv);

	if (r)
		return r < 0 ? EXIT_DONE : r;
	cli.colour = isatty(1) && !getenv("NO_COLOR");
	cli.width = terminal_width();
	curl_global_init(CURL_GLOBAL_ALL);
	find_server(&cli, &token);
	r = cli.verb->run ? cli.verb->run(&cli) : cli_request(&cli);
	free(cli.config);
	curl_global_cleanup();
	return r;
}
