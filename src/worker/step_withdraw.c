/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TASK_WITHDRAW: a cancelled order gives back what it held. A first order, or the order a site was
 * live by, takes its site with it: off the balancer, the address into quarantine, as DNS may still
 * point there. A cancelled renewal leaves the live site alone; had it been installed already, what
 * was live before serves again. Who was told to buy with the order's request hears that it is over.
 */
#include "worker/worker.h"

#include "store/certificates.h"
#include "worker/install.h"
#include "worker/window.h"

static bool
takes_the_site(const struct order *order, const struct site *site)
{
	return id_is_none(site->live_order) || id_eq(site->live_order, order->id);
}

static int
release(struct hand *hand, const struct order *order, const struct site *site)
{
	const struct worker *worker = hand->worker;
	int r = 0;

	if (!id_is_none(site->address))
		r = store_order_rest(hand->store, order->id, site->address,
		    world_now(worker->world) + DAYS(worker->config->quarantine_days));
	if (r == 0)
		r = store_site_retire(hand->store, site->id);
	if (r == 0 && !id_is_none(order->installation))
		r = store_installation_set(
		    hand->store, order->installation, INSTALLATION_REMOVED, "");
	return error_fold(r);
}

/* Who waits for the request hears that it will not come; of the end of a live site people speak
 * otherwise. */
static bool
is_owed_a_word(const struct order *order)
{
	return order->facts.fact[FACT_REFUSED] ||
	       (order->facts.fact[FACT_RETIRED] && order->facts.fact[FACT_ASKED] &&
		   !order->facts.fact[FACT_CONFIRMED]);
}

/* Begins the transaction, unless LATER in *what. A mail that nobody can take does not keep the
 * address from others. */
static int
tell(struct hand *hand, const struct order *order, struct outcome *what)
{
	int r;

	if (!is_owed_a_word(order))
		return hand_begin(hand);
	r = hand_write(
	    hand, order, order->facts.fact[FACT_REFUSED] ? MAIL_DECLINED : MAIL_RETIRED, what);
	if (r || what->kind == OUTCOME_DONE || what->kind == OUTCOME_LATER)
		return r;
	r = hand_begin(hand);
	return r ? r : store_order_trouble(hand->store, order->id, what->words);
}

int
step_withdraw(struct hand *hand, const struct task *task, struct order *order, struct outcome *what)
{
	struct site site;
	bool all, waits = false;
	int r = store_site_get(hand->store, order->site, &site);

	if (r)
		return error_fold(r);
	if (!id_is_none(order->installation)) /* else there is nothing to be changed */
		r = window_wait(hand, task, order, &site, &waits, what);
	if (r || waits)
		return r;
	all = takes_the_site(order, &site) && site.retired == 0;
	if (!id_is_none(order->certificate)) {
		r = all ? install_withdraw(hand, order, what)
		        : install_roll_back(hand, order, what);
		if (r || what->kind != OUTCOME_DONE)
			return r;
	}
	r = tell(hand, order, what);
	if (r || what->kind == OUTCOME_LATER)
		return r;
	if (all) {
		r = release(hand, order, &site);
		if (r)
			return r;
	}
	r = store_order_withdrawn(hand->store, order->id);
	if (r)
		return error_fold(r);
	outcome_set(what, OUTCOME_DONE,
	    all ? "site and address given back" : "the live site was left as it is");
	return hand_finish(hand, task, EVENT_MAX, "", "worker.withdrawn");
}
