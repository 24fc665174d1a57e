/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many bundles over one opened balancer. Until one has been changed and proven each goes alone: what
 * is wrong with all of them (a device that is not itself, a parent profile that breaks every site)
 * then breaks one. Behind this canary they go in waves as large as the driver says, phase by phase.
 */
#include "balancer/install.h"

#include "sys/failpoint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TRIES           2 /* the second after an AMBIGUOUS answer */
#define FAILED_PERCENT  5
#define FAILED_AT_LEAST 1

struct run {
	struct balancer *b;
	const struct installer *installer;
	struct install_item *items;
	struct round *rounds;
	size_t count;
	size_t failed;
	bool proven;  /* the canary is served */
	bool stopped; /* nothing new is begun */
	char why[OUTCOME_WORDS_SIZE];
};

static bool
is_well(int r)
{
	return r == 0 || r == BALANCER_E_NOOP;
}

/* Not of this bundle, but of the device, or of this machine: it would strike the next one, too. */
static bool
strikes_all(int r)
{
	return r < 0 || r == BALANCER_E_UNREACHABLE || r == BALANCER_E_AUTH || r == BALANCER_E_BUSY;
}

static size_t
may_fail(size_t count)
{
	size_t part = count * FAILED_PERCENT / 100;

	return part > FAILED_AT_LEAST ? part : FAILED_AT_LEAST;
}

static void
hold(struct install_item *item, const char *why)
{
	item->result = balancer_fail(&item->what, BALANCER_E_HELD, "not begun: %.400s", why);
}

/* An AMBIGUOUS one is none while it may be tried again; people come when they come. */
static bool
is_failure(int r, int tries)
{
	return !is_well(r) && r != BALANCER_E_BY_HAND && (r != BALANCER_E_AMBIGUOUS || tries == 1);
}

/* The wave goes from `first` to `end`: what is not served yet of it is not begun either. */
static void PRINTF_LIKE(4, 5)
    stop(struct run *run, size_t first, size_t end, const char *format, ...)
{
	va_list args;

	if (run->stopped)
		return;
	run->stopped = true;
	va_start(args, format);
	vsnprintf(run->why, sizeof(run->why), format, args);
	va_end(args);
	for (size_t i = first; i < end; i++)
		if (is_well(run->items[i].result) && !run->rounds[i].live)
			hold(&run->items[i], run->why);
}

static void
note_failure(struct run *run, const struct install_item *item, size_t first, size_t end)
{
	run->failed++;
	if (strikes_all(item->result) || run->failed > may_fail(run->count))
		stop(run, first, end, "others failed before it (%.300s)", item->what.words);
}

static void
all_phases(struct run *run, size_t first, size_t end, int tries)
{
	for (int p = 0; p < PHASE_MAX; p++)
		for (size_t i = first; i < end; i++) {
			struct install_item *item = &run->items[i];

			if (!is_well(item->result))
				continue;
			item->result = round_phase(&run->rounds[i], (enum phase)p, &item->what);
			if (run->installer->still && !run->installer->still(run->installer))
				stop(run, first, end, "certdesk is being stopped");
			if (is_failure(item->result, tries))
				note_failure(run, item, first, end);
		}
}

/* What got lost is observed and gone through once more, alone. */
static void
again(struct run *run, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		if (run->items[i].result != BALANCER_E_AMBIGUOUS || run->stopped)
			continue;
		run->items[i].result = 0;
		all_phases(run, i, i + 1, TRIES - 1);
	}
}

static int
persist(struct run *run, size_t i, struct outcome *cause)
{
	int r = run->b->driver->persist(run->b, run->items[i].bundle, cause);

	FAILPOINT("balancer.persisted");
	return r;
}

/* Once it is kept, each by itself. */
static int
confirm(struct run *run, size_t i, int kept, struct outcome *cause)
{
	const struct balancer_driver *driver = run->b->driver;

	if (!is_well(kept) || !driver->confirm)
		return kept;
	if (run->installer->still)
		run->installer->still(run->installer);
	return driver->confirm(run->b, run->items[i].bundle, cause);
}

/* Where the driver keeps each by itself, at once; where it keeps all, once for all in the end. */
static void
end_of(struct run *run, size_t first, size_t end)
{
	struct outcome cause = { 0 }, own;
	bool persisted = false;
	int r = 0;

	for (size_t i = first; i < end; i++) {
		if (run->items[i].result != 0)
			continue;
		if (!persisted || !run->b->driver->keeps_all)
			r = persist(run, i, &cause);
		persisted = true;
		own = cause;
		run->items[i].result =
		    round_end(&run->rounds[i], confirm(run, i, r, &own), &own, &run->items[i].what);
	}
}

static void
wave(struct run *run, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		run->items[i].result = 0;
		run->rounds[i] = (struct round){
			.b = run->b, .bundle = run->items[i].bundle, .installer = run->installer
		};
	}
	all_phases(run, first, end, TRIES);
	again(run, first, end);
	for (size_t i = first; i < end; i++)
		run->proven |= run->items[i].result == 0 && run->rounds[i].changed;
	if (!run->b->driver->keeps_all)
		end_of(run, first, end);
}

void
balancer_install_many(
    struct balancer *b, const struct installer *installer, struct install_item *items, size_t count)
{
	struct run run = { .b = b, .installer = installer, .items = items, .count = count };
	size_t at = 0, size;

	run.rounds = alloc_array(count, sizeof(*run.rounds));
	for (; at < count && !run.stopped; at += size) {
		size = run.proven && b->driver->wave > 1 ? b->driver->wave : 1;
		size = size < count - at ? size : count - at;
		wave(&run, at, at + size);
	}
	if (b->driver->keeps_all)
		end_of(&run, 0, at);
	for (; at < count; at++)
		hold(&items[at], run.why);
	free(run.rounds);
}

int
balancer_install(struct balancer *b, const struct bundle *bundle, const struct installer *installer,
    struct outcome *what)
{
	struct install_item item = { .bundle = bundle, .what = *what };

	balancer_install_many(b, installer, &item, 1);
	*what = item.what;
	return item.result;
}

static void
purge_one(struct run *run, size_t i)
{
	struct install_item *item = &run->items[i];
	bool goes_on = !run->installer->still || run->installer->still(run->installer);

	item->result = run->b->driver->purge(run->b, item->bundle, &item->what);
	if (strikes_all(item->result))
		stop(run, 0, 0, "others failed before it (%.300s)", item->what.words);
	else if (!goes_on)
		stop(run, 0, 0, "certdesk is being stopped");
}

/* What was gone already is kept again: who removed it may have died before that. */
static void
keep_purged(struct run *run)
{
	struct outcome cause = { 0 }, own;
	bool persisted = false;
	int kept = 0;

	for (size_t i = 0; i < run->count; i++) {
		int r;

		if (!is_well(run->items[i].result))
			continue;
		if (!persisted || !run->b->driver->keeps_all)
			kept = persist(run, i, &cause);
		persisted = true;
		own = cause;
		r = confirm(run, i, kept, &own);
		if (!is_well(r)) {
			run->items[i].result = r;
			run->items[i].what = own;
		}
	}
}

void
balancer_purge_many(
    struct balancer *b, const struct installer *installer, struct install_item *items, size_t count)
{
	struct run run = { .b = b, .installer = installer, .items = items, .count = count };

	for (size_t i = 0; i < count; i++) {
		items[i].result = BALANCER_E_NOOP;
		if (run.stopped)
			hold(&items[i], run.why);
		else if (b->driver->purge)
			purge_one(&run, i);
	}
	if (b->driver->purge)
		keep_purged(&run);
}
