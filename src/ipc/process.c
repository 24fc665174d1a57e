/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/process.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "ipc/hello.h"
#include "sys/failpoint.h"
#include "sys/log.h"
#include "sys/net.h"

#define BOSS_FD       3
#define HELLO_TIMEOUT SECONDS(10)
#define TICK          MILLIS(100)
#define REPORT_EVERY  SECONDS(2)
#define LAST_SECONDS  10 /* for a process to end by itself once it was told */

static int stop_fd = -1; /* the signal handler's */

struct skeleton {
	const struct process_rule *rule;
	struct process process;
	struct config config;
	pthread_t thread;
	atomic_bool ended;
};

/* Also from a signal handler. */
static void
raise_event(int fd)
{
	uint64_t one = 1;
	ssize_t written;
	int saved = errno;

	written = write(fd, &one, sizeof(one));
	(void)written;
	errno = saved;
}

static void
tell_to_stop(int signal)
{
	(void)signal;
	raise_event(stop_fd);
}

static void
handle_signals(void)
{
	struct sigaction act = { .sa_handler = tell_to_stop };

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int
say_hello(struct skeleton *s)
{
	struct hello hello = { .ipc_version = IPC_VERSION, .pid = getpid() };
	CLEAN(buf_fini) struct buf out = BUF(1024);
	CLEAN(buf_fini) struct buf slice = BUF_SECRET(1 << 20);
	int r;

	snprintf(hello.version, sizeof(hello.version), "%s", CERTDESK_VERSION);
	hello_put(&out, &hello);
	r = channel_call(s->process.boss, MESSAGE_HELLO, &out, -1, HELLO_TIMEOUT, &slice);
	return r ? error_fold(r) : config_get_slice(buf_str(&slice), &s->config);
}

static void
start_log(const struct skeleton *s)
{
	enum log_level level = LOG_NOTICE;
	bool json = strcmp(s->config.log_format, "json") == 0;

	(void)log_level_parse(str_of(s->config.log_level), &level);
	log_start(role_name(s->rule->role), json ? LOG_AS_JSON : LOG_AS_TEXT, level);
}

static int
close_sandbox(struct skeleton *s, struct buf *report)
{
	struct sandbox_profile profile = s->rule->profile;
	int r;

	if (s->rule->shape)
		s->rule->shape(&s->process, &profile);
	r = sandbox_enter(&profile, report);
	sandbox_forget_paths(&profile, s->rule->profile.path_count);
	if (r)
		return r;
	return error_fold(channel_tell(s->process.boss, MESSAGE_READY, report, -1));
}

/* Only a channel that is gone ends us; a report that found the wire busy comes again. */
static void
tell_boss(struct skeleton *s, enum message_type type, const struct buf *payload)
{
	int r = channel_tell(s->process.boss, type, payload, -1);

	if (r != 0 && r != CHANNEL_E_TIMEOUT)
		tell_to_stop(0);
}

static void
send_report(struct skeleton *s)
{
	CLEAN(buf_fini) struct buf report = BUF(8 * 1024);

	if (s->rule->report)
		s->rule->report(&s->process, &report);
	if (!buf_failed(&report))
		tell_boss(s, MESSAGE_REPORT, &report);
}

static void
take_peer(struct skeleton *s, struct frame *frame)
{
	enum role role;

	if (frame->fd < 0 || !role_get(buf_str(&frame->payload), &role) || !s->process.peer[role])
		return;
	channel_renew(s->process.peer[role], frame->fd);
	frame->fd = -1;
	raise_event(s->process.renewed_fd);
}

/* A channel that broke is replaced: certdeskd is told until the new one is there. */
static void
tell_lost(struct skeleton *s, const bool had[static ROLE_MAX])
{
	for (int i = 0; i < ROLE_MAX; i++) {
		CLEAN(buf_fini) struct buf lost = BUF(16);

		if (!s->process.peer[i] || !had[i] || channel_is_open(s->process.peer[i]))
			continue;
		role_put(&lost, (enum role)i);
		tell_boss(s, MESSAGE_LOST, &lost);
	}
}

static void
note_open(const struct skeleton *s, bool had[static ROLE_MAX])
{
	for (int i = 0; i < ROLE_MAX; i++)
		had[i] = had[i] || (s->process.peer[i] && channel_is_open(s->process.peer[i]));
}

/* Who waits for the answer of a peer that is gone, too, would keep us from ending. */
static void
expect_no_more(struct skeleton *s)
{
	for (int i = 0; i < ROLE_MAX; i++)
		if (s->process.peer[i])
			channel_renew_no_more(s->process.peer[i]);
}

static void *
attend(void *arg)
{
	struct skeleton *s = arg;
	bool had[ROLE_MAX] = { false };
	when reported = 0;

	while (!atomic_load(&s->ended)) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		int r = channel_receive(s->process.boss, TICK, &frame);

		if (r == 0 && frame.type == MESSAGE_PEER)
			take_peer(s, &frame);
		else if (r != 0 && r != CHANNEL_E_TIMEOUT)
			break;
		note_open(s, had);
		tell_lost(s, had);
		if (world_ticks() - reported >= REPORT_EVERY) {
			reported = world_ticks();
			send_report(s);
		}
	}
	tell_to_stop(0);
	expect_no_more(s);
	alarm(LAST_SECONDS);
	return NULL;
}

static void
clear_event(int fd)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof(count));
}

/* A closed channel has no descriptor, so its renewal is an event of its own. It is cleared before the
 * next look at the channel: one that comes in between is not lost. */
int
process_await(struct process *p, enum role peer, bool *ret_end)
{
	enum role who;

	return process_await_any(p, 1u << peer, &who, ret_end);
}

/* The first one behind him who was served last. */
static bool
next_of(const struct pollfd fds[static ROLE_MAX], enum role served, enum role *ret)
{
	for (int i = 1; i <= ROLE_MAX; i++) {
		enum role role = (enum role)(((int)served + i) % ROLE_MAX);

		if (fds[role].revents) {
			*ret = role;
			return true;
		}
	}
	return false;
}

int
process_await_any(struct process *p, uint32_t peers, enum role *ret_who, bool *ret_end)
{
	for (;;) {
		struct pollfd fds[ROLE_MAX + 2];
		struct pollfd *stop = &fds[ROLE_MAX], *renewed = &fds[ROLE_MAX + 1];

		for (int i = 0; i < ROLE_MAX; i++)
			fds[i] =
			    (struct pollfd){ .fd = peers & (1u << i) ? channel_fd(p->peer[i]) : -1,
				    .events = POLLIN };
		*stop = (struct pollfd){ .fd = p->stop_fd, .events = POLLIN };
		*renewed = (struct pollfd){ .fd = p->renewed_fd, .events = POLLIN };
		if (poll(fds, COUNT_OF(fds), -1) < 0) {
			if (errno != EINTR)
				return error_origin(errno);
			continue;
		}
		if (renewed->revents)
			clear_event(p->renewed_fd);
		*ret_end = stop->revents != 0;
		if (next_of(fds, p->served, ret_who))
			p->served = *ret_who;
		else if (!*ret_end)
			continue;
		return 0;
	}
}

static int
set_up(struct skeleton *s)
{
	s->process.role = s->rule->role;
	s->process.world = world_real();
	s->process.config = &s->config;
	s->process.boss = channel_new(BOSS_FD, s->rule->role, ROLE_CERTDESKD);
	for (int i = 0; i < ROLE_MAX; i++)
		if (s->rule->peers & (1u << i))
			s->process.peer[i] = channel_new(-1, s->rule->role, (enum role)i);
	s->process.stop_fd = stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->process.renewed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (stop_fd < 0 || s->process.renewed_fd < 0)
		return error_origin(errno);
	handle_signals();
	return say_hello(s);
}

static int
serve(struct skeleton *s)
{
	int r = pthread_create(&s->thread, NULL, attend, s) == 0 ? 0 : error_origin(EAGAIN);

	if (r == 0)
		r = s->rule->run(&s->process);
	atomic_store(&s->ended, true);
	alarm(LAST_SECONDS);
	pthread_join(s->thread, NULL);
	return r;
}

static int
live(struct skeleton *s)
{
	CLEAN(buf_fini) struct buf sandbox = BUF(4 * 1024);
	int r = sandbox_begin();

	if (r == 0)
		r = set_up(s);
	if (r)
		return r;
	start_log(s);
	r = s->rule->open ? s->rule->open(&s->process) : 0;
	if (r)
		return r;
	r = close_sandbox(s, &sandbox);
	if (r)
		return r;
	if (str_find(buf_str(&sandbox), STR("seccomp=off")) < sandbox.len)
		LOG(LOG_WARNING, "sandbox.off", LOG_TEXT("in_force", buf_text(&sandbox)));
	LOG(LOG_INFO, "process.ready", LOG_NUMBER("pid", getpid()),
	    LOG_TEXT("version", CERTDESK_VERSION));
	return serve(s);
}

/* For `certdeskd --failpoints`: plain text instead of frames. */
static int
name_failpoints(void)
{
	CLEAN(buf_fini) struct buf names = BUF(1 << 16);

	failpoint_list(&names);
	return net_write(BOSS_FD, buf_str(&names), HELLO_TIMEOUT) == 0 ? 0 : 1;
}

int
process_run(const struct process_rule *rule)
{
	static struct skeleton skeleton; /* for threads that run on while the process ends */
	int r;

	log_start(role_name(rule->role), LOG_AS_TEXT, LOG_NOTICE);
	if (failpoint_list_wanted())
		return name_failpoints();
	skeleton.rule = rule;
	r = live(&skeleton);
	if (r && !channel_is_open(skeleton.process.boss))
		LOG(LOG_NOTICE, "process.left",
		    LOG_TEXT("words", channel_why(skeleton.process.boss)),
		    LOG_TEXT("while", "certdeskd was gone before we served"));
	else if (r)
		LOG(LOG_ERROR, "process.failed", LOG_NUMBER("error", r),
		    LOG_TEXT("words", error_words(r)));
	return r ? 1 : 0;
}
