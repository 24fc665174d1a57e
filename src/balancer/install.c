/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/install.h"
#include "balancer/plan.h"

#include "sys/failpoint.h"

#include <assert.h>

static int
well(int r)
{
	return r == BALANCER_E_NOOP ? 0 : r;
}

static bool
is_due(const struct round *t, enum plan_verb verb)
{
	return t->due >> verb & 1u;
}

static int
observe(struct round *t, struct outcome *what)
{
	struct plan plan;
	int r = balancer_plan(t->b, t->bundle, &t->before, &plan, what);

	if (r == 0 && t->installer->planned)
		r = t->installer->planned(t->installer, t->bundle, &plan, what);
	t->due = plan_due(&t->before);
	t->live = r == 0 && !is_due(t, PLAN_ACTIVATE);
	return r;
}

static int
stage(struct round *t, struct outcome *what)
{
	int r;

	if (!is_due(t, PLAN_STAGE))
		return 0;
	t->changed = true;
	r = t->b->driver->stage(t->b, t->bundle, t->installer->pourer, what);
	FAILPOINT("balancer.staged");
	return well(r);
}

static int
check(struct round *t, struct outcome *what)
{
	int r;

	if (!is_due(t, PLAN_CHECK))
		return 0;
	r = t->b->driver->check(t->b, t->bundle, what);
	FAILPOINT("balancer.checked");
	return well(r);
}

static int
activate(struct round *t, struct outcome *what)
{
	int r;

	if (t->live)
		return 0;
	r = well(t->b->driver->activate(t->b, t->bundle, what));
	t->live = r == 0;
	FAILPOINT("balancer.activated");
	return r;
}

static int
route(struct round *t, struct outcome *what)
{
	int r;

	if (!is_due(t, PLAN_ROUTE))
		return 0;
	t->changed = true;
	r = t->b->driver->route(t->b, t->bundle, what);
	FAILPOINT("balancer.routed");
	return well(r);
}

/* Off is better than this one only where the site served nothing before this order. */
static bool
may_go_off(const struct observation *before)
{
	return !before->on_disk && (before->running != SERVED_ACTIVE || before->running_same);
}

static bool
is_same_leaf(const struct bundle *a, const struct bundle *b)
{
	return !a == !b &&
	       (!a || memcmp(a->leaf_sha256, b->leaf_sha256, sizeof(a->leaf_sha256)) == 0);
}

static bool
has_previous(const struct bundle *bundle)
{
	const struct bundle *previous = bundle->previous;

	return previous &&
	       !(is_same_leaf(previous, bundle) && is_same_leaf(previous->twin, bundle->twin));
}

/* What was done about a site that does not verify, in *ret_done. */
static int
take_back(struct round *t, const char **ret_done, struct outcome *what)
{
	struct bundle bundle = *t->bundle;

	*ret_done = "it stays as it is, the balancer has nothing better";
	if (!t->changed && !is_due(t, PLAN_PERSIST))
		return 0;
	if (has_previous(&bundle))
		*ret_done = "the previous certificate is served again";
	else if (may_go_off(&t->before))
		*ret_done = "the site was taken off again";
	else
		return 0;
	bundle.previous = has_previous(&bundle) ? bundle.previous : NULL;
	return well(t->b->driver->rollback(t->b, &bundle, t->installer->pourer, what));
}

static int
undo(struct round *t, struct outcome *what)
{
	struct outcome cause = *what;
	const char *done;
	int r = take_back(t, &done, what);

	if (r && r != BALANCER_E_PARTIAL)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "not served as it should be (%.200s), and taking it back failed (%.200s)",
		    cause.words, *what->words ? what->words : balancer_words(r));
	return balancer_fail(what, BALANCER_E_INVALID,
	    "not served as it should be (%.200s): %s%s%.150s", cause.words, done, r ? ", but " : "",
	    r ? what->words : "");
}

static int
is_steady(struct round *t, struct outcome *what)
{
	struct outcome aside = { 0 };
	int r = t->b->driver->steady ? t->b->driver->steady(t->b, &aside) : 0;

	if (r)
		*what = aside;
	return r;
}

/* A negative result is our own trouble, says nothing of the site, and undoes nothing. Neither does
 * the unit that serves now and was never written to. */
static int
verify(struct round *t, struct outcome *what)
{
	int r = t->b->driver->reach == REACH_NOTHING
	            ? 0
	            : t->installer->verify(t->installer, t->bundle, what);
	int moved;

	FAILPOINT("balancer.verified");
	if (r <= 0)
		return r;
	moved = is_steady(t, what);
	return moved ? moved : undo(t, what);
}

int
round_phase(struct round *t, enum phase phase, struct outcome *what)
{
	static int (*const phases[])(struct round *, struct outcome *) = {
		[PHASE_OBSERVE] = observe,
		[PHASE_STAGE] = stage,
		[PHASE_CHECK] = check,
		[PHASE_ACTIVATE] = activate,
		[PHASE_ROUTE] = route,
		[PHASE_VERIFY] = verify,
	};
	static_assert(COUNT_OF(phases) == PHASE_MAX, "a function for each phase");

	return phases[phase](t, what);
}

static const char *const ends[] = {
	[REACH_DEVICE] = "served and durable",
	[REACH_PEOPLE] = "served, as seen at its address",
	[REACH_NOTHING] = "gone through in words; nothing is served",
};
static_assert(COUNT_OF(ends) == REACH_MAX, "an end for each reach");

int
round_end(struct round *t, int r, const struct outcome *cause, struct outcome *what)
{
	struct outcome left = { 0 };

	if (!t->changed && !is_due(t, PLAN_PERSIST)) {
		if (well(r)) {
			*what = *cause;
			return r;
		}
		return balancer_fail(what, BALANCER_E_NOOP, "served before, nothing changed");
	}
	if (well(r))
		return balancer_fail(what, BALANCER_E_PARTIAL,
		    "served, but not yet to stay: a restart may undo it (%s)", cause->words);
	r = well(t->b->driver->settle(t->b, t->bundle, &left));
	if (r)
		return balancer_fail(what, BALANCER_E_PARTIAL,
		    "served and durable, but what is left over could not be removed (%s)",
		    left.words);
	outcome_set(what, OUTCOME_DONE, "%s", ends[t->b->driver->reach]);
	return 0;
}
