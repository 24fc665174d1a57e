/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/house.h"

#include <errno.h>

#include "base/error.h"
#include "ipc/wire.h"

/* Who gives up loses the channel, and with it the process: longer than a disk keeps certdeskd from its log. */
#define PATIENCE SECONDS(10)

#define ANSWER_MAX (128 * 1024)

static void
resident_put(struct buf *to, const struct resident *r)
{
	wire_put_u32(to, (uint32_t)r->role);
	wire_put_text(to, r->version);
	wire_put_i64(to, r->pid);
	wire_put_bool(to, r->ready);
	wire_put_i64(to, r->started);
	wire_put_u32(to, r->restarts);
	wire_put_text(to, r->sandbox);
	wire_put_text(to, r->report);
	wire_put_text(to, r->last_end);
}

static void
resident_get(struct wire *from, struct resident *r)
{
	uint32_t role = wire_get_u32(from);

	r->role = role < ROLE_MAX ? (enum role)role : ROLE_CERTDESKD;
	from->bad = from->bad || role >= ROLE_MAX;
	wire_get_text(from, r->version, sizeof(r->version));
	r->pid = wire_get_i64(from);
	r->ready = wire_get_bool(from);
	r->started = wire_get_i64(from);
	r->restarts = wire_get_u32(from);
	wire_get_text(from, r->sandbox, sizeof(r->sandbox));
	wire_get_text(from, r->report, sizeof(r->report));
	wire_get_text(from, r->last_end, sizeof(r->last_end));
}

void
house_put(struct buf *to, const struct house *house)
{
	wire_put_u32(to, (uint32_t)house->count);
	for (size_t i = 0; i < house->count; i++)
		resident_put(to, &house->resident[i]);
}

bool
house_get(struct str payload, struct house *ret)
{
	struct wire from = WIRE(payload);

	*ret = (struct house){ .count = wire_get_count(&from, ROLE_MAX, 8) };
	for (size_t i = 0; i < ret->count; i++)
		resident_get(&from, &ret->resident[i]);
	return wire_end(&from);
}

int
house_ask(struct channel *certdeskd, struct house *ret)
{
	CLEAN(buf_fini) struct buf answer = BUF(ANSWER_MAX);
	const struct buf nothing = BUF(0);
	int r = channel_call(certdeskd, MESSAGE_HOUSE, &nothing, -1, PATIENCE, &answer);

	if (r)
		return r;
	return house_get(buf_str(&answer), ret) ? 0 : error_origin(EBADMSG);
}
