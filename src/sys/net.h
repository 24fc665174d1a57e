/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: the only place that makes them. Everything has a deadline; SIGPIPE never kills.
 */
#pragma once

#include "base/addr.h"
#include "base/buf.h"
#include "base/when.h"

enum {
	NET_E_REFUSED = 1,
	NET_E_TIMEOUT,
	NET_E_UNREACHABLE,
	NET_E_CLOSED,   /* the peer closed before it said enough */
	NET_E_TOO_MUCH, /* more than the buf's limit */
	NET_E_IN_USE,   /* somebody listens there already */
};

/* Connected and listening sockets are close-on-exec and do not block: talk through the calls below,
 * or give them to a library and wait with net_wait() whenever it wants to read or write. */
int net_connect(const struct addr *to, uint16_t port, when timeout, int *ret_fd) MUST_USE;
int net_connect_unix(const char *path, when timeout, int *ret_fd) MUST_USE;
int net_listen(const struct addr *at, uint16_t port, int *ret_fd) MUST_USE;
int net_listen_unix(const char *path, unsigned mode, int *ret_fd) MUST_USE;
int net_pair(int ret_fds[2]) MUST_USE; /* close-on-exec, non-blocking off */

/* For a library that connects by itself but asks us for the socket: one for that address, and whether
 * the struct sockaddr it wants to connect to is that address and port, and nothing else. */
int net_socket(const struct addr *to, int *ret_fd) MUST_USE;
bool net_leads_to(const void *sockaddr, size_t len, const struct addr *to, uint16_t port);

/* All of it before the deadline, or an error. */
int net_write(int fd, struct str bytes, when timeout) MUST_USE;
/* Tells the peer that no more will come; reading goes on. */
int net_end_writing(int fd) MUST_USE;
/* Appends what comes next, at least one byte; NET_E_CLOSED at the end. */
int net_read(int fd, when timeout, struct buf *to) MUST_USE;
/* Appends until the peer closes. */
int net_read_all(int fd, when timeout, struct buf *to) MUST_USE;
/* Words for a result, to be shown: "connection refused". */
const char *net_words(int r);

/* Datagrams: a socket of its own random port, for peers of that family (4 or 6). */
int net_datagrams(uint8_t family, int *ret_fd) MUST_USE;
/* Does not wait: NET_E_TIMEOUT when there is no room right now. */
int net_send_to(int fd, const struct addr *to, uint16_t port, struct str bytes) MUST_USE;
/* What has come, at most `size` of it, and from whom; NET_E_TIMEOUT when nothing has. */
int net_receive_from(int fd, void *to, size_t size, size_t *ret_len, struct addr *ret_from,
    uint16_t *ret_port) MUST_USE;

#define NET_WAIT_MOST 32
/* Waits until one of them is readable, or NET_E_TIMEOUT. */
int net_wait_any(const int *fds, size_t count, when timeout) MUST_USE;
/* Waits until fd is readable (or `writable`); 0, NET_E_TIMEOUT, or fatal. */
int net_wait(int fd, bool writable, when timeout) MUST_USE;
