/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a program as a child: fork + exec, with one channel on fd 3, /dev/null on 0, our stderr
 * as 1 and 2, every other descriptor closed, an empty environment but for the named variables, and,
 * when we are root and a user is named, that user's rights.
 */
#pragma once

#include "base/str.h"

#include <sys/types.h>

struct spawn {
	const char *program;            /* absolute path */
	const char *const *environment; /* "NAME=value" …, NULL at the end */
	int channel_fd;                 /* becomes fd 3; closed in the parent by spawn_child() */
	const char *user;               /* "" = stay who we are */
};

/* This process goes on as another program, with our descriptors, environment and arguments; it comes
 * back only if that cannot be. */
int spawn_instead(const char *program, char *const argv[]) MUST_USE;
int spawn_child(const struct spawn *spawn, pid_t *ret_pid) MUST_USE;

/* A copy of ourselves, sandbox included, that does be(self, fd) and ends: it has channel_fd as `fd`,
 * of all our other descriptors 0, 1 and 2, and goes when the thread does that made it. For who has
 * no secret yet: it would have it too. */
int spawn_copy(int channel_fd, void (*be)(void *self, int fd), void *self) MUST_USE;
