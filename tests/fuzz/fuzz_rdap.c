/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registries answer (check/rdap_read.h), what is made of it (check/registration.h,
 * check/owner.h), the list of registries (check/rdap_bootstrap.h), and names beside each other
 * (pki/organization.h).
 *
 * Holds: all texts are words; an owner blocks nothing; a registry's server is asked over http or
 * https; two names are as like as the other way round, and a name is like itself.
 *
 * Each input is taken for an answer, for a list, and for two names with a NUL between them.
 */
#include "fuzz/fuzz_findings.h"

#include <stdlib.h>

#include "check/owner.h"
#include "check/rdap_bootstrap.h"
#include "check/registration.h"
#include "pki/organization.h"

#define NOW ((when)1780000000 * SECONDS(1)) /* May 2026 */

static void
check_contact(const struct rdap_contact *c)
{
	const char *const texts[] = { c->handle, c->kind, c->name.text, c->organization.text,
		c->email.text, c->street, c->city, c->region, c->country, c->country_code,
		c->label };

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		MUST_HOLD(fuzz_is_words(str_of(texts[i])));
	MUST_HOLD(
	    (c->organization.state != RDAP_PRESENT && c->organization.state != RDAP_PARTIAL &&
		c->organization.state != RDAP_PLACEHOLDER) == (c->organization.text[0] == '\0'));
}

static void
check_owner(const struct rdap_report *report)
{
	static const struct subject ordered = {
		.organization = "Example Inc.", .city = "Dulles", .state = "VA", .country = "US"
	};
	struct findings *findings = alloc_zero(sizeof(*findings));
	struct owner_comparison comparison;

	owner_compare(&ordered, report, &comparison);
	owner_judge(&ordered, "example.com", &comparison, findings);
	MUST_HOLD(!findings_block(findings));
	MUST_HOLD((comparison.result == OWNER_MATCH) == (findings->count == 0));
	registration_judge(report, "example.com", NOW, findings);
	fuzz_findings(findings);
	free(findings);
}

static void
answer(struct str bytes)
{
	struct rdap_report *report = alloc_zero(sizeof(*report));
	const struct rdap_domain *domain = &report->domain;
	char *text;
	json_t *json;

	rdap_report_of(bytes, "", report);
	check_contact(&domain->registrant);
	check_contact(&domain->registrar);
	MUST_HOLD(
	    fuzz_is_words(str_of(domain->ldh_name)) && fuzz_is_words(str_of(domain->related)));
	json = rdap_json(domain);
	text = json_dumps(json, 0);
	MUST_HOLD(text);
	json_decref(fuzz_object(str_of(text)));
	free(text);
	json_decref(json);
	check_owner(report);
	free(report);
}

static void
list(struct str bytes)
{
	char url[RDAP_URL_SIZE] = "";
	int r = rdap_bootstrap_find(bytes, "example.co.uk", url, sizeof(url));

	MUST_HOLD((r == 0) == (url[0] != '\0') || r == RDAP_BOOTSTRAP_E_MALFORMED);
	MUST_HOLD(r || str_starts(str_of(url), STR("http")));
}

static void
names(struct str bytes)
{
	char *a = fuzz_text(&bytes), *b = fuzz_text(&bytes);
	struct str first = str_of(a), second = str_of(b);
	const char *why, *back;

	MUST_HOLD(organization_compare(first, second, "DE", &why) ==
		  organization_compare(second, first, "DE", &back));
	MUST_HOLD(organization_place_same(first, first));
	free(a);
	free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = str_bytes(data, size);

	answer(bytes);
	list(bytes);
	names(bytes);
	return 0;
}
