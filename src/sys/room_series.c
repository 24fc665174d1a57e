/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series is cut into lanes, one child each, that run side by side; what they answer is told in
 * the order of the pieces, so a lane may have to keep its answers until those before it are done.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/file.h"
#include "sys/room_internal.h"
#include "sys/world.h"

#define READ_SIZE 65536
#define KEPT_MAX  (64u * 1024 * 1024) /* bytes of answers that a lane keeps before it must wait */

/* ---- in the child ---- */

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
	return room_write_all(ROOM_PIPE_END, str_bytes(&length, sizeof(length))) &&
	       !buf_failed(&answer) && room_write_all(ROOM_PIPE_END, buf_str(&answer));
}

static NO_RETURN void
series_child(
    const struct room *room, const struct room_series *series, size_t at, size_t end, int fd)
{
	rlim_t cpu_seconds = (rlim_t)(end - at) * (room->cpu_seconds + 1);
	bool good;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	good = room_close_all_but(fd, room->fd) && room_set_limits(room, cpu_seconds) &&
	       (!series->begin || series->begin(series->about) == 0);
	for (; good && at < end; at++)
		good = send_piece(room, series, at);
	_exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- in the parent ---- */

struct lane {
	size_t next, end; /* the piece whose answer comes next, and where the lane ends */
	pid_t pid;        /* 0 = no child */
	int fd;
	when deadline;
	struct buf in;     /* of the answer that comes */
	size_t told;       /* bytes of `kept` that were told */
	size_t first_kept; /* the piece they begin with */
	struct buf kept;   /* outcomes: struct kept, then the answer's bytes */
};

struct kept {
	int r;
	uint32_t length;
};

struct run {
	const struct room *room;
	const struct room_series *series;
	size_t count;
	struct lane lane[ROOM_CHILDREN_MAX];
};

static void
lane_end(struct lane *lane, when deadline, int *r)
{
	int ended = room_leave(lane->pid, deadline, *r);

	if (*r == ROOM_E_DIED && ended > 0)
		*r = ended;
	close_fd(lane->fd);
	lane->fd = -1;
	lane->pid = 0;
	buf_clear(&lane->in);
}

static void
run_fini(struct run *run)
{
	int r = ROOM_E_TOO_MUCH; /* nothing more is expected */

	for (size_t i = 0; i < run->count; i++) {
		if (run->lane[i].pid > 0)
			lane_end(&run->lane[i], 0, &r);
		buf_fini(&run->lane[i].in);
		buf_fini(&run->lane[i].kept);
	}
}
CLEAN_DEFINE_FINI(run_fini, struct run);

/* A child for what is left of the lane. */
static int
lane_start(struct run *run, struct lane *lane)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_origin(errno);
	lane->pid = fork();
	if (lane->pid == 0)
		series_child(run->room, run->series, lane->next, lane->end, fds[1]);
	close_fd(fds[1]);
	if (lane->pid < 0) {
		int r = error_origin(errno);

		close_fd(fds[0]);
		lane->pid = 0;
		return r;
	}
	lane->fd = fds[0];
	lane->deadline = world_ticks() + run->room->time;
	return 0;
}

static void
keep(struct lane *lane, int r, struct str answer)
{
	struct kept kept = { .r = r, .length = (uint32_t)answer.len };

	buf_put(&lane->kept, &kept, sizeof(kept));
	buf_put_str(&lane->kept, answer);
	lane->next++;
}

/* The piece broke its child: the next go on in a new one. */
static int
lane_broke(struct run *run, struct lane *lane, int r)
{
	lane_end(lane, world_ticks() + run->room->time, &r);
	keep(lane, r, STR(""));
	return lane->next < lane->end ? lane_start(run, lane) : 0;
}

/* Takes whole answers out of what came; false when one is too long. */
static bool
take_answers(struct run *run, struct lane *lane)
{
	struct str rest = buf_str(&lane->in);
	uint32_t length;

	while (rest.len >= sizeof(length) && lane->next < lane->end) {
		copy_bytes(&length, rest.p, sizeof(length));
		if (length > run->series->answer_max)
			return false;
		if (rest.len < sizeof(length) + length)
			break;
		keep(lane, 0, str_bytes(rest.p + sizeof(length), length));
		rest = str_drop(rest, sizeof(length) + length);
		lane->deadline = world_ticks() + run->room->time;
	}
	buf_drop(&lane->in, lane->in.len - rest.len);
	return true;
}

static int
lane_hear(struct run *run, struct lane *lane)
{
	char *room = buf_room(&lane->in, READ_SIZE);
	ssize_t got = room ? read(lane->fd, room, READ_SIZE) : 0;
	int r = 0;

	if (got < 0 && errno == EINTR)
		return 0;
	if (got <= 0)
		return lane_broke(run, lane, room ? ROOM_E_DIED : ROOM_E_TOO_MUCH);
	buf_added(&lane->in, (size_t)got);
	if (!take_answers(run, lane))
		return lane_broke(run, lane, ROOM_E_TOO_MUCH);
	if (lane->next == lane->end) /* all are there: how it ends is nobody's business any more */
		lane_end(lane, world_ticks() + run->room->time, &r);
	return 0;
}

/* Tells what is there, in order; false when there is more to come. */
static bool
lane_tell(struct run *run, struct lane *lane)
{
	const struct room_series *series = run->series;
	struct kept kept;

	while (lane->told < lane->kept.len) {
		const char *at = lane->kept.data + lane->told;

		copy_bytes(&kept, at, sizeof(kept));
		series->done(series->to, lane->first_kept++, kept.r,
		    str_bytes(at + sizeof(kept), kept.length));
		lane->told += sizeof(kept) + kept.length;
	}
	buf_clear(&lane->kept);
	lane->told = 0;
	return lane->pid == 0 && lane->next == lane->end;
}

static bool
is_full(const struct lane *lane)
{
	return lane->kept.len > KEPT_MAX;
}

/* One look at all children: what came, and whose time is over. */
static int
look_around(struct run *run)
{
	struct pollfd look[ROOM_CHILDREN_MAX];
	when now = world_ticks(), left = run->room->time;
	int r = 0;

	for (size_t i = 0; i < run->count; i++) {
		struct lane *lane = &run->lane[i];
		bool waits = lane->pid == 0 || is_full(lane);

		look[i] = (struct pollfd){ .fd = waits ? -1 : lane->fd, .events = POLLIN };
		if (waits) /* it is we who keep it waiting */
			lane->deadline = now + run->room->time;
		else if (lane->deadline - now < left)
			left = lane->deadline - now;
	}
	if (poll(look, run->count, left > 0 ? (int)(left / MILLIS(1)) + 1 : 0) < 0)
		return errno == EINTR ? 0 : error_origin(errno);
	now = world_ticks();
	for (size_t i = 0; r == 0 && i < run->count; i++) {
		struct lane *lane = &run->lane[i];

		if (look[i].fd >= 0 && look[i].revents)
			r = lane_hear(run, lane);
		else if (look[i].fd >= 0 && now >= lane->deadline)
			r = lane_broke(run, lane, ROOM_E_TIMEOUT);
	}
	return r;
}

static size_t
lanes_for(const struct room_series *series)
{
	size_t most = series->children < ROOM_CHILDREN_MAX ? series->children : ROOM_CHILDREN_MAX;

	return most < 1 ? 1 : most < series->count ? most : series->count;
}

int
room_run_series(const struct room *room, const struct room_series *series)
{
	CLEAN(run_fini) struct run run = { .room = room, .series = series };
	size_t lanes = lanes_for(series), telling = 0;
	int r = 0;

	for (; r == 0 && run.count < lanes; run.count++) {
		struct lane *lane = &run.lane[run.count];

		*lane = (struct lane){ .fd = -1,
			.next = series->count * run.count / lanes,
			.end = series->count * (run.count + 1) / lanes,
			.in = BUF(series->answer_max + 2 * READ_SIZE),
			.kept = BUF(KEPT_MAX + 2 * (series->answer_max + READ_SIZE)) };
		lane->first_kept = lane->next;
		if (lane->next < lane->end)
			r = lane_start(&run, lane);
	}
	while (r == 0 && telling < run.count)
		if (lane_tell(&run, &run.lane[telling]))
			telling++;
		else
			r = look_around(&run);
	return r;
}
