/* SPDX-License-Identifier: Apache-2.0 */
#include "order/intake.h"

static enum finding_code
subject_code(const struct subject_problem *problem)
{
	switch (problem->field) {
	case SUBJECT_COUNTRY:
		return *problem->meant ? FINDING_ORG_COUNTRY_MEANT : FINDING_ORG_COUNTRY;
	case SUBJECT_ORGANIZATION:
		return problem->refuses ? FINDING_ORG_NAME : FINDING_ORG_NAME_SIGNS;
	case SUBJECT_DIVISION:
		return FINDING_ORG_DIVISION_REFUSED;
	case SUBJECT_CITY:
	case SUBJECT_STATE:
	case SUBJECT_FIELD_MAX:
		break;
	}
	if (*problem->meant)
		return FINDING_ORG_PLACE_MEANT;
	if (problem->missing && !problem->refuses)
		return FINDING_ORG_PLACE_ONE;
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
add_subject_finding(const struct subject_form *form, const struct subject_problem *problem,
    struct findings *findings)
{
	enum finding_code code = subject_code(problem);
	struct finding *f = findings_add(findings, code, subject_field_name(problem->field));
	bool place = code == FINDING_ORG_PLACE || code == FINDING_ORG_PLACE_SHORT;
	char shown[128];

	str_show(typed(form, problem->field), shown, sizeof(shown));
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
	finding_param(f, "name", "%s", subject_field_name(problem->field));
	finding_param(f, "meant", "%s", problem->meant);
}

void
order_intake_organization(
    const struct subject_form *form, struct subject *ret, struct findings *findings)
{
	struct subject_problems problems;

	subject_check(form, ret, &problems);
	for (size_t i = 0; i < problems.count; i++)
		add_subject_finding(form, &problems.list[i], findings);
	if (ret->division[0])
		finding_param(findings_add(findings, FINDING_ORG_DIVISION, "division"), "found",
		    "%s", ret->division);
}

int
order_intake_check(const struct order_form *form, struct intake *ret)
{
	struct name_report report;

	*ret = (struct intake){ .findings.policy = form->severities };
	(void)!order_intake_name(
	    form->host, form->service_url, &ret->findings, &ret->host, &report);
	order_intake_organization(&form->subject, &ret->subject, &ret->findings);
	eligibility_judge(&form->eligibility, form->host, &ret->findings);
	ret->findings.policy = NULL;
	return findings_refuse(&ret->findings) ? INTAKE_E_REFUSED : 0;
}
