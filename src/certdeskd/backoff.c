/* SPDX-License-Identifier: Apache-2.0 */
#include "certdeskd/backoff.h"

#define FORGIVEN_AFTER MINUTES(1)
#define MOST           SECONDS(30)

when
backoff_after(struct backoff *b, when lived)
{
	when wait;

	if (lived >= FORGIVEN_AFTER)
		b->deaths = 0;
	b->deaths++;
	if (b->deaths == 1)
		return 0;
	wait = b->deaths > 6 ? MOST : SECONDS(1) << (b->deaths - 2);
	return wait > MOST ? MOST : wait;
}
