/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/wake.h"

void
wake_tell(struct channel *worker)
{
	const struct buf nothing = BUF(0);

	if (channel_is_open(worker) && channel_tell(worker, MESSAGE_WAKE, &nothing, -1) != 0)
		return;
}
