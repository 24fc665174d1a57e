/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/courier.h"

#include "base/error.h"
#include "courier/send.h"
#include "sys/log.h"
#include "sys/room.h"

#define ROOM_CPU    5u /* seconds; a handshake and one request take milliseconds */
#define ROOM_MEMORY ((size_t)1 << 30)
#define ROOM_AFTER  SECONDS(1) /* for libcurl to give up by itself */

const struct sandbox_profile courier_profile = { .calls = SANDBOX_FORK | SANDBOX_PASS_FD |
	                                                  SANDBOX_CONNECTED };

/* In the room. */
static int
carry(const void *about, struct buf *answer)
{
	CLEAN(buf_fini) struct buf body = BUF_SECRET(2 * CARRY_ANSWER_MAX);
	struct carried carried;

	send_request(about, ROOM_FD, &body, &carried);
	carried_put(answer, &carried);
	return 0;
}

/* What came out of the room is a stranger's until it was read. */
static void
read_answer(struct courier *courier, const struct buf *answer, int r, struct carried *ret)
{
	if (r == 0 && carried_is(buf_str(answer), ret))
		return;
	atomic_fetch_add(&courier->broken, 1);
	LOG(LOG_ERROR, "carry.broken", LOG_TEXT("why", r ? room_words(r) : "it answered nonsense"));
	carried_end(ret, r == ROOM_E_TIMEOUT ? CARRY_E_TIMEOUT : CARRY_E_CUT,
	    "the program that spoke with it broke down or took too long");
}

static void
carry_in_room(struct courier *courier, const struct carry *question, int device, struct buf *to)
{
	CLEAN(buf_fini) struct buf answer = BUF_SECRET(message_rule(MESSAGE_CARRY)->max_answer);
	const struct room room = { .time = question->time_ms * MILLIS(1) + ROOM_AFTER,
		.cpu_seconds = ROOM_CPU,
		.memory = ROOM_MEMORY,
		.fd = device };
	int r = room_run(&room, carry, question, &answer);
	struct carried carried;

	if (r < 0)
		carried_end(&carried, CARRY_E_UNREACHABLE, "no room could be made for it");
	else
		read_answer(courier, &answer, r, &carried);
	atomic_fetch_add(carried.result ? &courier->failed : &courier->carried, 1);
	if (carried.result)
		LOG(LOG_WARNING, "carry.failed", LOG_TEXT("host", question->host),
		    LOG_NUMBER("port", question->port), LOG_TEXT("why", carried.words));
	carried_put(to, &carried);
}

int
courier_handle(struct courier *courier, struct channel *from, const struct frame *question)
{
	CLEAN(buf_fini) struct buf answer = BUF_SECRET(message_rule(MESSAGE_CARRY)->max_answer);
	struct carry_room room;
	struct carry carry_this;

	if (question->type != MESSAGE_CARRY || question->fd <= 0 ||
	    !carry_get(buf_str(&question->payload), &room, &carry_this)) {
		atomic_fetch_add(&courier->refused, 1);
		LOG(LOG_WARNING, "question.refused",
		    LOG_TEXT("from", role_name(channel_peer(from))), LOG_TEXT("why", "ill-formed"));
		return channel_refuse(from, question);
	}
	carry_in_room(courier, &carry_this, question->fd, &answer);
	return channel_answer(from, question, &answer);
}

void
courier_report(struct courier *courier, struct buf *to)
{
	buf_printf(to, "carried=%lu\n", atomic_load(&courier->carried));
	buf_printf(to, "failed=%lu\n", atomic_load(&courier->failed));
	buf_printf(to, "refused=%lu\n", atomic_load(&courier->refused));
	buf_printf(to, "broken=%lu\n", atomic_load(&courier->broken));
}
