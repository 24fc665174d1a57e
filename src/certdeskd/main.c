/* SPDX-License-Identifier: Apache-2.0 */
/* certdeskd(8): reads the configuration, takes the data folder's lock, and keeps the other programs
 * running. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certdeskd/supervisor.h"
#include "base/error.h"
#include "ipc/message.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/spawn.h"

#define DEFAULT_CONFIG "/etc/certdesk/certdesk.yaml"

enum { OK = 0, CANNOT = 1, WRONG_USE = 2 };

struct wishes {
	const char *config, *programs;
	bool check, failpoints, version, help;
};

static int stop_pipe[2] = { -1, -1 }; /* the signal handler's */

static void
on_signal(int signal)
{
	int saved = errno;
	ssize_t written;

	(void)signal;
	written = write(stop_pipe[1], "", 1);
	(void)written;
	errno = saved;
}

static bool
understand(int argc, char **argv, struct wishes *ret)
{
	*ret = (struct wishes){ .config = DEFAULT_CONFIG, .programs = "" };
	for (int i = 1; i < argc; i++) {
		struct str arg = str_of(argv[i]);

		if (str_eq(arg, STR("--config")) && i + 1 < argc)
			ret->config = argv[++i];
		else if (str_eq(arg, STR("--programs")) && i + 1 < argc)
			ret->programs = argv[++i];
		else if (str_eq(arg, STR("--check")))
			ret->check = true;
		else if (str_eq(arg, STR("--failpoints")))
			ret->failpoints = true;
		else if (str_eq(arg, STR("--version")))
			ret->version = true;
		else if (str_eq(arg, STR("--help")))
			ret->help = true;
		else
			return false;
	}
	return true;
}

static int
show_use(FILE *to, int status)
{
	fputs(
	    "usage: certdeskd [--config FILE] [--programs DIR] [--check] [--failpoints] [--version]\n"
	    "Starts certdesk's processes and keeps them running. Configuration: " DEFAULT_CONFIG
	    "\n",
	    to);
	return status;
}

static int
read_config(const char *path, struct config *ret)
{
	struct config_mistakes *mistakes = alloc_zero(sizeof(*mistakes));
	int r = config_read(path, ret, mistakes);

	if (r == CONFIG_E_ABSENT)
		fprintf(stderr,
		    "certdeskd: there is no configuration %s; `certdesk init` makes one\n", path);
	else if (r < 0)
		fprintf(stderr, "certdeskd: %s cannot be read: %s\n", path, error_words(r));
	for (size_t i = 0; r == CONFIG_E_MISTAKES && i < mistakes->count; i++)
		fprintf(stderr, "%s:%zu:%zu: %s\n", mistakes->list[i].file, mistakes->list[i].line,
		    mistakes->list[i].column, mistakes->list[i].words);
	free(mistakes);
	return r;
}

/* The programs lie beside us, in the build's folders beside ours, or where they were installed. */
static bool
find_programs(const char *wished, char *to, size_t size)
{
	char keeper[2 * CONFIG_PATH_SIZE];
	bool found;

	if (wished[0] != '\0') {
		snprintf(to, size, "%s", wished);
		return true;
	}
	found = file_find_program("certdesk-keeper", CERTDESK_PROGRAMS, keeper, sizeof(keeper));
	return str_copy(str_of(dirname(keeper)), to, size) && found;
}

static int
take_lock(const struct config *config, int *ret_fd)
{
	CLEAN(buf_fini) struct buf holder = BUF(64);
	char path[CONFIG_PATH_SIZE + 8];
	int r = file_make_folder(config->data, 0700);

	snprintf(path, sizeof(path), "%s/lock", config->data);
	if (r == 0)
		r = file_lock(path, ret_fd);
	if (r == FILE_E_LOCKED) {
		(void)!file_read(path, &holder);
		fprintf(stderr, "certdeskd: another certdeskd (pid %.*s) runs on %s\n",
		    STR_ARG(str_trim(buf_str(&holder))), config->data);
	} else if (r) {
		fprintf(stderr, "certdeskd: the data folder %s cannot be used: %s\n", config->data,
		    error_words(r));
	}
	return r;
}

static int
catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
		return error_origin(errno);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static void
start_log(const struct config *config)
{
	enum log_level level = LOG_NOTICE;

	(void)log_level_parse(str_of(config->log_level), &level);
	log_start("certdeskd",
	    str_eq(str_of(config->log_format), STR("json")) ? LOG_AS_JSON : LOG_AS_TEXT, level);
}

/* One user for all: what a sandbox lets through (signals, files of the same owner) is open to each
 * of them. */
static void
warn_of_root(const struct config *config)
{
	if (geteuid() == 0 &&
	    (!*config->user_keeper || !*config->user_reader || !*config->user_desk ||
		!*config->user_worker || (config_needs_courier(config) && !*config->user_courier)))
		LOG(LOG_WARNING, "users.root",
		    LOG_TEXT("what", "programs run as root, kept apart by their sandboxes alone"),
		    LOG_TEXT("do",
			"name users.keeper, users.reader, users.desk, users.worker and, where it runs, users.courier"));
}

static int
serve(const struct config *config, const char *programs)
{
	CLEAN(supervisor_free) struct supervisor *s = NULL;
	CLEAN(close_fd) int lock = -1;
	int r = take_lock(config, &lock);

	if (r == 0)
		r = catch_signals();
	if (r == 0)
		r = supervisor_new(config, programs, world_real(), &s);
	if (r)
		return CANNOT;
	LOG(LOG_NOTICE, "certdeskd.started", LOG_TEXT("version", CERTDESK_VERSION),
	    LOG_TEXT("data", config->data), LOG_NUMBER("pid", getpid()));
	warn_of_root(config);
	return supervisor_run(s, stop_pipe[0]) == 0 ? OK : CANNOT;
}

/* Each program names its own: the names lie in a section of its file. */
static int
name_failpoints_of(const char *program)
{
	static const char *const environment[] = { "CERTDESK_FAILPOINT=list", NULL };
	CLEAN(buf_fini) struct buf names = BUF(1 << 16);
	CLEAN(close_fd) int names_fd = -1;
	struct spawn spawn = { .program = program, .environment = environment, .user = "" };
	int ends[2], status = 0, r = net_pair(ends);
	pid_t pid;

	if (r)
		return error_fold(r);
	names_fd = ends[0];
	spawn.channel_fd = ends[1];
	r = spawn_child(&spawn, &pid);
	if (r)
		return error_fold(r);
	r = net_read_all(names_fd, SECONDS(10), &names);
	if (r)
		(void)kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0 || status != 0 || r)
		return r < 0 ? r : error_origin(ENOEXEC);
	fputs(buf_text(&names), stdout);
	return 0;
}

static int
list_failpoints(const char *programs)
{
	for (int role = ROLE_KEEPER; role < ROLE_MAX; role++) {
		char path[2 * CONFIG_PATH_SIZE];
		int r;

		snprintf(path, sizeof(path), "%s/%s", programs, role_name((enum role)role));
		r = name_failpoints_of(path);
		if (r) {
			fprintf(
			    stderr, "certdeskd: %s cannot be asked: %s\n", path, error_words(r));
			return CANNOT;
		}
	}
	return OK;
}

static int
read_and_serve(const struct wishes *wishes, const char *programs)
{
	struct config *config = alloc_zero(sizeof(*config));
	int r = read_config(wishes->config, config);

	if (r) {
		r = r == CONFIG_E_MISTAKES || r == CONFIG_E_ABSENT ? WRONG_USE : CANNOT;
	} else if (!wishes->check) {
		start_log(config);
		r = serve(config, programs);
	}
	free(config);
	return r;
}

int
main(int argc, char **argv)
{
	char programs[CONFIG_PATH_SIZE];
	struct wishes wishes;

	if (!understand(argc, argv, &wishes))
		return show_use(stderr, WRONG_USE);
	if (wishes.help)
		return show_use(stdout, OK);
	if (wishes.version)
		return puts("certdeskd " CERTDESK_VERSION) < 0;
	umask(077);
	if (!find_programs(wishes.programs, programs, sizeof(programs))) {
		fprintf(stderr,
		    "certdeskd: its programs (certdesk-keeper …) are not in %s; name their folder with --programs\n",
		    programs);
		return CANNOT;
	}
	if (wishes.failpoints)
		return list_failpoints(programs);
	return read_and_serve(&wishes, programs);
}
