/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of names at once: which of them still lead where they must, and which need a look? One
 * thread, many questions under way, each name asked at every name server of its zone; what is not
 * exactly as it must be is for dns_check(), which tells why (docs/decisions/0022).
 *
 * A dead server costs its own zone a look and the others nothing: no server has more than a few
 * questions under way, and one that never answers is asked no more. Signatures are not checked here.
 */
#pragma once

#include "base/addr.h"
#include "config/config.h"
#include "pki/name.h"

enum dns_sweep_answer {
	DNS_SWEEP_LOOK,    /* something is not as it must be, or gave no answer: dns_check() it */
	DNS_SWEEP_POINTED, /* every server says the address and nothing else, or an alias to a name
	                      of ours (dns.our_names), which is ours to look at */
};

struct dns_sweep_site {
	struct host_name name;
	struct addr address;
	enum dns_sweep_answer answer; /* result, as the next one */
	size_t server_count;          /* name servers that say it is right */
};

#define DNS_SWEEP_MOST 1000000

/* Fills in the answers. Takes as long as the network needs, and not much more than the timeout of a
 * few questions where all is dead. */
int dns_sweep(const struct config *config, struct dns_sweep_site *sites, size_t count) MUST_USE;
