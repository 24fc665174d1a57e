/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and answers. Of the threads that wait for answers one receives for all. */
#include "ipc/channel_internal.h"

#include <errno.h>

#include "base/error.h"
#include "sys/net.h"
#include "sys/world.h"

#define LOOK_EVERY   MILLIS(50)
#define TELL_TIMEOUT SECONDS(2)
#define REPLY_MOST   SECONDS(10)

/* ---- what comes; `state` is held */

/* The peer may ask us something while we wait for its answer: that is for the next
 * channel_receive(). */
static void
hold(struct channel *c)
{
	if (c->held_count == HELD_MAX) {
		channel_end(c, "more requests than we take at once");
		return;
	}
	c->held[c->held_count++] = c->arrival->frame;
	c->arrival->frame = (struct frame){ .fd = -1 };
}

static bool
take_held(struct channel *c, struct frame *ret)
{
	if (c->held_count == 0)
		return false;
	*ret = c->held[0];
	c->held_count--;
	memmove(&c->held[0], &c->held[1], c->held_count * sizeof(c->held[0]));
	return true;
}

static struct waiting *
asker_of(const struct channel *c, const struct frame *answer)
{
	struct waiting *w = c->waiting;

	while (w && (w->done || w->request != answer->request || w->type != answer->type))
		w = w->next;
	return w;
}

static void
settle_call(struct waiting *w, const struct arrival *came)
{
	w->done = true;
	w->result = CHANNEL_E_REFUSED;
	if (came->kind == FRAME_REFUSAL)
		return;
	buf_put_str(w->answer, buf_str(&came->frame.payload));
	w->result = buf_failed(w->answer) ? error_origin(E2BIG) : 0;
}

static void
sort_arrived(struct channel *c)
{
	struct frame *frame = &c->arrival->frame;
	struct waiting *asker = frame->answer ? asker_of(c, frame) : NULL;

	frame->connection = c->connection;
	if (asker)
		settle_call(asker, c->arrival);
	else if (frame->answer)
		channel_end(c, "an answer to what we did not ask");
	else
		hold(c);
	arrival_forget(c->arrival);
}

/* Nobody else receives: the next whole frame, for whom it may be. What came of it by the deadline is
 * left for the next time. `state` is free meanwhile. */
static void
receive(struct channel *c, when deadline)
{
	int fd = channel_usable(c), r;

	if (fd < 0)
		return;
	c->receiving = true;
	pthread_mutex_unlock(&c->state);
	r = frame_receive(c->arrival, fd, c->self, c->peer, deadline);
	pthread_mutex_lock(&c->state);
	if (r == 0 && channel_usable(c) == fd)
		sort_arrived(c);
	else if (r != 0 && r != NET_E_TIMEOUT)
		channel_end(c, c->arrival->why);
	channel_release(c, &c->receiving);
}

/* ---- calls */

static void
forget_call(struct channel *c, struct waiting *call)
{
	struct waiting **at = &c->waiting;

	while (*at && *at != call)
		at = &(*at)->next;
	if (*at)
		*at = call->next;
}

static int
await_answer(struct channel *c, struct waiting *call, when deadline)
{
	pthread_mutex_lock(&c->state);
	while (!call->done && world_ticks() < deadline) {
		if (c->receiving)
			(void)!channel_await(c, deadline);
		else
			receive(c, deadline);
	}
	if (!call->done) {
		call->result = CHANNEL_E_TIMEOUT;
		call->done = true;
		channel_end(c, "no answer in time");
	}
	forget_call(c, call);
	pthread_mutex_unlock(&c->state);
	return call->result;
}

/* The descriptor to send over; the answer may come before the sending is over. */
static int
begin(struct channel *c, struct outgoing *ask, struct waiting *call)
{
	int fd;

	pthread_mutex_lock(&c->state);
	fd = channel_usable(c);
	if (fd >= 0) {
		ask->request = ++c->request;
		if (call) {
			call->request = ask->request;
			call->next = c->waiting;
			c->waiting = call;
		}
	}
	pthread_mutex_unlock(&c->state);
	return fd;
}

/* Half a frame may be on the wire. */
static int
close_unsent(struct channel *c, int r, struct waiting *call)
{
	pthread_mutex_lock(&c->state);
	channel_end(c, r == NET_E_TIMEOUT ? "the peer does not read" : "the peer closed it");
	if (call)
		forget_call(c, call);
	pthread_mutex_unlock(&c->state);
	return CHANNEL_E_CLOSED;
}

/* Waits for a connection if there is none. `call`: NULL when no answer is waited for. */
static int
send_request(struct channel *c, struct outgoing *ask, struct waiting *call, when deadline)
{
	for (;;) {
		int fd, r = 0;

		if (!channel_take(c, &c->sending, deadline))
			return CHANNEL_E_TIMEOUT;
		fd = begin(c, ask, call);
		if (fd >= 0)
			r = frame_send(fd, ask, deadline);
		if (r)
			r = close_unsent(c, r, call);
		channel_give(c, &c->sending);
		if (fd >= 0)
			return r;
		if (world_ticks() >= deadline || !channel_await_renewal(c, deadline))
			return CHANNEL_E_CLOSED;
	}
}

static bool
may_send(const struct channel *c, enum message_type type, const struct buf *payload, int fd)
{
	const struct message_rule *rule = message_rule(type);

	return rule && message_may(rule, c->self, c->peer) && !buf_failed(payload) &&
	       payload->len <= rule->max_request && (fd >= 0) == rule->fd_in_request;
}

int
channel_call(struct channel *c, enum message_type type, const struct buf *payload, int fd,
    when timeout, struct buf *answer)
{
	struct outgoing ask = {
		.type = type, .kind = FRAME_REQUEST, .payload = buf_str(payload), .pass = fd
	};
	struct waiting call = { .type = type, .answer = answer };
	when deadline = world_ticks() + timeout;
	int r;

	if (!may_send(c, type, payload, fd))
		return error_origin(EMSGSIZE);
	r = send_request(c, &ask, answer ? &call : NULL, deadline);
	return r || !answer ? r : await_answer(c, &call, deadline);
}

int
channel_tell(struct channel *c, enum message_type type, const struct buf *payload, int fd)
{
	return channel_call(c, type, payload, fd, TELL_TIMEOUT, NULL);
}

/* ---- the answering side */

/* Takes what is there. */
static int
look(struct channel *c, struct frame *ret)
{
	int r = CHANNEL_E_TIMEOUT;

	pthread_mutex_lock(&c->state);
	if (c->held_count == 0 && !c->receiving)
		receive(c, world_ticks());
	if (take_held(c, ret))
		r = 0;
	else if (channel_usable(c) < 0)
		r = CHANNEL_E_CLOSED;
	pthread_mutex_unlock(&c->state);
	return r;
}

/* Short, as a calling thread may take what we wait for and put it aside for us. False when nothing
 * will come. */
static bool
wait_for_more(struct channel *c, when deadline)
{
	when until = world_ticks() + LOOK_EVERY;
	int fd = channel_fd(c);

	if (until > deadline)
		until = deadline;
	if (fd < 0)
		return channel_await_renewal(c, until);
	(void)!net_wait(fd, false, until - world_ticks());
	return true;
}

int
channel_receive(struct channel *c, when timeout, struct frame *ret)
{
	when deadline = world_ticks() + timeout;
	bool was_open = channel_is_open(c);

	for (;;) {
		int r = look(c, ret);

		if (r != CHANNEL_E_TIMEOUT && (r != CHANNEL_E_CLOSED || was_open))
			return r;
		if (world_ticks() >= deadline || !wait_for_more(c, deadline))
			return r;
	}
}

static int
reply(struct channel *c, const struct frame *request, enum frame_kind kind, struct str payload)
{
	const struct message_rule *rule = message_rule(request->type);
	struct outgoing answer = { .type = request->type,
		.kind = kind,
		.request = request->request,
		.payload = payload,
		.pass = -1 };
	when deadline = world_ticks() + REPLY_MOST;
	int fd, r = CHANNEL_E_CLOSED;

	if (!rule || rule->max_answer == 0 || payload.len > rule->max_answer)
		return error_origin(EMSGSIZE);
	if (!channel_take(c, &c->sending, deadline))
		return CHANNEL_E_TIMEOUT;
	pthread_mutex_lock(&c->state);
	fd = request->connection == c->connection ? channel_usable(c) : -1;
	pthread_mutex_unlock(&c->state);
	if (fd >= 0)
		r = frame_send(fd, &answer, deadline);
	if (fd >= 0 && r)
		r = close_unsent(c, r, NULL);
	channel_give(c, &c->sending);
	return r;
}

int
channel_answer(struct channel *c, const struct frame *request, const struct buf *payload)
{
	return buf_failed(payload) ? error_origin(EMSGSIZE)
	                           : reply(c, request, FRAME_ANSWER, buf_str(payload));
}

int
channel_refuse(struct channel *c, const struct frame *request)
{
	return reply(c, request, FRAME_REFUSAL, STR(""));
}
