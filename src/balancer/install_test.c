/* SPDX-License-Identifier: Apache-2.0 */
/* The order of steps over a driver of paper: which are taken, and what becomes of failures. */
#include "balancer/balancer_internal.h"
#include "balancer/plan.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>

enum step {
	OBSERVE,
	STAGE,
	CHECK,
	ACTIVATE,
	ROUTE,
	VERIFY,
	PERSIST,
	ROLLBACK,
	WITHDRAW,
	SETTLE,
	STEP_MAX
};

static const char letters[] = "oscarvpRWt";

struct paper {
	struct observation seen;
	int result[STEP_MAX];
	enum step once; /* this one fails only the first time */
	bool fails_once;
	int steady;     /* what a pair's driver says, once */
	char steps[64]; /* as they were taken */
};

static int
take(struct paper *p, enum step step, struct outcome *what)
{
	size_t len = strlen(p->steps);
	int r = p->result[step];

	p->steps[len] = letters[step];
	outcome_set(what, OUTCOME_HUMAN, "step %c", letters[step]);
	if (p->fails_once && p->once == step)
		p->result[step] = 0;
	return r;
}

static int
paper_observe(struct balancer *b, const struct bundle *bundle UNUSED, struct observation *ret,
    struct outcome *what)
{
	struct paper *p = b->self;

	*ret = p->seen;
	return take(p, OBSERVE, what);
}

static int
paper_plan(struct balancer *b UNUSED, const struct bundle *bundle UNUSED,
    const struct observation *seen, struct plan *ret, struct outcome *what UNUSED)
{
	static const struct plan_row rows[] = { { .verb = PLAN_STAGE, .object = "", .words = "" } };
	static const struct plan_value none[] = { { NULL, NULL } };

	plan_fill(ret, plan_due(seen), 0, rows, COUNT_OF(rows), none);
	return 0;
}

static int
paper_stage(struct balancer *b, const struct bundle *bundle UNUSED,
    const struct pourer *pourer UNUSED, struct outcome *what)
{
	return take(b->self, STAGE, what);
}

static int
paper_rollback(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer UNUSED,
    struct outcome *what)
{
	return take(b->self, bundle->previous ? ROLLBACK : WITHDRAW, what);
}

#define PAPER_STEP(name, step)                                                            \
	static int paper_##name(                                                          \
	    struct balancer *b, const struct bundle *bundle UNUSED, struct outcome *what) \
	{                                                                                 \
		return take(b->self, step, what);                                         \
	}
PAPER_STEP(check, CHECK)
PAPER_STEP(activate, ACTIVATE)
PAPER_STEP(route, ROUTE)
PAPER_STEP(persist, PERSIST)
PAPER_STEP(withdraw, WITHDRAW)
PAPER_STEP(settle, SETTLE)

static const struct balancer_driver paper_driver = {
	.name = "paper",
	.observe = paper_observe,
	.plan = paper_plan,
	.stage = paper_stage,
	.check = paper_check,
	.activate = paper_activate,
	.route = paper_route,
	.persist = paper_persist,
	.rollback = paper_rollback,
	.withdraw = paper_withdraw,
	.settle = paper_settle,
};

static const struct config_balancer paper_config = { .name = "paper" };

static int
paper_verify(const struct installer *self, const struct bundle *bundle UNUSED, struct outcome *what)
{
	return take(self->context, VERIFY, what);
}

#define NOTHING                      \
	{                            \
		.disk_routed = false \
	}
#define DURABLE                                                                            \
	{                                                                                  \
		.running = SERVED_ACTIVE, .running_same = true, .on_disk = true,           \
		.disk_same = true, .ready_same = true, .routed = true, .disk_routed = true \
	}
#define OLD                                                                                    \
	{                                                                                      \
		.running = SERVED_ACTIVE, .on_disk = true, .routed = true, .disk_routed = true \
	}
#define UNKEPT                                                                                     \
	{                                                                                          \
		.running = SERVED_ACTIVE, .running_same = true, .ready_same = true, .routed = true \
	}
#define UNREADY                                                                \
	{                                                                      \
		.running = SERVED_ACTIVE, .running_same = true, .routed = true \
	}
#define UNROUTED                                                                 \
	{                                                                        \
		.running = SERVED_ACTIVE, .running_same = true, .on_disk = true, \
		.disk_same = true, .ready_same = true                            \
	}
#define DRIFTED                                                                         \
	{                                                                               \
		.on_disk = true, .disk_same = true, .ready_same = true, .routed = true, \
		.disk_routed = true                                                     \
	}

enum previous { NONE, GIVEN, SAME };

struct install_case {
	const char *name;
	struct observation seen;
	enum previous previous;
	enum step step;
	int fails;
	bool once;
	const char *steps;
	int result;
	enum outcome_kind kind;
};

/* clang-format off */
static const struct install_case cases[] = {
	{ "first",                   NOTHING,  NONE,  STEP_MAX, 0, false, "oscarvpt", 0, OUTCOME_DONE },
	{ "replacement",             OLD,      GIVEN, STEP_MAX, 0, false, "oscavpt", 0, OUTCOME_DONE },
	{ "there already",           DURABLE,  SAME,  STEP_MAX, 0, false, "ovp", BALANCER_E_NOOP, OUTCOME_DONE },
	{ "not kept",                UNKEPT,   NONE,  STEP_MAX, 0, false, "ovpt", 0, OUTCOME_DONE },
	{ "file lost",               UNREADY,  NONE,  STEP_MAX, 0, false, "oscavpt", 0, OUTCOME_DONE },
	{ "not routed",              UNROUTED, NONE,  STEP_MAX, 0, false, "orvpt", 0, OUTCOME_DONE },
	{ "drifted",                 DRIFTED,  SAME,  STEP_MAX, 0, false, "oscavpt", 0, OUTCOME_DONE },
	{ "observe fails",           NOTHING,  NONE,  OBSERVE, BALANCER_E_UNREACHABLE, false, "o", BALANCER_E_UNREACHABLE, OUTCOME_HUMAN },
	{ "stage fails",             NOTHING,  NONE,  STAGE, BALANCER_E_CAPACITY, false, "os", BALANCER_E_CAPACITY, OUTCOME_HUMAN },
	{ "check fails",             OLD,      GIVEN, CHECK, BALANCER_E_CONFLICT, false, "osc", BALANCER_E_CONFLICT, OUTCOME_HUMAN },
	{ "activate fails",          OLD,      GIVEN, ACTIVATE, BALANCER_E_INVALID, false, "osca", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "activate did it before",  OLD,      GIVEN, ACTIVATE, BALANCER_E_NOOP, false, "oscavpt", 0, OUTCOME_DONE },
	{ "unclear once",            OLD,      GIVEN, ACTIVATE, BALANCER_E_AMBIGUOUS, true, "oscaoscavpt", 0, OUTCOME_DONE },
	{ "unclear twice",           OLD,      GIVEN, ACTIVATE, BALANCER_E_AMBIGUOUS, false, "oscaosca", BALANCER_E_AMBIGUOUS, OUTCOME_HUMAN },
	{ "route fails",             NOTHING,  NONE,  ROUTE, BALANCER_E_BUSY, false, "oscar", BALANCER_E_BUSY, OUTCOME_HUMAN },
	{ "our own trouble",         NOTHING,  NONE,  VERIFY, -EMFILE, false, "oscarv", -EMFILE, OUTCOME_HUMAN },
	{ "first does not verify",   NOTHING,  NONE,  VERIFY, 1, false, "oscarvW", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "new does not verify",     OLD,      GIVEN, VERIFY, 1, false, "oscavR", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "none to go back to",      OLD,      NONE,  VERIFY, 1, false, "oscav", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "live one does not verify", DURABLE, NONE,  VERIFY, 1, false, "ov", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "live one, previous given", DURABLE, GIVEN, VERIFY, 1, false, "ov", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "previous is itself",      DRIFTED,  SAME,  VERIFY, 1, false, "oscav", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "unkept does not verify",  UNKEPT,   NONE,  VERIFY, 1, false, "ovW", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "rerouted, not verified",  UNROUTED, NONE,  VERIFY, 1, false, "orv", BALANCER_E_INVALID, OUTCOME_HUMAN },
	{ "persist fails",           NOTHING,  NONE,  PERSIST, -ENOSPC, false, "oscarvp", BALANCER_E_PARTIAL, OUTCOME_LATER },
	{ "settle fails",            NOTHING,  NONE,  SETTLE, -EACCES, false, "oscarvpt", BALANCER_E_PARTIAL, OUTCOME_LATER },
};
/* clang-format on */

static void
test_install(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct install_case *c = &cases[i];
		struct paper p = { .seen = c->seen, .once = c->step, .fails_once = c->once };
		struct balancer b = {
			.config = &paper_config, .driver = &paper_driver, .self = &p
		};
		struct bundle old = { .leaf_sha256 = { c->previous == SAME ? 1 : 2 } };
		struct bundle bundle = { .leaf_sha256 = { 1 },
			.previous = c->previous ? &old : NULL };
		struct installer installer = { .verify = paper_verify, .context = &p };
		struct outcome what = { 0 };
		int r;

		if (c->step != STEP_MAX)
			p.result[c->step] = c->fails;
		r = balancer_install(&b, &bundle, &installer, &what);
		if (r != c->result || strcmp(p.steps, c->steps) != 0 || what.kind != c->kind)
			fail_msg("%s: steps %s, result %s, outcome %s (%s)", c->name, p.steps,
			    balancer_words(r), outcome_name(what.kind), what.words);
	}
}

static void
test_rollback_that_fails(void **state UNUSED)
{
	struct paper p = { .seen = OLD,
		.result = { [VERIFY] = 1, [ROLLBACK] = BALANCER_E_UNREACHABLE } };
	struct balancer b = { .config = &paper_config, .driver = &paper_driver, .self = &p };
	struct bundle old = { .leaf_sha256 = { 2 } },
		      bundle = { .leaf_sha256 = { 1 }, .previous = &old };
	struct installer installer = { .verify = paper_verify, .context = &p };
	struct outcome what = { 0 };

	assert_int_equal(balancer_install(&b, &bundle, &installer, &what), BALANCER_E_INVALID);
	assert_int_equal(what.kind, OUTCOME_HUMAN);
	assert_non_null(strstr(what.words, "step v"));
	assert_non_null(strstr(what.words, "step R"));
}

static int
stop_there(const struct installer *self, const struct bundle *bundle UNUSED,
    const struct plan *plan, struct outcome *what)
{
	struct paper *p = self->context;

	assert_string_equal(plan->balancer, "paper");
	assert_int_equal(plan->count, 1);
	assert_string_equal(p->steps, "o");
	outcome_set(what, OUTCOME_HUMAN, "not today");
	return BALANCER_E_BUSY;
}

static void
test_planned_before_anything_is_done(void **state UNUSED)
{
	struct paper p = { .seen = OLD };
	struct balancer b = { .config = &paper_config, .driver = &paper_driver, .self = &p };
	struct bundle bundle = { .leaf_sha256 = { 1 } };
	struct installer installer = {
		.planned = stop_there, .verify = paper_verify, .context = &p
	};
	struct outcome what = { 0 };

	assert_int_equal(balancer_install(&b, &bundle, &installer, &what), BALANCER_E_BUSY);
	assert_string_equal(p.steps, "o");
	assert_string_equal(what.words, "not today");
}

static int
paper_steady(struct balancer *b, struct outcome *what)
{
	struct paper *p = b->self;
	int r = p->steady;

	p->steady = 0;
	outcome_set(what, OUTCOME_LATER, "another unit");
	return r;
}

/* What another unit serves says nothing of what we wrote: nothing is taken back for that. */
static void
test_another_unit_took_over(void **state UNUSED)
{
	static const struct {
		int steady;
		bool once;
		const char *steps;
		int result;
	} pair_cases[] = {
		{ BALANCER_E_AMBIGUOUS, true, "oscavoscavpt", 0 },
		{ BALANCER_E_AMBIGUOUS, false, "oscavoscavR", BALANCER_E_INVALID },
		{ BALANCER_E_UNREACHABLE, false, "oscav", BALANCER_E_UNREACHABLE },
		{ 0, false, "oscavR", BALANCER_E_INVALID },
	};
	struct balancer_driver pair = paper_driver;

	pair.steady = paper_steady;
	for (size_t i = 0; i < COUNT_OF(pair_cases); i++) {
		struct paper p = { .seen = OLD,
			.result = { [VERIFY] = 1 },
			.once = VERIFY,
			.fails_once = pair_cases[i].once,
			.steady = pair_cases[i].steady };
		struct balancer b = { .config = &paper_config, .driver = &pair, .self = &p };
		struct bundle old = { .leaf_sha256 = { 2 } },
			      bundle = { .leaf_sha256 = { 1 }, .previous = &old };
		struct installer installer = { .verify = paper_verify, .context = &p };
		struct outcome what = { 0 };

		assert_int_equal(
		    balancer_install(&b, &bundle, &installer, &what), pair_cases[i].result);
		assert_string_equal(p.steps, pair_cases[i].steps);
		if (pair_cases[i].result == BALANCER_E_UNREACHABLE)
			assert_string_equal(what.words, "another unit");
	}
}

/* Taken back, but the standby has not heard of it: it is not said that it failed. */
static void
test_taken_back_but_not_everywhere(void **state UNUSED)
{
	struct paper p = { .seen = OLD,
		.result = { [VERIFY] = 1, [ROLLBACK] = BALANCER_E_PARTIAL } };
	struct balancer b = { .config = &paper_config, .driver = &paper_driver, .self = &p };
	struct bundle old = { .leaf_sha256 = { 2 } },
		      bundle = { .leaf_sha256 = { 1 }, .previous = &old };
	struct installer installer = { .verify = paper_verify, .context = &p };
	struct outcome what = { 0 };

	assert_int_equal(balancer_install(&b, &bundle, &installer, &what), BALANCER_E_INVALID);
	assert_string_equal(what.words,
	    "not served as it should be (step v): the previous certificate is served again, but step R");
}

static void
test_words(void **state UNUSED)
{
	struct config_balancer config = { .name = "x", .driver = "nonesuch" };
	struct balancer *b = NULL;
	struct outcome what = { 0 };

	for (int r = 0; r < BALANCER_E_MAX; r++)
		assert_true(*balancer_words(r) != '\0');
	assert_string_equal(balancer_words(-ENOSPC), error_words(-ENOSPC));
	assert_true(*balancer_words(BALANCER_E_MAX) != '\0');
	assert_non_null(balancer_driver_named("haproxy"));
	assert_null(balancer_driver_named("nonesuch"));
	assert_int_equal(
	    balancer_open(&config, world_real(), NULL, NULL, 0, &b, &what), BALANCER_E_UNSUPPORTED);
	assert_null(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_install),
		cmocka_unit_test(test_rollback_that_fails),
		cmocka_unit_test(test_another_unit_took_over),
		cmocka_unit_test(test_taken_back_but_not_everywhere),
		cmocka_unit_test(test_planned_before_anything_is_done),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
