/* SPDX-License-Identifier: Apache-2.0 */
/* What one piece of work (room.c) and a series (room_series.c) share. */
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "sys/room.h"

#define ROOM_PIPE_END 3 /* where the child finds its pipe */

/* In the child. Leaves 0, 1, 2, the pipe and what is given: it must not be able to answer in its
 * parent's name. */
bool room_close_all_but(int pipe_end, int given);
bool room_set_limits(const struct room *room, rlim_t cpu_seconds);
bool room_write_all(int fd, struct str bytes);

/* In the parent: the child's end, forced where nothing more is expected of it (`r`); why it ended. */
int room_leave(pid_t pid, when deadline, int r) MUST_USE;
