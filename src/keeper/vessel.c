/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/vessel.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "sys/net.h"

#define POUR_TIMEOUT SECONDS(2)

bool
vessel_is_bound_to(struct str bound, struct str path)
{
	struct str rest = str_drop(bound, path.len);
	int64_t pid;

	if (path.len == 0 || !str_starts(bound, path))
		return false;
	if (rest.len == 0)
		return true;
	if (!str_starts(rest, STR(".")) || !str_ends(rest, STR(".tmp")) ||
	    rest.len < sizeof(".N.tmp") - 1)
		return false;
	rest = (struct str){ .p = rest.p + 1, .len = rest.len - (sizeof("..tmp") - 1) };
	return str_to_i64(rest, &pid) && pid > 0;
}

static int
option_of(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

static const char *
socket_fault(int fd, const struct config_balancer *balancer)
{
	struct sockaddr_un peer = { 0 };
	socklen_t len = sizeof(peer);

	if (option_of(fd, SO_TYPE) != SOCK_STREAM)
		return "the descriptor is not a stream socket";
	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
		return "the socket is not connected";
	if (peer.sun_family != AF_UNIX || len <= offsetof(struct sockaddr_un, sun_path) ||
	    len > sizeof(peer))
		return "the socket is not connected to a path";
	len -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
	if (!vessel_is_bound_to(
		str_bytes(peer.sun_path, strnlen(peer.sun_path, len)), str_of(balancer->socket)))
		return "the socket is not connected to the balancer's configured socket";
	return NULL;
}

static const char *
device_fault(int fd, struct config_unit unit)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	struct addr address;

	if (!addr_parse(str_of(unit.address), &address))
		return "the balancer has no such unit that is managed over HTTPS";
	if (option_of(fd, SO_TYPE) != SOCK_STREAM || option_of(fd, SO_PROTOCOL) != IPPROTO_TCP)
		return "the descriptor is not a TCP stream";
	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
		return "the socket is not connected";
	return net_leads_to(&peer, len, &address, (uint16_t)unit.port)
	           ? NULL
	           : "the socket is not connected to the configured address and port of that unit";
}

static const char *
file_fault(int fd, uid_t worker)
{
	struct stat st;
	unsigned mode;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "the descriptor is not a regular file";
	mode = st.st_mode & 07777;
	if (mode != 0600 && mode != 0640)
		return "the file's mode is neither 0600 nor 0640";
	if (st.st_size != 0)
		return "the file is not empty";
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != worker)
		return "the file belongs to somebody else";
	return NULL;
}

const char *
vessel_fault(
    int fd, enum key_form form, const struct config_balancer *balancer, size_t unit, uid_t worker)
{
	switch (form) {
	case FORM_HAPROXY_SOCKET:
		return socket_fault(fd, balancer);
	case FORM_FILE:
		return file_fault(fd, worker);
	case FORM_HTTPS_UPLOAD:
		return device_fault(fd, config_unit_of(balancer, unit));
	case FORM_MAX:
		break;
	}
	return "unknown form";
}

static const char *
pour_into_file(int fd, struct str bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno != EINTR)
			return error_words(-errno);
		if (n > 0)
			bytes = str_drop(bytes, (size_t)n);
	}
	return NULL;
}

const char *
vessel_pour(int fd, enum key_form form, struct str bytes)
{
	int r;

	if (form == FORM_FILE)
		return pour_into_file(fd, bytes);
	r = net_write(fd, bytes, POUR_TIMEOUT);
	return r ? net_words(r) : NULL;
}
