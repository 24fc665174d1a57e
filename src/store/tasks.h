/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The durable queue. At most one open task per (kind, order). A worker claims a task for a lease;
 * when it dies the lease runs out (or its next life frees all leases of its name) and the task is
 * due again.
 */
#pragma once

#include "base/outcome.h"
#include "order/order.h"
#include "store/store.h"

struct task {
	struct id id, order;
	enum task_kind kind;
	int64_t attempts; /* claims so far, this one included */
	when due, created;
	when lease; /* its end; tells one claim of the task from the next. 0 = nobody is at it */
	enum outcome_kind outcome; /* of the last attempt */
	char words[OUTCOME_WORDS_SIZE];
};

/* Queues; if the same is open already its due time becomes the earlier one; if somebody is at it
 * just now, it is done once more after that. */
int store_task_add(struct store *s, struct id order, enum task_kind kind, when due) MUST_USE;
/* Claims the longest due task, in a transaction of its own. ABSENT when none is due: *ret_next is
 * then when the next one is (0 = none). */
int store_task_claim(
    struct store *s, const char *worker, when lease, struct task *ret, when *ret_next) MUST_USE;
/* Claims with it what else is due to be put on a balancer: at most `max`, in a transaction of its own.
 * *ret_count 0 is none. */
int store_tasks_claim_for(struct store *s, const char *worker, when lease, const char *balancer,
    struct task *ret, size_t max, size_t *ret_count) MUST_USE;
/* Claims the looks at the DNS of live sites that are quick ones (order_is_swept()) and due at `until`,
 * now or soon: at most `max`, in a transaction of its own. */
int store_tasks_claim_swept(struct store *s, const char *worker, when lease, when until,
    struct task *ret, size_t max, size_t *ret_count) MUST_USE;
/* Still at them: the leases that are in force begin anew, in a transaction of its own. */
int store_tasks_keep(struct store *s, struct task *const *tasks, size_t count, when lease) MUST_USE;
/* In the caller's transaction: not even begun, so it was no attempt; due at `again`. With it goes all
 * that is due for that balancer. */
int store_task_put_back(struct store *s, struct id task, const char *balancer, when again) MUST_USE;
/* In the caller's transaction: STALE when the claim is not in force any more, as it ran out or was
 * freed, and the task was claimed anew or is done. */
int store_task_held(struct store *s, const struct task *task) MUST_USE;
/* In the caller's transaction, with the facts that follow: done, the row goes, or is due again if
 * it was asked for meanwhile. */
int store_task_done(struct store *s, struct id task) MUST_USE;
/* Not done: stays, due at `again`, lease given back, outcome noted. OUTCOME_HUMAN/REFUSED: stays
 * without a due time until somebody says go on. */
int store_task_postpone(
    struct store *s, struct id task, const struct outcome *outcome, when again) MUST_USE;
int store_tasks_of_order(
    struct store *s, struct id order, struct task *to, size_t max, size_t *ret_count) MUST_USE;
int store_tasks_drop(struct store *s, struct id order) MUST_USE; /* all of an order that ended */
int store_tasks_free(
    struct store *s, const char *worker) MUST_USE; /* own transaction: leases of an earlier life */
struct queue_depth {
	int64_t due, later, leased, stuck;
};
int store_queue_depth(struct store *s, struct queue_depth *ret) MUST_USE;
