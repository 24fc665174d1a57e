/* SPDX-License-Identifier: Apache-2.0 */
#include "check/resolv_conf.h"

#include <ldns/ldns.h>

static void
resolver_free(ldns_resolver *resolver)
{
	ldns_resolver_deep_free(resolver);
}
CLEAN_DEFINE(resolver_free, ldns_resolver *);

static void
add(const ldns_rdf *server, struct config_resolvers *to)
{
	struct addr address = { .family = ldns_rdf_size(server) == 4 ? 4 : 6 };
	char text[ADDR_TEXT_SIZE];

	if (ldns_rdf_size(server) != 4 && ldns_rdf_size(server) != 16)
		return;
	copy_bytes(address.bytes, ldns_rdf_data(server), ldns_rdf_size(server));
	(void)config_resolver_add(to, str_of(addr_text(&address, text)));
}

void
resolv_conf_read(const char *path, struct config_resolvers *to)
{
	CLEAN(resolver_free) ldns_resolver *resolver = NULL;

	if (ldns_resolver_new_frm_file(&resolver, path) != LDNS_STATUS_OK)
		return;
	for (size_t i = 0; i < ldns_resolver_nameserver_count(resolver); i++)
		add(ldns_resolver_nameservers(resolver)[i], to);
}
