/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which RDAP server answers for a top-level domain: IANA's bootstrap file (RFC 9224), read strictly
 * and held in a cache (RD-01): a copy is used for a day; while no new one can be had, for two.
 */
#pragma once

#include "base/outcome.h"
#include "check/rdap_read.h"
#include "config/config.h"

#define RDAP_BOOTSTRAP_URL   "https://data.iana.org/rdap/dns.json"
#define RDAP_BOOTSTRAP_MAX   (2u * 1024 * 1024)
#define RDAP_BOOTSTRAP_FRESH HOURS(24)
#define RDAP_BOOTSTRAP_STALE HOURS(48)

enum {
	RDAP_BOOTSTRAP_E_NONE =
	    1, /* it knows no server for this domain: some countries have none */
	RDAP_BOOTSTRAP_E_MALFORMED, /* it is not such a file, nor part of one */
};

/* The server's base URL, with a slash at its end, of the entry that fits most labels (RFC 9224
 * section 4); https where there is a choice. Pure. */
int rdap_bootstrap_find(struct str file, const char *domain, char *url, size_t size) MUST_USE;
/* `from`: an address, or the absolute path of a file, which is taken as it is. `cache`: a folder, made
 * when needed; "" = none. Nothing in *to unless DONE. */
void rdap_bootstrap_get(const struct config *config, const char *from, const char *cache, when now,
    struct buf *to, struct outcome *what);
