/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order form, checked whole before anything is stored: eligibility (M-G), host name
 * (H-01…H-14), organization data (S-01…S-10). Everything that is wrong is told at once, in findings
 * of the catalogue. Pure.
 */
#pragma once

#include "base/when.h"
#include "order/eligibility.h"
#include "pki/name.h"
#include "pki/subject.h"

enum {
	INTAKE_E_REFUSED = 1, /* at least one finding refuses */
};

struct order_form {
	struct str host; /* as pasted */
	struct subject_form subject;
	struct eligibility eligibility;
	const char *service_url;                  /* "" = not known */
	const struct severity_policy *severities; /* NULL = the catalogue's */
};

struct intake {
	struct host_name host; /* valid unless a FQDN_… finding refuses */
	struct subject subject;
	struct findings findings;
};

/* The organization's part alone: its findings are added. */
void order_intake_organization(
    const struct subject_form *form, struct subject *ret, struct findings *findings);
int order_intake_check(const struct order_form *form, struct intake *ret) MUST_USE;
/* The host name alone, against its service's address ("" = not known): findings are added. *report
 * is filled in all cases, *ret unless it is refused; `ascii` in the report is what was meant as far
 * as it can be told. */
int order_intake_name(struct str pasted, const char *service_url, struct findings *findings,
    struct host_name *ret, struct name_report *report) MUST_USE;
