/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/channel.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/error.h"
#include "ipc/frame.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define HELD_MAX     8 /* requests that came while we waited for an answer */
#define LOOK_EVERY   MILLIS(50)
#define TELL_TIMEOUT SECONDS(2)
#define REPLY_MOST   SECONDS(10)

struct channel {
	enum role self, peer;
	pthread_mutex_t state; /* guards from here to `why` */
	bool in_use;           /* the wire: one call, or one look at what came, at a time */
	pthread_cond_t given;  /* it is free again */
	pthread_cond_t renewed;
	int fd;              /* -1 = closed */
	int next;            /* the new connection, taken when the current use is over; -1 = none */
	bool last;           /* there will be none after this */
	uint32_t connection; /* its number */
	const char *why;
	/* of who has the wire */
	uint32_t request;
	uint32_t arrives_over; /* the connection that the following came over */
	struct arrival *arrival;
	struct frame held[HELD_MAX];
	size_t held_count;
};

struct channel *
channel_new(int fd, enum role self, enum role peer)
{
	struct channel *c = alloc_zero(sizeof(*c));

	c->self = self;
	c->peer = peer;
	c->fd = fd;
	c->next = -1;
	c->why = "";
	c->arrival = arrival_new();
	pthread_mutex_init(&c->state, NULL);
	pthread_cond_init(&c->given, NULL);
	pthread_cond_init(&c->renewed, NULL);
	return c;
}

static void
forget_arrived(struct channel *c)
{
	arrival_forget(c->arrival);
	for (size_t i = 0; i < c->held_count; i++)
		frame_fini(&c->held[i]);
	c->held_count = 0;
}

struct channel *
channel_free(struct channel *c)
{
	if (!c)
		return NULL;
	forget_arrived(c);
	arrival_free(c->arrival);
	close_fd(c->fd);
	close_fd(c->next);
	pthread_cond_destroy(&c->renewed);
	pthread_cond_destroy(&c->given);
	pthread_mutex_destroy(&c->state);
	free(c);
	return NULL;
}

static struct timespec
timespec_of(when ticks)
{
	return (
	    struct timespec){ .tv_sec = ticks / SECONDS(1), .tv_nsec = ticks % SECONDS(1) * 1000 };
}

/* False when others had it until the deadline. */
static bool
take_wire(struct channel *c, when deadline)
{
	struct timespec until = timespec_of(deadline);
	bool taken;
	int r = 0;

	pthread_mutex_lock(&c->state);
	while (c->in_use && r == 0)
		r = pthread_cond_clockwait(&c->given, &c->state, CLOCK_MONOTONIC, &until);
	taken = !c->in_use;
	c->in_use = true;
	pthread_mutex_unlock(&c->state);
	return taken;
}

static void
give_wire(struct channel *c)
{
	pthread_mutex_lock(&c->state);
	c->in_use = false;
	pthread_cond_signal(&c->given);
	pthread_mutex_unlock(&c->state);
}

/* Under `state`. */
static void
adopt(struct channel *c)
{
	close_fd(c->fd);
	c->fd = c->next;
	c->next = -1;
	c->connection++;
}

/* The connection to use from now on; -1 when there is none. For who has the wire. */
static int
current(struct channel *c)
{
	bool other;
	int fd;

	pthread_mutex_lock(&c->state);
	if (c->next >= 0)
		adopt(c);
	fd = c->fd;
	other = c->connection != c->arrives_over;
	c->arrives_over = c->connection;
	pthread_mutex_unlock(&c->state);
	if (other)
		forget_arrived(c);
	return fd;
}

/* Who polls has not the wire: a new connection is taken over here once the old one is closed. */
int
channel_fd(const struct channel *channel)
{
	struct channel *c = (struct channel *)(uintptr_t)channel;
	int fd;

	pthread_mutex_lock(&c->state);
	if (c->fd < 0 && c->next >= 0)
		adopt(c);
	fd = c->fd;
	pthread_mutex_unlock(&c->state);
	return fd;
}

bool
channel_is_open(const struct channel *channel)
{
	struct channel *c = (struct channel *)(uintptr_t)channel;
	bool open;

	pthread_mutex_lock(&c->state);
	open = c->fd >= 0 || c->next >= 0;
	pthread_mutex_unlock(&c->state);
	return open;
}

const char *
channel_why(const struct channel *channel)
{
	struct channel *c = (struct channel *)(uintptr_t)channel;
	const char *why;

	pthread_mutex_lock(&c->state);
	why = c->why;
	pthread_mutex_unlock(&c->state);
	return why;
}

enum role
channel_peer(const struct channel *c)
{
	return c->peer;
}

/* Who waits on the old connection sees its end, and takes the new one. */
void
channel_renew(struct channel *c, int fd)
{
	pthread_mutex_lock(&c->state);
	close_fd(c->next);
	c->next = fd;
	if (c->fd >= 0)
		(void)shutdown(c->fd, SHUT_RDWR);
	pthread_cond_broadcast(&c->renewed);
	pthread_mutex_unlock(&c->state);
}

void
channel_renew_no_more(struct channel *c)
{
	pthread_mutex_lock(&c->state);
	c->last = true;
	pthread_cond_broadcast(&c->renewed);
	pthread_mutex_unlock(&c->state);
}

/* For who has the wire. */
static int
close_channel(struct channel *c, int outcome, const char *why)
{
	pthread_mutex_lock(&c->state);
	close_fd(c->fd);
	c->fd = -1;
	c->why = why;
	pthread_mutex_unlock(&c->state);
	forget_arrived(c);
	return outcome;
}

static int
close_unsent(struct channel *c, int r)
{
	return close_channel(c, CHANNEL_E_CLOSED,
	    r == NET_E_TIMEOUT ? "the peer does not read" : "the peer closed it");
}

/* False when there is nothing to wait for. */
static bool
await_renewal(struct channel *c, when deadline)
{
	struct timespec until = timespec_of(deadline);
	bool hope;

	pthread_mutex_lock(&c->state);
	if (c->fd < 0 && c->next < 0 && !c->last)
		(void)pthread_cond_clockwait(&c->renewed, &c->state, CLOCK_MONOTONIC, &until);
	hope = c->fd >= 0 || c->next >= 0 || !c->last;
	pthread_mutex_unlock(&c->state);
	return hope;
}

/* The peer may ask us something while we wait for its answer: that is for the next
 * channel_receive(). */
static bool
hold(struct channel *c)
{
	if (c->held_count == HELD_MAX)
		return false;
	c->held[c->held_count++] = c->arrival->frame;
	c->arrival->frame = (struct frame){ .fd = -1 };
	return true;
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

/* The next whole frame is in c->arrival; CHANNEL_E_TIMEOUT leaves what came so far for the next
 * time. */
static int
receive(struct channel *c, int fd, when deadline)
{
	int r = frame_receive(c->arrival, fd, c->self, c->peer, deadline);

	if (r == NET_E_TIMEOUT)
		return CHANNEL_E_TIMEOUT;
	if (r)
		return close_channel(c, CHANNEL_E_CLOSED, c->arrival->why);
	c->arrival->frame.connection = c->arrives_over;
	return 0;
}

/* What came while we wait for the answer to `request`; *ret_done when it was that. */
static int
sort_arrived(struct channel *c, const struct outgoing *asked, struct buf *answer, bool *ret_done)
{
	const struct frame *frame = &c->arrival->frame;
	int r = 0;

	*ret_done = frame->answer;
	if (!frame->answer) {
		if (!hold(c))
			return close_channel(
			    c, CHANNEL_E_CLOSED, "more requests than we take at once");
	} else if (frame->request != asked->request || frame->type != asked->type) {
		return close_channel(c, CHANNEL_E_CLOSED, "an answer to what we did not ask");
	} else if (c->arrival->kind == FRAME_REFUSAL) {
		r = CHANNEL_E_REFUSED;
	} else {
		buf_put_str(answer, buf_str(&frame->payload));
		r = buf_failed(answer) ? error_origin(E2BIG) : 0;
	}
	arrival_forget(c->arrival);
	return r;
}

static int
await_answer(
    struct channel *c, int fd, const struct outgoing *asked, when deadline, struct buf *answer)
{
	bool done = false;
	int r = 0;

	while (r == 0 && !done) {
		r = receive(c, fd, deadline);
		if (r == CHANNEL_E_TIMEOUT)
			return close_channel(c, r, "no answer in time");
		if (r == 0)
			r = sort_arrived(c, asked, answer, &done);
	}
	return r;
}

static int
call(struct channel *c, struct outgoing *ask, when deadline, struct buf *answer)
{
	int fd = current(c), r;

	while (fd < 0 && world_ticks() < deadline && await_renewal(c, deadline))
		fd = current(c);
	if (fd < 0)
		return CHANNEL_E_CLOSED;
	ask->request = ++c->request;
	r = frame_send(fd, ask, deadline);
	if (r)
		return close_unsent(c, r);
	return answer ? await_answer(c, fd, ask, deadline, answer) : 0;
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
	when deadline = world_ticks() + timeout;
	int r;

	if (!may_send(c, type, payload, fd))
		return error_origin(EMSGSIZE);
	if (!take_wire(c, deadline))
		return CHANNEL_E_TIMEOUT;
	r = call(c, &ask, deadline, answer);
	give_wire(c);
	return r;
}

int
channel_tell(struct channel *c, enum message_type type, const struct buf *payload, int fd)
{
	return channel_call(c, type, payload, fd, TELL_TIMEOUT, NULL);
}

/* Takes what is there and does not wait: a thread that waits for requests must not keep others from
 * calling. For who has the wire. */
static int
look(struct channel *c, struct frame *ret)
{
	int fd = current(c), r;

	if (take_held(c, ret))
		return 0;
	if (fd < 0)
		return CHANNEL_E_CLOSED;
	r = receive(c, fd, world_ticks());
	if (r)
		return r;
	if (c->arrival->frame.answer)
		return close_channel(c, CHANNEL_E_CLOSED, "an answer to what we did not ask");
	*ret = c->arrival->frame;
	c->arrival->frame = (struct frame){ .fd = -1 };
	arrival_forget(c->arrival);
	return 0;
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
		return await_renewal(c, until);
	(void)!net_wait(fd, false, until - world_ticks());
	return true;
}

int
channel_receive(struct channel *c, when timeout, struct frame *ret)
{
	when deadline = world_ticks() + timeout;
	bool was_open = channel_is_open(c);

	for (;;) {
		int r;

		if (!take_wire(c, deadline))
			return CHANNEL_E_TIMEOUT;
		r = look(c, ret);
		give_wire(c);
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
	if (!take_wire(c, deadline))
		return CHANNEL_E_TIMEOUT;
	fd = current(c);
	if (fd >= 0 && request->connection == c->arrives_over) {
		r = frame_send(fd, &answer, deadline);
		if (r)
			r = close_unsent(c, r);
	}
	give_wire(c);
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

bool
channel_hang_up_if_full(struct channel *c)
{
	bool full = false;
	int fd;

	if (!take_wire(c, world_ticks()))
		return false; /* somebody speaks with it */
	fd = current(c);
	if (fd >= 0 && net_wait(fd, true, 0) == NET_E_TIMEOUT)
		full =
		    close_channel(c, CHANNEL_E_CLOSED, "the peer leaves its answers unread") != 0;
	give_wire(c);
	return full;
}
