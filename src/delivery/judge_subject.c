/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the certificate names, and how the issuer says it found out. */
#include <assert.h>
#include <openssl/objects.h>
#include <stdio.h>

#include "delivery/judge_internal.h"
#include "pki/subject.h"

static const struct certificate_attribute *
part(const struct judging *j, int nid)
{
	return certificate_attribute(&j->details, nid);
}

/* S-02, S-03: what an owner must consist of. */
struct needed_part {
	int nid, instead; /* NID_undef: nothing will do instead */
	enum certificate_type from;
	const char *words;
};

/* clang-format off */
static const struct needed_part needed_parts[] = {
	{ NID_organizationName,       NID_surname,             CERTIFICATE_OV, "the organization" },
	{ NID_countryName,            NID_undef,               CERTIFICATE_OV, "the country" },
	{ NID_localityName,           NID_stateOrProvinceName, CERTIFICATE_OV, "the city or state" },
	{ NID_businessCategory,       NID_undef,               CERTIFICATE_EV, "the kind of organization" },
	{ NID_serialNumber,           NID_undef,               CERTIFICATE_EV, "the registration number" },
	{ NID_jurisdictionCountryName, NID_undef,              CERTIFICATE_EV, "the country of registration" },
};
/* clang-format on */

static void
check_completeness(struct judging *j)
{
	CLEAN(buf_fini) struct buf missing = BUF(FINDING_VALUE_SIZE);
	struct finding *finding;

	for (size_t i = 0; i < COUNT_OF(needed_parts); i++) {
		const struct needed_part *p = &needed_parts[i];

		if (j->details.type >= p->from && !part(j, p->nid) &&
		    (p->instead == NID_undef || !part(j, p->instead)))
			buf_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", p->words);
	}
	if (missing.len == 0)
		return;
	finding = judge_find(j, FINDING_CERT_OWNER_INCOMPLETE);
	finding_param(finding, "type", "%s", certificate_type_words(j->details.type));
	finding_param(finding, "found", "%s", buf_text(&missing));
}

/* S-01: country and common name are all that a domain says. */
static void
check_dv_owner(struct judging *j)
{
	CLEAN(buf_fini) struct buf more = BUF(FINDING_VALUE_SIZE);

	for (size_t i = 0; i < j->details.attribute_count; i++) {
		const struct certificate_attribute *a = &j->details.attribute[i];

		if (a->nid != NID_countryName && a->nid != NID_commonName &&
		    a->nid != NID_organizationalUnitName && a->nid != NID_pkcs9_emailAddress &&
		    more.len < FINDING_VALUE_SIZE / 2)
			buf_printf(
			    &more, "%s%s=\"%.60s\"", more.len > 0 ? ", " : "", a->name, a->text);
	}
	if (more.len > 0)
		finding_param(judge_find(j, FINDING_CERT_DV_OWNER), "found", "%s", buf_text(&more));
}

static void
check_ev_star(struct judging *j)
{
	for (size_t i = 0; i < j->facts.name_count; i++) {
		char shown[200];

		if (!str_starts(j->facts.names[i], STR("*.")))
			continue;
		str_show(j->facts.names[i], shown, sizeof(shown));
		finding_param(judge_find(j, FINDING_CERT_EV_WILDCARD), "found", "%s", shown);
		return;
	}
}

/* S-01 to S-04, N-09 */
void
check_type(struct judging *j)
{
	struct finding *finding;

	if (j->details.type_count == 0)
		(void)judge_find(j, FINDING_CERT_TYPE_NONE);
	if (j->details.type_count > 1) {
		finding = judge_find(j, FINDING_CERT_TYPE_SEVERAL);
		finding_param(finding, "count", "%zu", j->details.type_count);
		finding_param(finding, "found", "%s", j->details.policies);
	}
	if (j->details.type == CERTIFICATE_DV)
		check_dv_owner(j);
	check_completeness(j);
	if (j->details.type == CERTIFICATE_EV)
		check_ev_star(j);
}

/* S-05: characters, not bytes. One row per kind; kinds that may stand there twice are marked. */
struct part_rule {
	int nid;
	size_t most;
	bool several;
	const char *words;
};

/* clang-format off */
static const struct part_rule part_rules[] = {
	{ NID_countryName,            2,   false, "The country" },
	{ NID_stateOrProvinceName,    128, false, "The state" },
	{ NID_localityName,           128, false, "The city" },
	{ NID_postalCode,             40,  false, "The postal code" },
	{ NID_streetAddress,          128, true,  "The street" },
	{ NID_organizationName,       64,  false, "The organization" },
	{ NID_organizationalUnitName, 64,  true,  "The division" },
	{ NID_serialNumber,           64,  false, "The registration number" },
	{ NID_businessCategory,       128, false, "The kind of organization" },
	{ NID_commonName,             64,  true,  "The common name" }, /* several: N-02 tells */
};
/* clang-format on */

static const struct part_rule *
rule_of(int nid)
{
	for (size_t i = 0; i < COUNT_OF(part_rules); i++)
		if (part_rules[i].nid == nid)
			return &part_rules[i];
	return NULL;
}

static void
check_length(struct judging *j, const struct certificate_attribute *a)
{
	const struct part_rule *rule = rule_of(a->nid);
	struct finding *finding;

	if (!rule || a->characters <= rule->most || judge_told(j, FINDING_CERT_OWNER_LONG))
		return;
	finding = judge_find(j, FINDING_CERT_OWNER_LONG);
	finding_param(finding, "name", "%s", rule->words);
	finding_param(finding, "found", "%zu", a->characters);
	finding_param(finding, "limit", "%zu", rule->most);
}

static void
check_twice(struct judging *j, size_t at)
{
	const struct certificate_attribute *a = &j->details.attribute[at];
	const struct part_rule *rule = rule_of(a->nid);

	if (!rule || rule->several || part(j, a->nid) == a ||
	    judge_told(j, FINDING_CERT_OWNER_TWICE))
		return;
	finding_param(judge_find(j, FINDING_CERT_OWNER_TWICE), "name", "%s", a->name);
}

/* S-02, S-05, S-08, S-10 */
void
check_owner(struct judging *j)
{
	const struct certificate_attribute *country = part(j, NID_countryName);
	const struct certificate_attribute *division = part(j, NID_organizationalUnitName);
	const struct certificate_attribute *mail = part(j, NID_pkcs9_emailAddress);
	when end;

	if (division && when_parse(STR("2022-09-01T00:00:00Z"), &end) && j->facts.not_before >= end)
		finding_param(judge_find(j, FINDING_CERT_OU), "found", "%s", division->text);
	if (country && !subject_is_country(str_of(country->text)))
		finding_param(judge_find(j, FINDING_CERT_COUNTRY), "found", "%s", country->text);
	if (mail)
		finding_param(judge_find(j, FINDING_CERT_OWNER_MAIL), "found", "%s", mail->text);
	for (size_t i = 0; i < j->details.attribute_count; i++) {
		check_length(j, &j->details.attribute[i]);
		check_twice(j, i);
	}
}

/* What a text looks like; the first part of each fault is told. */
struct text_fault {
	enum finding_code code;
	bool (*has)(const struct certificate_attribute *a);
};

static bool
is_placeholder(const struct certificate_attribute *a)
{
	return a->nid != NID_commonName && a->nid != NID_countryName &&
	       subject_is_placeholder(str_of(a->text));
}

static bool
is_odd_encoding(const struct certificate_attribute *a)
{
	return !a->is_usual && a->nid != NID_pkcs9_emailAddress && a->nid != NID_domainComponent;
}

static bool
has_blanks(const struct certificate_attribute *a)
{
	return a->has_blanks && !is_placeholder(a);
}

static bool
has_entities(const struct certificate_attribute *a)
{
	return a->has_entities;
}

static bool
is_mixed_up(const struct certificate_attribute *a)
{
	return a->is_mixed_up;
}

/* clang-format off */
static const struct text_fault text_faults[] = {
	{ FINDING_CERT_OWNER_PLACEHOLDER, is_placeholder },
	{ FINDING_CERT_OWNER_ENCODING,    is_odd_encoding },
	{ FINDING_CERT_OWNER_MARKUP,      has_entities },
	{ FINDING_CERT_OWNER_LETTERS,     is_mixed_up },
	{ FINDING_CERT_OWNER_BLANKS,      has_blanks },
};
/* clang-format on */

/* S-06, S-07, L-01 */
void
check_owner_text(struct judging *j)
{
	for (size_t f = 0; f < COUNT_OF(text_faults); f++)
		for (size_t i = 0; i < j->details.attribute_count; i++) {
			const struct certificate_attribute *a = &j->details.attribute[i];
			const struct part_rule *rule = rule_of(a->nid);
			struct finding *finding;

			if (!text_faults[f].has(a))
				continue;
			finding = judge_find(j, text_faults[f].code);
			finding_param(finding, "name", "%s", rule ? rule->words : a->name);
			finding_param(finding, "found", "%s", a->text);
			break;
		}
}
