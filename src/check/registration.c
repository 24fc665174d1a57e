/* SPDX-License-Identifier: Apache-2.0 */
#include "check/registration.h"

/* RFC 8056's statuses that end in a domain nobody can use. During the redemption period, in which it
 * can be got back, "pending delete" stands beside it; without it, the time is over. */
static const struct {
	const char *status;
	enum finding_code code;
} ends[] = {
	{ "redemption period", FINDING_DOMAIN_BEING_DELETED },
	{ "pending restore", FINDING_DOMAIN_BEING_DELETED },
	{ "pending delete", FINDING_DOMAIN_BEING_DELETED },
	{ "server hold", FINDING_DOMAIN_ON_HOLD },
	{ "client hold", FINDING_DOMAIN_ON_HOLD },
};

when
registration_ends(const struct rdap_domain *domain)
{
	when at = rdap_event_at(domain, "expiration");

	return at ? at : rdap_event_at(domain, "registrar expiration");
}

static const char *
registrar_of(const struct rdap_domain *domain)
{
	const struct rdap_contact *r = &domain->registrar;

	if (*r->name.text)
		return r->name.text;
	return *r->organization.text ? r->organization.text : "who bills you for the domain";
}

static struct finding *
find(const struct rdap_report *report, enum finding_code code, const char *domain,
    struct findings *findings)
{
	struct finding *f = findings_add(findings, code, "host");

	finding_param(f, "domain", "%s", domain);
	finding_param(f, "registrar", "%s", registrar_of(&report->domain));
	return f;
}

static bool
judge_status(const struct rdap_report *report, const char *domain, struct findings *findings)
{
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (rdap_has_status(&report->domain, ends[i].status)) {
			finding_param(find(report, ends[i].code, domain, findings), "found", "%s",
			    ends[i].status);
			return true;
		}
	return false;
}

static void
judge_end(const struct rdap_report *report, const char *domain, when now, struct findings *findings)
{
	when at = registration_ends(&report->domain);
	char words[WHEN_WORDS_SIZE];
	struct finding *f;

	if (at == 0 || at >= now + REGISTRATION_SOON)
		return;
	f = find(
	    report, at < now ? FINDING_DOMAIN_EXPIRED : FINDING_DOMAIN_EXPIRES, domain, findings);
	finding_param(f, "expires", "%s", when_words(at, words));
	finding_param(f, "days", "%lld", (long long)((at - now) / DAYS(1)));
}

void
registration_judge(
    const struct rdap_report *report, const char *domain, when now, struct findings *findings)
{
	switch (report->found) {
	case RDAP_FOUND:
		if (!judge_status(report, domain, findings))
			judge_end(report, domain, now, findings);
		break;
	case RDAP_NO_DOMAIN:
		(void)find(report, FINDING_DOMAIN_NOT_FOUND, domain, findings);
		break;
	case RDAP_NO_SERVICE:
	case RDAP_UNCLEAR:
		finding_param(find(report, FINDING_DOMAIN_UNCHECKED, domain, findings), "reason",
		    "%s", report->what.words);
		break;
	case RDAP_FOUND_MAX:
		break;
	}
}
