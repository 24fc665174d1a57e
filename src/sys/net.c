/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/net.h"

#include "base/error.h"
#include "sys/file.h"
#include "sys/world.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512
#define CHUNK   65536

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un path;
	};
	socklen_t len;
};

static int
address_of(const struct addr *a, uint16_t port, struct address *ret)
{
	struct address to = { .len = 0 };

	if (a->family == 4) {
		to.v4.sin_family = AF_INET;
		to.v4.sin_port = htons(port);
		memcpy(&to.v4.sin_addr, a->bytes, 4);
		to.len = sizeof(to.v4);
	} else if (a->family == 6) {
		to.v6.sin6_family = AF_INET6;
		to.v6.sin6_port = htons(port);
		memcpy(&to.v6.sin6_addr, a->bytes, 16);
		to.len = sizeof(to.v6);
	} else {
		return error_origin(EAFNOSUPPORT);
	}
	*ret = to;
	return 0;
}

static int
address_of_path(const char *path, struct address *ret)
{
	struct address to = { .len = sizeof(to.path) };

	to.path.sun_family = AF_UNIX;
	if (!*path || !str_copy(str_of(path), to.path.sun_path, sizeof(to.path.sun_path)))
		return error_origin(ENAMETOOLONG);
	*ret = to;
	return 0;
}

/* An outcome where callers have an answer to it, else fatal. */
static int
outcome_of(int e)
{
	switch (e) {
	case ECONNREFUSED:
	case ENOENT: /* a unix socket that is not there */
		return NET_E_REFUSED;
	case ETIMEDOUT:
		return NET_E_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
		return NET_E_UNREACHABLE;
	case EPIPE:
	case ECONNRESET:
		return NET_E_CLOSED;
	case EADDRINUSE:
		return NET_E_IN_USE;
	default:
		return error_origin(e);
	}
}

const char *
net_words(int r)
{
	switch (r) {
	case NET_E_REFUSED:
		return "connection refused";
	case NET_E_TIMEOUT:
		return "no answer in time";
	case NET_E_UNREACHABLE:
		return "the address cannot be reached";
	case NET_E_CLOSED:
		return "the peer closed the connection";
	case NET_E_TOO_MUCH:
		return "the answer is too large";
	case NET_E_IN_USE:
		return "another program listens there";
	default:
		return error_words(r);
	}
}

static void
ignore_sigpipe(void)
{
	signal(SIGPIPE, SIG_IGN);
}

/* Libraries write to our sockets too and know no MSG_NOSIGNAL, so the signal goes for the process.
 */
static int
make_socket(int family, int *ret_fd)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int fd;

	pthread_once(&once, ignore_sigpipe);
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_origin(errno);
	*ret_fd = fd;
	return 0;
}

int
net_socket(const struct addr *to, int *ret_fd)
{
	struct address address;
	int r = address_of(to, 0, &address);

	return r ? r : make_socket(address.any.sa_family, ret_fd);
}

bool
net_leads_to(const void *sockaddr, size_t len, const struct addr *to, uint16_t port)
{
	struct address is = { .len = 0 }, should;

	if (len > sizeof(is.path) || address_of(to, port, &should) != 0 || len != should.len)
		return false;
	memcpy(&is, sockaddr, len); /* the union is its first member */
	if (is.any.sa_family != should.any.sa_family)
		return false;
	if (should.any.sa_family == AF_INET)
		return is.v4.sin_port == should.v4.sin_port &&
		       is.v4.sin_addr.s_addr == should.v4.sin_addr.s_addr;
	return is.v6.sin6_port == should.v6.sin6_port && is.v6.sin6_scope_id == 0 &&
	       memcmp(&is.v6.sin6_addr, &should.v6.sin6_addr, sizeof(is.v6.sin6_addr)) == 0;
}

static int
wait_until(int fd, short events, when deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		when left = deadline - world_ticks();
		when millis = left > 0 ? (left + 999) / 1000 : 0;
		int n = poll(&p, 1, millis > INT_MAX ? INT_MAX : (int)millis);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return error_origin(errno);
		if (world_ticks() >= deadline)
			return NET_E_TIMEOUT;
	}
}

int
net_wait(int fd, bool writable, when timeout)
{
	return wait_until(fd, writable ? POLLOUT : POLLIN, world_ticks() + timeout);
}

static int
connect_result(int fd)
{
	int e = 0;
	socklen_t len = sizeof(e);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		return error_origin(errno);
	return e ? outcome_of(e) : 0;
}

/* EAGAIN is a unix listener whose backlog is full: nothing to poll for, so ask again a little
 * later. */
static int
connect_until(int fd, const struct address *to, when deadline)
{
	while (connect(fd, &to->any, to->len) < 0) {
		if (errno == EINPROGRESS || errno == EINTR) {
			int r = wait_until(fd, POLLOUT, deadline);

			return r ? r : connect_result(fd);
		}
		if (errno != EAGAIN)
			return outcome_of(errno);
		if (world_ticks() >= deadline)
			return NET_E_TIMEOUT;
		poll(NULL, 0, 10);
	}
	return 0;
}

static int
connect_to(const struct address *to, when timeout, int *ret_fd)
{
	CLEAN(close_fd) int fd = -1;
	int r = make_socket(to->any.sa_family, &fd);

	if (r == 0)
		r = connect_until(fd, to, world_ticks() + timeout);
	if (r)
		return r;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int
net_connect(const struct addr *to, uint16_t port, when timeout, int *ret_fd)
{
	struct address a;
	int r = address_of(to, port, &a);

	return r ? r : connect_to(&a, timeout, ret_fd);
}

int
net_connect_unix(const char *path, when timeout, int *ret_fd)
{
	struct address a;
	int r = address_of_path(path, &a);

	return r ? r : connect_to(&a, timeout, ret_fd);
}

int
net_listen(const struct addr *at, uint16_t port, int *ret_fd)
{
	CLEAN(close_fd) int fd = -1;
	struct address a;
	const int yes = 1;
	int r = address_of(at, port, &a);

	if (r == 0)
		r = make_socket(a.any.sa_family, &fd);
	if (r)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    (at->family == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) < 0) ||
	    bind(fd, &a.any, a.len) < 0 || listen(fd, BACKLOG) < 0)
		return outcome_of(errno);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* A socket file nobody listens on is a left-over of a process that died; anything else stays. */
static int
remove_dead_socket(const char *path)
{
	CLEAN(close_fd) int fd = -1;
	struct stat st;
	int r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_origin(errno);
	if (!S_ISSOCK(st.st_mode))
		return NET_E_IN_USE;
	r = net_connect_unix(path, SECONDS(1), &fd);
	if (r != NET_E_REFUSED)
		return r < 0 ? r : NET_E_IN_USE;
	return unlink(path) < 0 && errno != ENOENT ? error_origin(errno) : 0;
}

int
net_listen_unix(const char *path, unsigned mode, int *ret_fd)
{
	CLEAN(close_fd) int fd = -1;
	struct address a;
	int r = address_of_path(path, &a);

	if (r == 0)
		r = remove_dead_socket(path);
	if (r == 0)
		r = make_socket(AF_UNIX, &fd);
	if (r)
		return r;
	/* nobody can connect before listen(), so the mode is in time */
	if (bind(fd, &a.any, a.len) < 0 || chmod(path, (mode_t)mode) < 0 || listen(fd, BACKLOG) < 0)
		return outcome_of(errno);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int
net_pair(int ret_fds[2])
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return error_origin(errno);
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

int
net_write(int fd, struct str bytes, when timeout)
{
	when deadline = world_ticks() + timeout;

	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.p, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (n > 0)
			bytes = str_drop(bytes, (size_t)n);
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return outcome_of(errno);
		r = wait_until(fd, POLLOUT, deadline);
		if (r)
			return r;
	}
	return 0;
}

int
net_end_writing(int fd)
{
	return shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN ? 0 : outcome_of(errno);
}

int
net_read(int fd, when timeout, struct buf *to)
{
	when deadline = world_ticks() + timeout;
	size_t left = to->max - to->len, want = left < CHUNK ? left : CHUNK;
	char *room = left > 0 ? buf_room(to, want) : NULL;

	if (!room)
		return NET_E_TOO_MUCH;
	for (;;) {
		ssize_t n = recv(fd, room, want, MSG_DONTWAIT);
		int r;

		if (n > 0) {
			buf_added(to, (size_t)n);
			return 0;
		}
		if (n == 0)
			return NET_E_CLOSED;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return outcome_of(errno);
		r = wait_until(fd, POLLIN, deadline);
		if (r)
			return r;
	}
}

/* At the limit one more byte tells an answer that is too large from one that just fits. */
static int
expect_end(int fd, when timeout)
{
	CLEAN(buf_fini) struct buf probe = BUF(1);
	int r = net_read(fd, timeout, &probe);

	return r == 0 ? NET_E_TOO_MUCH : r == NET_E_CLOSED ? 0 : r;
}

int
net_read_all(int fd, when timeout, struct buf *to)
{
	when deadline = world_ticks() + timeout;
	int r;

	do {
		if (to->len == to->max)
			return expect_end(fd, deadline - world_ticks());
		r = net_read(fd, deadline - world_ticks(), to);
	} while (r == 0);
	return r == NET_E_CLOSED ? 0 : r;
}

int
net_datagrams(uint8_t family, int *ret_fd)
{
	const int on = 1;
	CLEAN(close_fd)
	int fd =
	    socket(family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT ? NET_E_UNREACHABLE : error_origin(errno);
	if (family == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return error_origin(errno);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int
net_send_to(int fd, const struct addr *to, uint16_t port, struct str bytes)
{
	struct address address;
	int r = address_of(to, port, &address);

	if (r)
		return r;
	if (sendto(fd, bytes.p, bytes.len, MSG_NOSIGNAL, &address.any, address.len) >= 0)
		return 0;
	return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? NET_E_TIMEOUT
	                                                             : outcome_of(errno);
}

static bool
addr_of(const struct address *from, struct addr *ret, uint16_t *ret_port)
{
	*ret = (struct addr){ .family = from->any.sa_family == AF_INET ? 4 : 6 };
	if (ret->family == 4 && from->len >= sizeof(from->v4)) {
		memcpy(ret->bytes, &from->v4.sin_addr, 4);
		*ret_port = ntohs(from->v4.sin_port);
		return true;
	}
	if (from->any.sa_family != AF_INET6 || from->len < sizeof(from->v6))
		return false;
	memcpy(ret->bytes, &from->v6.sin6_addr, 16);
	*ret_port = ntohs(from->v6.sin6_port);
	return true;
}

int
net_receive_from(
    int fd, void *to, size_t size, size_t *ret_len, struct addr *ret_from, uint16_t *ret_port)
{
	struct address from = { .len = sizeof(from.v6) };
	ssize_t len = recvfrom(fd, to, size, MSG_DONTWAIT, &from.any, &from.len);

	if (len < 0) /* an ICMP message about one we sent is nothing to stop for */
		return errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED
		           ? NET_E_TIMEOUT
		           : outcome_of(errno);
	if (!addr_of(&from, ret_from, ret_port))
		return error_origin(EAFNOSUPPORT);
	*ret_len = (size_t)len;
	return 0;
}

int
net_wait_any(const int *fds, size_t count, when timeout)
{
	struct pollfd p[NET_WAIT_MOST];
	int r;

	if (count > COUNT_OF(p))
		return error_origin(EINVAL);
	for (size_t i = 0; i < count; i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	r = poll(p, (nfds_t)count, (int)((timeout + 999) / 1000));
	if (r < 0 && errno != EINTR)
		return error_origin(errno);
	return r > 0 ? 0 : NET_E_TIMEOUT;
}
