/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/sign_in.h"

#include <errno.h>

#include "base/error.h"

/* The keeper gives the device eight seconds; the rest is for those who ask before us. */
#define ANSWER_TIMEOUT SECONDS(20)

void
sign_in_put(struct buf *to, const struct sign_in *question)
{
	wire_put_text(to, question->balancer);
	wire_put_text(to, question->provider);
	wire_put_u8(to, question->unit);
}

bool
sign_in_get(struct str payload, struct sign_in_room *room, struct sign_in *ret)
{
	struct wire w = WIRE(payload);
	uint8_t unit;

	wire_get_text(&w, room->balancer, sizeof(room->balancer));
	wire_get_text(&w, room->provider, sizeof(room->provider));
	unit = wire_get_u8(&w);
	if (!wire_end(&w) || unit >= CONFIG_UNITS_MAX ||
	    !carry_consists_of(str_of(room->provider), "._-"))
		return false;
	*ret = (struct sign_in){
		.balancer = room->balancer, .provider = room->provider, .unit = unit
	};
	return true;
}

int
sign_in_ask(struct channel *keeper, const struct sign_in *question, int device, struct buf *answer,
    struct carried *ret)
{
	CLEAN(buf_fini) struct buf payload = BUF(message_rule(MESSAGE_SIGN_IN)->max_request);
	int r;

	sign_in_put(&payload, question);
	r = channel_call(keeper, MESSAGE_SIGN_IN, &payload, device, ANSWER_TIMEOUT, answer);
	if (r < 0)
		return r;
	if (r == CHANNEL_E_REFUSED)
		carried_end(ret, CARRY_E_REFUSED, "the keeper called the question ill-formed");
	else if (r)
		carried_end(ret, CARRY_E_AWAY, "the keeper is away or gave no answer");
	else if (!carried_is(buf_str(answer), ret))
		return error_origin(EBADMSG);
	return ret->result;
}
