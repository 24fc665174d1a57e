/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/desk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/pools.h"
#include "sys/log.h"

#define READING_WAIT MILLIS(300) /* most deliveries are read in a few milliseconds */

static const char *
words_for(int r)
{
	return r == STORE_E_NEWER  ? "made by a newer certdesk"
	       : r == STORE_E_FULL ? "the disk is full"
	       : r == STORE_E_BUSY ? "somebody holds its lock"
	                           : error_words(r);
}

static int
open_store(const struct desk *desk, struct store **ret)
{
	char path[CONFIG_PATH_SIZE + 16];
	int r;

	snprintf(path, sizeof(path), "%s/certdesk.db", desk->config->data);
	r = store_open(path, desk->process->world, ret);
	if (r)
		LOG(LOG_ERROR, "store.unusable", LOG_TEXT("path", path), LOG_NUMBER("error", r),
		    LOG_TEXT("words", words_for(r)));
	return error_fold(r);
}

/* The store only names balancers; pools refer to them, so the names must be there before the first
 * request. */
static int
name_balancers(struct desk *desk, struct store *store)
{
	const struct config *config = desk->config;
	int r = store_begin(store);

	store_set_actor(store, "desk");
	for (size_t i = 0; r == 0 && i < config->balancer_count; i++)
		r = store_balancer_name(
		    store, config->balancers[i].name, config->balancers[i].driver);
	if (r == 0)
		r = store_commit(store, "desk.balancers");
	store_abandon(store);
	return error_fold(r);
}

/* Else jansson seeds its hash tables when it makes the first one: behind the sandbox, where it may
 * not read /dev/urandom and takes the time and our pid, which a body can be made for. */
static void
seed_json(const struct world *world)
{
	size_t seed;

	world->random(world, &seed, sizeof(seed));
	json_object_seed(seed);
}

static int
open_calendars(struct desk *desk)
{
	char words[CONFIG_TEXT_SIZE];

	desk->calendars = calendars_load(desk->config, words);
	if (desk->calendars)
		return 0;
	LOG(LOG_ERROR, "calendar.unusable", LOG_TEXT("words", words));
	return error_origin(-EINVAL);
}

int
desk_init(struct desk *desk, const struct process *process)
{
	int64_t threads = process->config->desk_threads;
	int r;

	desk->process = process;
	desk->config = process->config;
	desk->reader = process->peer[ROLE_READER];
	desk->worker = process->peer[ROLE_WORKER];
	seed_json(process->world);
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->read, NULL);
	desk->patience = SECONDS(6);
	desk->reading_most = threads > 1 ? (size_t)threads / 2 : 1;
	r = open_calendars(desk);
	if (r == 0)
		r = market_open(desk->config, &desk->market);
	if (r)
		return r;
	for (int64_t i = 0; i < threads && i < STORES_MAX; i++) {
		struct store *store = NULL;

		r = open_store(desk, &store);
		if (r)
			return r;
		desk_put_store(desk, store);
	}
	return name_balancers(desk, desk->idle[0]);
}

void
desk_fini(struct desk *desk)
{
	while (desk->idle_count > 0)
		store_free(desk->idle[--desk->idle_count]);
	free(desk->calendars);
	market_free(desk->market);
	pthread_cond_destroy(&desk->read);
	pthread_mutex_destroy(&desk->lock);
}

/* As many handles as threads: that none is left is a defect of ours, not a state to go on from. */
struct store *
desk_take_store(struct desk *desk)
{
	struct store *store = NULL;

	pthread_mutex_lock(&desk->lock);
	if (desk->idle_count > 0)
		store = desk->idle[--desk->idle_count];
	pthread_mutex_unlock(&desk->lock);
	if (!store)
		abort();
	return store;
}

void
desk_put_store(struct desk *desk, struct store *store)
{
	pthread_mutex_lock(&desk->lock);
	desk->idle[desk->idle_count++] = store;
	pthread_mutex_unlock(&desk->lock);
}

bool
desk_begin_reading(struct desk *desk)
{
	when deadline = world_ticks() + READING_WAIT;
	const struct timespec until = { .tv_sec = deadline / SECONDS(1),
		.tv_nsec = deadline % SECONDS(1) * 1000 };
	bool may;
	int r = 0;

	pthread_mutex_lock(&desk->lock);
	while (desk->reading >= desk->reading_most && r == 0)
		r = pthread_cond_clockwait(&desk->read, &desk->lock, CLOCK_MONOTONIC, &until);
	may = desk->reading < desk->reading_most;
	desk->reading += may ? 1 : 0;
	pthread_mutex_unlock(&desk->lock);
	return may;
}

void
desk_end_reading(struct desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	desk->reading--;
	pthread_cond_signal(&desk->read);
	pthread_mutex_unlock(&desk->lock);
}
