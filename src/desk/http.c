/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/answer.h"
#include "desk/route.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/net.h"

#define CONNECTIONS_MOST 1000
#define IDLE_SECONDS     60

struct http {
	struct desk *desk;
	struct MHD_Daemon *daemon;
	int fd;
};

/* One request while its body comes in. */
struct visit {
	struct buf body;
	size_t received;
	bool asked, known, too_large;
	when began;
};

static struct str
host_of(struct str listen, struct str *ret_port)
{
	size_t at = listen.len;

	while (at > 0 && listen.p[at - 1] != ':')
		at--;
	*ret_port = str_drop(listen, at);
	listen.len = at > 0 ? at - 1 : 0;
	if (listen.len > 1 && listen.p[0] == '[' && listen.p[listen.len - 1] == ']')
		listen = str_bytes(listen.p + 1, listen.len - 2);
	return listen;
}

static int
listen_at(const char *where, int *ret_fd)
{
	struct str text = str_of(where), port;
	struct addr addr;
	int64_t number;

	if (str_starts(text, STR("unix:")))
		return net_listen_unix(where + 5, 0660, ret_fd);
	if (!addr_parse(host_of(text, &port), &addr) || !str_to_i64(port, &number) || number < 1 ||
	    number > 65535)
		return error_origin(EINVAL);
	return net_listen(&addr, (uint16_t)number, ret_fd);
}

int
http_open(struct desk *desk, struct http **ret)
{
	struct http *http = alloc_zero(sizeof(*http));
	int r = listen_at(desk->config->desk_listen, &http->fd);

	if (r) {
		LOG(LOG_ERROR, "desk.cannot_listen", LOG_TEXT("at", desk->config->desk_listen),
		    LOG_TEXT("words", net_words(r)));
		free(http);
		return error_fold(r);
	}
	http->desk = desk;
	*ret = http;
	return 0;
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

/* libmicrohttpd has made "+" a space; we undo the rest, as in the path. */
static enum MHD_Result
take_query(void *about, enum MHD_ValueKind kind UNUSED, const char *name, const char *value)
{
	struct request *request = about;
	struct query_part *part = &request->query[request->query_count];

	if (request->query_count == QUERIES_MAX ||
	    !percent_decode(str_of(name), part->name, sizeof(part->name)) ||
	    !percent_decode(str_of(value), part->value, sizeof(part->value))) {
		request->query_overflow = true;
		return MHD_NO;
	}
	request->query_count++;
	return MHD_YES;
}

/* Paths and queries are taken apart before they are decoded, so that "%2F" is no slash. */
static size_t
leave_escapes(void *about UNUSED, struct MHD_Connection *connection UNUSED, char *text)
{
	return strlen(text);
}

static void
add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (value[0] != '\0')
		(void)MHD_add_response_header(response, name, value);
}

static enum MHD_Result
send_answer(struct MHD_Connection *connection, struct answer *answer)
{
	size_t len = answer->body.len;
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(len, buf_take(&answer->body), MHD_RESPMEM_MUST_FREE);
	char seconds[16] = "";
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	if (answer->retry_after > 0)
		snprintf(seconds, sizeof(seconds), "%d", answer->retry_after);
	add_header(response, "Content-Type",
	    answer->type            ? answer->type
	    : answer->status == 204 ? ""
				    : "application/json");
	add_header(response, "Location", answer->location);
	add_header(response, "ETag", answer->etag);
	add_header(response, "Allow", answer->allow);
	add_header(response, "Retry-After", seconds);
	add_header(response, "Idempotency-Replayed", answer->replayed ? "true" : "");
	add_header(response, "WWW-Authenticate", answer->status == 401 ? "Bearer" : "");
	add_header(response, "Cache-Control", "no-store");
	add_header(response, "X-Content-Type-Options", "nosniff");
	add_header(
	    response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	add_header(response, "Referrer-Policy", "no-referrer");
	r = MHD_queue_response(connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return r;
}

static void
log_request(const struct request *request, const struct answer *answer, when began)
{
	LOG(answer->status >= 500 ? LOG_WARNING : LOG_INFO, "request",
	    LOG_TEXT("method", request->method), LOG_TEXT("path", request->path),
	    LOG_NUMBER("status", answer->status), LOG_TEXT("token", request->token.name),
	    LOG_TEXT("code", answer->code ? answer->code : ""),
	    LOG_NUMBER("micros", world_ticks() - began));
}

static void
fill_request(struct http *http, struct MHD_Connection *connection, struct request *request)
{
	request->desk = http->desk;
	request->credentials = header(connection, "Authorization");
	request->content_type = header(connection, "Content-Type");
	request->accept = header(connection, "Accept");
	request->if_match = header(connection, "If-Match");
	request->idempotency_key = header(connection, "Idempotency-Key");
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_query, request);
}

static void
serve(struct http *http, struct visit *visit, struct MHD_Connection *connection,
    struct request *request, struct answer *answer)
{
	struct desk *desk = http->desk;

	fill_request(http, connection, request);
	request->body = buf_str(&visit->body);
	request->store = desk_take_store(desk);
	route_serve(request, answer);
	desk_put_store(desk, request->store);
}

static enum MHD_Result
answer_visit(struct http *http, struct visit *visit, struct MHD_Connection *connection,
    const char *url, const char *method)
{
	struct request request = { .method = method, .path = url };
	struct answer answer = { .body = BUF(ANSWER_MAX) };
	enum MHD_Result result;

	if (visit->too_large)
		(void)!answer_problem(
		    &answer, 413, "TOO_LARGE", "A body has at most %d bytes.", BODY_MAX);
	else
		serve(http, visit, connection, &request, &answer);
	atomic_fetch_add(&http->desk->requests, 1);
	if (answer.status >= 400)
		atomic_fetch_add(&http->desk->refused, 1);
	log_request(&request, &answer, visit->began);
	result = send_answer(connection, &answer);
	buf_fini(&answer.body);
	return result;
}

/* Who sends no token we know gets its answer all the same, but we keep none of its bytes. */
static bool
is_known(struct http *http, struct MHD_Connection *connection)
{
	struct request request = { .credentials = header(connection, "Authorization") };
	int r;

	request.store = desk_take_store(http->desk);
	r = route_know_token(&request);
	desk_put_store(http->desk, request.store);
	return r == 0;
}

static struct visit *
begin_visit(void)
{
	struct visit *visit = alloc_zero(sizeof(*visit));

	visit->body = BUF_SECRET(BODY_MAX); /* may hold a password */
	visit->began = world_ticks();
	return visit;
}

static void
take_piece(struct http *http, struct visit *visit, struct MHD_Connection *connection,
    const char *piece, size_t size)
{
	if (!visit->asked) {
		visit->asked = true;
		visit->known = is_known(http, connection);
	}
	visit->received += size;
	visit->too_large = visit->received > BODY_MAX;
	if (visit->known && !visit->too_large)
		buf_put(&visit->body, piece, size);
}

/* Called by libmicrohttpd: first with no body, then with each piece, then once more with none. */
static enum MHD_Result
on_request(void *self, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version UNUSED, const char *piece, size_t *piece_size, void **visit_at)
{
	struct visit *visit = *visit_at;

	if (!visit) {
		*visit_at = begin_visit();
		return MHD_YES;
	}
	if (*piece_size > 0) {
		take_piece(self, visit, connection, piece, *piece_size);
		*piece_size = 0;
		return MHD_YES;
	}
	return answer_visit(self, visit, connection, url, method);
}

static void
on_end(void *self UNUSED, struct MHD_Connection *connection UNUSED, void **visit_at,
    enum MHD_RequestTerminationCode why UNUSED)
{
	struct visit *visit = *visit_at;

	if (!visit)
		return;
	buf_fini(&visit->body);
	free(visit);
	*visit_at = NULL;
}

int
http_start(struct http *http)
{
	unsigned threads = (unsigned)http->desk->config->desk_threads;

	http->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, NULL,
	    NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, http->fd, MHD_OPTION_THREAD_POOL_SIZE,
	    threads > 1 ? threads : 0, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
	    MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_UNESCAPE_CALLBACK,
	    leave_escapes, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
	    on_end, NULL, MHD_OPTION_END);
	return http->daemon ? 0 : error_origin(EAGAIN);
}

struct http *
http_free(struct http *http)
{
	if (!http)
		return NULL;
	if (http->daemon)
		MHD_stop_daemon(http->daemon); /* closes the socket too */
	else
		close_fd(http->fd);
	free(http);
	return NULL;
}
