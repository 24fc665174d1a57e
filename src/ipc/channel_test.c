/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of a real socket pair; where a rule is broken, the other end is a bare descriptor. */
#include "ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/wire.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

static const struct buf nothing = { .max = 0 };

struct ends {
	struct channel *worker, *keeper;
};

static struct ends
worker_and_keeper(void)
{
	int fds[2];

	assert_int_equal(net_pair(fds), 0);
	return (struct ends){ .worker = channel_new(fds[0], ROLE_WORKER, ROLE_KEEPER),
		.keeper = channel_new(fds[1], ROLE_KEEPER, ROLE_WORKER) };
}

static void
free_ends(struct ends *e)
{
	channel_free(e->worker);
	channel_free(e->keeper);
}

CLEAN_DEFINE_FINI(free_ends, struct ends);

/* A keeper that answers every request with the same bytes, refuses those that say "no", and writes
 * into descriptors that it gets; until its channel is closed. */
static void *
keep(void *arg)
{
	struct channel *c = arg;

	for (;;) {
		CLEAN(frame_fini) struct frame f = { .fd = -1 };
		int r = channel_receive(c, SECONDS(30), &f);

		if (r == CHANNEL_E_TIMEOUT)
			continue;
		if (r)
			return NULL;
		if (f.fd >= 0)
			(void)!write(f.fd, "poured", 6);
		if (str_eq(buf_str(&f.payload), STR("no")))
			r = channel_refuse(c, &f);
		else if (f.type == MESSAGE_KEY_MAKE || f.type == MESSAGE_KEY_EXPORT)
			r = channel_answer(c, &f, &f.payload);
		if (r)
			return NULL;
	}
}

static int
ask(struct channel *c, const char *question, when timeout, struct buf *answer)
{
	CLEAN(buf_fini) struct buf payload = BUF(16 * 1024);

	buf_put_text(&payload, question);
	return channel_call(c, MESSAGE_KEY_MAKE, &payload, -1, timeout, answer);
}

static void
asks_and_is_answered(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	CLEAN(buf_fini) struct buf answer = BUF(100);
	pthread_t keeper;

	pthread_create(&keeper, NULL, keep, e.keeper);
	assert_int_equal(ask(e.worker, "one", SECONDS(30), &answer), 0);
	assert_int_equal(ask(e.worker, "", SECONDS(30), &answer), 0);
	assert_int_equal(ask(e.worker, "no", SECONDS(30), &answer), CHANNEL_E_REFUSED);
	assert_int_equal(ask(e.worker, "two", SECONDS(30), &answer), 0);
	assert_string_equal(buf_text(&answer), "onetwo");
	e.worker = channel_free(e.worker);
	pthread_join(keeper, NULL);
	assert_false(channel_is_open(e.keeper));
	assert_int_equal(channel_fd(e.keeper), -1);
	assert_string_equal(channel_why(e.keeper), "the peer closed it");
}

static void
passes_a_descriptor(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	CLEAN(buf_fini) struct buf answer = BUF(100);
	char got[10] = "";
	int vessel[2];
	pthread_t keeper;

	assert_int_equal(pipe(vessel), 0);
	pthread_create(&keeper, NULL, keep, e.keeper);
	assert_int_equal(
	    channel_call(e.worker, MESSAGE_KEY_EXPORT, &nothing, vessel[1], SECONDS(30), &answer),
	    0);
	assert_int_equal(fcntl(vessel[1], F_GETFD), 0); /* passed, not closed */
	close(vessel[1]);
	assert_int_equal(read(vessel[0], got, sizeof(got)), 6);
	assert_int_equal(
	    read(vessel[0], got, sizeof(got)), 0); /* and closed by the frame that owned it */
	close(vessel[0]);
	e.worker = channel_free(e.worker);
	pthread_join(keeper, NULL);
}

static void
sends_only_what_the_table_allows(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	CLEAN(buf_fini) struct buf big = BUF(1 << 20);
	CLEAN(buf_fini) struct buf failed = BUF(1);
	CLEAN(buf_fini) struct buf answer = BUF(100);

	(void)!buf_room(&big, message_rule(MESSAGE_KEY_MAKE)->max_request + 1);
	buf_added(&big, message_rule(MESSAGE_KEY_MAKE)->max_request + 1);
	buf_put_text(&failed, "too long");
	assert_int_equal(
	    channel_call(e.worker, MESSAGE_KEY_MAKE, &big, -1, SECONDS(1), &answer), -EMSGSIZE);
	assert_int_equal(
	    channel_call(e.worker, MESSAGE_KEY_MAKE, &failed, -1, SECONDS(1), &answer), -EMSGSIZE);
	assert_int_equal(
	    channel_call(e.worker, MESSAGE_KEY_MAKE, &nothing, 0, SECONDS(1), &answer), -EMSGSIZE);
	assert_int_equal(
	    channel_call(e.worker, MESSAGE_KEY_EXPORT, &nothing, -1, SECONDS(1), &answer),
	    -EMSGSIZE);
	assert_int_equal(
	    channel_call(e.worker, MESSAGE_READ, &nothing, -1, SECONDS(1), &answer), -EMSGSIZE);
	assert_int_equal(
	    channel_call(e.keeper, MESSAGE_KEY_MAKE, &nothing, -1, SECONDS(1), &answer), -EMSGSIZE);
	assert_int_equal(channel_tell(e.worker, MESSAGE_MAX, &nothing, -1), -EMSGSIZE);
	assert_true(channel_is_open(e.worker));
}

struct raw {
	uint32_t length;
	uint16_t version, type;
	uint8_t kind;
	size_t payload; /* so many bytes really follow */
	int descriptors;
	size_t descriptors_at; /* come with this byte of the frame */
};

static void
send_raw(int fd, const struct raw *raw)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(6 * sizeof(int))];
	} control = { 0 };
	CLEAN(buf_fini) struct buf b = BUF(200000);
	struct iovec part;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	wire_put_u32(&b, raw->length);
	wire_put_u16(&b, raw->version);
	wire_put_u16(&b, raw->type);
	wire_put_u8(&b, raw->kind);
	wire_put_u32(&b, 1);
	for (size_t i = 0; i < raw->payload; i++)
		buf_put_byte(&b, 'x');
	assert_int_equal(net_write(fd, str_bytes(b.data, raw->descriptors_at), SECONDS(5)), 0);
	part = (struct iovec){ .iov_base = b.data + raw->descriptors_at,
		.iov_len = b.len - raw->descriptors_at };
	if (raw->descriptors > 0) {
		size_t size = (size_t)raw->descriptors * sizeof(int);
		const int zeros[6] = { 0 };

		message.msg_control = control.space;
		message.msg_controllen = CMSG_SPACE(size);
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), zeros, size);
	}
	assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), (ssize_t)part.iov_len);
}

static size_t
open_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The keeper, presumed to face a captured worker: each breach closes the channel, and no descriptor
 * leaks. */
static void
breaches_close_the_channel(void **state UNUSED)
{
	enum { V = IPC_VERSION, MAKE = MESSAGE_KEY_MAKE, EXPORT = MESSAGE_KEY_EXPORT };
	/* clang-format off */
	static const struct {
		const char *name;
		struct raw raw;
		int result;
		const char *why;
	} cases[] = {
		{ "a good request",          { 9 + 3, V, MAKE, 0, 3, 0, 0 },       0, "" },
		{ "a good one with an fd",   { 9 + 3, V, EXPORT, 0, 3, 1, 0 },     0, "" },
		{ "another version",         { 9, V + 1, MAKE, 0, 0, 0, 0 },       CHANNEL_E_CLOSED, "the peer speaks another version" },
		{ "no type",                 { 9, V, MESSAGE_NONE, 0, 0, 0, 0 },   CHANNEL_E_CLOSED, "no such message" },
		{ "an unknown type",         { 9, V, MESSAGE_MAX, 0, 0, 0, 0 },    CHANNEL_E_CLOSED, "no such message" },
		{ "the largest type",        { 9, V, 65535, 0, 0, 0, 0 },          CHANNEL_E_CLOSED, "no such message" },
		{ "somebody else's message", { 9, V, MESSAGE_READ, 0, 0, 0, 0 },   CHANNEL_E_CLOSED, "the peer may not" },
		{ "an unknown kind",         { 9, V, MAKE, 3, 0, 0, 0 },           CHANNEL_E_CLOSED, "no such message" },
		{ "an answer to nothing",    { 9, V, MAKE, 1, 0, 0, 0 },           CHANNEL_E_CLOSED, "an answer" },
		{ "too short a length",      { 8, V, MAKE, 0, 0, 0, 0 },           CHANNEL_E_CLOSED, "no such message" },
		{ "length nought",           { 0, V, MAKE, 0, 0, 0, 0 },           CHANNEL_E_CLOSED, "no such message" },
		{ "too long a request",      { 9 + 16385, V, MAKE, 0, 0, 0, 0 },   CHANNEL_E_CLOSED, "the request is too long" },
		{ "the longest length",      { UINT32_MAX, V, MAKE, 0, 0, 0, 0 },  CHANNEL_E_CLOSED, "the request is too long" },
		{ "an fd unasked",           { 9, V, MAKE, 0, 0, 1, 0 },           CHANNEL_E_CLOSED, "a descriptor came" },
		{ "an fd missing",           { 9, V, EXPORT, 0, 0, 0, 0 },         CHANNEL_E_CLOSED, "a descriptor came" },
		{ "two fds",                 { 9, V, EXPORT, 0, 0, 2, 0 },         CHANNEL_E_CLOSED, "more descriptors" },
		{ "more fds than we look at", { 9, V, EXPORT, 0, 0, 6, 0 },        CHANNEL_E_CLOSED, "more descriptors" },
		{ "an fd in the payload",    { 9 + 3, V, MAKE, 0, 3, 1, 14 },      CHANNEL_E_CLOSED, "a descriptor came" },
		{ "a late fd",               { 9 + 3, V, EXPORT, 0, 3, 1, 13 },    CHANNEL_E_CLOSED, "a descriptor came" },
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t before = open_descriptors();
		CLEAN(channel_free) struct channel *keeper = NULL;
		struct frame frame = { .fd = -1 };
		int fds[2], r;

		assert_int_equal(net_pair(fds), 0);
		keeper = channel_new(fds[1], ROLE_KEEPER, ROLE_WORKER);
		send_raw(fds[0], &cases[i].raw);
		r = channel_receive(keeper, SECONDS(5), &frame);
		if (r != cases[i].result ||
		    !str_starts(str_of(channel_why(keeper)), str_of(cases[i].why)) ||
		    channel_is_open(keeper) != (r == 0))
			fail_msg("%s: %d, %s", cases[i].name, r, channel_why(keeper));
		frame_fini(&frame);
		close_fd(fds[0]);
		keeper = channel_free(keeper);
		if (open_descriptors() != before)
			fail_msg("%s: a descriptor leaked", cases[i].name);
	}
}

/* A peer that stalls in the middle of a frame holds nobody up, and may go on later. */
static void
half_a_frame_waits(void **state UNUSED)
{
	CLEAN(channel_free) struct channel *keeper = NULL;
	CLEAN(frame_fini) struct frame frame = { .fd = -1 };
	CLEAN(buf_fini) struct buf whole = BUF(100);
	int fds[2];

	assert_int_equal(net_pair(fds), 0);
	keeper = channel_new(fds[1], ROLE_KEEPER, ROLE_WORKER);
	wire_put_u32(&whole, 9 + 3);
	wire_put_u16(&whole, IPC_VERSION);
	wire_put_u16(&whole, MESSAGE_KEY_MAKE);
	wire_put_u8(&whole, 0);
	wire_put_u32(&whole, 7);
	buf_put_text(&whole, "abc");
	for (size_t i = 0; i < whole.len; i++) {
		assert_int_equal(channel_receive(keeper, 0, &frame), CHANNEL_E_TIMEOUT);
		assert_int_equal(net_write(fds[0], str_bytes(whole.data + i, 1), SECONDS(5)), 0);
	}
	assert_int_equal(channel_receive(keeper, 0, &frame), 0);
	assert_string_equal(buf_text(&frame.payload), "abc");
	assert_int_equal(frame.request, 7);
	assert_int_equal(net_write(fds[0], str_bytes(whole.data, 10), SECONDS(5)), 0);
	close_fd(fds[0]);
	assert_int_equal(channel_receive(keeper, SECONDS(5), &frame), CHANNEL_E_CLOSED);
}

static void
no_answer_closes(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	CLEAN(buf_fini) struct buf answer = BUF(100);

	assert_int_equal(ask(e.worker, "x", MILLIS(20), &answer), CHANNEL_E_TIMEOUT);
	assert_false(channel_is_open(e.worker));
	assert_int_equal(ask(e.worker, "x", MILLIS(20), &answer), CHANNEL_E_CLOSED);
}

struct asking {
	struct channel *channel;
	struct buf answer;
	int result;
};

static void *
ask_in_thread(void *arg)
{
	struct asking *a = arg;

	a->result = ask(a->channel, "late", SECONDS(30), &a->answer);
	return NULL;
}

static void
a_caller_waits_for_the_new_connection(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	struct asking asking = { .channel = e.worker, .answer = BUF(100) };
	CLEAN(buf_fini) struct buf answer = BUF(100);
	pthread_t asker, keeper;
	int fds[2];

	e.keeper = channel_free(e.keeper);
	assert_int_equal(ask(e.worker, "x", SECONDS(30), &answer), CHANNEL_E_CLOSED);
	pthread_create(&asker, NULL, ask_in_thread, &asking);
	assert_int_equal(net_pair(fds), 0);
	e.keeper = channel_new(fds[1], ROLE_KEEPER, ROLE_WORKER);
	pthread_create(&keeper, NULL, keep, e.keeper);
	channel_renew(e.worker, fds[0]);
	pthread_join(asker, NULL);
	assert_int_equal(asking.result, 0);
	assert_string_equal(buf_text(&asking.answer), "late");
	buf_fini(&asking.answer);
	e.worker = channel_free(e.worker);
	pthread_join(keeper, NULL);
}

static void
nobody_waits_for_a_connection_that_will_not_come(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	struct asking asking = { .channel = e.worker, .answer = BUF(100) };
	CLEAN(buf_fini) struct buf answer = BUF(100);
	struct frame frame;
	pthread_t asker;

	e.keeper = channel_free(e.keeper);
	assert_int_equal(ask(e.worker, "x", SECONDS(30), &answer), CHANNEL_E_CLOSED);
	pthread_create(&asker, NULL, ask_in_thread, &asking);
	channel_renew_no_more(e.worker);
	pthread_join(asker, NULL);
	assert_int_equal(asking.result, CHANNEL_E_CLOSED);
	assert_int_equal(channel_receive(e.worker, HOURS(1), &frame), CHANNEL_E_CLOSED);
	buf_fini(&asking.answer);
}

/* The worker died while the keeper made its key, and its successor numbers its questions from 1
 * too: it must not take the key of another order for its own. */
static void
an_old_question_is_not_answered_over_a_new_connection(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	CLEAN(channel_free) struct channel *successor = NULL;
	CLEAN(frame_fini) struct frame old = { .fd = -1 };
	CLEAN(frame_fini) struct frame new = { .fd = -1 };
	CLEAN(buf_fini) struct buf answer = BUF(100);
	int fds[2];

	assert_int_equal(channel_tell(e.worker, MESSAGE_KEY_MAKE, &nothing, -1), 0);
	assert_int_equal(channel_tell(e.worker, MESSAGE_KEY_MAKE, &nothing, -1), 0);
	assert_int_equal(channel_receive(e.keeper, SECONDS(5), &old), 0);
	assert_int_equal(net_pair(fds), 0);
	channel_renew(e.keeper, fds[0]);
	successor = channel_new(fds[1], ROLE_WORKER, ROLE_KEEPER);
	buf_put_text(&answer, "the key of the first");
	assert_int_equal(channel_answer(e.keeper, &old, &answer), CHANNEL_E_CLOSED);
	assert_int_equal(channel_tell(successor, MESSAGE_KEY_MAKE, &nothing, -1), 0);
	assert_int_equal(channel_receive(e.keeper, SECONDS(5), &new), 0);
	assert_int_equal(new.connection, old.connection + 1);
	assert_int_equal(channel_answer(e.keeper, &new, &answer), 0);
	assert_int_equal(net_wait(channel_fd(successor), false, SECONDS(5)), 0);
}

struct desk_and_boss {
	struct channel *desk, *boss;
	atomic_bool over;
	atomic_int received;
};

static void *
attend(void *arg)
{
	struct desk_and_boss *h = arg;

	while (!atomic_load(&h->over)) {
		CLEAN(frame_fini) struct frame f = { .fd = -1 };

		if (channel_receive(h->desk, SECONDS(2), &f) == 0)
			atomic_fetch_add(&h->received, f.fd >= 0);
	}
	return NULL;
}

/* Sends a PEER before each answer: the caller meets it and puts it aside for the one who attends.
 */
static void *
be_boss(void *arg)
{
	struct desk_and_boss *h = arg;
	int r = 0;

	while (r == 0 || r == CHANNEL_E_TIMEOUT) {
		CLEAN(frame_fini) struct frame f = { .fd = -1 };

		r = channel_receive(h->boss, SECONDS(2), &f);
		if (r == 0)
			r = channel_tell(h->boss, MESSAGE_PEER, &nothing, 0);
		if (r == 0)
			r = channel_answer(h->boss, &f, &nothing);
	}
	return NULL;
}

/* One thread waits for requests while others call: the call is not kept waiting, and nothing is
 * lost. */
static void
calls_while_another_thread_attends(void **state UNUSED)
{
	struct desk_and_boss h = { .over = false };
	pthread_t attending, boss;
	int fds[2], r;

	assert_int_equal(net_pair(fds), 0);
	h.desk = channel_new(fds[0], ROLE_DESK, ROLE_CERTDESKD);
	h.boss = channel_new(fds[1], ROLE_CERTDESKD, ROLE_DESK);
	pthread_create(&attending, NULL, attend, &h);
	pthread_create(&boss, NULL, be_boss, &h);
	for (int i = 0; i < 50; i++) {
		CLEAN(buf_fini) struct buf answer = BUF(10);
		when began = world_ticks();

		r = channel_call(h.desk, MESSAGE_HOUSE, &nothing, -1, SECONDS(30), &answer);
		if (r)
			fail_msg("%d: %s / %s", r, channel_why(h.desk), channel_why(h.boss));
		while (atomic_load(&h.received) <= i && world_ticks() - began < SECONDS(30))
			world_rest(MILLIS(1));
		assert_int_equal(atomic_load(&h.received), i + 1);
	}
	atomic_store(&h.over, true);
	shutdown(fds[0], SHUT_RDWR);
	pthread_join(attending, NULL);
	pthread_join(boss, NULL);
	channel_free(h.desk);
	channel_free(h.boss);
}

/* It may have asked and not listened: whoever answers others, too, does not wait for it. */
static void
who_does_not_listen_is_hung_up_on(void **state UNUSED)
{
	static const char bytes[4096];
	int fds[2];

	assert_int_equal(net_pair(fds), 0);
	CLEAN(channel_free) struct channel *keeper = channel_new(fds[0], ROLE_KEEPER, ROLE_READER);
	assert_false(channel_hang_up_if_full(keeper));
	assert_true(channel_is_open(keeper));
	while (send(fds[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	assert_true(channel_hang_up_if_full(keeper));
	assert_false(channel_is_open(keeper));
	assert_false(channel_hang_up_if_full(keeper)); /* there is nobody */
	close(fds[1]);
}

static void *
ask_often(void *arg)
{
	struct channel *c = arg;
	intptr_t good = 0;

	for (int i = 0; i < 100; i++) {
		CLEAN(buf_fini) struct buf answer = BUF(10);
		char question[10];

		snprintf(question, sizeof(question), "%d", i);
		good += ask(c, question, SECONDS(30), &answer) == 0 &&
		        strcmp(buf_text(&answer), question) == 0;
	}
	return (void *)good;
}

static void
many_threads_get_their_own_answers(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	pthread_t keeper, askers[8];

	pthread_create(&keeper, NULL, keep, e.keeper);
	for (size_t i = 0; i < COUNT_OF(askers); i++)
		pthread_create(&askers[i], NULL, ask_often, e.worker);
	for (size_t i = 0; i < COUNT_OF(askers); i++) {
		void *good;

		pthread_join(askers[i], &good);
		assert_int_equal((intptr_t)good, 100);
	}
	e.worker = channel_free(e.worker);
	pthread_join(keeper, NULL);
}

static void
the_largest_frame_arrives(void **state UNUSED)
{
	CLEAN(free_ends) struct ends e = worker_and_keeper();
	CLEAN(buf_fini) struct buf question = BUF(16 * 1024);
	CLEAN(buf_fini) struct buf answer = BUF(64 * 1024);
	pthread_t keeper;

	pthread_create(&keeper, NULL, keep, e.keeper);
	while (question.len < question.max)
		buf_put_byte(&question, (uint8_t)question.len);
	assert_int_equal(
	    channel_call(e.worker, MESSAGE_KEY_MAKE, &question, -1, SECONDS(30), &answer), 0);
	assert_true(str_eq(buf_str(&question), buf_str(&answer)));
	e.worker = channel_free(e.worker);
	pthread_join(keeper, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_and_is_answered),
		cmocka_unit_test(passes_a_descriptor),
		cmocka_unit_test(sends_only_what_the_table_allows),
		cmocka_unit_test(breaches_close_the_channel),
		cmocka_unit_test(half_a_frame_waits),
		cmocka_unit_test(no_answer_closes),
		cmocka_unit_test(a_caller_waits_for_the_new_connection),
		cmocka_unit_test(nobody_waits_for_a_connection_that_will_not_come),
		cmocka_unit_test(an_old_question_is_not_answered_over_a_new_connection),
		cmocka_unit_test(calls_while_another_thread_attends),
		cmocka_unit_test(many_threads_get_their_own_answers),
		cmocka_unit_test(the_largest_frame_arrives),
		cmocka_unit_test(who_does_not_listen_is_hung_up_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
