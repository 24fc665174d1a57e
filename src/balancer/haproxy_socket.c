/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/haproxy_internal.h"

#include "base/error.h"
#include "sys/file.h"
#include "sys/net.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define ANSWER_TIMEOUT SECONDS(5)
#define COMMAND_MAX    8192
#define BUSY_TRIES     6 /* 10, 20 … 160 ms between */
#define BUSY_WAIT      MILLIS(10)

static int
not_reached(struct balancer *b, int r, struct outcome *what)
{
	if (r == -EACCES || r == -EPERM)
		return balancer_fail(what, BALANCER_E_AUTH,
		    "%s: we may not open the runtime socket %s", b->config->name,
		    b->config->socket);
	if (r < 0)
		return balancer_fatal(what, r, b->config->socket);
	return balancer_fail(what, BALANCER_E_UNREACHABLE, "%s: its runtime socket %s: %s",
	    b->config->name, b->config->socket, net_words(r));
}

/* Half-closing tells every version that no other command follows; without it the master's socket
 * waits for ever. */
static int
read_answer(int fd, struct buf *reply, struct balancer *b, struct outcome *what)
{
	int r = net_end_writing(fd);

	if (r == 0)
		r = net_read_all(fd, ANSWER_TIMEOUT, reply);
	if (r < 0)
		return balancer_fatal(what, r, b->config->socket);
	if (r)
		return balancer_fail(what, BALANCER_E_AMBIGUOUS,
		    "%s: the answer of its runtime socket was lost: %s", b->config->name,
		    net_words(r));
	return 0;
}

static int
ask(struct balancer *b, struct str command, struct buf *reply, struct outcome *what)
{
	CLEAN(close_fd) int fd = -1;
	int r = net_connect_unix(b->config->socket, ANSWER_TIMEOUT, &fd);

	if (r)
		return not_reached(b, r, what);
	r = net_write(fd, command, ANSWER_TIMEOUT);
	if (r < 0)
		return balancer_fatal(what, r, b->config->socket);
	if (r)
		return balancer_fail(what, BALANCER_E_AMBIGUOUS,
		    "%s: its runtime socket did not take a command: %s", b->config->name,
		    net_words(r));
	return read_answer(fd, reply, b, what);
}

/* The reply's words go to people; what we sent never does, there is a key in it. */
static int
explain(
    struct balancer *b, enum haproxy_command command, int r, struct str reply, struct outcome *what)
{
	if (r == 0 || r == BALANCER_E_NOOP)
		return r;
	if (reply.len == 0)
		return balancer_fail(what, r,
		    "%s: no answer to '%s'; a tune.bufsize smaller than the %lld configured here would explain it",
		    b->config->name, haproxy_command_name(command), (long long)b->config->bufsize);
	reply = str_trim(str_bytes(reply.p, reply.len < 300 ? reply.len : 300));
	return balancer_fail(what, r, "%s answers '%s' by: %.*s", b->config->name,
	    haproxy_command_name(command), STR_ARG(reply));
}

static int
ask_until_free(struct balancer *b, enum haproxy_command command, struct str text, struct buf *reply,
    struct outcome *what)
{
	int r = BALANCER_E_BUSY;

	for (int i = 0; i < BUSY_TRIES && r == BALANCER_E_BUSY; i++) {
		if (i > 0)
			balancer_wait(BUSY_WAIT << (i - 1));
		buf_clear(reply);
		r = ask(b, text, reply, what);
		if (r)
			return r;
		r = haproxy_judge(command, buf_str(reply));
	}
	return explain(b, command, r, buf_str(reply), what);
}

int
haproxy_do(struct balancer *b, enum haproxy_command command, struct buf *reply,
    struct outcome *what, const char *format, ...)
{
	CLEAN(buf_fini) struct buf text = BUF(COMMAND_MAX), own = BUF(HAPROXY_REPLY_MAX);
	char line[COMMAND_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	buf_put(&text, line, len > 0 && (size_t)len < sizeof(line) ? (size_t)len : 0);
	buf_put_byte(&text, '\n');
	if (len < 0 || buf_failed(&text))
		return balancer_fatal(
		    what, error_origin(ENAMETOOLONG), haproxy_command_name(command));
	return ask_until_free(b, command, buf_str(&text), reply ? reply : &own, what);
}

int
haproxy_pour(struct balancer *b, const struct bundle *bundle, const struct pourer *pourer,
    struct str before, struct buf *reply, struct outcome *what)
{
	const struct haproxy *h = b->self;
	CLEAN(close_fd) int fd = -1;
	int r = net_connect_unix(b->config->socket, ANSWER_TIMEOUT, &fd);

	if (r)
		return not_reached(b, r, what);
	/* exactly one empty line: it ends the payload, a second one would be a command */
	r = pourer->pour(pourer, bundle, fd, true, before, STR("\n"), h->max_payload, what);
	if (r == 0)
		r = read_answer(fd, reply, b, what);
	if (r)
		return r;
	return explain(
	    b, HAPROXY_SET, haproxy_judge(HAPROXY_SET, buf_str(reply)), buf_str(reply), what);
}
