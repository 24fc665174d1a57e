/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver in the name servers' place, told to people (check/dns_way.h). Pure. */
#include <stdio.h>

#include "check/dns_internal.h"

void
dns_relay_of(const struct config *config, struct dns_relay *ret)
{
	struct dns_server server = { 0 };

	*ret = (struct dns_relay){ .way = config->dns_way };
	if (config->dns_way != DNS_WAY_RESOLVER ||
	    !config_resolver_parse(
		str_of(config->dns_resolvers.list[0]), &server.address, &server.port))
		return;
	dns_server_words(&server, ret->resolver, sizeof(ret->resolver));
	ret->unchecked = !config->dns_root_anchors && !config->dns_anchor_file[0];
	for (size_t i = 0; i < config->dns_inside.count; i++)
		ret->inside |=
		    strcmp(config->dns_inside.list[i], config->dns_resolvers.list[0]) == 0;
}

void
dns_relay_tell(const struct dns_relay *relay, const char *fqdn, struct findings *findings)
{
	struct finding *f;

	if (relay->way != DNS_WAY_RESOLVER)
		return;
	f = findings_add(findings, FINDING_DNS_SECOND_HAND, "fqdn");
	finding_param(f, "fqdn", "%s", fqdn);
	finding_param(f, "resolver",
	    relay->inside ? "The resolver of this machine (%s)" : "The public resolver %s",
	    relay->resolver);
	finding_param(f, "signatures", "%s",
	    relay->unchecked ? "it does not pass them on, so they were not checked"
			     : "it passes them on, and they were checked");
}

void
dns_relay_blame(const struct dns_relay *relay, const char *says, char *to, size_t size)
{
	if (relay->way == DNS_WAY_RESOLVER)
		snprintf(to, size,
		    "the Internet's name servers cannot be reached, and %s%s, asked instead, says: %s",
		    relay->inside ? "this machine's resolver " : "", relay->resolver, says);
	else
		snprintf(to, size,
		    "the Internet's name servers cannot be reached, and no resolver of this machine, nor a public one, answers for all of the DNS");
}
