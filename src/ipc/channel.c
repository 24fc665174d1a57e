/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/channel.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "ipc/wire.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define HEAD_SIZE   13 /* length, version, type, kind, request */
#define BEHIND_SIZE 9  /* of these, what `length` counts besides the payload */
#define HELD_MAX    8  /* requests that came while we waited for an answer */
#define LOOK_EVERY  MILLIS(50)

enum kind { REQUEST, ANSWER, REFUSAL };

struct channel {
	enum role self, peer;
	pthread_mutex_t use;   /* one call, or one receive, at a time */
	pthread_mutex_t state; /* guards what follows */
	pthread_cond_t renewed;
	int fd;                /* -1 = closed */
	int next;              /* the new connection, taken when the current use is over; -1 = none */
	uint32_t request;
	struct frame held[HELD_MAX]; /* only while `use` is held */
	size_t held_count;
};

void
frame_fini(struct frame *frame)
{
	buf_fini(&frame->payload);
	close_fd(frame->fd);
	frame->fd = -1;
}

struct channel *
channel_new(int fd, enum role self, enum role peer)
{
	struct channel *c = alloc_zero(sizeof(*c));

	c->self = self;
	c->peer = peer;
	c->fd = fd;
	c->next = -1;
	pthread_mutex_init(&c->use, NULL);
	pthread_mutex_init(&c->state, NULL);
	pthread_cond_init(&c->renewed, NULL);
	return c;
}

struct channel *
channel_free(struct channel *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->held_count; i++)
		frame_fini(&c->held[i]);
	close_fd(c->fd);
	close_fd(c->next);
	pthread_cond_destroy(&c->renewed);
	pthread_mutex_destroy(&c->state);
	pthread_mutex_destroy(&c->use);
	free(c);
	return NULL;
}

/* The connection to use from now on; -1 when there is none. Only while `use` is held. */
static int
current(struct channel *c)
{
	int fd;

	pthread_mutex_lock(&c->state);
	if (c->next >= 0) {
		close_fd(c->fd);
		c->fd = c->next;
		c->next = -1;
	}
	fd = c->fd;
	pthread_mutex_unlock(&c->state);
	return fd;
}

/* Who polls for questions holds no `use`: a new connection is taken over here once the old one is closed. */
int
channel_fd(const struct channel *channel)
{
	struct channel *c = (struct channel *)(uintptr_t)channel;
	int fd;

	pthread_mutex_lock(&c->state);
	if (c->fd < 0 && c->next >= 0) {
		c->fd = c->next;
		c->next = -1;
	}
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

static int
close_channel(struct channel *c, int outcome)
{
	pthread_mutex_lock(&c->state);
	close_fd(c->fd);
	c->fd = -1;
	pthread_mutex_unlock(&c->state);
	return outcome;
}

/* Waits for a connection until `deadline` (world_ticks); -1 if none came. */
static int
wait_for_connection(struct channel *c, when deadline)
{
	int fd = current(c);

	while (fd < 0 && world_ticks() < deadline) {
		when end = world_now(world_real()) + LOOK_EVERY;
		struct timespec until = { .tv_sec = end / SECONDS(1), .tv_nsec = end % SECONDS(1) * 1000 };

		pthread_mutex_lock(&c->state);
		if (c->next < 0)
			(void)pthread_cond_timedwait(&c->renewed, &c->state, &until);
		pthread_mutex_unlock(&c->state);
		fd = current(c);
	}
	return fd;
}

/* The descriptor travels with the first byte. */
static int
send_head(int fd, struct str head, int pass, when deadline)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)head.p, .iov_len = head.len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (pass >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &pass, sizeof(int));
	}
	while ((sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0) {
		int r = 0;

		if (errno == EAGAIN)
			r = net_wait(fd, true, deadline - world_ticks());
		else if (errno != EINTR)
			return NET_E_CLOSED;
		if (r)
			return r;
	}
	head = str_drop(head, (size_t)sent);
	return head.len > 0 ? net_write(fd, head, deadline - world_ticks()) : 0;
}

static int
send_frame(int fd, enum message_type type, enum kind kind, uint32_t request, struct str payload, int pass, when deadline)
{
	CLEAN(buf_fini) struct buf head = BUF(HEAD_SIZE);
	int r;

	wire_put_u32(&head, (uint32_t)payload.len + BEHIND_SIZE);
	wire_put_u16(&head, IPC_VERSION);
	wire_put_u16(&head, (uint16_t)type);
	wire_put_u8(&head, (uint8_t)kind);
	wire_put_u32(&head, request);
	r = send_head(fd, buf_str(&head), pass, deadline);
	return r || payload.len == 0 ? r : net_write(fd, payload, deadline - world_ticks());
}

/* One recvmsg of at most `len` bytes; a descriptor that comes with them goes to *passed. More than one is a broken rule. */
static int
receive_some(int fd, char *to, size_t len, int *passed, size_t *ret_got)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = to, .iov_len = len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof(control.space) };
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	bool broken = false;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? NET_E_TIMEOUT : NET_E_CLOSED;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
		size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int given;

			memcpy(&given, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
			if (*passed >= 0 || h->cmsg_type != SCM_RIGHTS) {
				close_fd(given);
				broken = true;
			} else {
				*passed = given;
			}
		}
	}
	if (got == 0 || broken || (message.msg_flags & MSG_CTRUNC))
		return NET_E_CLOSED;
	*ret_got = (size_t)got;
	return 0;
}

static int
receive_exactly(int fd, struct buf *to, size_t len, int *passed, when deadline)
{
	while (len > 0) {
		size_t got = 0;
		char *room;
		int r = net_wait(fd, false, deadline - world_ticks());

		if (r)
			return r;
		room = buf_room(to, len);
		if (!room)
			return NET_E_CLOSED;
		r = receive_some(fd, room, len, passed, &got);
		if (r == NET_E_TIMEOUT)
			continue;
		if (r)
			return r;
		buf_added(to, got);
		len -= got;
	}
	return 0;
}

struct head {
	uint32_t length, request;
	uint16_t version, type;
	uint8_t kind;
};

/* Is this frame allowed from our peer, by its row of the table? */
static bool
is_allowed(const struct channel *c, const struct head *head, int passed)
{
	const struct message_rule *rule = message_rule((enum message_type)head->type);
	uint32_t payload = head->length - BEHIND_SIZE;

	if (head->version != IPC_VERSION || !rule || head->length < BEHIND_SIZE)
		return false;
	if (head->kind == REQUEST)
		return message_may(rule, c->peer, c->self) && payload <= rule->max_request && (passed < 0 || rule->fd_in_request);
	return (head->kind == ANSWER || head->kind == REFUSAL) && message_may(rule, c->self, c->peer) && passed < 0 &&
	    payload <= (head->kind == ANSWER ? rule->max_answer : 0);
}

/* The frame's bytes are all taken or the connection is of no more use. */
static int
receive_frame(struct channel *c, int fd, when first_deadline, struct frame *ret, enum kind *ret_kind)
{
	CLEAN(buf_fini) struct buf bytes = BUF(HEAD_SIZE);
	CLEAN(frame_fini) struct frame frame = { .fd = -1 };
	struct head head;
	struct wire w;
	when deadline;
	int r = net_wait(fd, false, first_deadline - world_ticks());

	if (r)
		return r;
	deadline = world_ticks() + SECONDS(10); /* a frame that has begun must go on */
	r = receive_exactly(fd, &bytes, HEAD_SIZE, &frame.fd, deadline);
	if (r)
		return NET_E_CLOSED;
	w = WIRE(buf_str(&bytes));
	head.length = wire_get_u32(&w);
	head.version = wire_get_u16(&w);
	head.type = wire_get_u16(&w);
	head.kind = wire_get_u8(&w);
	head.request = wire_get_u32(&w);
	if (!is_allowed(c, &head, frame.fd))
		return NET_E_CLOSED;
	frame.payload = BUF_SECRET(head.length - BEHIND_SIZE);
	r = receive_exactly(fd, &frame.payload, head.length - BEHIND_SIZE, &frame.fd, deadline);
	if (r || (frame.fd >= 0 && (head.kind != REQUEST || !message_rule((enum message_type)head.type)->fd_in_request)))
		return NET_E_CLOSED;
	frame.type = (enum message_type)head.type;
	frame.answer = head.kind != REQUEST;
	frame.request = head.request;
	*ret_kind = (enum kind)head.kind;
	*ret = frame;
	frame = (struct frame){ .fd = -1 };
	return 0;
}

/* The peer may ask us something while we wait for its answer: that is for the next channel_receive(). */
static bool
hold(struct channel *c, struct frame *frame)
{
	if (c->held_count == HELD_MAX)
		return false;
	c->held[c->held_count++] = *frame;
	*frame = (struct frame){ .fd = -1 };
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

static int
await_answer(struct channel *c, int fd, uint32_t request, enum message_type type, when deadline, struct buf *answer)
{
	for (;;) {
		CLEAN(frame_fini) struct frame frame = { .fd = -1 };
		enum kind kind;
		int r = receive_frame(c, fd, deadline, &frame, &kind);

		if (r)
			return close_channel(c, r == NET_E_TIMEOUT ? CHANNEL_E_TIMEOUT : CHANNEL_E_CLOSED);
		if (!frame.answer) {
			if (!hold(c, &frame))
				return close_channel(c, CHANNEL_E_CLOSED);
			continue;
		}
		if (frame.request != request || frame.type != type)
			return close_channel(c, CHANNEL_E_CLOSED);
		if (kind == REFUSAL)
			return CHANNEL_E_REFUSED;
		buf_put_str(answer, buf_str(&frame.payload));
		return buf_failed(answer) ? error_origin(E2BIG) : 0;
	}
}

static int
call(struct channel *c, enum message_type type, const struct buf *payload, int fd, when timeout, struct buf *answer)
{
	when deadline = world_ticks() + timeout;
	int connection = wait_for_connection(c, deadline);
	uint32_t request = ++c->request;
	int r;

	if (connection < 0)
		return CHANNEL_E_CLOSED;
	r = send_frame(connection, type, REQUEST, request, buf_str(payload), fd, deadline);
	if (r)
		return close_channel(c, CHANNEL_E_CLOSED);
	return answer ? await_answer(c, connection, request, type, deadline, answer) : 0;
}

static bool
may_send(const struct channel *c, enum message_type type, const struct buf *payload)
{
	const struct message_rule *rule = message_rule(type);

	return rule && message_may(rule, c->self, c->peer) && !buf_failed(payload) && payload->len <= rule->max_request;
}

int
channel_call(struct channel *c, enum message_type type, const struct buf *payload, int fd, when timeout, struct buf *answer)
{
	int r;

	if (!may_send(c, type, payload))
		return error_origin(EMSGSIZE);
	pthread_mutex_lock(&c->use);
	r = call(c, type, payload, fd, timeout, answer);
	pthread_mutex_unlock(&c->use);
	return r;
}

int
channel_tell(struct channel *c, enum message_type type, const struct buf *payload, int fd)
{
	return channel_call(c, type, payload, fd, SECONDS(2), NULL);
}

int
channel_receive(struct channel *c, when timeout, struct frame *ret)
{
	when deadline = world_ticks() + timeout;
	enum kind kind;
	int fd, r;

	pthread_mutex_lock(&c->use);
	if (take_held(c, ret)) {
		pthread_mutex_unlock(&c->use);
		return 0;
	}
	fd = wait_for_connection(c, deadline);
	r = fd < 0 ? CHANNEL_E_CLOSED : receive_frame(c, fd, deadline, ret, &kind);
	if (fd >= 0 && r == NET_E_TIMEOUT)
		r = CHANNEL_E_TIMEOUT; /* nothing came: the connection is as good as before */
	else if (fd >= 0 && r > 0)
		r = close_channel(c, CHANNEL_E_CLOSED);
	pthread_mutex_unlock(&c->use);
	return r;
}

static int
reply(struct channel *c, const struct frame *request, enum kind kind, struct str payload)
{
	const struct message_rule *rule = message_rule(request->type);
	int fd, r;

	if (!rule || payload.len > rule->max_answer)
		return error_origin(EMSGSIZE);
	pthread_mutex_lock(&c->use);
	fd = current(c);
	r = fd < 0 ? CHANNEL_E_CLOSED : send_frame(fd, request->type, kind, request->request, payload, -1, world_ticks() + SECONDS(10));
	if (r > 0)
		r = close_channel(c, CHANNEL_E_CLOSED);
	pthread_mutex_unlock(&c->use);
	return r;
}

int
channel_answer(struct channel *c, const struct frame *request, const struct buf *payload)
{
	return reply(c, request, ANSWER, buf_str(payload));
}

int
channel_refuse(struct channel *c, const struct frame *request)
{
	return reply(c, request, REFUSAL, STR(""));
}
