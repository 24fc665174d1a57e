/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/stock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/error.h"
#include "sys/log.h"

#define MISSES_MAX       64
#define LATER_LEAST_MS   20
#define LATER_MOST_MS    10000
#define FAILURE_PAUSE_MS 1000

enum { MAKER_IDLE, MAKER_URGENT, MAKER_COUNT };

struct shelf {
	struct secret_key *keys; /* `room` of them, the first `here` are filled */
	size_t here, room, target;
	size_t making[MAKER_COUNT];
	unsigned misses; /* asked in vain since the last one was made */
	int64_t cost_ms; /* what one takes at ordinary priority, roughly */
	uint64_t made;
};

struct stock;

struct maker {
	struct stock *stock;
	int number;
	pthread_t thread;
	bool started;
};

struct stock {
	const struct world *world;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
	struct shelf shelves[KEY_KIND_MAX];
	struct maker makers[MAKER_COUNT];
};

/* clang-format off */
static const int64_t first_guess_ms[] = { /* measured with nettle 3.8 on a server of 2023 */
	[KEY_RSA2048] = 60,
	[KEY_RSA3072] = 220,
	[KEY_RSA4096] = 700,
	[KEY_P256] = 0,
	[KEY_P384] = 0,
};
/* clang-format on */
static_assert(COUNT_OF(first_guess_ms) == KEY_KIND_MAX, "a guess for every kind of key");

struct stock *
stock_new(const struct world *world, const size_t target[static KEY_KIND_MAX])
{
	struct stock *stock = alloc_zero(sizeof(*stock));

	stock->world = world;
	pthread_mutex_init(&stock->lock, NULL);
	pthread_cond_init(&stock->changed, NULL);
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		struct shelf *shelf = &stock->shelves[kind];

		shelf->target = key_kind_is_rsa((enum key_kind)kind) ? target[kind] : 0;
		shelf->room =
		    shelf->target + MAKER_COUNT; /* both makers may finish when it is full */
		shelf->keys = alloc_array(shelf->room, sizeof(*shelf->keys));
		shelf->cost_ms = first_guess_ms[kind];
	}
	return stock;
}

struct stock *
stock_free(struct stock *stock)
{
	if (!stock)
		return NULL;
	pthread_mutex_lock(&stock->lock);
	stock->stop = true;
	pthread_cond_broadcast(&stock->changed);
	pthread_mutex_unlock(&stock->lock);
	for (size_t i = 0; i < MAKER_COUNT; i++)
		if (stock->makers[i].started)
			pthread_join(stock->makers[i].thread, NULL);
	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		for (size_t i = 0; i < stock->shelves[kind].here; i++)
			secret_key_fini(&stock->shelves[kind].keys[i]);
		free(stock->shelves[kind].keys);
	}
	pthread_cond_destroy(&stock->changed);
	pthread_mutex_destroy(&stock->lock);
	free(stock);
	return NULL;
}

static bool
shelf_needs(const struct shelf *shelf, int maker)
{
	if (maker == MAKER_URGENT)
		return shelf->misses > 0 && shelf->here == 0 && shelf->making[MAKER_URGENT] == 0;
	return shelf->here + shelf->making[MAKER_IDLE] + shelf->making[MAKER_URGENT] <
	       shelf->target;
}

/* The kind of which least is there; KEY_KIND_MAX if nothing is needed. */
static enum key_kind
next_kind(const struct stock *stock, int maker)
{
	enum key_kind best = KEY_KIND_MAX;

	for (size_t kind = 0; kind < KEY_KIND_MAX; kind++) {
		const struct shelf *shelf = &stock->shelves[kind];

		if (shelf_needs(shelf, maker) &&
		    (best == KEY_KIND_MAX || shelf->here < stock->shelves[best].here))
			best = (enum key_kind)kind;
	}
	return best;
}

static void
shelf_put(struct shelf *shelf, struct secret_key *key, int maker, when took)
{
	shelf->made++;
	shelf->misses = 0;
	if (maker == MAKER_URGENT)
		shelf->cost_ms = (3 * shelf->cost_ms + took / MILLIS(1)) / 4;
	if (shelf->here == shelf->room)
		return; /* full: the caller wipes it */
	shelf->keys[shelf->here++] = *key;
	*key = (struct secret_key){ 0 };
}

/* Called with the lock held, which is free while the key is made. */
static void
make_one(struct stock *stock, int maker, enum key_kind kind)
{
	struct shelf *shelf = &stock->shelves[kind];
	CLEAN(secret_key_fini) struct secret_key key = { 0 };
	when began = world_ticks();
	int r;

	shelf->making[maker]++;
	pthread_mutex_unlock(&stock->lock);
	r = secret_key_make_rsa(stock->world, kind, &key);
	pthread_mutex_lock(&stock->lock);
	shelf->making[maker]--;
	if (!r) {
		shelf_put(shelf, &key, maker, world_ticks() - began);
		return;
	}
	LOG(LOG_ERROR, "stock.failed", LOG_TEXT("kind", key_kind_name(kind)),
	    LOG_TEXT("why", error_words(r)));
	pthread_mutex_unlock(&stock->lock);
	(void)poll(NULL, 0, FAILURE_PAUSE_MS); /* or a lasting fault would turn into a busy loop */
	pthread_mutex_lock(&stock->lock);
}

static void
become_idle(void)
{
	const struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &none) < 0) /* 0: this thread alone */
		LOG(LOG_WARNING, "stock.priority", LOG_TEXT("why", error_words(-errno)));
}

static void *
run_maker(void *argument)
{
	struct maker *maker = argument;
	struct stock *stock = maker->stock;

	if (maker->number == MAKER_IDLE)
		become_idle();
	pthread_mutex_lock(&stock->lock);
	while (!stock->stop) {
		enum key_kind kind = next_kind(stock, maker->number);

		if (kind == KEY_KIND_MAX)
			pthread_cond_wait(&stock->changed, &stock->lock);
		else
			make_one(stock, maker->number, kind);
	}
	pthread_mutex_unlock(&stock->lock);
	return NULL;
}

int
stock_start(struct stock *stock)
{
	for (int i = 0; i < MAKER_COUNT; i++) {
		struct maker *maker = &stock->makers[i];
		int r;

		maker->stock = stock;
		maker->number = i;
		r = pthread_create(&maker->thread, NULL, run_maker, maker);
		if (r)
			return error_origin(r);
		maker->started = true;
	}
	return 0;
}

/* One making takes cost_ms; who asked in vain before us may get that one. */
static uint32_t
later_ms(const struct shelf *shelf)
{
	int64_t ms = shelf->cost_ms * (int64_t)shelf->misses;

	if (ms < LATER_LEAST_MS)
		return LATER_LEAST_MS;
	return ms > LATER_MOST_MS ? LATER_MOST_MS : (uint32_t)ms;
}

static int
shelf_take(struct shelf *shelf, struct secret_key *ret, uint32_t *ret_later_ms)
{
	if (shelf->here == 0) {
		shelf->misses += shelf->misses < MISSES_MAX;
		*ret_later_ms = later_ms(shelf);
		return STOCK_E_EMPTY;
	}
	secret_key_fini(ret);
	*ret = shelf->keys[--shelf->here];
	shelf->keys[shelf->here] = (struct secret_key){ 0 };
	return 0;
}

int
stock_take(struct stock *stock, enum key_kind kind, struct secret_key *ret, uint32_t *ret_later_ms)
{
	int r;

	pthread_mutex_lock(&stock->lock);
	r = shelf_take(&stock->shelves[kind], ret, ret_later_ms);
	pthread_cond_broadcast(&stock->changed);
	pthread_mutex_unlock(&stock->lock);
	return r;
}

struct stock_count
stock_count(struct stock *stock, enum key_kind kind)
{
	const struct shelf *shelf = &stock->shelves[kind];
	struct stock_count count;

	pthread_mutex_lock(&stock->lock);
	count = (struct stock_count){
		.here = shelf->here, .target = shelf->target, .made = shelf->made
	};
	pthread_mutex_unlock(&stock->lock);
	return count;
}
