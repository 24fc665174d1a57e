/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct queue_place {
	struct queue_place *next;
	char *path;
	pthread_cond_t turn;
};

/* One list for all paths: there are a few balancers and some dozens of threads. */
struct queue {
	pthread_mutex_t lock;
	struct queue_place *first;
};

struct queue *
queue_new(void)
{
	struct queue *q = alloc_zero(sizeof(*q));

	pthread_mutex_init(&q->lock, NULL);
	return q;
}

struct queue *
queue_free(struct queue *q)
{
	if (!q)
		return NULL;
	pthread_mutex_destroy(&q->lock);
	free(q);
	return NULL;
}

static struct queue_place *
place_new(const char *path)
{
	struct queue_place *p = alloc_zero(sizeof(*p));

	p->path = alloc_text(path);
	pthread_cond_init(&p->turn, NULL);
	return p;
}

static void
place_free(struct queue_place *p)
{
	pthread_cond_destroy(&p->turn);
	free(p->path);
	free(p);
}

/* The foremost for that path, from `p` on. */
static struct queue_place *
first_for(struct queue_place *p, const char *path)
{
	while (p && strcmp(p->path, path) != 0)
		p = p->next;
	return p;
}

static void
append(struct queue *q, struct queue_place *p)
{
	struct queue_place **end = &q->first;

	while (*end)
		end = &(*end)->next;
	*end = p;
}

/* Whoever is foremost now is told so; that he was so before does no harm. */
static void
remove_place(struct queue *q, struct queue_place *p)
{
	struct queue_place **at = &q->first, *heir;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	heir = first_for(q->first, p->path);
	if (heir)
		pthread_cond_signal(&heir->turn);
}

int
queue_enter(struct queue *q, const char *path, when deadline, struct queue_place **ret)
{
	struct timespec until = { .tv_sec = deadline / SECONDS(1),
		.tv_nsec = deadline % SECONDS(1) * 1000 };
	struct queue_place *p = place_new(path);
	bool mine;
	int r = 0;

	pthread_mutex_lock(&q->lock);
	append(q, p);
	while (!(mine = first_for(q->first, path) == p) && r == 0)
		r = pthread_cond_clockwait(&p->turn, &q->lock, CLOCK_MONOTONIC, &until);
	if (!mine)
		remove_place(q, p);
	pthread_mutex_unlock(&q->lock);
	if (!mine) {
		place_free(p);
		return QUEUE_E_TIMEOUT;
	}
	*ret = p;
	return 0;
}

void
queue_leave(struct queue *q, struct queue_place *p)
{
	pthread_mutex_lock(&q->lock);
	remove_place(q, p);
	pthread_mutex_unlock(&q->lock);
	place_free(p);
}

size_t
queue_count(struct queue *q, const char *path)
{
	size_t count = 0;

	pthread_mutex_lock(&q->lock);
	for (struct queue_place *p = first_for(q->first, path); p; p = first_for(p->next, path))
		count++;
	pthread_mutex_unlock(&q->lock);
	return count;
}
