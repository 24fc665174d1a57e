/* SPDX-License-Identifier: Apache-2.0 */
/* What the drivers and the common part know of an opened balancer, and nobody else. */
#pragma once

#include "balancer/balancer.h"

struct balancer {
	const struct config_balancer *config;
	const struct world *world;
	const struct balancer_driver *driver;
	const struct pourer *pourer; /* NULL = none */
	struct queue *queue;
	struct queue_place *place; /* in it, for as long as we hold the lock or try to */
	int lock_fd;
	bool looks_only;
	void *self; /* the driver's own */
};

extern const struct balancer_driver bigip_driver, dryrun_driver, haproxy_driver, manual_driver;

/* Fills *what with the kind that belongs to the result and returns the result. */
int balancer_fail(struct outcome *what, int r, const char *format, ...) PRINTF_LIKE(3, 4) MUST_USE;
/* For a negative result: forwards it with its words. */
int balancer_fatal(struct outcome *what, int r, const char *doing) MUST_USE;

/* Neither driver nor device has an answer but to wait a little. */
void balancer_wait(when time);
