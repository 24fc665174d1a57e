/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting an order's certificate on its balancer, and taking it back: the worker's side of
 * balancer/balancer.h. The private key goes from the keeper straight into the balancer's vessel.
 */
#pragma once

#include "worker/worker.h"

/* Back to what the site served before this order: the previous certificate, or off. */
int install_roll_back(struct hand *hand, const struct order *order, struct outcome *what) MUST_USE;
/* Off the balancer altogether. Was it never there: done. */
int install_withdraw(struct hand *hand, const struct order *order, struct outcome *what) MUST_USE;
