/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to one server, as a plain client asks it: no EDNS, and recursion only of a resolver.
 * UDP by ldns, TCP over our own socket. What the answer says is dns_wire.c's.
 */
#include "check/dns_internal.h"

#include <ldns/ldns.h>
#include <pthread.h>
#include <stdlib.h>

#include "check/dns_wire.h"
#include "sys/file.h"
#include "sys/net.h"

#define WIRE_MAX 65535

static void
dname_free(ldns_rdf *name)
{
	ldns_rdf_deep_free(name);
}
CLEAN_DEFINE(dname_free, ldns_rdf *);

static void
wire_free(uint8_t *wire)
{
	free(wire);
}
CLEAN_DEFINE(wire_free, uint8_t *);

static bool
socket_address(const struct dns_server *server, struct sockaddr_storage *ret, size_t *ret_len)
{
	bool v6 = server->address.family == 6;
	CLEAN(dname_free)
	ldns_rdf *rdf = ldns_rdf_new_frm_data(
	    v6 ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A, v6 ? 16 : 4, server->address.bytes);
	struct sockaddr_storage *made =
	    rdf ? ldns_rdf2native_sockaddr_storage(rdf, server->port, ret_len) : NULL;

	if (made)
		*ret = *made;
	free(made);
	return made != NULL;
}

/* False: no answer, or not all of it. */
static bool
over_udp(const struct dns_server *server, const struct dns_question *q, when timeout,
    struct dns_reply *ret)
{
	CLEAN(wire_free) uint8_t *got = NULL;
	struct sockaddr_storage to;
	struct timeval tv = { .tv_sec = timeout / SECONDS(1), .tv_usec = timeout % SECONDS(1) };
	size_t to_len, len = 0;
	ldns_buffer out = { 0 };
	bool cut;

	if (!socket_address(server, &to, &to_len))
		return false;
	ldns_buffer_new_frm_data(&out, q->wire, q->wire_len); /* copies */
	ldns_buffer_set_position(&out, q->wire_len);          /* what is before it is sent */
	if (ldns_udp_send(&got, &out, &to, (socklen_t)to_len, tv, &len) != LDNS_STATUS_OK)
		len = 0;
	free(ldns_buffer_export(&out));
	return len > 0 && dns_answer_read(q, str_bytes(got, len), ret, &cut) && !cut;
}

static int
read_message(int fd, when deadline, struct buf *to)
{
	size_t want = 2;

	while (to->len < want) {
		int r = net_read(fd, deadline - world_ticks(), to);

		if (r)
			return r;
		if (to->len >= 2)
			want = 2 + ((size_t)(uint8_t)to->data[0] << 8 | (uint8_t)to->data[1]);
	}
	buf_truncate(to, want);
	return 0;
}

/* RFC 7766: two bytes of length in front. */
static int
over_tcp(const struct dns_server *server, const struct dns_question *q, when timeout,
    struct dns_reply *ret)
{
	CLEAN(close_fd) int fd = -1;
	CLEAN(buf_fini) struct buf out = BUF(WIRE_MAX + 2), in = BUF(WIRE_MAX + 2);
	when deadline = world_ticks() + timeout;
	int r = net_connect(&server->address, server->port, timeout, &fd);
	bool cut;

	if (r)
		return r;
	buf_put_byte(&out, (uint8_t)(q->wire_len >> 8));
	buf_put_byte(&out, (uint8_t)q->wire_len);
	buf_put(&out, q->wire, q->wire_len);
	r = net_write(fd, buf_str(&out), deadline - world_ticks());
	if (r == 0)
		r = read_message(fd, deadline, &in);
	if (r)
		return r;
	if (!dns_answer_read(q, str_drop(buf_str(&in), 2), ret, &cut))
		*ret = (struct dns_reply){ .kind = REPLY_GARBLED };
	return 0;
}

void
dns_ask(const struct dns_server *server, const char *name, enum dns_type type, when timeout,
    struct dns_reply *ret)
{
	CLEAN(dns_question_fini) struct dns_question q;
	int r;

	*ret = (struct dns_reply){ .kind = REPLY_GARBLED };
	if (!dns_question_init(&q, name, type, server->resolver) ||
	    over_udp(server, &q, timeout, ret))
		return;
	r = over_tcp(server, &q, timeout, ret);
	if (r)
		*ret = (struct dns_reply){ .kind = r == NET_E_UNREACHABLE ? REPLY_UNREACHED
			                                                  : REPLY_SILENT };
}

struct job {
	struct dns_view *view;
	const char *name;
	enum dns_type type;
	when timeout;
};

/* Where the first question found silence, a second would only cost its time; an alias is one for
 * all types. */
static void *
ask_view(void *context)
{
	const struct job *job = context;
	struct dns_view *view = job->view;

	if (view->a.kind == REPLY_NO_ADDRESS)
		return NULL;
	dns_ask(&view->server, job->name, job->type, job->timeout, &view->a);
	if (job->type != DNS_TYPE_A)
		return NULL;
	if (view->a.kind == REPLY_SILENT || view->a.kind == REPLY_UNREACHED ||
	    view->a.kind == REPLY_ALIAS)
		view->aaaa = view->a;
	else
		dns_ask(&view->server, job->name, DNS_TYPE_AAAA, job->timeout, &view->aaaa);
	return NULL;
}

void
dns_ask_all(struct dns_hop *hop, enum dns_type type, when timeout)
{
	struct job job[DNS_SERVERS_MAX];
	pthread_t thread[DNS_SERVERS_MAX];
	bool started[DNS_SERVERS_MAX] = { false };

	for (size_t i = 0; i < hop->view_count; i++) {
		job[i] = (struct job){
			.view = &hop->view[i], .name = hop->name, .type = type, .timeout = timeout
		};
		started[i] = i + 1 < hop->view_count &&
		             pthread_create(&thread[i], NULL, ask_view, &job[i]) == 0;
	}
	for (size_t i = 0; i < hop->view_count; i++)
		if (!started[i])
			ask_view(&job[i]);
	for (size_t i = 0; i < hop->view_count; i++)
		if (started[i])
			pthread_join(thread[i], NULL);
}
