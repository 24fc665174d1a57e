/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches what stands in a certificate as an address (AIA caIssuers; revocation lists): written by
 * strangers, so whatever they write must lead outside and end soon (I-16).
 *
 * http only, port 80; the name is resolved here, by libunbound as all names are, and only an address on
 * the Internet is connected to, the one that was looked at and no other (a name that changes between
 * looking and connecting changes nothing, and the socket is made for that address alone). Three redirects at most, each looked at as the first. No proxy, no cookies, no
 * compression; bytes and seconds are bounded. fetch.allow names exceptions, for a CA of one's own.
 *
 * What is not signed by itself, as a registry's answer (check/rdap.h), is wished for over https: port
 * 443, the server's certificate verified, and no redirect leads from there to http.
 */
#pragma once

#include "base/buf.h"
#include "base/outcome.h"
#include "config/config.h"

#define FETCH_TIME SECONDS(5) /* for all of it */

enum fetch_end {
	FETCH_ENDED,     /* as *what says */
	FETCH_FORBIDDEN, /* REFUSED, as it leads inside: a matter for the provider's engineers */
};

/*
 * Puts the body into *to, in place of what is there, up to its limit; nothing unless DONE. LATER: no
 * answer, or 5xx; REFUSED: it may not be fetched, or there is nothing (4xx), too much, or something
 * else than an answer. The words are for people.
 */
enum fetch_end fetch_get(
    const struct config *config, const char *url, struct buf *to, struct outcome *what);

/* How else than as a certificate's address. */
struct fetch_wish {
	const char *accept;  /* media types, as in the header; NULL = none */
	bool secure;         /* https, too */
	const char *ca_file; /* PEM roots for it; "" = the system's */
	when time;           /* for all of it; 0 = FETCH_TIME */
};
struct fetch_answer {
	long status; /* the last one that came; 0 = none */
	when wait;   /* how long the server asks to be left alone (Retry-After); 0 = not said */
};
/* As fetch_get(), otherwise. */
enum fetch_end fetch_get_as(const struct config *config, const struct fetch_wish *wish,
    const char *url, struct buf *to, struct fetch_answer *ret, struct outcome *what);
/* As fetch_get(), sending a body (OCSP, RFC 6960 appendix A); it is sent again after a redirect. */
enum fetch_end fetch_post(const struct config *config, const char *url, const char *content_type,
    struct str body, struct buf *to, struct outcome *what);
