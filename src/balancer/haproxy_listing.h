/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What HAProxy's runtime socket lists, as pure functions over lines and replies; for a survey alone.
 * As in haproxy_reply.h: bounded before it comes here, and nothing in it is trusted. What is not
 * understood is left out.
 */
#pragma once

#include "balancer/survey.h"

/* A line of a listing: what it is looked up by, and the rest of it. Borrowed from the reply. */
struct haproxy_listed {
	struct str key, rest;
};

/* False: it names nothing. *ret is filled only if it does. */
typedef bool haproxy_split_fn(struct str line, struct haproxy_listed *ret);
haproxy_split_fn haproxy_split_certificate; /* of `show ssl cert`, not of an open transaction */
haproxy_split_fn haproxy_split_list;        /* of `show ssl crt-list -n LIST` */
haproxy_split_fn haproxy_split_map;         /* of `show map MAP` */

/* The first name of "[options] filters" by which a certificate is chosen; "" = there is none. */
void haproxy_first_filter(struct str rest, char *to, size_t size);

/* Of `show ssl cert NAME`: what the certificate says, "" or 0 where it does not. */
struct haproxy_said {
	char names[SURVEY_NAMES_MAX], subject[512], issuer[512], organization[512];
	when not_after;
};
void haproxy_said_parse(struct str reply, struct haproxy_said *ret);
