/* SPDX-License-Identifier: Apache-2.0 */
/* Off a balancer again: what failed, and what is withdrawn. */
#include "worker/install.h"

#include "worker/batch.h"

static int
undo(struct job *job, const struct load *load, bool withdraw, struct outcome *what)
{
	CLEAN(balancer_close) struct balancer *b = NULL;
	const struct pourer pourer = job_pourer(job);
	int r = job_open(job, &pourer, &b, what);

	if (r)
		return r;
	return withdraw ? balancer_driver_of(b)->withdraw(b, &load->bundle, what)
	                : balancer_driver_of(b)->rollback(b, &load->bundle, &pourer, what);
}

static int
take_back(struct hand *hand, const struct order *order, bool withdraw, struct outcome *what)
{
	CLEAN(load_fini) struct load load = LOAD;
	CLEAN(load_fini) struct load previous = LOAD;
	struct subject_matter matter;
	struct job job = { .hand = hand };
	bool has_previous = false, entered;
	int r = hand_load(hand, order, &matter, what);

	if (r)
		return r > 0 ? 0 : r;
	job.balancer = matter.balancer;
	r = load_bundle(hand, order->certificate, &matter, &load);
	if (r == 0 && !withdraw)
		r = load_previous(hand, order, &matter, &previous, &has_previous);
	if (r)
		return r;
	load.bundle.installation = previous.bundle.installation = order->installation;
	load.bundle.previous = has_previous ? &previous.bundle : NULL;
	what->kind = OUTCOME_LATER;
	r = batch_enter(hand, job.balancer, &entered);
	if (!entered)
		return r;
	r = undo(&job, &load, withdraw, what);
	batch_leave(hand, job.balancer, r);
	if (r < 0)
		return r;
	job_set_kind(r, what);
	return load_note_exports(hand, &load, &previous, matter.balancer, order->id);
}

int
install_roll_back(struct hand *hand, const struct order *order, struct outcome *what)
{
	return take_back(hand, order, false, what);
}

int
install_withdraw(struct hand *hand, const struct order *order, struct outcome *what)
{
	return take_back(hand, order, true, what);
}
