/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/channel_internal.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "sys/file.h"
#include "sys/net.h"
#include "sys/world.h"

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
	pthread_cond_init(&c->changed, NULL);
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
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->state);
	free(c);
	return NULL;
}

static bool
wait_until(struct channel *c, pthread_cond_t *what, when deadline)
{
	const struct timespec until = { .tv_sec = deadline / SECONDS(1),
		.tv_nsec = deadline % SECONDS(1) * 1000 };

	return pthread_cond_clockwait(what, &c->state, CLOCK_MONOTONIC, &until) == 0;
}

bool
channel_await(struct channel *c, when deadline)
{
	return wait_until(c, &c->changed, deadline);
}

/* What was asked over the old connection is answered nowhere. */
static void
fail_waiting(struct channel *c)
{
	for (struct waiting *w = c->waiting; w; w = w->next) {
		w->result = w->done ? w->result : CHANNEL_E_CLOSED;
		w->done = true;
	}
	pthread_cond_broadcast(&c->changed);
}

/* When nobody uses the old connection. */
static void
settle(struct channel *c)
{
	if (c->sending || c->receiving || (!c->ended && c->next < 0))
		return;
	close_fd(c->fd);
	c->fd = c->next;
	c->connection += c->next >= 0;
	c->next = -1;
	c->ended = false;
	forget_arrived(c);
}

void
channel_end(struct channel *c, const char *why)
{
	if (c->fd < 0 || c->ended)
		return;
	c->why = why;
	c->ended = true;
	(void)shutdown(c->fd, SHUT_RDWR);
	fail_waiting(c);
	settle(c);
}

int
channel_usable(const struct channel *c)
{
	return c->ended || c->next >= 0 ? -1 : c->fd;
}

bool
channel_take(struct channel *c, bool *use, when deadline)
{
	bool taken;

	pthread_mutex_lock(&c->state);
	while (*use && channel_await(c, deadline))
		continue;
	taken = !*use;
	*use = true;
	pthread_mutex_unlock(&c->state);
	return taken;
}

void
channel_release(struct channel *c, bool *use)
{
	*use = false;
	settle(c);
	pthread_cond_broadcast(&c->changed);
	if (c->fd >= 0)
		pthread_cond_broadcast(&c->renewed);
}

void
channel_give(struct channel *c, bool *use)
{
	pthread_mutex_lock(&c->state);
	channel_release(c, use);
	pthread_mutex_unlock(&c->state);
}

/* For who polls: a new connection is told of before it can be used. */
int
channel_fd(const struct channel *channel)
{
	struct channel *c = (struct channel *)(uintptr_t)channel;
	int fd;

	pthread_mutex_lock(&c->state);
	fd = c->next >= 0 ? c->next : channel_usable(c);
	pthread_mutex_unlock(&c->state);
	return fd;
}

bool
channel_is_open(const struct channel *channel)
{
	return channel_fd(channel) >= 0;
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
	fail_waiting(c);
	settle(c);
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

bool
channel_await_renewal(struct channel *c, when deadline)
{
	bool hope;

	pthread_mutex_lock(&c->state);
	if (channel_usable(c) < 0 && (c->next >= 0 || !c->last))
		(void)wait_until(c, &c->renewed, deadline);
	hope = channel_usable(c) >= 0 || c->next >= 0 || !c->last;
	pthread_mutex_unlock(&c->state);
	return hope;
}

bool
channel_hang_up_if_full(struct channel *c)
{
	bool full = false;
	int fd;

	if (!channel_take(c, &c->sending, world_ticks()))
		return false; /* somebody speaks with it */
	pthread_mutex_lock(&c->state);
	fd = channel_usable(c);
	full = fd >= 0 && net_wait(fd, true, 0) == NET_E_TIMEOUT;
	if (full)
		channel_end(c, "the peer leaves its answers unread");
	channel_release(c, &c->sending);
	pthread_mutex_unlock(&c->state);
	return full;
}
