/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the registry about a domain, over RDAP (RFC 7480, RFC 9082): which server, what it says, and
 * where the registry itself keeps no contacts, what the registrar says (RD-01, RD-03, RD-04).
 *
 * Servers are strangers: the bootstrap file names them, and they name others. All are visited by
 * check/fetch.h, over https (http only where a registry has nothing else), at addresses on the
 * Internet, with its limits of redirects, bytes and seconds; of `related` links one is followed, once.
 *
 * rdap_look() always yields a report with words.
 */
#pragma once

#include "base/outcome.h"
#include "check/rdap_read.h"
#include "config/config.h"

enum rdap_found {
	RDAP_FOUND,      /* `domain` holds what the registry says */
	RDAP_NO_DOMAIN,  /* the registry does not know it */
	RDAP_NO_SERVICE, /* no server is known for this ending: some countries have none */
	RDAP_UNCLEAR,    /* it was asked, and what came back is of no use; see `what` */
	RDAP_FOUND_MAX
};
const char *rdap_found_name(enum rdap_found found); /* "found" "no_domain" "no_service" "unclear" */

struct rdap_question {
	const char *domain;    /* registrable, as A-labels */
	const char *server;    /* base URL of the server to ask; "" = by the bootstrap file */
	const char *bootstrap; /* address or absolute path; "" = rdap.bootstrap */
	const char *cache;     /* folder; "" = none */
	when now;
};

struct rdap_report {
	enum rdap_found found;
	struct outcome what;     /* LATER: worth another try, at `again` if the server said when */
	char url[RDAP_URL_SIZE]; /* what was asked; "" = nothing */
	char registrar_url[RDAP_URL_SIZE]; /* what was asked there; "" = nothing */
	bool by_registrar;                 /* the owner comes from there */
	struct rdap_domain domain;
};

void rdap_look(
    const struct config *config, const struct rdap_question *question, struct rdap_report *ret);
/* The report as one JSON object, what the registry said included. */
json_t *rdap_report_json(const struct rdap_report *report);
/* An answer somebody has: as if a server had given it for this domain, "" for whichever. Pure. */
void rdap_report_of(struct str answer, const char *domain, struct rdap_report *ret);
