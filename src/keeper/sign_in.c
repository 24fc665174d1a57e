/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_SIGN_IN: the password of a balancer leaves us in one request, to the device that the
 * configuration names and to nobody else (docs/decisions/0013). The worker gets the answer, with the
 * token. A wrong password is not tried again for a while: that locks users out.
 */
#include <stdio.h>

#include "base/error.h"
#include "ipc/sign_in.h"
#include "keeper/device.h"
#include "keeper/keeper.h"
#include "keeper/vessel.h"
#include "sys/log.h"

#define SIGN_IN_PATH "/mgmt/shared/authn/login"
#define BODY_MAX     4096 /* all of it escaped, too */

/* 401 about a token, as devices answer now and then to a request that brings none: no word about the
 * password. Anything else with 401 is one. */
static bool
says_wrong_password(const struct carried *carried)
{
	static const char *const about_tokens[] = { "X-F5-Auth-Token",
		"no user authentication header or token detected" };

	if (carried->result != 0 || carried->status != 401)
		return false;
	for (size_t i = 0; i < COUNT_OF(about_tokens); i++)
		if (str_find(carried->body, str_of(about_tokens[i])) < carried->body.len)
			return false;
	return true;
}

static void
log_sign_in(
    enum log_level level, const char *event, const struct sign_in *q, const struct carried *carried)
{
	LOG(level, event, LOG_TEXT("balancer", q->balancer), LOG_NUMBER("unit", q->unit),
	    LOG_TEXT("provider", q->provider), LOG_NUMBER("status", carried->status),
	    LOG_TEXT("why", carried->words));
}

static void
hold(struct carried *ret, when how_long)
{
	char words[CARRY_WORDS_SIZE];

	snprintf(words, sizeof(words),
	    "the device did not take user and password: to lock nobody out, no sign-in for the next %lld seconds",
	    (long long)(how_long / SECONDS(1) + 1));
	carried_end(ret, CARRY_E_HELD, words);
}

static void
carry(struct keeper *keeper, struct device *device, const struct sign_in *q, int fd,
    struct buf *said, struct carried *ret)
{
	CLEAN(buf_fini) struct buf body = BUF_SECRET(BODY_MAX);
	struct carry ask = device_request(device, q->unit);

	if (!device_put_sign_in(device, q->provider, &body)) {
		carried_end(ret, CARRY_E_REFUSED, "user or password are no UTF-8");
		return;
	}
	ask.path = SIGN_IN_PATH;
	ask.header[ask.header_count++] = STR("Content-Type: application/json");
	ask.body = buf_str(&body);
	atomic_fetch_add(&keeper->signed_in, 1);
	if (carry_ask(keeper->courier, &ask, fd, said, ret) == 0)
		log_sign_in(LOG_NOTICE, "device.sign_in", q, ret);
	if (says_wrong_password(ret)) {
		device->held_until = world_ticks() + SIGN_IN_HOLD;
		log_sign_in(LOG_WARNING, "device.sign_in.denied", q, ret);
	}
}

static void
sign_in(
    struct keeper *keeper, const struct sign_in *q, int fd, struct buf *said, struct carried *ret)
{
	struct device *device = device_named(keeper->devices, q->balancer);
	const char *fault;

	if (!device) {
		carried_end(ret, CARRY_E_REFUSED, "no such balancer with a user to sign in");
		return;
	}
	fault = vessel_fault(fd, FORM_HTTPS_UPLOAD, device->balancer, q->unit, keeper->worker);
	if (fault)
		carried_end(ret, CARRY_E_REFUSED, fault);
	else if (world_ticks() < device->held_until)
		hold(ret, device->held_until - world_ticks());
	else
		carry(keeper, device, q, fd, said, ret);
}

int
keeper_sign_in(struct keeper *keeper, struct str question, int fd, struct buf *answer)
{
	CLEAN(buf_fini) struct buf said = BUF_SECRET(message_rule(MESSAGE_CARRY)->max_answer);
	struct carried carried = { .body = STR("") };
	struct sign_in_room room;
	struct sign_in q;

	if (!sign_in_get(question, &room, &q))
		return KEEPER_E_MALFORMED;
	sign_in(keeper, &q, fd, &said, &carried);
	if (carried.result == CARRY_E_REFUSED)
		atomic_fetch_add(&keeper->refused, 1);
	if (carried.result)
		log_sign_in(LOG_WARNING, "device.sign_in.failed", &q, &carried);
	carried_put(answer, &carried);
	return 0;
}
