/* SPDX-License-Identifier: Apache-2.0 */
/* certdesk(1): finds the verb, understands its parameters, runs it. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/failpoint.h"

static void
read_config(struct cli *cli)
{
	struct config_mistakes *mistakes = alloc_zero(sizeof(*mistakes));
	struct config *config = alloc_zero(sizeof(*config));

	if (config_read(cli->config_path, config, mistakes) == 0)
		cli->config = TAKE(config);
	free(config);
	free(mistakes);
}

/* A person's own token comes before the one beside the usual configuration, not before one beside a
 * configuration that was named. */
static void
find_token(struct cli *cli, bool config_named, struct buf *path)
{
	const char *slash = strrchr(cli->config_path, '/'), *home = getenv("HOME");
	struct stat about;

	if (cli->token_file)
		return;
	if (home && home[0] == '/' && !config_named) {
		buf_printf(path, "%s/.config/certdesk/token", home);
		if (stat(buf_text(path), &about) == 0) {
			cli->token_file = buf_text(path);
			return;
		}
	}
	buf_clear(path);
	buf_printf(
	    path, "%.*stoken", slash ? (int)(slash - cli->config_path) + 1 : 0, cli->config_path);
	cli->token_file = buf_text(path);
}

/* Flags, then environment, then the configuration. */
static void
find_server(struct cli *cli)
{
	if (!cli->server)
		cli->server = getenv("CERTDESK_SERVER");
	if (!cli->server)
		cli->server = cli->config ? cli->config->desk_listen : "127.0.0.1:8780";
}

static int
terminal_width(void)
{
	struct winsize size;

	if (!isatty(1) || ioctl(1, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 90;
	return size.ws_col > 110 ? 110 : size.ws_col;
}

/* By what the environment says: setlocale() would read files for a yes or no. */
static bool
speaks_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

static int
name_failpoints(void)
{
	CLEAN(buf_fini) struct buf names = BUF(1 << 16);

	failpoint_list(&names);
	return fputs(buf_text(&names), stdout) < 0 ? EXIT_INTERNAL : EXIT_DONE;
}

static int
with_server(struct cli *cli, bool config_named)
{
	CLEAN(buf_fini) struct buf token = BUF(4096);
	int r;

	read_config(cli);
	find_server(cli);
	find_token(cli, config_named, &token);
	r = cli->verb->run ? cli->verb->run(cli) : cli_request(cli);
	free(cli->config);
	return r;
}

int
main(int argc, char **argv)
{
	struct cli cli = { .argv = argv };
	bool config_named;
	int r;

	if (failpoint_list_wanted())
		return name_failpoints();
	r = cli_understand(&cli, argc, argv);
	config_named = cli.config_path != NULL;
	if (r)
		return r == CLI_HELPED ? EXIT_DONE : r;
	if (!cli.config_path)
		cli.config_path = CLI_CONFIG;
	cli.terminal = isatty(1);
	cli.colour = cli.terminal && !getenv("NO_COLOR");
	cli.utf8 = speaks_utf8();
	cli.width = terminal_width();
	return cli.verb->alone ? cli.verb->run(&cli) : with_server(&cli, config_named);
}
