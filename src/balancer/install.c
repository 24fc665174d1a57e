/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One installation from what is there to what is wanted, over any driver. It keeps no journal:
 * after a crash at any point the next call observes and does what is missing.
 */
#include "balancer/balancer_internal.h"

#include "sys/failpoint.h"

#define ROUNDS 2 /* the second after an AMBIGUOUS answer */

struct round {
	struct balancer *b;
	const struct bundle *bundle;
	const struct installer *installer;
	struct observation before;
	bool changed; /* this call did more than look */
};

static int
well(int r)
{
	return r == BALANCER_E_NOOP ? 0 : r;
}

/* Poured and active, and what a restart would load is in place or only to be put there. */
static bool
is_served(const struct observation *o)
{
	return o->running == SERVED_ACTIVE && o->running_same &&
	       ((o->on_disk && o->disk_same) || o->ready_same);
}

static bool
is_durable(const struct observation *o)
{
	return o->on_disk && o->disk_same && o->disk_routed;
}

static int
serve(struct round *t, struct outcome *what)
{
	const struct balancer_driver *d = t->b->driver;
	int r = d->stage(t->b, t->bundle, t->installer->pourer, what);

	FAILPOINT("balancer.staged");
	if (well(r) == 0)
		r = d->check(t->b, t->bundle, what);
	FAILPOINT("balancer.checked");
	if (well(r) == 0)
		r = d->activate(t->b, t->bundle, what);
	FAILPOINT("balancer.activated");
	return well(r);
}

static int
bring_up(struct round *t, struct outcome *what)
{
	int r = t->b->driver->observe(t->b, t->bundle, &t->before, what);

	if (r == 0 && !is_served(&t->before)) {
		t->changed = true;
		r = serve(t, what);
	}
	if (r == 0 && !t->before.routed) {
		t->changed = true;
		r = well(t->b->driver->route(t->b, t->bundle, what));
		FAILPOINT("balancer.routed");
	}
	return r;
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
	if (!t->changed && is_durable(&t->before))
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

	if (r)
		return balancer_fail(what, BALANCER_E_INVALID,
		    "not served as it should be (%.200s), and taking it back failed (%.200s)",
		    cause.words, *what->words ? what->words : balancer_words(r));
	return balancer_fail(
	    what, BALANCER_E_INVALID, "not served as it should be (%.300s): %s", cause.words, done);
}

/* A negative result is our own trouble, says nothing of the site, and undoes nothing. */
static int
verify(struct round *t, struct outcome *what)
{
	int r = t->installer->verify(t->installer, t->bundle, what);

	FAILPOINT("balancer.verified");
	return r > 0 ? undo(t, what) : r;
}

static int
persist(struct round *t, struct outcome *what)
{
	struct outcome cause = { 0 };
	int r = well(t->b->driver->persist(t->b, t->bundle, &cause));

	FAILPOINT("balancer.persisted");
	if (r)
		return balancer_fail(what, BALANCER_E_PARTIAL,
		    "served, but a restart of the balancer would undo it (%s)", cause.words);
	r = well(t->b->driver->settle(t->b, t->bundle, &cause));
	if (r)
		return balancer_fail(what, BALANCER_E_PARTIAL,
		    "served and durable, but what is left over could not be removed (%s)",
		    cause.words);
	outcome_set(what, OUTCOME_DONE, "served and durable");
	return 0;
}

static int
install_once(struct round *t, struct outcome *what)
{
	int r = bring_up(t, what);

	if (r == 0)
		r = verify(t, what);
	if (r)
		return r;
	if (t->changed || !is_durable(&t->before))
		return persist(t, what);
	r = well(t->b->driver->persist(t->b, t->bundle, what));
	return r ? r : balancer_fail(what, BALANCER_E_NOOP, "served before, nothing changed");
}

int
balancer_install(struct balancer *b, const struct bundle *bundle, const struct installer *installer,
    struct outcome *what)
{
	struct round t = { .b = b, .bundle = bundle, .installer = installer };
	int r = BALANCER_E_AMBIGUOUS;

	for (int round = 0; round < ROUNDS && r == BALANCER_E_AMBIGUOUS; round++)
		r = install_once(&t, what);
	return r;
}
