/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_SIGN_IN, worker to keeper: sign in to this unit of a balancer, over the connection passed with the
 * question. The keeper has user and password, looks at the connection's other end, and has the
 * courier send the request; the worker sees the device's answer, with the token, and signs out
 * itself (docs/decisions/0013).
 *
 * After a wrong password no other sign-in to that balancer, at any unit, is made for SIGN_IN_HOLD: a device locks
 * out whom it tells so too often.
 */
#pragma once

#include "ipc/carry.h"

#define SIGN_IN_HOLD SECONDS(300)

struct sign_in {
	const char *balancer; /* as in the configuration */
	const char *provider; /* that knows the user: "tmos" unless the device asks elsewhere */
	uint8_t unit;         /* which of its units, below CONFIG_UNITS_MAX */
};

struct sign_in_room {
	char balancer[CONFIG_NAME_SIZE], provider[CONFIG_NAME_SIZE];
};

/* As carry_ask(). Its words may come after CARRY_E_REFUSED (no such balancer, another connection
 * than to it) and CARRY_E_HELD. */
int sign_in_ask(struct channel *keeper, const struct sign_in *question, int device,
    struct buf *answer, struct carried *ret) MUST_USE;

/* The codec; the answer is a struct carried. */
void sign_in_put(struct buf *to, const struct sign_in *question);
bool sign_in_get(struct str payload, struct sign_in_room *room, struct sign_in *ret) MUST_USE;
