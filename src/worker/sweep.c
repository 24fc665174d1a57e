/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quick looks at the DNS of live sites, many at once (docs/decisions/0027). Each order keeps its own task;
 * they are committed some at a time, so that a crash repeats only those that were not. What was
 * changed meanwhile counts, not what was seen.
 */
#include <stdlib.h>

#include "check/dns_sweep.h"
#include "sys/log.h"
#include "worker/look.h"

#define MOST      1000
#define LEASE     MINUTES(30) /* nobody keeps it meanwhile, were all servers dead */
#define AHEAD     MINUTES(15) /* what is due soon goes along: few sweeps of many cost least */
#define AT_A_TIME 100         /* that a transaction ends; others write, too */

/* One of the many. */
struct glance {
	struct task task;
	uint32_t looks;                    /* the order had had */
	const struct dns_sweep_site *site; /* NULL: there is nothing to ask for */
};

struct round {
	struct hand *hand;
	struct task *own;
	struct glance glance[MOST];
	struct dns_sweep_site site[MOST];
	size_t count, site_count, pointed;
};

static void
round_free(struct round *round)
{
	round->hand->task = round->own;
	free(round);
}
CLEAN_DEFINE(round_free, struct round *);

/* A site without an address, or on a balancer that is gone, is for the look by itself to tell. */
static int
take_along(struct round *round, const struct task *task)
{
	struct glance *glance = &round->glance[round->count];
	struct dns_sweep_site *site = &round->site[round->site_count];
	struct subject_matter matter;
	struct outcome aside = { .kind = OUTCOME_DONE };
	struct order order;
	int r = error_fold(store_order_get(round->hand->store, task->order, &order));

	if (r == 0)
		r = hand_load(round->hand, &order, &matter, &aside);
	if (r < 0)
		return r;
	*glance = (struct glance){ .task = *task, .looks = order.facts.dns_looks };
	round->count++;
	if (r == 0) {
		*site = (struct dns_sweep_site){ .name = matter.name, .address = matter.address };
		glance->site = site;
		round->site_count++;
	}
	return 0;
}

static int
gather(struct round *round)
{
	struct hand *hand = round->hand;
	struct task *tasks = alloc_array(MOST, sizeof(*tasks));
	size_t count = 0;
	int r = store_tasks_keep(hand->store, &round->own, 1, LEASE);

	if (r == 0)
		r = store_tasks_claim_swept(hand->store, hand->name, LEASE,
		    world_now(hand->worker->world) + AHEAD, tasks, MOST - 1, &count);
	if (r == 0)
		r = take_along(round, round->own);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = take_along(round, &tasks[i]);
	free(tasks);
	return r;
}

static int
keep(struct round *round, const struct order *order, size_t servers)
{
	CLEAN(buf_fini) struct buf words = BUF(1024), json = BUF(256);
	struct store *store = round->hand->store;
	int r;

	buf_printf(&words,
	    "%s leads to our address, or to a name of ours: said %zu name server%s, all that were asked. A quick look: what resolvers"
	    " see, and signatures, are looked at every week.",
	    order->host, servers, servers == 1 ? "" : "s");
	buf_printf(&json, "{\"verdict\":\"pointed\",\"quick\":true,\"server_count\":%zu}", servers);
	r = store_look_set(store, order->id, LOOK_DNS, true, buf_text(&words), buf_str(&json));
	if (r == 0)
		r = store_order_looked(store, order->id);
	return r ? r : store_task_done(store, round->hand->task->id);
}

/* For a look by itself, by any hand. */
static int
hand_on(struct round *round, const struct order *order, bool closely)
{
	struct hand *hand = round->hand;
	int r = closely ? store_order_look_closely(hand->store, order->id) : 0;

	return r ? r
	         : store_task_put_back(
		       hand->store, hand->task->id, "", world_now(hand->worker->world));
}

/* In a transaction. Somebody may have ended the order or asked for a look while the servers were. */
static int
end_one(struct round *round, size_t i)
{
	const struct glance *glance = &round->glance[i];
	struct store *store = round->hand->store;
	struct order order;
	int r = store_task_held(store, &glance->task);

	if (r)
		return r == STORE_E_STALE ? 0 : r;
	r = store_order_get(store, glance->task.order, &order);
	if (r)
		return r;
	if (!order_is_swept(&order.facts) || order.facts.dns_looks != glance->looks)
		return hand_on(round, &order, false);
	if (!glance->site || glance->site->answer != DNS_SWEEP_POINTED)
		return hand_on(round, &order, true);
	round->pointed++;
	r = keep(round, &order, glance->site->server_count);
	if (r == 0)
		r = store_order_get(store, order.id, &order);
	return r ? r : store_order_settle(store, &order);
}

static int
end_some(struct round *round, size_t from, size_t to)
{
	struct store *store = round->hand->store;
	int r = store_begin(store);

	for (size_t i = from; r == 0 && i < to; i++) {
		round->hand->task = &round->glance[i].task;
		r = end_one(round, i);
	}
	if (r == 0)
		r = store_commit(store, "worker.swept");
	store_abandon(store);
	return r;
}

static int
end_all(struct round *round)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < round->count; i += AT_A_TIME) {
		size_t rest = round->count - i;

		r = end_some(round, i, i + (rest < AT_A_TIME ? rest : AT_A_TIME));
		if (r == 0 && i == 0)
			round->hand->put_back = true; /* our own is among the first */
	}
	return r;
}

/* After a fault of ours what is not ended is due when its lease runs out. */
int
look_at_many(struct hand *hand)
{
	CLEAN(round_free) struct round *round = alloc_zero(sizeof(*round));
	when began = world_ticks();
	int r;

	round->hand = hand;
	round->own = hand->task;
	r = gather(round);
	if (r == 0)
		r = dns_sweep(hand->worker->config, round->site, round->site_count);
	if (r == 0)
		r = end_all(round);
	atomic_fetch_add(&hand->worker->done, round->pointed);
	LOG(LOG_NOTICE, "dns.swept", LOG_NUMBER("sites", (int64_t)round->count),
	    LOG_NUMBER("pointed", (int64_t)round->pointed),
	    LOG_NUMBER("micros", world_ticks() - began));
	return error_fold(r);
}
