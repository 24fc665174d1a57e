/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What HAProxy's runtime socket says, as pure functions over its replies. The texts are those
 * of 2.6.12, and of 3.4 where it differs; they are no interface anybody promised, so what is not
 * known is a failure (BALANCER_E_BROKEN). The replies are a peer's: bounded before they come here,
 * and nothing in them is trusted.
 */
#pragma once

#include "balancer/balancer.h"

enum haproxy_command {
	HAPROXY_NEW,      /* new ssl cert */
	HAPROXY_SET,      /* set ssl cert */
	HAPROXY_COMMIT,   /* commit ssl cert */
	HAPROXY_ABORT,    /* abort ssl cert */
	HAPROXY_DEL_CERT, /* del ssl cert */
	HAPROXY_ADD_LIST, /* add ssl crt-list */
	HAPROXY_DEL_LIST, /* del ssl crt-list */
	HAPROXY_MAP,      /* add, set, del map */
	HAPROXY_SHOW,     /* whatever the parsers below understand */
	HAPROXY_COMMAND_MAX
};
const char *haproxy_command_name(enum haproxy_command command); /* for words: "set ssl cert" */

/* 0, NOOP (it was so already), or the failure the reply tells. */
int haproxy_judge(enum haproxy_command command, struct str reply) MUST_USE;
/* Of an open transaction in the way, the certificate it is about; false when the reply names none.
 */
bool haproxy_transaction_in(struct str reply, struct str *ret_file);

enum haproxy_cert_status {
	HAPROXY_CERT_ABSENT,
	HAPROXY_CERT_EMPTY,
	HAPROXY_CERT_UNUSED,
	HAPROXY_CERT_USED
};

struct haproxy_cert {
	enum haproxy_cert_status status;
	uint8_t sha1[20]; /* zeros when absent or empty */
	size_t chain_count;
};
/* Of `show ssl cert NAME`; `name` as asked, with the '*' of an open transaction. False: not
 * understood. */
bool haproxy_cert_parse(struct str reply, struct str name, struct haproxy_cert *ret);
/* Of `show ssl cert`: the certificate of the open transaction; "" = none. */
struct str haproxy_open_transaction(struct str reply);

/* Of `show ssl crt-list -n LIST`: the last line number of that certificate, 0 = not in the list.
 * False: not understood. */
bool haproxy_list_parse(struct str reply, struct str file, int64_t *ret_line);

enum haproxy_route { HAPROXY_ROUTE_ABSENT, HAPROXY_ROUTE_OTHER, HAPROXY_ROUTE_SAME };
/* Of `get map MAP HOST`. False: not understood. */
bool haproxy_route_parse(
    struct str reply, struct str host, struct str backend, enum haproxy_route *ret);

struct haproxy_version {
	unsigned major, minor;
	char text[64];
};
/* Of `show version`: "2.6.12-1+deb12u4". */
bool haproxy_version_parse(struct str reply, struct haproxy_version *ret);
/* A line "NAME: value" of `show info`; "" if there is none. */
struct str haproxy_info(struct str reply, struct str name);
