/* SPDX-License-Identifier: Apache-2.0 */
#include "certdeskd/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/error.h"
#include "certdeskd/backoff.h"
#include "ipc/hello.h"
#include "ipc/house.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"
#include "sys/spawn.h"

#define TICK_MS   200
#define PAIR_REST MILLIS(200)
#define END_MOST  SECONDS(12)

/* clang-format off */
static const struct {
	enum role role;
	enum config_reader reader;
	size_t user; /* where its user's name is in struct config */
} programs[] = {
	{ ROLE_KEEPER,  CONFIG_FOR_KEEPER,  offsetof(struct config, user_keeper) },
	{ ROLE_READER,  CONFIG_FOR_READER,  offsetof(struct config, user_reader) },
	{ ROLE_WORKER,  CONFIG_FOR_WORKER,  offsetof(struct config, user_worker) },
	{ ROLE_DESK,    CONFIG_FOR_DESK,    offsetof(struct config, user_desk) },
	{ ROLE_COURIER, CONFIG_FOR_COURIER, offsetof(struct config, user_courier) }, /* where a balancer needs it */
};

/* Who talks to whom. */
static const enum role pairs[][2] = {
	{ ROLE_DESK,   ROLE_READER },
	{ ROLE_WORKER, ROLE_READER },
	{ ROLE_DESK,   ROLE_WORKER },
	{ ROLE_WORKER, ROLE_KEEPER },
	{ ROLE_READER, ROLE_KEEPER }, /* where keys that were not made here may be taken */
	{ ROLE_KEEPER, ROLE_COURIER },
};
/* clang-format on */

struct child {
	struct channel *channel;
	pid_t pid;     /* 0 = not running */
	bool greeted;  /* has its slice */
	when began;    /* world_ticks */
	when start_at; /* world_ticks: when to start it again */
	struct backoff backoff;
	struct resident resident;
};

struct supervisor {
	const struct config *config;
	const struct world *world;
	const char *folder;
	struct child child[COUNT_OF(programs)];
	when paired[COUNT_OF(pairs)]; /* world_ticks of the last new channel */
};

int
supervisor_new(const struct config *config, const char *folder, const struct world *world,
    struct supervisor **ret)
{
	struct supervisor *s = alloc_zero(sizeof(*s));

	s->config = config;
	s->world = world;
	s->folder = folder;
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		s->child[i].resident.role = programs[i].role;
	*ret = s;
	return 0;
}

struct supervisor *
supervisor_free(struct supervisor *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		channel_free(s->child[i].channel);
	free(s);
	return NULL;
}

static struct child *
child_of(struct supervisor *s, enum role role)
{
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		if (programs[i].role == role)
			return &s->child[i];
	return NULL;
}

/* No balancer behind HTTPS, no courier (docs/decisions/0013). */
static bool
is_wanted(const struct supervisor *s, enum role role)
{
	return role != ROLE_COURIER || config_needs_courier(s->config);
}

/* The environment of a child: nothing of ours but what its tests need. */
static void
fill_environment(const struct child *child, const char *to[static 6], struct buf *space)
{
	static const char *const passed[] = { "CERTDESK_SANDBOX", "ASAN_OPTIONS", "UBSAN_OPTIONS",
		"CERTDESK_FAILPOINT" };
	size_t starts[COUNT_OF(passed)], count = 0;

	for (size_t i = 0; i < COUNT_OF(passed); i++) {
		const char *value = getenv(passed[i]);

		if (!value ||
		    (strcmp(passed[i], "CERTDESK_FAILPOINT") == 0 && child->resident.restarts > 0))
			continue;
		starts[count++] = space->len;
		buf_printf(space, "%s=%s", passed[i], value);
		buf_put_byte(space, 0);
	}
	for (size_t i = 0; i < count; i++)
		to[i] = buf_text(space) + starts[i];
	to[count] = NULL;
}

static int
start_child(struct supervisor *s, size_t i)
{
	CLEAN(buf_fini) struct buf space = BUF(4096);
	struct child *child = &s->child[i];
	const char *environment[6];
	char path[CONFIG_PATH_SIZE + 32];
	int ends[2];
	int r = net_pair(ends);
	struct spawn spawn = { .program = path,
		.environment = environment,
		.user = (const char *)s->config + programs[i].user };

	if (r)
		return error_fold(r);
	snprintf(path, sizeof(path), "%s/%s", s->folder, role_name(programs[i].role));
	fill_environment(child, environment, &space);
	spawn.channel_fd = ends[1];
	r = spawn_child(&spawn, &child->pid);
	if (r) {
		close_fd(ends[0]);
		return r;
	}
	channel_free(child->channel);
	child->channel = channel_new(ends[0], ROLE_CERTDESKD, programs[i].role);
	child->greeted = false;
	child->began = world_ticks();
	child->resident.pid = child->pid;
	child->resident.started = world_now(s->world);
	child->resident.ready = false;
	child->resident.sandbox[0] = child->resident.report[0] = '\0';
	return 0;
}

static void
start_due(struct supervisor *s)
{
	for (size_t i = 0; i < COUNT_OF(programs); i++) {
		struct child *child = &s->child[i];

		if (child->pid != 0 || world_ticks() < child->start_at ||
		    !is_wanted(s, programs[i].role))
			continue;
		if (start_child(s, i) != 0) {
			LOG(LOG_ERROR, "process.not_started",
			    LOG_TEXT("program", role_name(programs[i].role)),
			    LOG_TEXT("folder", s->folder));
			child->start_at = world_ticks() + SECONDS(5);
		}
	}
}

static void
note_end(struct child *child, int status)
{
	char *words = child->resident.last_end;
	size_t size = sizeof(child->resident.last_end);

	if (WIFSIGNALED(status))
		snprintf(words, size, "killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == 99)
		snprintf(
		    words, size, "stopped by its sandbox (the line before says at which call)");
	else if (WEXITSTATUS(status) == 127)
		snprintf(words, size, "the program could not be run");
	else
		snprintf(words, size, "ended with status %d", WEXITSTATUS(status));
}

static void
bury(struct child *child, int status)
{
	when wait = backoff_after(&child->backoff, world_ticks() - child->began);
	const char *why = child->channel ? channel_why(child->channel) : "";

	note_end(child, status);
	child->start_at = world_ticks() + wait;
	child->pid = 0;
	child->resident.pid = 0;
	child->resident.ready = false;
	child->resident.restarts++;
	child->greeted = false;
	LOG(LOG_ERROR, "process.ended", LOG_TEXT("program", role_name(child->resident.role)),
	    LOG_TEXT("words", child->resident.last_end), LOG_TEXT("channel", why),
	    LOG_NUMBER("restarts", child->resident.restarts),
	    LOG_NUMBER("again_in_ms", wait / MILLIS(1)));
	child->channel = channel_free(child->channel);
}

static void
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < COUNT_OF(programs); i++)
			if (s->child[i].pid == pid)
				bury(&s->child[i], status);
}

/* Whatever is wrong with a child's channel, the child is replaced: its end is seen by reap(). */
static void
give_up(struct child *child)
{
	if (child->pid > 0)
		(void)kill(child->pid, SIGKILL);
}

static void
send_peer(struct child *to, enum role other, int fd)
{
	CLEAN(buf_fini) struct buf payload = BUF(16);

	role_put(&payload, other);
	if (channel_tell(to->channel, MESSAGE_PEER, &payload, fd) != 0)
		give_up(to);
}

/* No policy, no wire: nobody can misuse what is not there. */
static bool
may_meet(const struct supervisor *s, size_t pair)
{
	return s->config->foreign_keys || pairs[pair][0] != ROLE_READER ||
	       pairs[pair][1] != ROLE_KEEPER;
}

static void
introduce(struct supervisor *s, size_t pair)
{
	struct child *a = child_of(s, pairs[pair][0]), *b = child_of(s, pairs[pair][1]);
	int ends[2];

	if (!a->greeted || !b->greeted || !may_meet(s, pair) || net_pair(ends) != 0)
		return;
	s->paired[pair] = world_ticks();
	send_peer(a, pairs[pair][1], ends[0]);
	send_peer(b, pairs[pair][0], ends[1]);
	close_fd(ends[0]);
	close_fd(ends[1]);
}

static void
introduce_all(struct supervisor *s, enum role role)
{
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if (pairs[i][0] == role || pairs[i][1] == role)
			introduce(s, i);
}

static void
replace_lost(struct supervisor *s, enum role a, enum role b)
{
	for (size_t i = 0; i < COUNT_OF(pairs); i++)
		if (((pairs[i][0] == a && pairs[i][1] == b) ||
			(pairs[i][0] == b && pairs[i][1] == a)) &&
		    world_ticks() - s->paired[i] > PAIR_REST)
			introduce(s, i);
}

static void
on_hello(struct supervisor *s, size_t i, const struct frame *frame)
{
	CLEAN(buf_fini) struct buf slice = BUF_SECRET(1 << 18);
	struct child *child = &s->child[i];
	struct hello hello;

	if (!hello_get(buf_str(&frame->payload), &hello) || hello.ipc_version != IPC_VERSION) {
		LOG(LOG_ERROR, "process.other_version",
		    LOG_TEXT("program", role_name(programs[i].role)),
		    LOG_TEXT("do", "install certdeskd and its programs from one build"));
		give_up(child);
		return;
	}
	snprintf(child->resident.version, sizeof(child->resident.version), "%s", hello.version);
	config_put_slice(s->config, programs[i].reader, &slice);
	if (channel_answer(child->channel, frame, &slice) != 0) {
		give_up(child);
		return;
	}
	child->greeted = true;
	introduce_all(s, programs[i].role);
}

static void
on_house(struct supervisor *s, struct child *child, const struct frame *frame)
{
	CLEAN(buf_fini) struct buf answer = BUF(1 << 17);
	struct house *house = alloc_zero(sizeof(*house));

	for (size_t i = 0; i < COUNT_OF(programs); i++)
		if (is_wanted(s, programs[i].role))
			house->resident[house->count++] = s->child[i].resident;
	house_put(&answer, house);
	free(house);
	if (channel_answer(child->channel, frame, &answer) != 0)
		give_up(child);
}

static void
on_text(const struct frame *frame, char *to, size_t size)
{
	if (frame->payload.len < size)
		(void)str_copy(buf_str(&frame->payload), to, size);
}

static void
on_frame(struct supervisor *s, size_t i, const struct frame *frame)
{
	struct child *child = &s->child[i];
	enum role lost;

	switch (frame->type) {
	case MESSAGE_HELLO:
		on_hello(s, i, frame);
		break;
	case MESSAGE_READY:
		child->resident.ready = true;
		on_text(frame, child->resident.sandbox, sizeof(child->resident.sandbox));
		LOG(LOG_NOTICE, "process.ready", LOG_TEXT("program", role_name(programs[i].role)),
		    LOG_NUMBER("pid", child->pid), LOG_TEXT("sandbox", child->resident.sandbox));
		break;
	case MESSAGE_REPORT:
		on_text(frame, child->resident.report, sizeof(child->resident.report));
		break;
	case MESSAGE_LOST:
		if (role_get(buf_str(&frame->payload), &lost))
			replace_lost(s, programs[i].role, lost);
		break;
	case MESSAGE_HOUSE:
		on_house(s, child, frame);
		break;
	case MESSAGE_NONE:
	case MESSAGE_PEER:
	case MESSAGE_KEY_MAKE:
	case MESSAGE_KEY_EXPORT:
	case MESSAGE_KEY_TAKE:
	case MESSAGE_READ:
	case MESSAGE_WAKE:
	case MESSAGE_SIGN_IN:
	case MESSAGE_CARRY:
	case MESSAGE_MAX:
		give_up(child); /* the table lets none of these through */
		break;
	}
}

static void
hear(struct supervisor *s, size_t i)
{
	CLEAN(frame_fini) struct frame frame = { .fd = -1 };
	struct child *child = &s->child[i];
	int r;

	if (!child->channel || !channel_is_open(child->channel))
		return;
	r = channel_receive(child->channel, 0, &frame);
	if (r == 0)
		on_frame(s, i, &frame);
	else if (r !=
		 CHANNEL_E_TIMEOUT) /* half a frame: the rest comes, or the child stalls itself */
		give_up(child);
}

static size_t
watched(const struct supervisor *s, int stop_fd, struct pollfd fds[static COUNT_OF(programs) + 1])
{
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		fds[i] =
		    (struct pollfd){ .fd =
					 s->child[i].channel ? channel_fd(s->child[i].channel) : -1,
			    .events = POLLIN };
	fds[COUNT_OF(programs)] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
	return COUNT_OF(programs) + 1;
}

static bool
anybody_left(const struct supervisor *s)
{
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		if (s->child[i].pid != 0)
			return true;
	return false;
}

/* The children see their channel's end and finish what they do. */
static void
end_children(struct supervisor *s)
{
	when deadline = world_ticks() + END_MOST;

	for (size_t i = 0; i < COUNT_OF(programs); i++) {
		s->child[i].channel = channel_free(s->child[i].channel);
		if (s->child[i].pid > 0)
			(void)kill(s->child[i].pid, SIGTERM);
	}
	while (anybody_left(s)) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		for (size_t i = 0; i < COUNT_OF(programs); i++) {
			if (pid > 0 && s->child[i].pid == pid)
				s->child[i].pid = 0;
			else if (world_ticks() > deadline)
				give_up(&s->child[i]);
		}
		if (pid <= 0)
			(void)poll(NULL, 0, 10);
	}
}

int
supervisor_run(struct supervisor *s, int stop_fd)
{
	struct pollfd fds[COUNT_OF(programs) + 1];

	for (;;) {
		size_t count;

		start_due(s);
		count = watched(s, stop_fd, fds);
		(void)poll(fds, count, TICK_MS);
		if (fds[count - 1].revents)
			break;
		for (size_t i = 0; i < COUNT_OF(programs); i++)
			if (fds[i].revents)
				hear(s, i);
		reap(s);
	}
	end_children(s);
	return 0;
}
