/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/queue.h"

#include "sys/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define PATH     "/etc/haproxy/certs/.certdesk.lock"
#define OTHER    "/etc/haproxy/other/.certdesk.lock"
#define PATIENCE SECONDS(20)

struct queuer {
	struct queue *queue;
	pthread_t thread;
	char letter;
	when patience;
	char *order;      /* shared, written by whose turn it is */
	atomic_int *here; /* whose turn it is, so many at once */
	int result;
};

static void *
have_a_turn(void *arg)
{
	struct queuer *q = arg;
	struct queue_place *place;

	q->result = queue_enter(q->queue, PATH, world_ticks() + q->patience, &place);
	if (q->result)
		return NULL;
	if (atomic_fetch_add(q->here, 1) == 0)
		q->order[strlen(q->order)] = q->letter;
	atomic_fetch_sub(q->here, 1);
	queue_leave(q->queue, place);
	return NULL;
}

static void
wait_for_count(struct queue *q, size_t count)
{
	when deadline = world_ticks() + PATIENCE;

	while (queue_count(q, PATH) != count) {
		assert_true(world_ticks() < deadline);
		world_rest(MILLIS(1));
	}
}

static void
turns_go_by_arrival(void **state UNUSED)
{
	CLEAN(queue_free) struct queue *q = queue_new();
	struct queuer queuers[8];
	char order[COUNT_OF(queuers) + 1] = "";
	struct queue_place *first;
	atomic_int here = 0;

	assert_int_equal(queue_enter(q, PATH, 0, &first), 0);
	for (size_t i = 0; i < COUNT_OF(queuers); i++) {
		queuers[i] = (struct queuer){ .queue = q,
			.letter = (char)('a' + i),
			.patience = PATIENCE,
			.order = order,
			.here = &here };
		assert_int_equal(
		    pthread_create(&queuers[i].thread, NULL, have_a_turn, &queuers[i]), 0);
		wait_for_count(q, i + 2);
	}
	assert_string_equal(order, "");
	queue_leave(q, first);
	for (size_t i = 0; i < COUNT_OF(queuers); i++)
		pthread_join(queuers[i].thread, NULL);
	assert_string_equal(order, "abcdefgh");
	assert_int_equal(queue_count(q, PATH), 0);
}

/* Who gives up in the middle is not waited for. */
static void
patience_ends(void **state UNUSED)
{
	CLEAN(queue_free) struct queue *q = queue_new();
	struct queuer hasty = { .queue = q, .patience = MILLIS(50) }, patient = hasty;
	struct queue_place *first, *second;
	char order[3] = "";
	atomic_int here = 0;

	assert_int_equal(queue_enter(q, PATH, 0, &first), 0);
	assert_int_equal(queue_enter(q, PATH, 0, &second), QUEUE_E_TIMEOUT);
	hasty.order = patient.order = order;
	hasty.here = patient.here = &here;
	patient.patience = PATIENCE;
	patient.letter = 'p';
	assert_int_equal(pthread_create(&hasty.thread, NULL, have_a_turn, &hasty), 0);
	wait_for_count(q, 2);
	assert_int_equal(pthread_create(&patient.thread, NULL, have_a_turn, &patient), 0);
	pthread_join(hasty.thread, NULL);
	assert_int_equal(hasty.result, QUEUE_E_TIMEOUT);
	wait_for_count(q, 2);
	queue_leave(q, first);
	pthread_join(patient.thread, NULL);
	assert_int_equal(patient.result, 0);
	assert_string_equal(order, "p");
}

static void
another_path_is_another_queue(void **state UNUSED)
{
	CLEAN(queue_free) struct queue *q = queue_new();
	struct queue_place *here, *there, *again;

	assert_int_equal(queue_enter(q, PATH, 0, &here), 0);
	assert_int_equal(queue_enter(q, OTHER, 0, &there), 0);
	assert_int_equal(queue_enter(q, OTHER, 0, &again), QUEUE_E_TIMEOUT);
	assert_int_equal(queue_count(q, PATH), 1);
	assert_int_equal(queue_count(q, OTHER), 1);
	queue_leave(q, there);
	assert_int_equal(queue_enter(q, PATH, 0, &again), QUEUE_E_TIMEOUT);
	assert_int_equal(queue_enter(q, OTHER, 0, &again), 0);
	queue_leave(q, again);
	queue_leave(q, here);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_go_by_arrival),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(another_path_is_another_queue),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
