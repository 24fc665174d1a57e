/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes tell each other (ipc/): frames as they come over a socket, and the payload of
 * every message with a codec, down to the slice of the configuration. The peer is presumed
 * captured.
 *
 * Holds: a frame that arrives is one that its sender may send; a payload that decodes is the one
 * that its value encodes to, so that nothing is said twice in two ways.
 *
 * The first byte names the decoder.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "ipc/carry.h"
#include "ipc/frame.h"
#include "ipc/hello.h"
#include "ipc/house.h"
#include "ipc/key_export.h"
#include "ipc/key_make.h"
#include "ipc/key_take.h"
#include "ipc/read_delivery.h"
#include "ipc/sign_in.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define PAYLOAD_MAX (16u * 1024 * 1024)
#define FRAMES_MOST ((size_t)64 * 1024) /* bytes that a socket takes at once */

static void
must_encode_to(struct str payload, const struct buf *encoded)
{
	MUST_HOLD(!buf_failed(encoded));
	MUST_HOLD(str_eq(payload, buf_str(encoded)));
}

static void
hello(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct hello h;

	if (!hello_get(payload, &h))
		return;
	hello_put(&again, &h);
	must_encode_to(payload, &again);
}

static void
role(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	enum role r;

	if (!role_get(payload, &r))
		return;
	role_put(&again, r);
	must_encode_to(payload, &again);
}

static void
house(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct house h;

	if (!house_get(payload, &h))
		return;
	house_put(&again, &h);
	must_encode_to(payload, &again);
}

static void
key_export(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct key_export_room room;
	struct key_export question;

	if (!key_export_get(payload, &room, &question))
		return;
	key_export_put(&again, &question);
	must_encode_to(payload, &again);
}

static void
key_exported(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct key_exported exported;
	int result = key_exported_get(payload, &exported);

	if (result < 0)
		return;
	key_exported_put(&again, result, &exported);
	must_encode_to(payload, &again);
}

/* Nothing in it ends a line of a request, or begins another. */
static void
carry(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct carry_room room;
	struct carry question;

	if (!carry_get(payload, &room, &question))
		return;
	for (size_t i = 0; i < question.header_count; i++)
		MUST_HOLD(!memchr(question.header[i].p, '\r', question.header[i].len) &&
			  !memchr(question.header[i].p, '\n', question.header[i].len));
	MUST_HOLD(question.path[0] == '/' && !strpbrk(question.path, " \r\n?#"));
	MUST_HOLD(!strpbrk(question.host, " \r\n/@?#"));
	MUST_HOLD((question.ca.len == 0) != (question.pin[0] == '\0'));
	carry_put(&again, &question);
	must_encode_to(payload, &again);
}

static void
carried(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct carried what;

	if (!carried_is(payload, &what))
		return;
	MUST_HOLD(what.body.len <= CARRY_ANSWER_MAX);
	carried_put(&again, &what);
	must_encode_to(payload, &again);
}

static void
sign_in(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct sign_in_room room;
	struct sign_in question;

	if (!sign_in_get(payload, &room, &question))
		return;
	sign_in_put(&again, &question);
	must_encode_to(payload, &again);
}

static void
key_order(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	struct key_order order;

	if (!key_order_get(payload, &order))
		return;
	key_order_put(&again, &order);
	must_encode_to(payload, &again);
	(void)!csr_check(&order.subject, order.names, order.name_count);
}

static void
key_made(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	CLEAN(key_made_fini) struct key_made made = { 0 };
	int r = key_made_get(payload, &made);

	if (r < 0)
		return;
	if (r == KEY_MAKE_E_LATER)
		key_later_put(&again, made.later_ms);
	else
		key_made_put(&again, &made);
	must_encode_to(payload, &again);
}

static void
key_take(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);
	CLEAN(key_take_fini) struct key_take take;

	if (!key_take_get(payload, &take))
		return;
	key_take_put(&again, &take);
	must_encode_to(payload, &again);
}

static void
key_taken(struct str payload)
{
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX), wrapped = BUF(KEY_WRAPPED_MAX);
	int result = key_taken_get(payload, &wrapped);

	if (result < 0)
		return;
	key_taken_put(&again, result, buf_str(&wrapped));
	must_encode_to(payload, &again);
}

static void
read_question(struct str payload)
{
	struct delivery_question *question = alloc_zero(sizeof(*question));
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);

	if (read_question_get(payload, question) == 0) {
		read_question_put(question, &again);
		must_encode_to(payload, &again);
	}
	free(question);
}

static void
read_report(struct str payload)
{
	struct read_report *report = alloc_zero(sizeof(*report));
	CLEAN(buf_fini) struct buf again = BUF(PAYLOAD_MAX);

	read_report_init(report);
	if (read_report_get(payload, report) == 0) {
		read_report_put(report, &again);
		must_encode_to(payload, &again);
	}
	read_report_fini(report);
	free(report);
}

/* Options may come in any order, so only what we wrote is written the same again. */
static void
config_slice(struct str payload)
{
	struct config *config = alloc_zero(sizeof(*config));
	CLEAN(buf_fini) struct buf first = BUF(PAYLOAD_MAX), second = BUF(PAYLOAD_MAX);

	if (config_get_slice(payload, config) == 0) {
		config_put_slice(config, CONFIG_FOR_WORKER, &first);
		if (config_get_slice(buf_str(&first), config) == 0) {
			config_put_slice(config, CONFIG_FOR_WORKER, &second);
			must_encode_to(buf_str(&first), &second);
		}
	}
	free(config);
}

static void
check_frame(const struct arrival *a, enum role self, enum role peer)
{
	const struct message_rule *rule = message_rule(a->frame.type);
	bool asks = a->kind == FRAME_REQUEST;

	MUST_HOLD(rule && message_may(rule, asks ? peer : self, asks ? self : peer));
	MUST_HOLD(a->frame.payload.len <= (asks ? rule->max_request : rule->max_answer));
}

/* The first two bytes name the ends of the channel. */
static void
frames(struct str bytes)
{
	struct arrival *a = arrival_new();
	int fd[2];
	enum role self, peer;

	MUST_HOLD(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	if (bytes.len >= 2 && bytes.len <= FRAMES_MOST) {
		self = (enum role)((uint8_t)bytes.p[0] % ROLE_MAX);
		peer = (enum role)((uint8_t)bytes.p[1] % ROLE_MAX);
		MUST_HOLD(write(fd[1], bytes.p + 2, bytes.len - 2) == (ssize_t)bytes.len - 2);
		close_fd(fd[1]);
		fd[1] = -1;
		while (frame_receive(a, fd[0], self, peer, world_ticks()) == 0) {
			check_frame(a, self, peer);
			arrival_forget(a);
		}
	}
	arrival_free(a);
	close_fd(fd[0]);
	close_fd(fd[1]);
}

static void (*const decoders[])(struct str payload) = {
	hello,
	role,
	house,
	key_export,
	key_exported,
	key_order,
	key_made,
	read_question,
	read_report,
	config_slice,
	frames,
	key_take,
	key_taken,
	carry,
	carried,
	sign_in,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0)
		decoders[data[0] % COUNT_OF(decoders)](str_bytes(data + 1, size - 1));
	return 0;
}
