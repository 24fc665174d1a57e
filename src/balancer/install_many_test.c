/* SPDX-License-Identifier: Apache-2.0 */
/* Canary, waves and their end, over a driver of paper that writes down who took which step. */
#include "balancer/balancer_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define MOST 64

/* What one step of one bundle ends with; `left` times, then it goes well. */
struct fault {
	char step; /* 0: none */
	size_t bundle;
	int result;
	int left;
};

struct paper {
	struct fault fault[4];
	size_t there;             /* so many, from the first on, are served already */
	size_t still, still_most; /* steps that were told, and after which it shall end; 0: none */
	struct buf steps;         /* "o0 s0 c0 …"; persist has no number where it is for all */
};

static struct bundle bundles[MOST];

static int
take(struct paper *p, char step, const struct bundle *bundle, struct outcome *what)
{
	size_t i = bundle->leaf_sha256[0] - 1u; /* a rollback gets a copy */

	buf_printf(&p->steps, "%s%c%zu", p->steps.len ? " " : "", step, i);
	outcome_set(what, OUTCOME_HUMAN, "step %c of %zu", step, i);
	for (size_t f = 0; f < COUNT_OF(p->fault); f++)
		if (p->fault[f].step == step && p->fault[f].bundle == i && p->fault[f].left-- > 0)
			return p->fault[f].result;
	return 0;
}

static int
paper_observe(
    struct balancer *b, const struct bundle *bundle, struct observation *ret, struct outcome *what)
{
	struct paper *p = b->self;
	bool there = bundle->leaf_sha256[0] <= p->there;

	*ret = (struct observation){ .running = SERVED_ACTIVE,
		.running_same = there,
		.on_disk = there,
		.disk_same = there,
		.ready_same = there,
		.routed = true,
		.disk_routed = true };
	return take(p, 'o', bundle, what);
}

static int
paper_plan(struct balancer *b UNUSED, const struct bundle *bundle UNUSED,
    const struct observation *seen UNUSED, struct plan *ret UNUSED, struct outcome *what UNUSED)
{
	return 0;
}

static int
paper_stage(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer UNUSED,
    struct outcome *what)
{
	return take(b->self, 's', bundle, what);
}

static int
paper_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer UNUSED,
    struct outcome *what)
{
	return take(b->self, 'R', bundle, what);
}

#define PAPER_STEP(name, letter)                                                   \
	static int paper_##name(                                                   \
	    struct balancer *b, const struct bundle *bundle, struct outcome *what) \
	{                                                                          \
		return take(b->self, letter, bundle, what);                        \
	}
PAPER_STEP(check, 'c')
PAPER_STEP(activate, 'a')
PAPER_STEP(route, 'r')
PAPER_STEP(persist, 'p')
PAPER_STEP(settle, 't')
PAPER_STEP(confirm, 'f')
PAPER_STEP(purge, 'x')

#define STEPS                                                                                \
	.name = "paper", .observe = paper_observe, .plan = paper_plan, .stage = paper_stage, \
	.check = paper_check, .activate = paper_activate, .route = paper_route,              \
	.persist = paper_persist, .rollback = paper_rollback, .settle = paper_settle

static const struct balancer_driver side_by_side = { STEPS, .wave = 3, .keeps_all = true };
static const struct balancer_driver one_by_one = { STEPS };
static const struct balancer_driver of_a_pair = { STEPS, .keeps_all = true,
	.confirm = paper_confirm, .purge = paper_purge };
static const struct balancer_driver one_that_keeps = { STEPS, .purge = paper_purge };

static int
paper_verify(const struct installer *self, const struct bundle *bundle, struct outcome *what)
{
	return take(self->context, 'v', bundle, what);
}

static bool
paper_still(const struct installer *self)
{
	struct paper *p = self->context;

	return ++p->still != p->still_most;
}

struct many_case {
	const char *name;
	const struct balancer_driver *driver;
	size_t count, there;
	struct fault fault[4];
	const char *steps;
	const char *results; /* a letter each: see letter_of() */
};

#define LOST  BALANCER_E_AMBIGUOUS
#define BAD   BALANCER_E_INVALID
#define AWAY  BALANCER_E_UNREACHABLE
#define HANDS BALANCER_E_BY_HAND
#define FIRST "o0 s0 c0 a0 v0"
#define WAVE  "o1 o2 o3 s1 s2 s3 c1 c2 c3 a1 a2 a3 v1 v2 v3"

/* clang-format off */
static const struct many_case cases[] = {
	{ "canary, wave, one persist", &side_by_side, 5, 0, { { 0 } },
	  FIRST " " WAVE " o4 s4 c4 a4 v4 p0 t0 t1 t2 t3 t4", "....." },
	{ "one by one", &one_by_one, 2, 0, { { 0 } },
	  FIRST " p0 t0 o1 s1 c1 a1 v1 p1 t1", ".." },
	{ "those that are there are no canary", &side_by_side, 3, 1, { { 0 } },
	  "o0 v0 o1 s1 c1 a1 v1 o2 s2 c2 a2 v2 p0 t1 t2", "=.." },
	{ "all are there", &side_by_side, 2, 2, { { 0 } },
	  "o0 v0 o1 v1 p0", "==" },
	{ "the canary fails: the next one is it", &side_by_side, 3, 0, { { 'v', 0, BAD, 1 } },
	  FIRST " R0 o1 s1 c1 a1 v1 o2 s2 c2 a2 v2 p1 t1 t2", "x.." },
	{ "two canaries fail: the end", &side_by_side, 4, 0, { { 'v', 0, BAD, 1 }, { 'a', 1, BAD, 1 } },
	  FIRST " R0 o1 s1 c1 a1", "xxhh" },
	{ "one fails in a wave", &side_by_side, 4, 0, { { 'a', 2, BAD, 1 } },
	  FIRST " o1 o2 o3 s1 s2 s3 c1 c2 c3 a1 a2 a3 v1 v3 p0 t0 t1 t3", "..x." },
	{ "two fail before the change: what is not live is held", &side_by_side, 7, 0, { { 's', 1, BAD, 1 }, { 'c', 2, BAD, 1 } },
	  FIRST " o1 o2 o3 s1 s2 s3 c2 p0 t0", ".xxhhhh" },
	{ "two fail in the change: what is live is seen through", &side_by_side, 4, 0, { { 'a', 2, BAD, 1 }, { 'a', 3, BAD, 1 } },
	  FIRST " o1 o2 o3 s1 s2 s3 c1 c2 c3 a1 a2 a3 v1 p0 t0 t1", "..xx" },
	{ "a device that is away ends it at once", &side_by_side, 6, 0, { { 's', 2, AWAY, 1 } },
	  FIRST " o1 o2 o3 s1 s2 p0 t0", ".hxhhh" },
	{ "our own trouble, too, but what is live is kept", &side_by_side, 5, 0, { { 'v', 1, -EMFILE, 1 } },
	  FIRST " o1 o2 o3 s1 s2 s3 c1 c2 c3 a1 a2 a3 v1 v2 v3 p0 t0 t2 t3", ".x..h" },
	{ "lost once: again, alone", &side_by_side, 3, 0, { { 'a', 1, LOST, 1 } },
	  FIRST " o1 o2 s1 s2 c1 c2 a1 a2 v2 o1 s1 c1 a1 v1 p0 t0 t1 t2", "..." },
	{ "lost twice is one failure", &side_by_side, 3, 0, { { 'a', 1, LOST, 2 } },
	  FIRST " o1 o2 s1 s2 c1 c2 a1 a2 v2 o1 s1 c1 a1 p0 t0 t2", ".x." },
	{ "not kept: none of them", &side_by_side, 3, 1, { { 'p', 0, LOST, 1 } },
	  "o0 v0 o1 s1 c1 a1 v1 o2 s2 c2 a2 v2 p0", "xPP" },
	{ "one is not kept: it alone", &one_by_one, 2, 0, { { 'p', 0, LOST, 1 } },
	  FIRST " p0 o1 s1 c1 a1 v1 p1 t1", "P." },
	{ "people are waited for, by each alone", &one_by_one, 4, 0, { { 'a', 0, HANDS, 1 }, { 'a', 1, HANDS, 1 }, { 'a', 2, HANDS, 1 } },
	  "o0 s0 c0 a0 o1 s1 c1 a1 o2 s2 c2 a2 o3 s3 c3 a3 v3 p3 t3", "HHH." },
	{ "one leaves something behind", &side_by_side, 2, 0, { { 't', 0, BAD, 1 } },
	  FIRST " o1 s1 c1 a1 v1 p0 t0 t1", "P." },
};
/* clang-format on */

static char
letter_of(int r)
{
	switch (r) {
	case 0:
		return '.';
	case BALANCER_E_NOOP:
		return '=';
	case BALANCER_E_HELD:
		return 'h';
	case BALANCER_E_PARTIAL:
		return 'P';
	case BALANCER_E_BY_HAND:
		return 'H';
	default:
		return 'x';
	}
}

static void
run(const struct balancer_driver *driver, struct paper *p, struct install_item *items, size_t count)
{
	static const struct config_balancer config = { .name = "paper" };
	struct balancer b = { .driver = driver, .self = p, .config = &config };
	const struct installer installer = {
		.verify = paper_verify, .still = paper_still, .context = p
	};

	for (size_t i = 0; i < count; i++)
		items[i] = (struct install_item){ .bundle = &bundles[i] };
	balancer_install_many(&b, &installer, items, count);
}

static void
each_way(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct many_case *c = &cases[i];
		CLEAN(buf_fini) struct buf steps = BUF(1 << 16);
		struct paper p = { .there = c->there, .steps = steps };
		struct install_item items[MOST];
		char results[MOST + 1] = "";

		memcpy(p.fault, c->fault, sizeof(p.fault));
		run(c->driver, &p, items, c->count);
		steps = p.steps;
		for (size_t k = 0; k < c->count; k++) {
			results[k] = letter_of(items[k].result);
			assert_true(*items[k].what.words != '\0');
		}
		if (strcmp(buf_text(&steps), c->steps) != 0 || strcmp(results, c->results) != 0)
			fail_msg("%s: %s, results %s", c->name, buf_text(&steps), results);
	}
}

/* 5 % of 60 are three: the fourth failure ends it, and the words say why. */
static void
five_in_a_hundred_may_fail(void **state UNUSED)
{
	for (size_t failures = 3; failures <= 4; failures++) {
		CLEAN(buf_fini) struct buf steps = BUF(1 << 16);
		struct paper p = { .steps = steps };
		struct install_item items[MOST];
		size_t held = 0;

		for (size_t f = 0; f < failures; f++)
			p.fault[f] = (struct fault){ 's', 1 + 3 * f, BAD, 1 };
		run(&side_by_side, &p, items, 60);
		steps = p.steps;
		for (size_t i = 0; i < 60; i++)
			held += items[i].result == BALANCER_E_HELD;
		assert_int_equal(held, failures == 3 ? 0 : 60 - 13 + 2);
		if (held > 0) {
			assert_non_null(strstr(items[59].what.words, "step s of 10"));
			assert_int_equal(items[59].what.kind, OUTCOME_LATER);
		}
	}
}

static void
each_step_is_told(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf steps = BUF(1 << 16);
	struct paper p = { .steps = steps };
	struct install_item items[2];

	run(&side_by_side, &p, items, 2);
	steps = p.steps;
	assert_int_equal(p.still, 12); /* phases, done or left out */
}

/* Kept once for all, confirmed for each; what is not kept is not asked for. */
static void
each_is_confirmed(void **state UNUSED)
{
	static const struct {
		struct fault fault;
		const char *tail;
		int first, second;
	} ends[] = {
		{ { 0 }, " p0 f0 t0 f1 t1", 0, 0 },
		{ { 'f', 1, BALANCER_E_PARTIAL, 1 }, " p0 f0 t0 f1", 0, BALANCER_E_PARTIAL },
		{ { 'p', 0, BALANCER_E_PARTIAL, 1 }, " p0", BALANCER_E_PARTIAL,
		    BALANCER_E_PARTIAL },
	};

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		CLEAN(buf_fini) struct buf steps = BUF(1 << 16);
		struct paper p = { .steps = steps, .fault = { ends[i].fault } };
		struct install_item items[2];

		run(&of_a_pair, &p, items, 2);
		steps = p.steps;
		assert_true(str_ends(buf_str(&steps), str_of(ends[i].tail)));
		assert_int_equal(items[0].result, ends[i].first);
		assert_int_equal(items[1].result, ends[i].second);
		if (ends[i].fault.step == 'f')
			assert_non_null(strstr(items[1].what.words, "step f of 1"));
	}
}

/* Told to stop while one of a wave is live and two are only staged. */
static void
what_is_live_is_seen_through_when_told_to_stop(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf steps = BUF(1 << 16);
	struct paper p = { .steps = steps, .still_most = 6 + 3 * 3 + 1 };
	struct install_item items[6];

	run(&side_by_side, &p, items, 6);
	steps = p.steps;
	assert_string_equal(buf_text(&steps), FIRST " o1 o2 o3 s1 s2 s3 c1 c2 c3 a1 v1 p0 t0 t1");
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(items[i].result, i < 2 ? 0 : BALANCER_E_HELD);
	assert_non_null(strstr(items[5].what.words, "stopped"));
}

/* One persist for all that were purged, or are gone already; nothing new behind a device that is away
 * or an end that was asked for. */
static void
many_are_purged(void **state UNUSED)
{
	static const struct {
		const struct balancer_driver *driver;
		struct fault fault;
		size_t still_most;
		const char *steps, *results;
	} ways[] = {
		{ &of_a_pair, { 0 }, 0, "x0 x1 x2 p0 f0 f1 f2", "..." },
		{ &of_a_pair, { 'x', 0, BALANCER_E_NOOP, 1 }, 0, "x0 x1 x2 p0 f0 f1 f2", "=.." },
		{ &of_a_pair, { 'x', 0, BAD, 1 }, 0, "x0 x1 x2 p1 f1 f2", "x.." },
		{ &of_a_pair, { 'x', 1, AWAY, 1 }, 0, "x0 x1 p0 f0", ".xh" },
		{ &of_a_pair, { 0 }, 2, "x0 x1 p0 f0 f1", "..h" },
		{ &of_a_pair, { 'p', 0, LOST, 1 }, 0, "x0 x1 x2 p0", "xxx" },
		{ &of_a_pair, { 'f', 1, BALANCER_E_PARTIAL, 1 }, 0, "x0 x1 x2 p0 f0 f1 f2", ".P." },
		{ &one_that_keeps, { 0 }, 0, "x0 x1 x2 p0 p1 p2", "..." },
		{ &one_by_one, { 0 }, 0, "", "===" }, /* keeps nothing */
	};

	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		CLEAN(buf_fini) struct buf steps = BUF(1 << 16);
		struct paper p = {
			.steps = steps, .fault = { ways[i].fault }, .still_most = ways[i].still_most
		};
		struct balancer b = { .driver = ways[i].driver, .self = &p };
		const struct installer installer = { .still = paper_still, .context = &p };
		struct install_item items[3];
		char results[4] = "";

		for (size_t k = 0; k < 3; k++)
			items[k] = (struct install_item){ .bundle = &bundles[k] };
		balancer_purge_many(&b, &installer, items, 3);
		steps = p.steps;
		for (size_t k = 0; k < 3; k++)
			results[k] = letter_of(items[k].result);
		if (strcmp(buf_text(&steps), ways[i].steps) != 0 ||
		    strcmp(results, ways[i].results) != 0)
			fail_msg("%zu: %s, results %s", i, buf_text(&steps), results);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way),
		cmocka_unit_test(five_in_a_hundred_may_fail),
		cmocka_unit_test(each_step_is_told),
		cmocka_unit_test(each_is_confirmed),
		cmocka_unit_test(many_are_purged),
		cmocka_unit_test(what_is_live_is_seen_through_when_told_to_stop),
	};

	for (size_t i = 0; i < MOST; i++)
		bundles[i].leaf_sha256[0] = (uint8_t)(i + 1);
	for (size_t i = 0; i < MOST; i++)
		bundles[i].previous = &bundles[(i + 1) % MOST];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
