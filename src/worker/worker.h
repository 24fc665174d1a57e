/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certdesk-worker: the process that meets the outside. Each of its hands (threads) claims a task,
 * does it and commits what it learnt together with the end of the task; a crash in between repeats
 * the task, and every task may be repeated. What is shared is read-only or locked; the rest belongs
 * to one hand.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "balancer/queue.h"
#include "check/dns.h"
#include "config/calendar.h"
#include "ipc/process.h"
#include "mail/mail.h"
#include "review/market.h"
#include "site/site.h"
#include "store/orders.h"
#include "store/sites.h"
#include "store/tasks.h"

#define HAND_GUESTS_MAX 8 /* of hands that came to a balancer in the same moment */

struct worker {
	const struct process *process;
	const struct config *config;
	const struct world *world;
	struct channel *keeper, *reader;
	const struct market *market;
	struct site_trust *trust;
	struct queue *turns;              /* of the hands at a balancer */
	const struct calendar *calendars; /* of the balancers of the configuration */
	pthread_mutex_t lock;             /* guards `woken` and `posts` */
	pthread_cond_t wake;
	uint64_t woken; /* counts wake-ups, so that none is missed between a look and a wait */
	atomic_bool stop;
	atomic_uint_fast64_t done, postponed;
	atomic_uint surveying; /* hands that are at a survey */
	struct post {
		when since;   /* a hand is at that balancer; 0: none */
		bool ailing;  /* the last one could not reach it */
		bool gathers; /* it has not begun, and takes along what others have claimed */
		struct task guest[HAND_GUESTS_MAX];
		size_t guest_count;
	} posts[CONFIG_BALANCERS_MAX];
};

#define HAND_LEASE MINUTES(5) /* of a task; who is at it for longer keeps it (batch.c) */

struct hand {
	struct worker *worker;
	struct store *store;
	struct dns *dns;
	char name[32];     /* the lease's owner */
	struct task *task; /* what it is at */
	bool put_back;     /* the task is in the queue again */
};

/*
 * Does one task of `order`. When *what is DONE the step has committed everything, the end of the
 * task included (hand_finish). Otherwise it has committed nothing of it, and the caller postpones
 * the task or sets the order aside for a human, as *what says. Fatal errors are of this machine
 * (disk full …): the task is tried again.
 */
typedef int step_fn(
    struct hand *hand, const struct task *task, struct order *order, struct outcome *what);

step_fn step_check, step_question, step_key, step_ask, step_dns, step_fetch, step_answer,
    step_install, step_test_address, step_ask_dns, step_test_name, step_tell, step_refresh,
    step_purge, step_watch, step_withdraw, step_release;

/* Begins a transaction of the task the hand is at. STORE_E_STALE when somebody else is at it by now,
 * as a worker outlives its certdeskd, killed, for some seconds: the step ends with that, and keeps
 * nothing. */
int hand_begin(struct hand *hand) MUST_USE;
/* Inside the transaction the step began: ends the task, applies the event (EVENT_MAX: none),
 * commits. `point` names both failpoints. */
#define hand_finish(hand, task, event, detail, point)                                      \
	hand_finish_at((hand), (task), (event), (detail), FAILPOINT_NAME(point ".before"), \
	    FAILPOINT_NAME(point ".after"))
int hand_finish_at(struct hand *hand, const struct task *task, enum order_event event,
    const char *detail, const char *before, const char *after) MUST_USE;

/* The order of a claimed task. *ret_follows false: its facts have moved on, and the task was dropped.
 */
int hand_order(
    struct hand *hand, const struct task *task, struct order *ret, bool *ret_follows) MUST_USE;
/* What becomes of a task whose step ended with `r` and *what. The result is a fault of ours, for
 * hand_fault(). */
int hand_end(struct hand *hand, const struct task *task, const struct order *order, int r,
    struct outcome *what, when took) MUST_USE;
/* Not begun, as its balancer is taken: no attempt, and nobody need know. Whatever else is due for that
 * balancer ("": nothing) waits with it. The step ends with the result. */
int hand_put_back(
    struct hand *hand, const struct task *task, const char *balancer, when again) MUST_USE;
void hand_fault(struct hand *hand, const struct task *task, int fault);

/* Serves until the worker is told to stop; the thread's body. */
void *hand_serve(void *hand);

/* What most steps need of an order. */
struct subject_matter {
	struct site site;
	struct service service;
	struct host_name name;
	struct addr address;
	const struct config_balancer *balancer; /* NULL: not in the configuration any more */
};
/* Writes the order's mail of that purpose to its customer, once. DONE in *what: it is out, and a
 * transaction is begun that says so, for the step to finish. */
int hand_write(struct hand *hand, const struct order *order, enum mail_purpose purpose,
    struct outcome *what) MUST_USE;

/* HUMAN in *what (and 1) when the site has no address or its balancer is unknown. */
int hand_load(struct hand *hand, const struct order *order, struct subject_matter *ret,
    struct outcome *what) MUST_USE;
