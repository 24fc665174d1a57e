/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closes the door behind a process that has opened all it needs: no new privileges, no core dumps
 * and no ptrace, no capabilities but root's over files, a seccomp allow-list, landlock for paths and
 * TCP where the kernel has it. Each technique is a file of its own (sandbox_seccomp.c,
 * sandbox_landlock.c …); one that the kernel lacks is skipped and named in the report. With the environment's CERTDESK_SANDBOX=none, or in a
 * sanitizer build, seccomp and landlock stay off and the report says so loudly.
 */
#pragma once

#include "base/buf.h"

#define SANDBOX_PATHS_MAX 512 /* a configuration of all balancers and sources it may have */
#define SANDBOX_TRAPPED   99  /* exit status of a process that made a call it may not */

enum sandbox_calls { /* groups of system calls, on top of memory, time, threads and what is open */
	SANDBOX_FILES = 1 << 0,   /* open, stat, rename, unlink, fsync, locks, mkdir */
	SANDBOX_CONNECT = 1 << 1, /* socket, connect, send, receive */
	SANDBOX_ACCEPT = 1 << 2,  /* accept, epoll on sockets already bound */
	SANDBOX_FORK = 1 << 3,    /* fork, kill and wait (reader's children) */
	SANDBOX_PASS_FD = 1 << 4, /* look at descriptors that came with a message */
	/* A library that connects by itself is given a connection: connect() is not made, but answered
	 * as if it were under way, and so found done. (libcurl 7.88 makes it whatever
	 * CURL_SOCKOPT_ALREADY_CONNECTED says; made in earnest it could undo the connection and make
	 * another.) */
	SANDBOX_CONNECTED = 1 << 5,
};

struct sandbox_path {
	const char *path; /* a file or a folder and all below it */
	bool write;
};

struct sandbox_profile {
	uint32_t calls;                               /* enum sandbox_calls */
	struct sandbox_path paths[SANDBOX_PATHS_MAX]; /* none = no file may be opened at all */
	size_t path_count;
	bool any_tcp_connect; /* else no TCP connect and no bind, where landlock knows TCP */
};

/* Takes a copy of `path`; sandbox_forget_paths() frees those from number `first` on. */
void sandbox_allow_path(struct sandbox_profile *profile, const char *path, bool write);
void sandbox_forget_paths(struct sandbox_profile *profile, size_t first);

/* What holds from a process's first moment, before it reads any secret: no new privileges, no core
 * dumps, no ptrace. */
int sandbox_begin(void) MUST_USE;
/* Enters; from here on the rules hold for all threads to come: no other may run yet (-EBUSY).
 * Appends what is in force to *report, one line each: "no_new_privs=on", "capabilities=none",
 * "seccomp=on", "landlock=6", "landlock=off (kernel 5.10 has none)" … */
int sandbox_enter(const struct sandbox_profile *profile, struct buf *report) MUST_USE;
