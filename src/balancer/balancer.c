/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/balancer_internal.h"

#include "base/error.h"
#include "sys/file.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LOCK_POLL MILLIS(2)

struct result_rule {
	const char *words;
	enum outcome_kind kind; /* what becomes of the task */
};

/* clang-format off */
static const struct result_rule results[] = {
	[0]                      = { "done",             OUTCOME_DONE },
	[BALANCER_E_NOOP]        = { "done before",      OUTCOME_DONE },
	[BALANCER_E_BUSY]        = { "busy",             OUTCOME_LATER },
	[BALANCER_E_INVALID]     = { "refused",          OUTCOME_HUMAN },
	[BALANCER_E_CAPACITY]    = { "too large",        OUTCOME_HUMAN },
	[BALANCER_E_AUTH]        = { "not allowed",      OUTCOME_HUMAN },
	[BALANCER_E_UNREACHABLE] = { "unreachable",      OUTCOME_LATER },
	[BALANCER_E_AMBIGUOUS]   = { "unclear",          OUTCOME_LATER },
	[BALANCER_E_CONFLICT]    = { "in conflict",      OUTCOME_HUMAN },
	[BALANCER_E_PARTIAL]     = { "not durable",      OUTCOME_LATER },
	[BALANCER_E_UNSUPPORTED] = { "not supported",    OUTCOME_HUMAN },
	[BALANCER_E_BROKEN]      = { "not understood",   OUTCOME_HUMAN },
};
/* clang-format on */
static_assert(COUNT_OF(results) == BALANCER_E_BROKEN + 1, "a row for every result");

static const struct balancer_driver *const drivers[] = { &bigip_driver, &haproxy_driver };

const char *
balancer_words(int r)
{
	if (r < 0)
		return error_words(r);
	return (size_t)r < COUNT_OF(results) ? results[r].words : "failed in an unknown way";
}

int
balancer_fail(struct outcome *what, int r, const char *format, ...)
{
	enum outcome_kind kind =
	    r >= 0 && (size_t)r < COUNT_OF(results) ? results[r].kind : OUTCOME_HUMAN;
	char words[OUTCOME_WORDS_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	outcome_set(what, kind, "%s", words);
	return r;
}

/* Later, as a full disk or a missing right gets mended without a new order. */
int
balancer_fatal(struct outcome *what, int r, const char *doing)
{
	outcome_set(what, OUTCOME_LATER, "%s: %s", doing, error_words(r));
	return r;
}

void
balancer_wait(when time)
{
	struct timespec t = { .tv_sec = time / SECONDS(1), .tv_nsec = time % SECONDS(1) * 1000 };

	nanosleep(&t, NULL);
}

const struct balancer_driver *
balancer_driver_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(drivers); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}

const struct balancer_driver *
balancer_driver_of(const struct balancer *b)
{
	return b->driver;
}

/* The file's lock serves both: it belongs to the open file, so two threads exclude each other as two
 * processes do. The queue before it only gives our threads their order. */
static int
lock_until(struct balancer *b, const char *path, when patience)
{
	when deadline = world_ticks() + patience;
	int r = b->queue ? queue_enter(b->queue, path, deadline, &b->place) : 0;

	if (r)
		return BALANCER_E_BUSY;
	for (;;) {
		r = file_lock(path, &b->lock_fd);
		if (r != FILE_E_LOCKED)
			return r;
		if (world_ticks() >= deadline)
			return BALANCER_E_BUSY;
		balancer_wait(LOCK_POLL);
	}
}

static int
take_lock(struct balancer *b, when patience, struct outcome *what)
{
	char path[CONFIG_PATH_SIZE * 2];
	int r = b->driver->lock_file(b->config, path, sizeof(path));

	if (r)
		return balancer_fail(
		    what, r, "%s: its configuration is not complete", b->config->name);
	r = lock_until(b, path, patience);
	if (r > 0)
		return balancer_fail(
		    what, r, "%s: another installation is under way", b->config->name);
	return r ? balancer_fatal(what, r, path) : 0;
}

/* NULL: there is no such driver, and *what says so. */
static struct balancer *
make(const struct config_balancer *config, const struct world *world, const struct pourer *pourer,
    struct outcome *what)
{
	const struct balancer_driver *driver = balancer_driver_named(config->driver);
	struct balancer *b;

	if (!driver) {
		(void)!balancer_fail(
		    what, BALANCER_E_UNSUPPORTED, "there is no driver '%s'", config->driver);
		return NULL;
	}
	b = alloc_zero(sizeof(*b));
	*b = (struct balancer){
		.config = config, .world = world, .driver = driver, .pourer = pourer, .lock_fd = -1
	};
	return b;
}

int
balancer_open_to_look(const struct config_balancer *config, const struct world *world,
    const struct pourer *pourer, struct balancer **ret, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = make(config, world, pourer, what);
	int r;

	if (!b)
		return BALANCER_E_UNSUPPORTED;
	b->looks_only = true;
	r = b->driver->open(b, what);
	if (r)
		return r;
	*ret = TAKE(b);
	return 0;
}

int
balancer_open(const struct config_balancer *config, const struct world *world,
    const struct pourer *pourer, struct queue *queue, when patience, struct balancer **ret,
    struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = make(config, world, pourer, what);
	int r;

	if (!b)
		return BALANCER_E_UNSUPPORTED;
	b->queue = queue;
	r = take_lock(b, patience, what);
	if (r == 0)
		r = b->driver->open(b, what);
	if (r)
		return r;
	*ret = TAKE(b);
	return 0;
}

int
balancer_survey(struct balancer *b, const struct surveyor *surveyor, struct outcome *what)
{
	if (!b->driver->survey)
		return balancer_fail(what, BALANCER_E_UNSUPPORTED,
		    "%s: what is on it cannot be asked, by the driver '%s'", b->config->name,
		    b->driver->name);
	return b->driver->survey(b, surveyor, what);
}

struct balancer *
balancer_close(struct balancer *b)
{
	if (!b)
		return NULL;
	b->driver->close(b);
	close_fd(b->lock_fd); /* before the next one of the queue tries it */
	if (b->place)
		queue_leave(b->queue, b->place);
	free(b);
	return NULL;
}
