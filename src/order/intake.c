/* SPDX-License-Identifier: Apache-2.0 */
#include "order/intake.h"

static enum finding_code
code_of(int why)
{
	switch (why) {
	case NAME_E_EMPTY:
		return FINDING_FQDN_MISSING;
	case NAME_E_LENGTH:
		return FINDING_FQDN_LENGTH;
	case NAME_E_INCOMPLETE:
		return FINDING_FQDN_INCOMPLETE;
	case NAME_E_INTERNAL:
		return FINDING_FQDN_INTERNAL;
	case NAME_E_IS_ADDRESS:
		return FINDING_FQDN_IS_IP;
	case NAME_E_IS_MAIL:
		return FINDING_FQDN_IS_MAIL;
	case NAME_E_WILDCARD:
		return FINDING_FQDN_WILDCARD;
	case NAME_E_PUNYCODE:
		return FINDING_FQDN_PUNYCODE;
	case NAME_E_MIXED_SCRIPTS:
		return FINDING_FQDN_LOOKALIKE;
	default:
		return FINDING_FQDN_CHARS;
	}
}

static void
refuse_name(const struct order_form *form, int why, const struct name_report *report,
    struct findings *findings)
{
	struct finding *f = findings_add(findings, code_of(why), "host");
	char shown[128];

	str_show(form->host, shown, sizeof(shown));
	finding_param(f, "found", "%s", shown);
	finding_param(f, "reason", "%s", report->reason);
	finding_param(f, "char", "%s", report->bad);
	finding_param(f, "position", "%zu", report->position);
	finding_param(f, "domain", "%s", report->domain);
	finding_param(f, "scripts", "%s", report->reason);
	finding_param(f, "fqdn", "%s", report->ascii);
}

static struct finding *
warn(struct findings *findings, enum finding_code code, const struct host_name *host)
{
	struct finding *f = findings_add(findings, code, "host");

	finding_param(f, "fqdn", "%s", host->text);
	return f;
}

static void
comment_name(const struct order_form *form, const struct host_name *host,
    const struct name_report *report, struct findings *findings)
{
	char shown[128];
	struct finding *f;

	if (report->changed) {
		str_show(form->host, shown, sizeof(shown));
		f = warn(findings, FINDING_FQDN_CLEANED, host);
		finding_param(f, "found", "%s", shown);
		finding_param(f, "removed", "%s", report->removed);
	}
	if (report->is_apex)
		warn(findings, FINDING_FQDN_APEX, host);
	if (report->has_www) {
		f = warn(findings, FINDING_FQDN_WWW, host);
		finding_param(f, "without", "%s", host->text + strlen("www."));
	}
	if (report->is_long) {
		f = warn(findings, FINDING_FQDN_LONG, host);
		finding_param(f, "length", "%zu", strlen(host->text));
	}
}

/* H-05, H-08: the name must be what the service answers as. */
static void
compare_with_service(
    const struct order_form *form, const struct host_name *host, struct findings *findings)
{
	struct name_report report;
	struct host_name configured;
	struct finding *f;

	if (!form->service_url[0] ||
	    host_name_parse(str_of(form->service_url), &configured, &report) != 0 ||
	    strcmp(configured.text, host->text) == 0)
		return;
	f = warn(findings, FINDING_FQDN_SERVICE_MISMATCH, host);
	finding_param(f, "configured", "%s", configured.text);
}

static void
check_name(const struct order_form *form, struct intake *ret)
{
	struct name_report report;
	int why = host_name_parse(form->host, &ret->host, &report);

	if (why) {
		refuse_name(form, why, &report, &ret->findings);
		return;
	}
	comment_name(form, &ret->host, &report, &ret->findings);
	compare_with_service(form, &ret->host, &ret->findings);
}

static enum finding_code
subject_code(const struct subject_problem *problem)
{
	switch (problem->field) {
	case SUBJECT_COUNTRY:
		return FINDING_ORG_COUNTRY;
	case SUBJECT_ORGANIZATION:
		return problem->refuses ? FINDING_ORG_NAME : FINDING_ORG_NAME_SIGNS;
	case SUBJECT_DIVISION:
		return FINDING_ORG_DIVISION_REFUSED;
	case SUBJECT_CITY:
	case SUBJECT_STATE:
	case SUBJECT_FIELD_MAX:
		break;
	}
	return problem->refuses ? FINDING_ORG_PLACE : FINDING_ORG_PLACE_SHORT;
}

static struct str
typed(const struct subject_form *form, enum subject_field field)
{
	switch (field) {
	case SUBJECT_ORGANIZATION:
		return form->organization;
	case SUBJECT_DIVISION:
		return form->division;
	case SUBJECT_CITY:
		return form->city;
	case SUBJECT_STATE:
		return form->state;
	case SUBJECT_COUNTRY:
		return form->country;
	case SUBJECT_FIELD_MAX:
		break;
	}
	return STR("");
}

static void
add_subject_finding(
    const struct order_form *form, const struct subject_problem *problem, struct findings *findings)
{
	enum finding_code code = subject_code(problem);
	struct finding *f = findings_add(findings, code, subject_field_name(problem->field));
	bool place = code == FINDING_ORG_PLACE || code == FINDING_ORG_PLACE_SHORT;
	char shown[128];

	str_show(typed(&form->subject, problem->field), shown, sizeof(shown));
	if (code == FINDING_ORG_COUNTRY)
		finding_param(
		    f, "found", "%s%s%s", shown[0] ? "\"" : "Nothing", shown, shown[0] ? "\"" : "");
	else
		finding_param(f, "found", "%s", shown);
	if (place)
		finding_param(
		    f, "reason", "The %s %s", subject_field_name(problem->field), problem->detail);
	else
		finding_param(f, "reason", "%s", problem->detail);
}

static void
check_organization(const struct order_form *form, struct intake *ret)
{
	struct subject_problems problems;

	subject_check(&form->subject, &ret->subject, &problems);
	for (size_t i = 0; i < problems.count; i++)
		add_subject_finding(form, &problems.list[i], &ret->findings);
	if (ret->subject.division[0]) {
		struct finding *f = findings_add(&ret->findings, FINDING_ORG_DIVISION, "division");

		finding_param(f, "found", "%s", ret->subject.division);
	}
}

int
order_intake_check(const struct order_form *form, struct intake *ret)
{
	*ret = (struct intake){ .findings.policy = form->severities };
	check_name(form, ret);
	check_organization(form, ret);
	eligibility_judge(&form->eligibility, form->host, &ret->findings);
	ret->findings.policy = NULL;
	return findings_refuse(&ret->findings) ? INTAKE_E_REFUSED : 0;
}
