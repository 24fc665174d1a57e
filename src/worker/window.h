/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When and by whom a balancer may be changed (docs/decisions/0018): asked by each step that does,
 * before it begins. What was begun is finished, rolled back if it must be, whatever the clock says.
 */
#pragma once

#include "worker/worker.h"

/* Where *ret_waits, all is committed and *what is DONE: the order waits for a second person … */
int approval_wait(struct hand *hand, const struct task *task, const struct order *order,
    const struct config_balancer *balancer, bool *ret_waits, struct outcome *what) MUST_USE;
/* … or for the balancer's window: the task stays and is due when that opens. What goes through a
 * closed one is an event. */
int window_wait(struct hand *hand, const struct task *task, const struct order *order,
    const struct site *site, bool *ret_waits, struct outcome *what) MUST_USE;

/* Would it wait, for the one or the other? */
bool window_or_approval_waits(const struct hand *hand, const struct task *task,
    const struct order *order, const struct config_balancer *balancer);

/* Inside a transaction: the warning that what the site serves ends before the next chance to
 * replace it, if it is so; else it is no longer told. */
int window_warn(struct hand *hand, const struct order *order, const struct site *site) MUST_USE;
