/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ipc/wire.h"
#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

#define HEAD_SIZE   13u         /* length, version, type, kind, request */
#define BEHIND_SIZE 9u          /* of these, what `length` counts besides the payload */
#define FRAME_MOST  SECONDS(10) /* a frame that has begun must be whole by then */

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(4 * sizeof(int))]; /* more than one is a broken rule, seen as such */
};

void
frame_fini(struct frame *frame)
{
	buf_fini(&frame->payload);
	close_fd(frame->fd);
	frame->fd = -1;
}

struct arrival *
arrival_new(void)
{
	struct arrival *a = alloc_zero(sizeof(*a));

	a->head = BUF(HEAD_SIZE);
	a->frame.fd = -1;
	a->why = "";
	return a;
}

void
arrival_forget(struct arrival *a)
{
	frame_fini(&a->frame);
	a->frame = (struct frame){ .fd = -1 };
	buf_clear(&a->head);
	a->began = 0;
}

struct arrival *
arrival_free(struct arrival *a)
{
	if (!a)
		return NULL;
	arrival_forget(a);
	buf_fini(&a->head);
	free(a);
	return NULL;
}

static int
broken(struct arrival *a, const char *why)
{
	a->why = why;
	return NET_E_CLOSED;
}

static void
attach(struct msghdr *message, union control *control, int fd)
{
	struct cmsghdr *h;

	message->msg_control = control->space;
	message->msg_controllen = CMSG_SPACE(sizeof(int));
	h = CMSG_FIRSTHDR(message);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(int));
}

/* The descriptor travels with the first byte. */
static int
send_head(int fd, struct str head, int pass, when deadline)
{
	union control control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)head.p, .iov_len = head.len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (pass >= 0)
		attach(&message, &control, pass);
	while ((sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0) {
		int r = 0;

		if (errno == EAGAIN)
			r = net_wait(fd, true, deadline - world_ticks());
		else if (errno != EINTR)
			r = NET_E_CLOSED;
		if (r)
			return r;
	}
	head = str_drop(head, (size_t)sent);
	return head.len > 0 ? net_write(fd, head, deadline - world_ticks()) : 0;
}

int
frame_send(int fd, const struct outgoing *frame, when deadline)
{
	CLEAN(buf_fini) struct buf head = BUF(HEAD_SIZE);
	int r;

	wire_put_u32(&head, (uint32_t)frame->payload.len + BEHIND_SIZE);
	wire_put_u16(&head, IPC_VERSION);
	wire_put_u16(&head, (uint16_t)frame->type);
	wire_put_u8(&head, (uint8_t)frame->kind);
	wire_put_u32(&head, frame->request);
	r = send_head(fd, buf_str(&head), frame->pass, deadline);
	if (r == 0 && frame->payload.len > 0)
		r = net_write(fd, frame->payload, deadline - world_ticks());
	return r == 0 || r == NET_E_TIMEOUT ? r : NET_E_CLOSED;
}

/* All descriptors of one header: one is kept when it is the first of its frame, the others closed.
 */
static bool
take_descriptors(struct arrival *a, struct cmsghdr *h)
{
	size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	bool fine = true;

	if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
		return false;
	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
		if (a->frame.fd < 0) {
			a->frame.fd = fd;
			continue;
		}
		close_fd(fd);
		fine = false;
	}
	return fine;
}

/* One recvmsg of what there is. */
static int
receive_some(struct arrival *a, int fd, char *to, size_t len, size_t *ret_got)
{
	union control control;
	struct iovec part = { .iov_base = to, .iov_len = len };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	bool fine = true;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return NET_E_TIMEOUT;
	if (got <= 0)
		return broken(a, "the peer closed it");
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h))
		fine = take_descriptors(a, h) && fine;
	if (!fine || (message.msg_flags & MSG_CTRUNC))
		return broken(a, "more descriptors than one came with a frame");
	*ret_got = (size_t)got;
	return 0;
}

/* Until `to` is as long as it may be. */
static int
fill(struct arrival *a, int fd, struct buf *to, when deadline)
{
	while (to->len < to->max) {
		size_t got = 0;
		int r =
		    receive_some(a, fd, buf_room(to, to->max - to->len), to->max - to->len, &got);

		if (r == NET_E_CLOSED)
			return r;
		buf_added(to, got);
		if (got > 0 && a->began == 0)
			a->began = world_ticks();
		if (a->began != 0 && world_ticks() - a->began > FRAME_MOST)
			return broken(a, "a frame was begun and not ended");
		if (r == NET_E_TIMEOUT) {
			r = net_wait(fd, false, deadline - world_ticks());
			if (r)
				return r == NET_E_TIMEOUT ? r : broken(a, "it cannot be polled");
		}
	}
	return 0;
}

struct head {
	uint32_t length, request;
	uint16_t version, type;
	uint8_t kind;
};

static struct head
head_get(struct str bytes)
{
	struct wire from = WIRE(bytes);
	struct head head = { .length = wire_get_u32(&from) };

	head.version = wire_get_u16(&from);
	head.type = wire_get_u16(&from);
	head.kind = wire_get_u8(&from);
	head.request = wire_get_u32(&from);
	return head;
}

/* What is wrong with a request by its row of the table; NULL when nothing is. */
static const char *
wrong_request(
    const struct message_rule *rule, enum role self, enum role peer, uint32_t len, bool passed)
{
	if (!message_may(rule, peer, self))
		return "the peer may not ask us this";
	if (len > rule->max_request)
		return "the request is too long";
	return passed == rule->fd_in_request ? NULL : "a descriptor came unasked, or is missing";
}

static const char *
wrong_answer(
    const struct message_rule *rule, enum role self, enum role peer, uint32_t len, bool passed)
{
	if (!message_may(rule, self, peer) || rule->max_answer == 0)
		return "an answer to what we may not ask";
	return len > rule->max_answer || passed ? "the answer is too long, or brings a descriptor"
	                                        : NULL;
}

static const char *
wrong_head(const struct head *head, enum role self, enum role peer, bool passed)
{
	const struct message_rule *rule = message_rule((enum message_type)head->type);
	uint32_t len = head->length - BEHIND_SIZE;

	if (head->version != IPC_VERSION)
		return "the peer speaks another version: install certdeskd and its programs from one build";
	if (!rule || head->length < BEHIND_SIZE)
		return "no such message";
	switch (head->kind) {
	case FRAME_REQUEST:
		return wrong_request(rule, self, peer, len, passed);
	case FRAME_ANSWER:
		return wrong_answer(rule, self, peer, len, passed);
	case FRAME_REFUSAL:
		return len > 0 ? "no such message" : wrong_answer(rule, self, peer, len, passed);
	default:
		return "no such message";
	}
}

/* Held against the table before any of the payload is looked at, or memory is taken for it. */
static int
open_head(struct arrival *a, enum role self, enum role peer)
{
	struct head head = head_get(buf_str(&a->head));
	const char *wrong = wrong_head(&head, self, peer, a->frame.fd >= 0);

	if (wrong)
		return broken(a, wrong);
	a->kind = (enum frame_kind)head.kind;
	a->frame.type = (enum message_type)head.type;
	a->frame.answer = a->kind != FRAME_REQUEST;
	a->frame.request = head.request;
	a->frame.payload = BUF_SECRET(head.length - BEHIND_SIZE);
	return 0;
}

int
frame_receive(struct arrival *a, int fd, enum role self, enum role peer, when deadline)
{
	bool passed;
	int r = 0;

	if (a->frame.type == MESSAGE_NONE) { /* the head is not whole yet */
		r = fill(a, fd, &a->head, deadline);
		if (r == 0)
			r = open_head(a, self, peer);
	}
	if (r)
		return r;
	passed = a->frame.fd >= 0;
	r = fill(a, fd, &a->frame.payload, deadline);
	if (r != NET_E_CLOSED && passed != (a->frame.fd >= 0))
		return broken(a, "a descriptor came behind the first byte");
	return r;
}
