/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dns_wire.h"

#include <ldns/ldns.h>
#include <stdlib.h>

static void
packet_free(ldns_pkt *packet)
{
	ldns_pkt_free(packet);
}
CLEAN_DEFINE(packet_free, ldns_pkt *);

static ldns_rr_type
type_of(const struct dns_question *q)
{
	return (ldns_rr_type)q->type;
}

void
dns_question_fini(struct dns_question *q)
{
	ldns_pkt_free(q->packet);
	free(q->wire);
}

bool
dns_question_init(struct dns_question *q, const char *name, enum dns_type type, bool recursive)
{
	*q = (struct dns_question){ .type = type, .recursive = recursive };
	q->name = ldns_dname_new_frm_str(name);
	if (!q->name)
		return false;
	q->packet =
	    ldns_pkt_query_new(q->name, type_of(q), LDNS_RR_CLASS_IN, recursive ? LDNS_RD : 0);
	if (!q->packet) {
		ldns_rdf_deep_free(q->name);
		return false;
	}
	ldns_pkt_set_random_id(q->packet);
	return ldns_pkt2wire(&q->wire, q->packet, &q->wire_len) == LDNS_STATUS_OK;
}

static bool
is_answer_to(const ldns_pkt *answer, const struct dns_question *q)
{
	ldns_rr_list *asked = ldns_pkt_question(answer);
	ldns_rr *rr = ldns_rr_list_rr_count(asked) == 1 ? ldns_rr_list_rr(asked, 0) : NULL;

	return ldns_pkt_qr(answer) && ldns_pkt_id(answer) == ldns_pkt_id(q->packet) && rr &&
	       ldns_rr_get_type(rr) == type_of(q) &&
	       ldns_dname_compare(ldns_rr_owner(rr), q->name) == 0;
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

static void
add_record(struct dns_reply *reply, const struct dns_question *q, const ldns_rr *rr)
{
	if (reply->ttl == 0 || ldns_rr_ttl(rr) < reply->ttl)
		reply->ttl = ldns_rr_ttl(rr);
	if (q->type == DNS_TYPE_A || q->type == DNS_TYPE_AAAA)
		add_address(reply, rr);
	else if (reply->kind == REPLY_NOT_ASKED)
		reply->kind = REPLY_RECORDS;
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
add_alias(struct dns_reply *reply, const ldns_rr *rr)
{
	reply->ttl = ldns_rr_ttl(rr);
	reply->kind = name_text(ldns_rr_rdf(rr, 0), reply->alias) ? REPLY_ALIAS : REPLY_GARBLED;
}

static void
read_records(ldns_pkt *answer, const struct dns_question *q, struct dns_reply *ret)
{
	ldns_rr_list *list = ldns_pkt_answer(answer);

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (!q->recursive && ldns_dname_compare(ldns_rr_owner(rr), q->name) != 0)
			continue;
		if (ldns_rr_get_type(rr) == type_of(q))
			add_record(ret, q, rr);
		else if (!q->recursive && ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
			 ldns_rr_rdf(rr, 0))
			add_alias(ret, rr);
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
interpret(ldns_pkt *answer, const struct dns_question *q, struct dns_reply *ret)
{
	*ret = (struct dns_reply){ .kind = REPLY_NOT_ASKED, .rcode = ldns_pkt_get_rcode(answer) };
	if (ret->rcode != LDNS_RCODE_NOERROR && ret->rcode != LDNS_RCODE_NXDOMAIN) {
		ret->kind = REPLY_RCODE;
		return;
	}
	if (!q->recursive && !ldns_pkt_aa(answer)) {
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

bool
dns_answer_read(
    const struct dns_question *q, struct str message, struct dns_reply *ret, bool *ret_cut)
{
	CLEAN(packet_free) ldns_pkt *answer = NULL;

	if (ldns_wire2pkt(&answer, (const uint8_t *)message.p, message.len) != LDNS_STATUS_OK ||
	    !is_answer_to(answer, q))
		return false;
	interpret(answer, q, ret);
	*ret_cut = ldns_pkt_tc(answer);
	return true;
}
