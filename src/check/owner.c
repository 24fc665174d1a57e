/* SPDX-License-Identifier: Apache-2.0 */
#include "check/owner.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "pki/organization.h"
#include "pki/region.h"

/* Who stands in for an owner that wants not to be seen, and does not say so in the name
 * (check/rdap_redaction.c has those who do). */
static const char *const services[] = {
	"whoisguard",
	"domains by proxy",
	"identity protection",
	"whois agent",
	"whois protection",
	"whoisprotect",
	"domain protection services",
	"private by design",
	"proxy service",
	"proxy protection",
	"on behalf of",
	"anonymised",
	"anonymized",
	"njalla",
};

const char *
owner_result_name(enum owner_result result)
{
	static const char *const names[] = {
		[OWNER_MATCH] = "match",
		[OWNER_SIMILAR] = "similar",
		[OWNER_DIFFERENT] = "different",
		[OWNER_REDACTED] = "redacted",
		[OWNER_UNAVAILABLE] = "unavailable",
	};
	static_assert(COUNT_OF(names) == OWNER_RESULT_MAX, "a name for each result");

	return (size_t)result < COUNT_OF(names) ? names[result] : "unknown";
}

const char *
owner_part_name(enum owner_part part)
{
	static const char *const names[] = {
		[OWNER_PART_UNKNOWN] = "unknown",
		[OWNER_PART_SAME] = "same",
		[OWNER_PART_OTHER] = "other",
	};
	static_assert(COUNT_OF(names) == OWNER_PART_MAX, "a name for each part");

	return (size_t)part < COUNT_OF(names) ? names[part] : "unknown";
}

static PRINTF_LIKE(3, 4) void conclude(
    struct owner_comparison *ret, enum owner_result result, const char *format, ...)
{
	va_list args;

	ret->result = result;
	va_start(args, format);
	vsnprintf(ret->reason, sizeof(ret->reason), format, args);
	va_end(args);
}

static bool
is_service(const char *text)
{
	for (size_t i = 0; i < COUNT_OF(services); i++)
		if (strcasestr(text, services[i]))
			return true;
	return false;
}

/* RD-03: an organization that is filled in is the legal owner. A country's registry may know the name
 * alone, of companies too; that of a person is nothing to compare with. */
static const struct rdap_field *
owner_field(const struct rdap_contact *c)
{
	bool is_person = str_eq_nocase(str_of(c->kind), STR("individual"));

	if (c->organization.state != RDAP_ABSENT || c->organization.hidden || is_person ||
	    *c->name.text == '\0')
		return &c->organization;
	return &c->name;
}

/* True: there is a name to compare with, *ret_name. */
static bool
see(const struct rdap_report *report, const char **ret_name, struct owner_comparison *ret)
{
	const struct rdap_contact *c = &report->domain.registrant;
	const struct rdap_field *field = owner_field(c);

	*ret_name = field->text;
	if (report->found != RDAP_FOUND)
		conclude(ret, OWNER_UNAVAILABLE, "%s",
		    report->found == RDAP_NO_DOMAIN ? "the registry does not know the domain"
						    : report->what.words);
	else if (is_service(field->text))
		conclude(ret, OWNER_REDACTED, "a privacy service stands in for it");
	else if (field->state == RDAP_PRESENT)
		return true;
	else if (field->hidden || field->state == RDAP_REDACTED || field->state == RDAP_PARTIAL ||
		 field->state == RDAP_PLACEHOLDER)
		conclude(ret, OWNER_REDACTED, "it is kept back");
	else if (!report->domain.has_registrant)
		conclude(ret, OWNER_UNAVAILABLE, "it names no owner");
	else
		conclude(ret, OWNER_UNAVAILABLE, "%s",
		    *c->name.text ? "it names a person" : "the field is empty");
	return false;
}

static enum owner_part
compare_place(const char *ordered, const char *registered)
{
	if (*ordered == '\0' || *registered == '\0' || rdap_is_placeholder(registered))
		return OWNER_PART_UNKNOWN;
	return organization_place_same(str_of(ordered), str_of(registered)) ? OWNER_PART_SAME
	                                                                    : OWNER_PART_OTHER;
}

/* A code, or whatever stands in the address; "" = no country that we know. */
static const char *
country_of(const struct rdap_contact *c)
{
	const char *text = *c->country_code ? c->country_code : c->country;
	const char *meant = region_country_meant(str_of(text));

	if (meant)
		return meant;
	return subject_is_country(str_of(text)) ? text : "";
}

static void
compare_places(
    const struct subject *ordered, const struct rdap_contact *c, struct owner_comparison *ret)
{
	const char *country = country_of(c), *full = region_in_full(country, str_of(c->region));

	ret->city = compare_place(ordered->city, c->city);
	ret->state = compare_place(ordered->state, full ? full : c->region);
	ret->country = compare_place(ordered->country, country);
}

void
owner_compare(
    const struct subject *ordered, const struct rdap_report *report, struct owner_comparison *ret)
{
	const char *name, *why;

	*ret = (struct owner_comparison){ .result = OWNER_MATCH };
	if (!see(report, &name, ret))
		return;
	snprintf(ret->registered, sizeof(ret->registered), "%s", name);
	compare_places(ordered, &report->domain.registrant, ret);
	switch (organization_compare(
	    str_of(ordered->organization), str_of(name), ordered->country, &why)) {
	case ORGANIZATION_SAME:
		if (ret->country == OWNER_PART_OTHER)
			conclude(ret, OWNER_SIMILAR, "it is registered in another country (%s)",
			    country_of(&report->domain.registrant));
		break;
	case ORGANIZATION_SIMILAR:
		conclude(ret, OWNER_SIMILAR, "%s", why);
		break;
	case ORGANIZATION_OTHER:
		conclude(ret, OWNER_DIFFERENT, "%s", "");
		break;
	case ORGANIZATION_UNLIKE_LETTERS:
	case ORGANIZATION_LIKENESS_MAX:
		conclude(
		    ret, OWNER_UNAVAILABLE, "it is written in another alphabet than the order");
		break;
	}
}

void
owner_judge(const struct subject *ordered, const char *domain,
    const struct owner_comparison *comparison, struct findings *findings)
{
	static const enum finding_code codes[] = {
		[OWNER_MATCH] = FINDING_MAX,
		[OWNER_SIMILAR] = FINDING_ORG_RESEMBLES_DOMAIN,
		[OWNER_DIFFERENT] = FINDING_ORG_DIFFERS_FROM_DOMAIN,
		[OWNER_REDACTED] = FINDING_ORG_OWNER_UNSEEN,
		[OWNER_UNAVAILABLE] = FINDING_ORG_OWNER_UNSEEN,
	};
	static_assert(COUNT_OF(codes) == OWNER_RESULT_MAX, "a finding for each result");
	enum finding_code code = codes[comparison->result];
	struct finding *f;

	if (code == FINDING_MAX)
		return;
	f = findings_add(findings, code, "organization");
	finding_param(f, "domain", "%s", domain);
	finding_param(f, "registered", "%s", comparison->registered);
	finding_param(f, "ordered", "%s", ordered->organization);
	finding_param(f, "reason", "%s", comparison->reason);
}
