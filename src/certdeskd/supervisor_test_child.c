/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All programs for supervisor_test.c: the real skeleton around processes that do nothing but
 * talk. Which one it is says its name. Each writes its pid to FOLDER/NAME.pid; the desk goes its
 * round (reader, worker, certdeskd) over and over, the worker asks the keeper whenever it is woken,
 * and both count in FOLDER/NAME.rounds. The reader says whether it has a way to the keeper, the keeper whether it has one to the courier, and how often it was answered there. When FOLDER/NAME.drop is there, NAME breaks off with its
 * peers.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "ipc/house.h"
#include "ipc/process.h"
#include "ipc/wake.h"
#include "sys/failpoint.h"
#include "sys/file.h"
#include "sys/net.h"

#define ROUND_EVERY MILLIS(20)

static char folder[CONFIG_PATH_SIZE]; /* not all get data.folder in their slice */

static int
write_number(const struct process *p, const char *what, int64_t number)
{
	CLEAN(buf_fini) struct buf text = BUF(32);
	char path[CONFIG_PATH_SIZE + 64];

	snprintf(path, sizeof(path), "%s/%s.%s", folder, role_name(p->role), what);
	buf_printf(&text, "%lld", (long long)number);
	return error_fold(file_write(path, buf_str(&text), 0600));
}

static bool
is_told(const struct process *p, const char *what)
{
	CLEAN(buf_fini) struct buf text = BUF(32);
	char path[CONFIG_PATH_SIZE + 64];

	snprintf(path, sizeof(path), "%s/%s.%s", folder, role_name(p->role), what);
	return file_read(path, &text) == 0 && file_remove(path) == 0;
}

static void
break_off(struct process *p)
{
	for (int i = 0; i < ROLE_MAX; i++)
		if (p->peer[i] && channel_is_open(p->peer[i]))
			(void)shutdown(channel_fd(p->peer[i]), SHUT_RDWR);
}

static bool
call_is_answered(struct channel *peer, enum message_type type)
{
	const struct message_rule *rule = message_rule(type);
	CLEAN(buf_fini) struct buf question = BUF(10);
	CLEAN(buf_fini) struct buf answer = BUF(10);

	buf_put_text(&question, "ping");
	return channel_call(peer, type, &question, rule->fd_in_request ? STDIN_FILENO : -1,
		   SECONDS(1), &answer) == 0 &&
	       str_eq(buf_str(&answer), STR("ping"));
}

static bool
all_are_ready(const struct process *p)
{
	struct house *house = alloc_zero(sizeof(*house));
	bool ready = house_ask(p->boss, house) == 0 && house->count >= 4 &&
	             write_number(p, "house", (int64_t)house->count) == 0;

	for (size_t i = 0; ready && i < house->count; i++)
		ready = house->resident[i].ready &&
		        strcmp(house->resident[i].version, CERTDESK_VERSION) == 0 &&
		        strstr(house->resident[i].sandbox, "seccomp=") &&
		        strstr(house->resident[i].report, "talks=yes");
	free(house);
	return ready;
}

/* Answers, or hears, whatever comes; true when it was the desk's WAKE. */
static bool
hear(struct channel *peer, when timeout)
{
	CLEAN(frame_fini) struct frame frame = { .fd = -1 };

	if (channel_receive(peer, timeout, &frame) != 0)
		return false;
	return frame.type == MESSAGE_WAKE || channel_answer(peer, &frame, &frame.payload) != 0;
}

/* As the keeper and the reader do: no look now and then, only what wakes them. Never a round. */
static bool
answer_next(struct process *p, uint32_t peers)
{
	bool end = false;
	enum role who;

	return process_await_any(p, peers, &who, &end) == 0 && !end && hear(p->peer[who], 0) &&
	       false;
}

static void
go_to_courier(struct process *p)
{
	static int64_t carried;
	bool is_there = channel_is_open(p->peer[ROLE_COURIER]);

	if (is_there && call_is_answered(p->peer[ROLE_COURIER], MESSAGE_CARRY))
		carried++;
	(void)!write_number(p, "courier", is_there);
	(void)!write_number(p, "carried", carried);
}

static bool
go_round(struct process *p)
{
	switch (p->role) {
	case ROLE_KEEPER:
		go_to_courier(p);
		return answer_next(p, 1u << ROLE_WORKER | 1u << ROLE_READER);
	case ROLE_READER:
		return answer_next(p, 1u << ROLE_DESK | 1u << ROLE_WORKER);
	case ROLE_DESK:
		wake_tell(p->peer[ROLE_WORKER]);
		return net_wait(p->stop_fd, false, ROUND_EVERY) == NET_E_TIMEOUT &&
		       call_is_answered(p->peer[ROLE_READER], MESSAGE_READ) && all_are_ready(p);
	case ROLE_WORKER:
		return hear(p->peer[ROLE_DESK], ROUND_EVERY) &&
		       call_is_answered(p->peer[ROLE_KEEPER], MESSAGE_KEY_MAKE) &&
		       call_is_answered(p->peer[ROLE_READER], MESSAGE_READ);
	case ROLE_COURIER:
		return answer_next(p, 1u << ROLE_KEEPER);
	case ROLE_CERTDESKD:
	case ROLE_MAX:
		break;
	}
	return false;
}

static int
run_child(struct process *p)
{
	int64_t rounds = 0;
	int r = write_number(p, "pid", getpid());

	while (r == 0 && net_wait(p->stop_fd, false, 0) == NET_E_TIMEOUT) {
		if (is_told(p, "drop"))
			break_off(p);
		if (p->role == ROLE_READER)
			r = write_number(p, "keeper", channel_is_open(p->peer[ROLE_KEEPER]));
		if (go_round(p))
			r = write_number(p, "rounds", ++rounds);
	}
	return r;
}

static int
open_child(struct process *p UNUSED)
{
	FAILPOINT("test.open");
	return 0;
}

static void
shape_child(const struct process *p UNUSED, struct sandbox_profile *profile)
{
	sandbox_allow_path(profile, folder, true);
}

static void
report_child(struct process *p UNUSED, struct buf *to)
{
	buf_put_text(to, "talks=yes\n");
}

int
main(int argc, char **argv)
{
	static const uint32_t peers[ROLE_MAX] = {
		[ROLE_KEEPER] = 1u << ROLE_WORKER | 1u << ROLE_READER | 1u << ROLE_COURIER,
		[ROLE_READER] = 1u << ROLE_DESK | 1u << ROLE_WORKER | 1u << ROLE_KEEPER,
		[ROLE_DESK] = 1u << ROLE_READER | 1u << ROLE_WORKER,
		[ROLE_WORKER] = 1u << ROLE_KEEPER | 1u << ROLE_READER | 1u << ROLE_DESK,
		[ROLE_COURIER] = 1u << ROLE_KEEPER,
	};
	struct process_rule rule = { .profile = { .calls = SANDBOX_FILES },
		.open = open_child,
		.shape = shape_child,
		.run = run_child,
		.report = report_child };

	if (argc < 1)
		return 1;
	for (int role = ROLE_KEEPER; role < ROLE_MAX; role++)
		if (str_ends(str_of(argv[0]), str_of(role_name((enum role)role))))
			rule.role = (enum role)role;
	rule.peers = peers[rule.role];
	if (!str_copy(str_of(dirname(argv[0])), folder, sizeof(folder)))
		return 1;
	return process_run(&rule);
}
