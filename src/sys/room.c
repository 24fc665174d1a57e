/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/room.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define PIPE_END  3          /* where the child finds its pipe */
#define END_LEAST SECONDS(1) /* to end in, for one that answered at the last moment */

const char *
room_words(int r)
{
	switch (r) {
	case ROOM_E_TIMEOUT:
		return "it took too long";
	case ROOM_E_TOO_MUCH:
		return "the answer grew too large";
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

static bool
set_limits(const struct room *room, rlim_t cpu_seconds)
{
#ifndef CERTDESK_SANITIZED /* its shadow memory is terabytes of address space */
	if (!limit(RLIMIT_AS, room->memory))
		return false;
#endif
	return limit(RLIMIT_CPU, cpu_seconds) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0);
}

/* Leaves 0, 1, 2 and the pipe: the child must not be able to answer in its parent's name. */
static bool
close_all_but(int fd)
{
	if (fd != PIPE_END && dup2(fd, PIPE_END) != PIPE_END)
		return false;
	return close_range(PIPE_END + 1, ~0U, 0) == 0;
}

static bool
write_all(int fd, struct str bytes)
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
	good = close_all_but(fd) && set_limits(room, room->cpu_seconds) &&
	       work(about, &answer) == 0 && !buf_failed(&answer) &&
	       write_all(PIPE_END, buf_str(&answer));
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
verdict(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_origin(errno);
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == EXIT_SUCCESS ? 0 : ROOM_E_DIED;
	return WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL ? ROOM_E_TIMEOUT
	                                                                  : ROOM_E_DIED;
}

/* The child's end, forced where nothing more is expected of it (`r`); why it ended. */
static int
leave(pid_t pid, when deadline, int r)
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
	ended = leave(pid, deadline, r);
	close_fd(fds[0]);
	r = r ? r : ended;
	if (r)
		forget_answer(answer, before);
	return r;
}

/* The first seconds of CPU are those spent so far: the piece has its own on top. */
static bool
limit_piece(const struct room *room)
{
	struct rlimit to;
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &to) != 0)
		return false;
	to.rlim_cur =
	    (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + 1 + room->cpu_seconds;
	if (to.rlim_cur > to.rlim_max)
		to.rlim_cur = to.rlim_max;
	return setrlimit(RLIMIT_CPU, &to) == 0;
}

/* An answer travels as its length and its bytes. */
static bool
send_piece(const struct room *room, const struct room_series *series, size_t at)
{
	CLEAN(buf_fini) struct buf answer = BUF(series->answer_max);
	uint32_t length;

	if (!limit_piece(room) || series->work(series->about, at, &answer) != 0)
		return false;
	length = buf_failed(&answer) ? UINT32_MAX : (uint32_t)answer.len;
	return write_all(PIPE_END, str_bytes(&length, sizeof(length))) && !buf_failed(&answer) &&
	       write_all(PIPE_END, buf_str(&answer));
}

static NO_RETURN void
series_child(const struct room *room, const struct room_series *series, size_t at, int fd)
{
	rlim_t cpu_seconds = (rlim_t)(series->count - at) * (room->cpu_seconds + 1);
	bool good;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	good = close_all_but(fd) && set_limits(room, cpu_seconds) &&
	       (!series->begin || series->begin(series->about) == 0);
	for (; good && at < series->count; at++)
		good = send_piece(room, series, at);
	_exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* `count` bytes, or what is known of why not. */
static int
receive(int fd, when deadline, char *to, size_t count)
{
	when left;

	while (count > 0 && (left = deadline - world_ticks()) > 0) {
		struct pollfd look = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&look, 1, (int)(left / MILLIS(1)) + 1) <= 0)
			continue;
		got = read(fd, to, count);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return ROOM_E_DIED;
		to += got;
		count -= (size_t)got;
	}
	return count > 0 ? ROOM_E_TIMEOUT : 0;
}

static int
receive_piece(int fd, const struct room *room, size_t most, struct buf *answer)
{
	when deadline = world_ticks() + room->time;
	uint32_t length = 0;
	char *to;
	int r = receive(fd, deadline, (char *)&length, sizeof(length));

	if (r)
		return r;
	if (length > most)
		return ROOM_E_TOO_MUCH;
	to = buf_room(answer, length + 1);
	r = to ? receive(fd, deadline, to, length) : ROOM_E_TOO_MUCH;
	if (r == 0)
		buf_added(answer, length);
	return r;
}

/* What one child does of the series: from *at to its end, or through the piece that broke it. */
static void
hear_child(const struct room *room, const struct room_series *series, size_t *at, pid_t pid, int fd)
{
	CLEAN(buf_fini) struct buf answer = BUF(series->answer_max + 1);
	int r = 0, ended;

	for (; *at < series->count; (*at)++) {
		buf_clear(&answer);
		r = receive_piece(fd, room, series->answer_max, &answer);
		if (r)
			break;
		series->done(series->to, *at, 0, buf_str(&answer));
	}
	ended = leave(pid, world_ticks() + room->time, r);
	if (r)
		series->done(
		    series->to, (*at)++, r == ROOM_E_DIED && ended > 0 ? ended : r, STR(""));
}

int
room_run_series(const struct room *room, const struct room_series *series)
{
	for (size_t at = 0; at < series->count;) {
		int fds[2];
		pid_t pid;

		if (pipe2(fds, O_CLOEXEC) < 0)
			return error_origin(errno);
		pid = fork();
		if (pid == 0)
			series_child(room, series, at, fds[1]);
		close_fd(fds[1]);
		if (pid > 0)
			hear_child(room, series, &at, pid, fds[0]);
		close_fd(fds[0]);
		if (pid < 0)
			return error_origin(errno);
	}
	return 0;
}
