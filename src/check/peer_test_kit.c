/* SPDX-License-Identifier: Apache-2.0 */
#include "check/peer_test_kit.h"

#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define ARGUMENTS_MAX 16

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "the test's peer failed: %s\n", what);
	abort();
}

void
peer_init(struct peer *peer)
{
	*peer = (struct peer){ .folder = "/tmp/certdesk-peer-XXXXXX" };
	must(mkdtemp(peer->folder) != NULL, "folder");
}

static int
remove_entry(const char *path, const struct stat *st UNUSED, int kind UNUSED, struct FTW *at UNUSED)
{
	return remove(path);
}

void
peer_fini(struct peer *peer)
{
	peer_stop(peer);
	nftw(peer->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
peer_path(const struct peer *peer, const char *name, char to[static PEER_PATH_SIZE])
{
	int len = snprintf(to, PEER_PATH_SIZE, "%s/%s", peer->folder, name);

	must(len > 0 && len < PEER_PATH_SIZE, "a path");
	return to;
}

void
peer_write(const struct peer *peer, const char *name, const char *format, ...)
{
	char path[PEER_PATH_SIZE], *text;
	va_list args;

	va_start(args, format);
	must(vasprintf(&text, format, args) >= 0, "a text");
	va_end(args);
	must(file_write(peer_path(peer, name, path), str_of(text), 0644) == 0, path);
	free(text);
}

/* stdout and stderr go into the folder's file `log`: a test that fails in it can be looked at. */
static pid_t
spawn(const struct peer *peer, const char *program, const char *const *arguments, const char *log)
{
	posix_spawn_file_actions_t actions;
	char path[PEER_PATH_SIZE],
	    *argv[ARGUMENTS_MAX + 2] = { 0 }, none[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				  *environment[] = { none, NULL };
	size_t count = 0;
	pid_t pid;

	argv[count++] = str_dup(str_of(program));
	for (; arguments[count - 1]; count++) {
		must(count <= ARGUMENTS_MAX, "too many arguments");
		argv[count] = str_dup(str_of(arguments[count - 1]));
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
	    &actions, 1, peer_path(peer, log, path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	must(posix_spawn(&pid, program, &actions, NULL, argv, environment) == 0, program);
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; i < count; i++)
		free(argv[i]);
	return pid;
}

void
peer_start(struct peer *peer, const char *program, const char *const *arguments)
{
	must(peer->pid == 0, "it runs already");
	peer->pid = spawn(peer, program, arguments, "log");
}

bool
peer_run(const struct peer *peer, const char *program, const char *const *arguments, struct buf *to)
{
	pid_t pid = spawn(peer, program, arguments, "printed");
	char path[PEER_PATH_SIZE];
	int status;

	must(waitpid(pid, &status, 0) == pid, program);
	must(file_read(peer_path(peer, "printed", path), to) == 0, path);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
peer_stop(struct peer *peer)
{
	int status;

	if (peer->pid == 0)
		return;
	kill(peer->pid, SIGTERM);
	must(waitpid(peer->pid, &status, 0) == peer->pid, "waiting for its end");
	peer->pid = 0;
}

static void
show_log(const struct peer *peer)
{
	CLEAN(buf_fini) struct buf log = BUF(1 << 20);
	char path[PEER_PATH_SIZE];

	if (file_read(peer_path(peer, "log", path), &log) == 0)
		fprintf(stderr, "%s\n", buf_text(&log));
}

void
peer_wait(const struct peer *peer, bool (*is_ready)(void *context), void *context)
{
	when deadline = world_ticks() + PEER_DEADLINE;

	while (!is_ready(context)) {
		struct timespec nap = { .tv_nsec = 2000000 };
		int status;
		bool dead = waitpid(peer->pid, &status, WNOHANG) != 0,
		     late = world_ticks() > deadline;

		if (dead || late)
			show_log(peer);
		if (late)
			kill(peer->pid, SIGKILL);
		must(!dead, "it ended");
		must(!late, "it is not ready in time");
		nanosleep(&nap, NULL);
	}
}

bool
peer_listens(uint16_t port)
{
	CLEAN(close_fd) int fd = -1;
	struct addr at = peer_loopback();

	return net_connect(&at, port, SECONDS(1), &fd) == 0;
}

static bool
port_answers(void *context)
{
	return peer_listens(*(uint16_t *)context);
}

void
peer_wait_port(const struct peer *peer, uint16_t port)
{
	peer_wait(peer, port_answers, &port);
}

uint16_t
peer_free_port(void)
{
	CLEAN(close_fd) int fd = -1;
	struct addr at = peer_loopback();
	struct sockaddr_in is = { .sin_family = AF_INET };
	socklen_t len = sizeof(is);

	must(net_listen(&at, 0, &fd) == 0, "listening");
	must(getsockname(fd, (struct sockaddr *)&is, &len) == 0, "port");
	return ntohs(is.sin_port);
}

struct addr
peer_loopback(void)
{
	return (struct addr){ .family = 4, .bytes = { 127, 0, 0, 1 } };
}

bool
peer_zone_is_signed(const struct peer *peer, uint16_t port, const char *zone)
{
	CLEAN(buf_fini) struct buf out = BUF(65536);
	char number[8];

	snprintf(number, sizeof(number), "%u", port);
	return peer_run(peer, PEER_KDIG,
		   (const char *const[]){ "@127.0.0.1", "-p", number, "+noall", "+answer",
		       "+dnssec", zone, "DNSKEY", NULL },
		   &out) &&
	       strstr(buf_text(&out), "RRSIG");
}

void
peer_zone_anchor(const struct peer *peer, const char *zone, struct buf *to)
{
	char config[PEER_PATH_SIZE];

	if (!peer_run(peer, PEER_KEYMGR,
		(const char *const[]){
		    "-c", peer_path(peer, "knot.conf", config), zone, "dnskey", NULL },
		to))
		abort();
}
