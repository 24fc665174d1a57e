/* SPDX-License-Identifier: Apache-2.0 */
/* A worker with many questions at once, and a keeper that answers them side by side. */
#include "ipc/lanes.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/net.h"
#include "sys/world.h"

#define ASKERS 6

static struct house {
	struct channel *worker, *keeper;
	struct lanes *lanes;
	pthread_t receiver;
	atomic_uint here, most; /* questions under way, and the most there were */
	atomic_bool open;       /* until then nobody is answered */
} house;

static void
answer_when_open(void *self, size_t lane UNUSED, struct channel *from, const struct frame *question)
{
	struct house *h = self;
	unsigned here = atomic_fetch_add(&h->here, 1) + 1, most = atomic_load(&h->most);

	while (here > most && !atomic_compare_exchange_weak(&h->most, &most, here))
		continue;
	while (!atomic_load(&h->open))
		world_rest(MILLIS(1));
	atomic_fetch_sub(&h->here, 1);
	(void)!channel_answer(from, question, &question->payload);
}

static void *
receive(void *arg)
{
	struct house *h = arg;

	for (;;) {
		struct frame question = { .fd = -1 };
		int r = channel_receive(h->keeper, SECONDS(30), &question);

		if (r == 0)
			lanes_give(h->lanes, h->keeper, &question);
		else if (r != CHANNEL_E_TIMEOUT)
			return NULL;
	}
}

static void
open_house(size_t lanes)
{
	int fds[2];

	assert_int_equal(net_pair(fds), 0);
	house = (struct house){ .worker = channel_new(fds[0], ROLE_WORKER, ROLE_KEEPER),
		.keeper = channel_new(fds[1], ROLE_KEEPER, ROLE_WORKER) };
	house.lanes = lanes_new(lanes, answer_when_open, &house);
	assert_int_equal(lanes_start(house.lanes), 0);
	pthread_create(&house.receiver, NULL, receive, &house);
}

static void
close_house(void)
{
	atomic_store(&house.open, true);
	house.worker = channel_free(house.worker);
	pthread_join(house.receiver, NULL);
	house.lanes = lanes_free(house.lanes);
	house.keeper = channel_free(house.keeper);
}

struct asker {
	pthread_t thread;
	unsigned number;
	when patience;
	int result;
	char answered[16];
};

static void *
ask(void *arg)
{
	struct asker *a = arg;
	CLEAN(buf_fini) struct buf question = BUF(16);
	CLEAN(buf_fini) struct buf answer = BUF(16);

	buf_printf(&question, "question %u", a->number);
	a->result =
	    channel_call(house.worker, MESSAGE_KEY_MAKE, &question, -1, a->patience, &answer);
	snprintf(a->answered, sizeof(a->answered), "%s", buf_text(&answer));
	return NULL;
}

static void
start_askers(struct asker askers[static ASKERS], when patience)
{
	for (unsigned i = 0; i < ASKERS; i++) {
		askers[i] = (struct asker){ .number = i, .patience = patience };
		pthread_create(&askers[i].thread, NULL, ask, &askers[i]);
	}
}

static void
await_here(unsigned count)
{
	when until = world_ticks() + SECONDS(30);

	while (atomic_load(&house.here) < count && world_ticks() < until)
		world_rest(MILLIS(1));
	assert_int_equal(atomic_load(&house.here), count);
}

/* All of them are under way at once, and each asker gets its own answer. */
static void
questions_are_answered_side_by_side(void **state UNUSED)
{
	struct asker askers[ASKERS];

	open_house(ASKERS);
	start_askers(askers, SECONDS(30));
	await_here(ASKERS);
	atomic_store(&house.open, true);
	for (unsigned i = 0; i < ASKERS; i++) {
		char expected[16];

		snprintf(expected, sizeof(expected), "question %u", i);
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].result, 0);
		assert_string_equal(askers[i].answered, expected);
	}
	close_house();
}

/* Never more than there are lanes; nobody is refused for it. */
static void
the_others_wait(void **state UNUSED)
{
	struct asker askers[ASKERS];

	open_house(2);
	start_askers(askers, SECONDS(30));
	await_here(2);
	atomic_store(&house.open, true);
	for (unsigned i = 0; i < ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].result, 0);
	}
	assert_int_equal(atomic_load(&house.most), 2);
	close_house();
}

/* One who gives up takes the connection along: all others are told so at once. */
static void
all_askers_learn_of_the_end(void **state UNUSED)
{
	struct asker askers[ASKERS], hasty = { .number = ASKERS, .patience = MILLIS(50) };

	open_house(ASKERS + 1);
	start_askers(askers, HOURS(1));
	await_here(ASKERS);
	ask(&hasty);
	assert_int_equal(hasty.result, CHANNEL_E_TIMEOUT);
	for (unsigned i = 0; i < ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].result, CHANNEL_E_CLOSED);
	}
	close_house();
}

/* A new connection comes while questions are under way: those over the old one are answered nowhere,
 * one over the new one is. */
static void
a_new_connection_begins_anew(void **state UNUSED)
{
	struct asker askers[ASKERS], late = { .number = ASKERS, .patience = SECONDS(30) };
	int fds[2];

	open_house(ASKERS + 1);
	start_askers(askers, HOURS(1));
	await_here(ASKERS);
	assert_int_equal(net_pair(fds), 0);
	channel_renew(house.keeper, fds[1]);
	channel_renew(house.worker, fds[0]);
	for (unsigned i = 0; i < ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].result, CHANNEL_E_CLOSED);
	}
	pthread_create(&late.thread, NULL, ask, &late);
	await_here(ASKERS + 1);
	atomic_store(&house.open, true);
	pthread_join(late.thread, NULL);
	assert_int_equal(late.result, 0);
	assert_string_equal(late.answered, "question 6");
	close_house();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_answered_side_by_side),
		cmocka_unit_test(the_others_wait),
		cmocka_unit_test(all_askers_learn_of_the_end),
		cmocka_unit_test(a_new_connection_begins_anew),
	};

	return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
