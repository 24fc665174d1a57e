/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Installations on one balancer, and what they replaced taken off it, done together: one lock and
 * session, one save and sync for all that is due (docs/decisions/0017). Whoever claimed the first takes the others with him. Each order keeps its
 * own task, facts and failure; what is committed is committed for each by itself, so that a crash
 * repeats only what is not.
 */
#pragma once

#include "balancer/balancer.h"
#include "ipc/key_make.h"
#include "store/certificates.h"
#include "store/keys.h"
#include "worker/worker.h"

/* A bundle with all it borrows, and the wrapped key that belongs to it. */
struct load {
	struct bundle bundle; /* first: pour() gets it back and finds the rest around it */
	struct key key;
	struct buf leaf, chain, wrapped;
	struct certificate certificate;
	int64_t poured; /* how often the key left the keeper, for the audit log */
};

/* One order with its task. */
struct ride {
	struct task *task;
	struct order order;
	struct subject_matter matter;
	struct load load, previous;
	bool is_live;   /* it is to be refreshed */
	bool purges;    /* nothing is installed: what it replaced goes */
	bool along;     /* another's hand, which is at the balancer, takes it along */
	bool waits;     /* for a window or a person: its step has ended with that */
	bool installed; /* or tried to: `result` is the balancer's, else its step ends with that */
	int result;
	int fault; /* that the plan could not be kept with */
	struct outcome what;
};

/* What pouring and verifying need besides the bundle. */
struct job {
	struct hand *hand;
	const struct config_balancer *balancer;
};

/* ---- load.c */

#define LOAD_CHAIN_MAX (1024 * 1024)
#define LOAD                                         \
	((struct load){ .leaf = BUF(LOAD_CHAIN_MAX), \
	    .chain = BUF(LOAD_CHAIN_MAX),            \
	    .wrapped = BUF(KEY_WRAPPED_MAX) })
void load_fini(struct load *load);
CLEAN_DEFINE_FINI(load_fini, struct load);
int load_bundle(struct hand *hand, struct id certificate, const struct subject_matter *matter,
    struct load *ret) MUST_USE;
/* The certificate that is live today, if going back to it would be right. */
int load_previous(struct hand *hand, const struct order *order, const struct subject_matter *matter,
    struct load *ret, bool *ret_there) MUST_USE;
/* Commits how often their keys left the keeper. */
int load_note_exports(struct hand *hand, const struct load *load, const struct load *previous,
    const struct config_balancer *balancer, struct id order) MUST_USE;

struct pourer job_pourer(struct job *job);
int job_open(struct job *job, const struct pourer *pourer, struct balancer **ret,
    struct outcome *what) MUST_USE;
/* How a driver's result goes on; its words are in *what already. */
void job_set_kind(int r, struct outcome *what);

/* ---- step_install.c */

void ride_init(struct ride *ride, struct task *task);
void ride_fini(struct ride *ride);
/* What has to be known of it. HUMAN in ride->what: it cannot be. */
int ride_load(struct hand *hand, struct ride *ride) MUST_USE;
/* Committed before anything is written to the balancer. */
int ride_plan(struct hand *hand, struct ride *ride) MUST_USE;
/* Commits what became of it: `r` is the balancer's result, ride->what has its words. */
int ride_end(struct hand *hand, struct ride *ride, int r) MUST_USE;

/* ---- step_purge.c */

bool ride_keeps_something(const struct ride *ride);
/* Commits that it is gone. */
int ride_purged(struct hand *hand, const struct ride *ride) MUST_USE;

/* ---- batch.c */

/* One hand at a time is at a balancer. Not entered: the hand's task was put back, and the step ends
 * with the result; whoever entered leaves, and says with which result. */
int batch_enter(
    struct hand *hand, const struct config_balancer *balancer, bool *ret_entered) MUST_USE;
void batch_leave(struct hand *hand, const struct config_balancer *balancer, int r);
/* Keeps the plan of one that has to wait, for whoever decides or waits meanwhile. That the balancer is
 * busy, or cannot be asked now, keeps nobody from deciding. */
int batch_foresee(struct hand *hand, struct ride *ride) MUST_USE;
/* The step of the task that the hand is at. */
int batch_run(struct hand *hand, const struct order *order, struct outcome *what) MUST_USE;
