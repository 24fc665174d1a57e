/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of an installation, kept with its order: what `certdesk order plan` shows. */
#pragma once

#include "balancer/plan.h"
#include "worker/worker.h"

/* What will be done is on record before it is done. In a transaction of its own; STORE_E_STALE as hand_begin(). */
int plan_keep(struct hand *hand, struct id order, const struct plan *plan) MUST_USE;
