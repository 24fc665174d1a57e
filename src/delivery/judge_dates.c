/* SPDX-License-Identifier: Apache-2.0 */
/* From when, until when, and how long: by the rules of the day it was issued. */
#include "delivery/judge_internal.h"

/* I-14: over, not yet, or nearly over (less than 30 % of its life, or of 14 days, is left). */
void
check_dates(struct judging *j)
{
	const struct certificate_facts *facts = &j->facts;
	when now = j->question->now, left = facts->not_after - now;
	struct finding *finding;

	if (left < 0) {
		judge_put_date(judge_find(j, FINDING_CERT_EXPIRED), "date", facts->not_after);
	} else if (facts->not_after < facts->not_before) {
		finding = judge_find(j, FINDING_CERT_NEVER_VALID);
		judge_put_date(finding, "from", facts->not_before);
		judge_put_date(finding, "date", facts->not_after);
	} else if (facts->not_before > now) {
		judge_put_date(judge_find(j, FINDING_CERT_FUTURE), "date", facts->not_before);
	} else if (left < DAYS(14) || left < (facts->not_after - facts->not_before) / 10 * 3) {
		finding = judge_find(j, FINDING_CERT_SHORT_LEFT);
		judge_put_date(finding, "date", facts->not_after);
		finding_param(finding, "days", "%lld", (long long)(left / DAYS(1)));
	}
}

/* I-20: an older one than the site uses. */
void
check_age(struct judging *j)
{
	const struct delivery_question *question = j->question;
	struct finding *finding;

	if (!question->has_in_use || j->facts.not_after >= question->in_use_until)
		return;
	finding = judge_find(j, FINDING_CERT_OLDER);
	judge_put_date(finding, "date", j->facts.not_after);
	judge_put_date(finding, "until", question->in_use_until);
}

/* V-01: the longest validity by day of issue; the newest row that has begun holds. */
struct lifetime_rule {
	const char *since;
	int days;
};

/* clang-format off */
static const struct lifetime_rule lifetime_rules[] = {
	{ "2029-03-15T00:00:00Z",  47 },
	{ "2027-03-15T00:00:00Z", 100 },
	{ "2026-03-15T00:00:00Z", 200 },
	{ "2020-09-01T00:00:00Z", 398 },
};
/* clang-format on */

#define SHORT_LIVED DAYS(7) /* V-05 */

/* 0 = from before the first rule: such a certificate is over for years, and told so. */
static int
days_allowed(when issued)
{
	for (size_t i = 0; i < COUNT_OF(lifetime_rules); i++) {
		when since;

		if (when_parse(str_of(lifetime_rules[i].since), &since) && issued >= since)
			return lifetime_rules[i].days;
	}
	return 0;
}

static void
tell_lifetime(struct judging *j, enum finding_code code, when lasts, int limit)
{
	struct finding *finding = judge_find(j, code);

	judge_put_date(finding, "date",
	    code == FINDING_CERT_SHORT_LIVED ? j->facts.not_after : j->facts.issued);
	finding_param(finding, "days", "%lld", (long long)((lasts + DAYS(1) - 1) / DAYS(1)));
	finding_param(finding, "limit", "%d days", limit);
}

/* V-02: both ends count, so the period is one second longer than the difference; a day has 86,400
 * s. */
void
check_lifetime(struct judging *j)
{
	when lasts = j->facts.not_after - j->facts.not_before + SECONDS(1);
	int days = days_allowed(j->facts.issued);

	if (days > 0 && lasts > DAYS(days))
		tell_lifetime(j, FINDING_CERT_TOO_LONG, lasts, days);
	else if (days > 0 && lasts > DAYS(days - 1))
		tell_lifetime(j, FINDING_CERT_LONGEST, lasts, days);
	else if (lasts > 0 && lasts <= SHORT_LIVED)
		tell_lifetime(j, FINDING_CERT_SHORT_LIVED, lasts, days);
}

/* V-04: the logs' earliest time is the best proof of when it was issued. */
void
check_dates_public(struct judging *j)
{
	struct finding *finding;

	if (j->details.has_odd_dates)
		(void)judge_find(j, FINDING_CERT_DATE_FORM);
	if (j->facts.issued > j->facts.not_before + DAYS(2)) {
		finding = judge_find(j, FINDING_CERT_BACKDATED);
		judge_put_date(finding, "from", j->facts.not_before);
		judge_put_date(finding, "date", j->facts.issued);
	}
}
