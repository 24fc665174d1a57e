/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside check/dns: a question as bytes, and what the bytes of an answer say (RFC 1035 section 4).
 * No I/O. The answer counts only if it is one to our question (number, name, type). Of a server that
 * knows by itself only records at the name asked for are looked at: where an alias leads is another
 * question. A resolver has followed it, so its addresses count wherever they stand.
 */
#pragma once

#include "check/dns_internal.h"

struct ldns_struct_pkt;
struct ldns_struct_rdf;

struct dns_question {
	struct ldns_struct_pkt *packet;
	struct ldns_struct_rdf *name; /* owned by the packet */
	enum dns_type type;
	bool recursive; /* for a resolver */
	uint8_t *wire;
	size_t wire_len;
};

/* False: it is no name, or there is no memory; to be given to dns_question_fini() all the same. */
bool dns_question_init(
    struct dns_question *q, const char *name, enum dns_type type, bool recursive) MUST_USE;
void dns_question_fini(struct dns_question *q);
CLEAN_DEFINE_FINI(dns_question_fini, struct dns_question);

/* False: these bytes are no answer to the question. *ret_cut: not all of it fitted. */
bool dns_answer_read(const struct dns_question *q, struct str message, struct dns_reply *ret,
    bool *ret_cut) MUST_USE;
