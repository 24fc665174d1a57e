/* SPDX-License-Identifier: Apache-2.0 */
/* TASK_PURGE: what an order replaced goes off its balancer, as nobody will go back to it. */
#include "worker/batch.h"

/* Where nothing is kept beyond the installation there is nothing to wait for, and nobody is asked. */
bool
ride_keeps_something(const struct ride *ride)
{
	const struct balancer_driver *driver = balancer_driver_named(ride->matter.balancer->driver);

	return !driver || driver->purge;
}

int
ride_purged(struct hand *hand, const struct ride *ride)
{
	int r = hand_begin(hand);

	if (r == 0)
		r = store_order_purged(hand->store, ride->order.id);
	return r ? error_fold(r) : hand_finish(hand, ride->task, EVENT_MAX, "", "worker.purged");
}

int
step_purge(
    struct hand *hand, const struct task *task UNUSED, struct order *order, struct outcome *what)
{
	return batch_run(hand, order, what);
}
