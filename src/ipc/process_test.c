/* SPDX-License-Identifier: Apache-2.0 */
/* What wakes a process that answers one peer, or several. The skeleton as a whole is in supervisor_test.c. */
#include "ipc/process.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/net.h"

struct house {
	struct process keeper;
	struct channel *worker; /* its end */
};

static int
set_up(void **state)
{
	struct house *h = alloc_zero(sizeof(*h));

	h->keeper.role = ROLE_KEEPER;
	h->keeper.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->keeper.renewed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->keeper.peer[ROLE_WORKER] = channel_new(-1, ROLE_KEEPER, ROLE_WORKER);
	h->worker = channel_new(-1, ROLE_WORKER, ROLE_KEEPER);
	*state = h;
	return 0;
}

static int
tear_down(void **state)
{
	struct house *h = *state;

	channel_free(h->keeper.peer[ROLE_WORKER]);
	channel_free(h->worker);
	close_fd(h->keeper.stop_fd);
	close_fd(h->keeper.renewed_fd);
	free(h);
	return 0;
}

static void
raise_event(int fd)
{
	uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

/* As the skeleton does for MESSAGE_PEER. */
static void
renew(struct house *h)
{
	int fds[2];

	assert_int_equal(net_pair(fds), 0);
	channel_renew(h->worker, fds[0]);
	channel_renew(h->keeper.peer[ROLE_WORKER], fds[1]);
	raise_event(h->keeper.renewed_fd);
}

static void *
ask(void *arg)
{
	struct house *h = arg;
	CLEAN(buf_fini) struct buf question = BUF(10), answer = BUF(10);

	buf_put_text(&question, "key?");
	return channel_call(h->worker, MESSAGE_KEY_MAKE, &question, -1, SECONDS(20), &answer) ==
	                   0 &&
	               str_eq(buf_str(&answer), STR("key?"))
	           ? h
	           : NULL;
}

static void
answer_one(struct house *h)
{
	struct channel *worker = h->keeper.peer[ROLE_WORKER];
	int r = CHANNEL_E_TIMEOUT;

	while (r != 0) { /* what woke us may have been the end of the old connection */
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		bool end = true;

		assert_int_equal(process_await(&h->keeper, ROLE_WORKER, &end), 0);
		assert_false(end);
		r = channel_receive(worker, 0, &frame);
		if (r == 0)
			assert_int_equal(channel_answer(worker, &frame, &frame.payload), 0);
	}
}

static void *
renew_a_little_later(void *arg)
{
	world_rest(MILLIS(30)); /* most likely it is waiting by then; right in either case */
	renew(arg);
	return NULL;
}

/* There is no timeout that would get it out of its wait. */
static void
a_new_connection_wakes_it(void **state)
{
	struct house *h = *state;

	for (int round = 0; round < 3; round++) { /* the first one, and others in its place */
		pthread_t worker, boss;
		void *answered = NULL;

		assert_int_equal(pthread_create(&boss, NULL, renew_a_little_later, h), 0);
		if (round > 0)
			pthread_join(boss, NULL);
		assert_int_equal(pthread_create(&worker, NULL, ask, h), 0);
		answer_one(h);
		pthread_join(worker, &answered);
		if (round == 0)
			pthread_join(boss, NULL);
		assert_non_null(answered);
	}
}

static void
the_end_wakes_it(void **state)
{
	struct house *h = *state;
	bool end = false;

	raise_event(h->keeper.renewed_fd); /* a renewal alone is nothing to receive */
	raise_event(h->keeper.stop_fd);
	assert_int_equal(process_await(&h->keeper, ROLE_WORKER, &end), 0);
	assert_true(end);
}

/* ---- the reader, whom two may ask ---- */

struct reading {
	struct process reader;
	struct channel *desk, *worker; /* their ends */
	int worker_fd;
};

static struct channel *
connect_to(struct process *reader, enum role peer, int *ret_fd)
{
	int fds[2];

	assert_int_equal(net_pair(fds), 0);
	reader->peer[peer] = channel_new(fds[1], ROLE_READER, peer);
	*ret_fd = fds[0];
	return channel_new(fds[0], peer, ROLE_READER);
}

static void
reading_init(struct reading *r)
{
	int desk_fd;

	*r = (struct reading){ .reader.role = ROLE_READER };
	r->reader.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->reader.renewed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->desk = connect_to(&r->reader, ROLE_DESK, &desk_fd);
	r->worker = connect_to(&r->reader, ROLE_WORKER, &r->worker_fd);
}

static void
reading_fini(struct reading *r)
{
	channel_free(r->reader.peer[ROLE_DESK]);
	channel_free(r->reader.peer[ROLE_WORKER]);
	channel_free(r->desk);
	channel_free(r->worker);
	close_fd(r->reader.stop_fd);
	close_fd(r->reader.renewed_fd);
}

static void
send_question(struct channel *from)
{
	CLEAN(buf_fini) struct buf question = BUF(10);

	buf_put_text(&question, "what?");
	assert_int_equal(channel_tell(from, MESSAGE_READ, &question, -1), 0);
}

/* As the reader's main() does: whoever has something, and of it what is there. */
static enum role
take_one(struct reading *r)
{
	for (;;) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		bool end = true;
		enum role who;
		int e;

		assert_int_equal(
		    process_await_any(&r->reader, 1u << ROLE_DESK | 1u << ROLE_WORKER, &who, &end),
		    0);
		assert_false(end);
		e = channel_receive(r->reader.peer[who], 0, &frame);
		if (e == 0) {
			assert_string_equal(buf_text(&frame.payload), "what?");
			return who;
		}
		assert_int_equal(e, CHANNEL_E_TIMEOUT);
	}
}

static void
both_come_in_turn(void **state UNUSED)
{
	struct reading r;
	enum role before;

	reading_init(&r);
	for (int i = 0; i < 4; i++) {
		send_question(r.worker);
		send_question(r.desk);
	}
	before = take_one(&r);
	for (int i = 1; i < 8; i++) {
		enum role now = take_one(&r);

		assert_int_not_equal(now, before);
		before = now;
	}
	reading_fini(&r);
}

/* There is no timeout here: a reader that waited for the rest would wait for ever. */
static void
who_stops_in_the_middle_keeps_nobody_waiting(void **state UNUSED)
{
	static const char begun[] = { 0, 0, 0, 14, 0 };
	struct reading r;

	reading_init(&r);
	assert_int_equal(net_write(r.worker_fd, str_bytes(begun, sizeof(begun)), SECONDS(1)), 0);
	for (int i = 0; i < 3; i++) {
		send_question(r.desk);
		assert_int_equal(take_one(&r), ROLE_DESK);
	}
	reading_fini(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_connection_wakes_it),
		TEST(the_end_wakes_it),
		cmocka_unit_test(both_come_in_turn),
		cmocka_unit_test(who_stops_in_the_middle_keeps_nobody_waiting),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
