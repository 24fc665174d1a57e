/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/room_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/sandbox.h"
#include "sys/world.h"

#define END_LEAST SECONDS(1) /* to end in, for one that answered at the last moment */

const char *
room_words(int r)
{
	switch (r) {
	case ROOM_E_TIMEOUT:
		return "it took too long";
	case ROOM_E_TOO_MUCH:
		return "the answer grew too large";
	case ROOM_E_CRASHED:
		return "the program that read it crashed";
	case ROOM_E_FORBIDDEN:
		return "the program that read it tried to do what it may not";
	case ROOM_E_DIED:
		return "the program that read it broke down";
	default:
		return "it could not be started";
	}
}

static bool
limit(__rlimit_resource_t what, rlim_t most)
{
	struct rlimit to = { .rlim_cur = most, .rlim_max = most };

	return setrlimit(what, &to) == 0;
}

bool
room_set_limits(const struct room *room UNUSED, rlim_t cpu_seconds)
{
#ifndef CERTDESK_SANITIZED /* its shadow memory is terabytes of address space */
	if (!limit(RLIMIT_AS, room->memory))
		return false;
#endif
	return limit(RLIMIT_CPU, cpu_seconds) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0);
}

/* Both out of the way first: either may stand where the other goes. */
bool
room_close_all_but(int pipe_end, int given)
{
	int last = given > 0 ? ROOM_FD : ROOM_PIPE_END;

	pipe_end = fcntl(pipe_end, F_DUPFD, ROOM_FD + 1);
	if (given > 0)
		given = fcntl(given, F_DUPFD, ROOM_FD + 1);
	if (pipe_end < 0 || given < 0 || dup2(pipe_end, ROOM_PIPE_END) < 0 ||
	    (given > 0 && dup2(given, ROOM_FD) < 0))
		return false;
	return close_range((unsigned)last + 1, ~0U, 0) == 0;
}

bool
room_write_all(int fd, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t wrote = write(fd, bytes.p, bytes.len);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		bytes = str_drop(bytes, (size_t)wrote);
	}
	return true;
}

static NO_RETURN void
child(const struct room *room, int (*work)(const void *about, struct buf *answer),
    const void *about, size_t most, int fd)
{
	struct buf answer = BUF(most);
	bool good;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	good = room_close_all_but(fd, room->fd) && room_set_limits(room, room->cpu_seconds) &&
	       work(about, &answer) == 0 && !buf_failed(&answer) &&
	       room_write_all(ROOM_PIPE_END, buf_str(&answer));
	_exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Until the child closes its end. */
static int
collect(int fd, when deadline, struct buf *answer)
{
	when left;

	while ((left = deadline - world_ticks()) > 0) {
		struct pollfd look = { .fd = fd, .events = POLLIN };
		char bytes[16384];
		ssize_t got;

		if (poll(&look, 1, (int)(left / MILLIS(1)) + 1) <= 0)
			continue;
		got = read(fd, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? error_origin(errno) : 0;
		buf_put(answer, bytes, (size_t)got);
		if (answer->secret)
			sodium_memzero(bytes, (size_t)got);
		if (buf_failed(answer))
			return ROOM_E_TOO_MUCH;
	}
	return ROOM_E_TIMEOUT;
}

/* To close the pipe is not to end: a captured child may stay, and would hold us up for ever. */
static int
await_end(pid_t pid, when deadline)
{
	CLEAN(close_fd) int fd = pidfd_open(pid, 0);
	when left = deadline - world_ticks();
	int r =
	    fd < 0 ? error_origin(errno) : net_wait(fd, false, left > END_LEAST ? left : END_LEAST);

	return r > 0 ? ROOM_E_TIMEOUT : r;
}

static int
death(int signal_number)
{
	switch (signal_number) {
	case SIGXCPU:
	case SIGKILL:
		return ROOM_E_TIMEOUT;
	case SIGSYS:
		return ROOM_E_FORBIDDEN;
	case SIGABRT: /* our own and the libraries' way to give up */
	case SIGTRAP: /* GLib's */
		return ROOM_E_DIED;
	default:
		return ROOM_E_CRASHED;
	}
}

static int
verdict(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_origin(errno);
	if (WIFSIGNALED(status))
		return death(WTERMSIG(status));
	return WEXITSTATUS(status) == SANDBOX_TRAPPED ? ROOM_E_FORBIDDEN
	       : WEXITSTATUS(status) == EXIT_SUCCESS  ? 0
	                                              : ROOM_E_DIED;
}

int
room_leave(pid_t pid, when deadline, int r)
{
	int ended = r == 0 || r == ROOM_E_DIED ? await_end(pid, deadline) : r, status;

	if (ended)
		(void)kill(pid, SIGKILL);
	status = verdict(pid);
	return ended ? ended : status;
}

static void
forget_answer(struct buf *answer, size_t before)
{
	buf_truncate(answer, before);
	answer->failed = false;
}

int
room_run(const struct room *room, int (*work)(const void *about, struct buf *answer),
    const void *about, struct buf *answer)
{
	when deadline = world_ticks() + room->time;
	size_t before = answer->len;
	int fds[2], r, ended;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_origin(errno);
	pid = fork();
	if (pid == 0)
		child(room, work, about, answer->max - before, fds[1]);
	close_fd(fds[1]);
	if (pid < 0) {
		r = error_origin(errno);
		close_fd(fds[0]);
		return r;
	}
	r = collect(fds[0], deadline, answer);
	ended = room_leave(pid, deadline, r);
	close_fd(fds[0]);
	r = r ? r : ended;
	if (r)
		forget_answer(answer, before);
	return r;
}
