/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A deadline for whatever libldap does on a connection. Its own limits do not hold during a TLS
 * handshake: with GnuTLS, a server that connects and then says nothing keeps it reading for ever
 * (OpenLDAP 2.5). So each read and write waits here first, below TLS, and fails once the deadline has
 * passed. Messages are limited in length by the same way in.
 */
#pragma once

#include <ldap.h>

#include "base/when.h"

#define LDAP_MESSAGE_MAX (1u << 20) /* one entry, or the end of a page */

struct ldap_patience {
	when deadline; /* of world_ticks(); may be moved at any time */
	struct ldap_conncb callback;
};

/* For connections still to be made; *patience must outlive the handle. False: libldap does not take
 * it. */
bool ldap_patience_begin(LDAP *ldap, struct ldap_patience *patience);
