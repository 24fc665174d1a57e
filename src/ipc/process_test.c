/* SPDX-License-Identifier: Apache-2.0 */
/* What wakes a process that answers one peer. The skeleton as a whole is in supervisor_test.c. */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_connection_wakes_it),
		TEST(the_end_wakes_it),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
