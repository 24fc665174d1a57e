/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files, whole or not at all.
 */
#pragma once

#include "base/buf.h"

enum {
	FILE_E_ABSENT = 1,
	FILE_E_TOO_LARGE, /* more than the buf's limit */
	FILE_E_LOCKED,    /* somebody else holds the lock */
	FILE_E_MODE,      /* readable by more than its owner, where it must not be */
};

/* Appends the file to *to. */
int file_read(const char *path, struct buf *to) MUST_USE;
/* Appends its first `count` bytes and reads none of those behind; fewer if it is shorter. */
int file_read_start(const char *path, size_t count, struct buf *to) MUST_USE;
/* What a person named, its first `count` bytes: "-" is standard input; of a pipe, all that comes. */
int file_read_given(const char *path, size_t count, struct buf *to) MUST_USE;
/* As file_read() for a secret: refuses (FILE_E_MODE) anything but a regular file of mode 0600 or
 * 0400 that is ours or root's. */
int file_read_secret(const char *path, struct buf *to) MUST_USE;

/* Durable and atomic: temporary file beside it, fsync, rename, fsync of the folder. */
int file_write(const char *path, struct str content, unsigned mode) MUST_USE;
/* The same in steps, for content that somebody else pours into the descriptor: make, pour, keep. */
int file_make(
    const char *path, unsigned mode, int *ret_fd) MUST_USE; /* opens "<path>.new", truncated */
int file_keep(const char *path,
    int fd) MUST_USE; /* fsync, rename "<path>.new" to path, fsync folder; closes fd */
/* The same without the last step, for what will not stay under that name: the folder's sync is that
 * of the file_rename() to come. A machine that dies before it may lose the file or bring the old
 * one back, but what is there under the name is whole. */
int file_keep_for_now(const char *path, int fd) MUST_USE;
void file_forget(const char *path, int fd); /* removes "<path>.new"; closes fd */
/* Durable; replaces what is at `to`. FILE_E_ABSENT: there is no `from`. */
int file_rename(const char *from, const char *to) MUST_USE;
/* Appends a line to a file in whose syntax lines of '#' are comments and leading spaces mean
 * nothing. Whenever the machine dies, the file has the whole line or a comment more, for the price
 * of two syncs however long it is. */
int file_add_line(const char *path, struct str line, unsigned mode) MUST_USE;
/* What is there, written by whoever died before it was durable, is. FILE_E_ABSENT. */
int file_sync(const char *path) MUST_USE;
int file_remove(const char *path) MUST_USE; /* and fsync of the folder; absent is fine */

/* Tells whether a file is still what it was at an earlier look, for the price of one stat(). */
struct file_stamp {
	uint64_t device, inode;
	int64_t size;
	int64_t modified, changed; /* nanoseconds */
	/* Unchanged for so long that the next change gets another stamp, however coarse the clock
	 * of its file system: only then do equal stamps mean equal contents. */
	bool settled;
};
int file_stamp(const char *path, struct file_stamp *ret) MUST_USE; /* FILE_E_ABSENT */
/* Two names of one file? False when either is absent. */
bool file_is_same(const char *a, const char *b);
bool file_stamp_eq(const struct file_stamp *a, const struct file_stamp *b);

/* Takes a lock that lasts as long as the process (or the fd); FILE_E_LOCKED if another has it. The
 * file holds the number of the process that has the lock, as a line of text. */
int file_lock(const char *path, int *ret_fd) MUST_USE;
int file_make_folder(
    const char *path, unsigned mode) MUST_USE; /* with its parents; existing is fine */

/* Calls `each` with the path of every regular file in the folder, in no particular order, until one
 * answers anything but 0, which is forwarded. FILE_E_ABSENT: no such folder. */
int file_each(const char *folder, int (*each)(void *about, const char *path), void *about) MUST_USE;

/* The folder of the running program. */
int file_own_folder(char *to, size_t size) MUST_USE;
/* The full name of a program that lies in our own folder, or else in `installed`; false = it cannot be
 * run in either, and then it is the name in `installed`. */
bool file_find_program(const char *name, const char *installed, char *to, size_t size);
bool file_may_run(const char *path); /* a regular file that we may execute */

/* A descriptor that closes itself. */
void close_fd(int fd);
CLEAN_DEFINE(close_fd, int);
