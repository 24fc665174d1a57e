/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/lanes.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"

struct lane {
	struct lanes *of;
	size_t number;
	pthread_t thread;
};

struct lanes {
	lane_fn *serve;
	void *self;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool full, stop;
	struct channel *from; /* the one that waits, when full */
	struct frame question;
	size_t count, started;
	struct lane lane[];
};

struct lanes *
lanes_new(size_t count, lane_fn *serve, void *self)
{
	struct lanes *lanes = alloc_zero(sizeof(*lanes) + count * sizeof(lanes->lane[0]));

	lanes->serve = serve;
	lanes->self = self;
	lanes->count = count;
	lanes->question.fd = -1;
	for (size_t i = 0; i < count; i++)
		lanes->lane[i] = (struct lane){ .of = lanes, .number = i };
	pthread_mutex_init(&lanes->lock, NULL);
	pthread_cond_init(&lanes->changed, NULL);
	return lanes;
}

static bool
take(struct lanes *lanes, struct channel **ret_from, struct frame *ret)
{
	bool taken;

	pthread_mutex_lock(&lanes->lock);
	while (!lanes->full && !lanes->stop)
		pthread_cond_wait(&lanes->changed, &lanes->lock);
	taken = lanes->full;
	*ret_from = lanes->from;
	*ret = lanes->question;
	lanes->question = (struct frame){ .fd = -1 };
	lanes->full = false;
	pthread_cond_broadcast(&lanes->changed);
	pthread_mutex_unlock(&lanes->lock);
	return taken;
}

static void *
serve(void *arg)
{
	const struct lane *lane = arg;
	struct channel *from;

	for (;;) {
		CLEAN(frame_fini) struct frame question = { .fd = -1 };

		if (!take(lane->of, &from, &question))
			return NULL;
		lane->of->serve(lane->of->self, lane->number, from, &question);
	}
}

int
lanes_start(struct lanes *lanes)
{
	while (lanes->started < lanes->count) {
		struct lane *lane = &lanes->lane[lanes->started];
		int r = pthread_create(&lane->thread, NULL, serve, lane);

		if (r)
			return error_origin(r);
		lanes->started++;
	}
	return 0;
}

struct lanes *
lanes_free(struct lanes *lanes)
{
	if (!lanes)
		return NULL;
	pthread_mutex_lock(&lanes->lock);
	lanes->stop = true;
	pthread_cond_broadcast(&lanes->changed);
	pthread_mutex_unlock(&lanes->lock);
	for (size_t i = 0; i < lanes->started; i++)
		pthread_join(lanes->lane[i].thread, NULL);
	frame_fini(&lanes->question);
	pthread_cond_destroy(&lanes->changed);
	pthread_mutex_destroy(&lanes->lock);
	free(lanes);
	return NULL;
}

void
lanes_give(struct lanes *lanes, struct channel *from, struct frame *question)
{
	pthread_mutex_lock(&lanes->lock);
	while (lanes->full)
		pthread_cond_wait(&lanes->changed, &lanes->lock);
	lanes->from = from;
	lanes->question = *question;
	lanes->full = true;
	*question = (struct frame){ .fd = -1 };
	pthread_cond_broadcast(&lanes->changed);
	pthread_mutex_unlock(&lanes->lock);
}
