/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to one authoritative server, as a plain client asks it: no recursion wanted, no
 * EDNS. UDP by ldns, TCP over our own socket. The answer counts only if it is one to our question
 * (number, name, type), and only records at the name asked for are looked at: where an alias leads
 * is another question.
 */
#include "check/dns_internal.h"

#include <ldns/ldns.h>
#include <pthread.h>
#include <stdlib.h>

#include "sys/file.h"
#include "sys/net.h"

#define WIRE_MAX 65535

static void
packet_free(ldns_pkt *packet)
{
	ldns_pkt_free(packet);
}
CLEAN_DEFINE(packet_free, ldns_pkt *);

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

struct question {
	ldns_pkt *packet;
	ldns_rdf *name; /* owned by the packet */
	ldns_rr_type type;
	uint8_t *wire;
	size_t wire_len;
};

static void
question_fini(struct question *q)
{
	ldns_pkt_free(q->packet);
	free(q->wire);
}
CLEAN_DEFINE_FINI(question_fini, struct question);

static bool
question_init(struct question *q, const char *name, bool aaaa)
{
	*q = (struct question){ .type = aaaa ? LDNS_RR_TYPE_AAAA : LDNS_RR_TYPE_A };
	q->name = ldns_dname_new_frm_str(name);
	if (!q->name)
		return false;
	q->packet = ldns_pkt_query_new(q->name, q->type, LDNS_RR_CLASS_IN, 0);
	if (!q->packet) {
		ldns_rdf_deep_free(q->name);
		return false;
	}
	ldns_pkt_set_random_id(q->packet);
	return ldns_pkt2wire(&q->wire, q->packet, &q->wire_len) == LDNS_STATUS_OK;
}

static bool
is_answer_to(const ldns_pkt *answer, const struct question *q)
{
	ldns_rr_list *asked = ldns_pkt_question(answer);
	ldns_rr *rr = ldns_rr_list_rr_count(asked) == 1 ? ldns_rr_list_rr(asked, 0) : NULL;

	return ldns_pkt_qr(answer) && ldns_pkt_id(answer) == ldns_pkt_id(q->packet) && rr &&
	       ldns_rr_get_type(rr) == q->type &&
	       ldns_dname_compare(ldns_rr_owner(rr), q->name) == 0;
}

/* NULL when these bytes are no answer to the question. */
static ldns_pkt *
parse(const uint8_t *wire, size_t len, const struct question *q)
{
	CLEAN(packet_free) ldns_pkt *answer = NULL;

	if (ldns_wire2pkt(&answer, wire, len) != LDNS_STATUS_OK)
		return NULL;
	return is_answer_to(answer, q) ? TAKE(answer) : NULL;
}

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

static ldns_pkt *
over_udp(const struct dns_server *server, const struct question *q, when timeout)
{
	CLEAN(wire_free) uint8_t *got = NULL;
	struct sockaddr_storage to;
	struct timeval tv = { .tv_sec = timeout / SECONDS(1), .tv_usec = timeout % SECONDS(1) };
	size_t to_len, len = 0;
	ldns_buffer out = { 0 };

	if (!socket_address(server, &to, &to_len))
		return NULL;
	ldns_buffer_new_frm_data(&out, q->wire, q->wire_len); /* copies */
	if (ldns_udp_send(&got, &out, &to, (socklen_t)to_len, tv, &len) != LDNS_STATUS_OK)
		len = 0;
	free(ldns_buffer_export(&out));
	return len > 0 ? parse(got, len, q) : NULL;
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

/* RFC 7766: two bytes of length in front. 0 with NULL: it answered, but not our question. */
static int
over_tcp(const struct dns_server *server, const struct question *q, when timeout, ldns_pkt **ret)
{
	CLEAN(close_fd) int fd = -1;
	CLEAN(buf_fini) struct buf out = BUF(WIRE_MAX + 2), in = BUF(WIRE_MAX + 2);
	when deadline = world_ticks() + timeout;
	int r = net_connect(&server->address, server->port, timeout, &fd);

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
	*ret = parse((const uint8_t *)in.data + 2, in.len - 2, q);
	return 0;
}

static void
add_address(struct dns_reply *reply, const ldns_rr *rr)
{
	const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);
	size_t size = rdf ? ldns_rdf_size(rdf) : 0;
	struct addr *a;

	if ((size != 4 && size != 16) || reply->address_count == DNS_ADDRESSES_MAX)
		return;
	a = &reply->address[reply->address_count++];
	*a = (struct addr){ .family = size == 4 ? 4 : 6 };
	copy_bytes(a->bytes, ldns_rdf_data(rdf), size);
}

/* Lower case, without the last dot, so that equal names are equal texts; false when it is too long.
 */
static bool
name_text(ldns_rdf *name, char to[static DNS_NAME_SIZE])
{
	CLEAN(free_text) char *text = NULL;
	struct str s;

	ldns_dname2canonical(name);
	text = ldns_rdf2str(name);
	s = str_of(text);
	if (s.len > 1 && str_ends(s, STR(".")))
		s.len--;
	return s.len > 0 && str_copy(s, to, DNS_NAME_SIZE);
}

static void
read_records(ldns_pkt *answer, const struct question *q, struct dns_reply *ret)
{
	ldns_rr_list *list = ldns_pkt_answer(answer);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_dname_compare(ldns_rr_owner(rr), q->name) != 0)
			continue;
		if (ldns_rr_get_type(rr) == q->type)
			add_address(ret, rr);
		else if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && ldns_rr_rdf(rr, 0))
			ret->kind =
			    name_text(ldns_rr_rdf(rr, 0), ret->alias) ? REPLY_ALIAS : REPLY_GARBLED;
	}
	ret->crowded = ret->kind == REPLY_ALIAS && ret->address_count > 0;
}

/* RFC 2308 section 5: the smaller of the SOA's own TTL and its last field (G-06). */
static uint32_t
negative_ttl(ldns_pkt *answer)
{
	ldns_rr_list *list = ldns_pkt_authority(answer);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rdf(rr, 6)) {
			uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));

			return minimum < ldns_rr_ttl(rr) ? minimum : ldns_rr_ttl(rr);
		}
	}
	return 0;
}

static void
interpret(ldns_pkt *answer, const struct question *q, struct dns_reply *ret)
{
	*ret = (struct dns_reply){ .kind = REPLY_NOT_ASKED, .rcode = ldns_pkt_get_rcode(answer) };
	if (ret->rcode != LDNS_RCODE_NOERROR && ret->rcode != LDNS_RCODE_NXDOMAIN) {
		ret->kind = REPLY_RCODE;
		return;
	}
	if (!ldns_pkt_aa(answer)) {
		ret->kind = REPLY_LAME;
		return;
	}
	read_records(answer, q, ret);
	if (ret->kind != REPLY_NOT_ASKED)
		return;
	if (ret->address_count > 0)
		ret->kind = REPLY_ADDRESSES;
	else
		ret->kind = ret->rcode == LDNS_RCODE_NXDOMAIN ? REPLY_NO_NAME : REPLY_EMPTY;
	ret->negative_ttl = negative_ttl(answer);
}

void
dns_ask(const struct dns_server *server, const char *name, bool aaaa, when timeout,
    struct dns_reply *ret)
{
	CLEAN(question_fini) struct question q;
	CLEAN(packet_free) ldns_pkt *answer = NULL;
	int r = 0;

	*ret = (struct dns_reply){ .kind = REPLY_GARBLED };
	if (!question_init(&q, name, aaaa))
		return;
	answer = over_udp(server, &q, timeout);
	if (!answer || ldns_pkt_tc(answer)) {
		ldns_pkt_free(TAKE(answer));
		r = over_tcp(server, &q, timeout, &answer);
	}
	if (answer)
		interpret(answer, &q, ret);
	else if (r)
		ret->kind = r == NET_E_UNREACHABLE ? REPLY_UNREACHED : REPLY_SILENT;
}

struct job {
	struct dns_view *view;
	const char *name;
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
	dns_ask(&view->server, job->name, false, job->timeout, &view->a);
	if (view->a.kind == REPLY_SILENT || view->a.kind == REPLY_UNREACHED ||
	    view->a.kind == REPLY_ALIAS)
		view->aaaa = view->a;
	else
		dns_ask(&view->server, job->name, true, job->timeout, &view->aaaa);
	return NULL;
}

void
dns_ask_all(struct dns_hop *hop, when timeout)
{
	struct job job[DNS_SERVERS_MAX];
	pthread_t thread[DNS_SERVERS_MAX];
	bool started[DNS_SERVERS_MAX] = { false };

	for (size_t i = 0; i < hop->view_count; i++) {
		job[i] =
		    (struct job){ .view = &hop->view[i], .name = hop->name, .timeout = timeout };
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
