/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/hello.h"

#include "ipc/wire.h"

void
hello_put(struct buf *to, const struct hello *hello)
{
	wire_put_text(to, hello->version);
	wire_put_u32(to, hello->ipc_version);
	wire_put_i64(to, hello->pid);
}

bool
hello_get(struct str payload, struct hello *ret)
{
	struct wire from = WIRE(payload);

	wire_get_text(&from, ret->version, sizeof(ret->version));
	ret->ipc_version = wire_get_u32(&from);
	ret->pid = wire_get_i64(&from);
	return wire_end(&from);
}

void
role_put(struct buf *to, enum role role)
{
	wire_put_u32(to, (uint32_t)role);
}

bool
role_get(struct str payload, enum role *ret)
{
	struct wire from = WIRE(payload);
	uint32_t role = wire_get_u32(&from);

	if (!wire_end(&from) || role >= ROLE_MAX)
		return false;
	*ret = (enum role)role;
	return true;
}
