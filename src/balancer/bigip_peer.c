/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other unit of a pair, by its own address: a sync that reports success is no proof of what is
 * there, and does not save it there. It is read back with the same looks as the active one.
 */
#include <stdio.h>

#include "balancer/bigip_internal.h"

/* What the visit ran into is told as what is not known of that unit. */
static int
visit(struct balancer *b, int (*act)(struct balancer *b, void *about, struct outcome *what),
    void *about, struct outcome *what)
{
	struct bigip_unit *other = bigip_other_unit(b);
	struct outcome cause = { 0 };
	char words[BIGIP_UNIT_WORDS];
	int r = other ? bigip_visit(b, other, act, about, &cause) : 0;

	if (r == 0)
		return 0;
	if (r < 0) {
		*what = cause;
		return r;
	}
	return balancer_fail(what, BALANCER_E_PARTIAL, "%s is not known to have it (%.300s)",
	    bigip_unit_words(b, other, words), cause.words);
}

/* What lies in its folder of uploads lay there when it was the active one, and died. */
static int
keep(struct balancer *b, void *about, struct outcome *what)
{
	const bool *saves_by_itself = about;
	int r = bigip_sweep(b, what);

	return r || *saves_by_itself ? r : bigip_save(b, what);
}

int
bigip_peer_keep(struct balancer *b, bool saves_by_itself, struct outcome *what)
{
	return visit(b, keep, &saves_by_itself, what);
}

struct wanted {
	const struct bundle *bundle;
	bool is_there;
};

static bool
is_as_wanted(const struct wanted *w, const struct observation *seen)
{
	return w->is_there ? seen->running_same && seen->routed
	                   : seen->running == SERVED_NOT && !seen->routed;
}

static int
look_for(struct balancer *b, void *about, struct outcome *what)
{
	const struct wanted *w = about;
	struct observation seen;
	int r = bigip_observe(b, w->bundle, &seen, what);

	if (r)
		return r;
	if (!is_as_wanted(w, &seen))
		return balancer_fail(what, BALANCER_E_PARTIAL, "%s", seen.words);
	return w->is_there ? bigip_check_worn(b, w->bundle, what) : 0;
}

int
bigip_confirm(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct wanted wanted = { .bundle = bundle, .is_there = true };

	return visit(b, look_for, &wanted, what);
}

int
bigip_confirm_absent(struct balancer *b, const struct bundle *bundle, struct outcome *what)
{
	struct wanted wanted = { .bundle = bundle };

	return visit(b, look_for, &wanted, what);
}
