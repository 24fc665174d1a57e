/* SPDX-License-Identifier: Apache-2.0 */
/* MESSAGE_WAKE, desk to worker, one way: something is due, do not wait for the next look into the
 * queue. */
#pragma once

#include "ipc/channel.h"

/* That nobody heard is no harm: the worker looks into the queue by itself once a second. */
void wake_tell(struct channel *worker);
