/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a site is made from on a BIG-IP: what the operator's template says for its kind of service,
 * else his balancer, else what is built in here, which is what F5 and Microsoft publish for Exchange
 * and SharePoint. Pure; nothing of it is looked up on a device.
 *
 * A name with a slash is a full name; one without is an object of ours, in our partition.
 */
#pragma once

#include "balancer/balancer.h"

struct bigip_template {
	const char *parent, *http, *tcp;
	const char *plain_http;                               /* the http profile of port 80 */
	const char *server_ssl, *persistence, *pool, *shared; /* "" = none */
	const char *rules;                                    /* of port 443, by spaces */
	const char *redirect; /* the iRule of port 80; "" = nobody listens there */
	const char *snat;     /* "automap", "none", or a pool's full name */
};
void bigip_template_of(const struct config_balancer *balancer, const struct bundle *bundle,
    struct bigip_template *ret);

#define BIGIP_OWN_MEMBERS 4

/* An object that sites share and nobody but certdesk makes. It is never changed: what should be
 * otherwise gets another version's name. */
struct bigip_own {
	const char *name;
	const char *kind; /* "ltm/rule" */
	const char *members[BIGIP_OWN_MEMBERS][2];
};
const struct bigip_own *bigip_own_named(const char *name); /* NULL: it is none */
