/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Couriers side by side, so that a device that takes its time holds up no other. Each is a process
 * of its own, made before the first question comes: a room is a copy of the process that makes it
 * (sys/room.h), so whoever makes rooms may know one secret at a time. Who hands the questions on
 * makes no rooms, and reads nothing that a device sent.
 */
#pragma once

#include "courier/courier.h"
#include "ipc/channel.h"

struct crew;

/* Before the sandbox closes: how they are spoken with, and counters that all of them share. */
int crew_new(size_t count, struct crew **ret) MUST_USE;
/* In the sandbox, before there are threads but the skeleton's: makes the processes, which end with
 * the calling thread. */
int crew_start(struct crew *crew) MUST_USE;
/* In the parent; they end by themselves. */
struct crew *crew_free(struct crew *crew);
CLEAN_DEFINE(crew_free, struct crew *);

/* A lane_fn (ipc/lanes.h) over the crew: the question to the lane's courier, its answer back. One
 * that is gone takes all of us along: certdeskd starts us anew. */
void crew_serve(void *crew, size_t lane, struct channel *keeper, const struct frame *question);

void crew_report(const struct crew *crew, struct buf *to);
