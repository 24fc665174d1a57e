/* SPDX-License-Identifier: Apache-2.0 */
#include "check/ldap_reference.h"

#include <ldap.h>

#include "base/str.h"

/* Their names are directly below a domain's (MS-ADTS section 3.1.1.1.5). */
static const struct {
	const char *attribute, *value;
} partitions[] = {
	{ "CN", "Configuration" },
	{ "DC", "DomainDnsZones" },
	{ "DC", "ForestDnsZones" },
};

static void
url_free(LDAPURLDesc *url)
{
	ldap_free_urldesc(url);
}
CLEAN_DEFINE(url_free, LDAPURLDesc *);

static void
dn_free(LDAPDN dn)
{
	ldap_dnfree(dn);
}
CLEAN_DEFINE(dn_free, LDAPDN);

static struct str
text_of(struct berval value)
{
	return str_bytes(value.bv_val, value.bv_len);
}

static bool
is_partition(const LDAPAVA *part)
{
	for (size_t i = 0; i < COUNT_OF(partitions); i++)
		if (str_eq_nocase(text_of(part->la_attr), str_of(partitions[i].attribute)) &&
		    str_eq_nocase(text_of(part->la_value), str_of(partitions[i].value)))
			return true;
	return false;
}

static bool
is_domain(const LDAPRDN *parts)
{
	size_t count = 0;

	for (; parts[count]; count++)
		if (parts[count][1] || !str_eq_nocase(text_of(parts[count][0]->la_attr), STR("DC")))
			return false;
	return count > 0;
}

bool
ldap_reference_is_housekeeping(const char *url)
{
	CLEAN(url_free) LDAPURLDesc *read = NULL;
	CLEAN(dn_free) LDAPDN dn = NULL;

	if (ldap_url_parse(url, &read) != LDAP_URL_SUCCESS || !read->lud_dn ||
	    ldap_str2dn(read->lud_dn, &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS || !dn)
		return false;
	return dn[0] && !dn[0][1] && is_partition(dn[0][0]) && is_domain(dn + 1);
}
