/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of one process before a lock, in order of arrival. A file lock knows no order and can
 * only be asked again and again; behind a queue one thread at most does so, and a thread that ends
 * hands over to the next at once.
 *
 * Any number of locks, told apart by their path. Thread-safe; whoever makes it hands it to all that
 * shall take turns. Other processes are not in it: they get the lock in a moment when nobody here
 * holds it.
 */
#pragma once

#include "base/macro.h"
#include "base/when.h"

struct queue;
struct queue_place; /* in it, from entering to leaving */

enum {
	QUEUE_E_TIMEOUT = 1, /* others were before us until the deadline */
};

struct queue *queue_new(void) MUST_USE;
struct queue *queue_free(struct queue *q); /* nobody is in it */
CLEAN_DEFINE(queue_free, struct queue *);

/* Waits until everybody who came before for that path has left; `deadline` in world_ticks(). */
int queue_enter(
    struct queue *q, const char *path, when deadline, struct queue_place **ret) MUST_USE;
void queue_leave(struct queue *q, struct queue_place *place);
/* How many are in it for that path, with the one whose turn it is. */
size_t queue_count(struct queue *q, const char *path);
