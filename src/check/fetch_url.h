/* SPDX-License-Identifier: Apache-2.0 */
/* Where may be fetched from: pure decisions of check/fetch.c. For it and its test. */
#pragma once

#include "base/addr.h"
#include "base/outcome.h"
#include "config/config.h"

struct fetch_url {
	char host[256];          /* a name, or an address without brackets */
	bool is_address, secure; /* secure: https */
	struct addr address;     /* of is_address */
	uint16_t port;
};

/* REFUSED in *what (and false): no plain http address of a host, nor, where `secure`, one of https. */
bool fetch_url_parse(const char *url, bool secure, struct fetch_url *ret, struct outcome *what);
/* May this address and port be connected to? */
bool fetch_may(const struct config *config, const struct addr *address, uint16_t port, bool secure);
uint16_t fetch_port(bool secure); /* the one that strangers may name */
