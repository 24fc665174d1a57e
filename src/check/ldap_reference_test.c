/* SPDX-License-Identifier: Apache-2.0 */
#include "check/ldap_reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macro.h"

static void
only_a_domains_own_house_is_passed_by(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *url; bool housekeeping; } cases[] = {
		{ "ldap://contoso.example/CN=Configuration,DC=contoso,DC=example", true },
		{ "ldaps://contoso.example/CN=Configuration,DC=contoso,DC=example", true },
		{ "ldap://DomainDnsZones.contoso.example/DC=DomainDnsZones,DC=contoso,DC=example", true },
		{ "ldap://ForestDnsZones.contoso.example/dc=forestdnszones,dc=contoso,dc=example??sub", true },
		{ "ldap:///DC=DomainDnsZones,DC=example", true },
		{ "ldap://emea.contoso.example/DC=emea,DC=contoso,DC=example", false }, /* people */
		{ "ldap://dc1/DC=Mail,DC=contoso,DC=example", false },
		{ "ldap://dc1/OU=DomainDnsZones,DC=contoso,DC=example", false },
		{ "ldap://dc1/CN=Configuration,OU=Hosting,DC=contoso,DC=example", false },
		{ "ldap://dc1/CN=Schema,CN=Configuration,DC=contoso,DC=example", false },
		{ "ldap://dc1/CN=Configuration+L=x,DC=contoso,DC=example", false },
		{ "ldap://dc1/CN=Configuration,DC=contoso+L=x,DC=example", false },
		{ "ldap://dc1/CN=Configuration", false },
		{ "ldap://dc1/", false }, { "ldap://dc1", false }, { "http://dc1/CN=Configuration,DC=example", false },
		{ "ldap://dc1/CN=Configuration,,DC=", false }, { "", false },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (ldap_reference_is_housekeeping(cases[i].url) != cases[i].housekeeping)
			fail_msg("%s", cases[i].url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
	    only_a_domains_own_house_is_passed_by) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
