/* SPDX-License-Identifier: Apache-2.0 */
/* Names, dates and policy: the second half of I-08. */
#include <assert.h>

#include "pki/name.h"
#include "delivery/judge_internal.h"
#include "delivery/judge_names.h"

static_assert(READ_HOST_SIZE == sizeof(struct host_name), "a host name fits the question");

#define LONG_NAME 200

/* N-08: a name of the certificate must be the host, or the star of its own level; the CN never
 * counts (N-02). */
void
check_names(struct judging *j)
{
	struct str host = str_of(j->question->host), near = STR("");
	struct host_name name = { 0 };
	char shown[LONG_NAME];

	copy_bytes(name.text, host.p, host.len);
	for (size_t i = 0; i < j->facts.name_count; i++) {
		if (host_name_matches(j->facts.names[i], &name))
			return;
		if (near.len == 0 && name_is_near(j->facts.names[i], host))
			near = j->facts.names[i];
	}
	if (near.len > 0) {
		str_show(near, shown, sizeof(shown));
		finding_param(judge_find(j, FINDING_CERT_NAME_NEAR), "san", "%s", shown);
	} else {
		judge_put_names(j, judge_find(j, FINDING_CERT_NAME_MISSING));
	}
}

/* I-14: over, not yet, or nearly over (less than 30 % of its life, or of 14 days, is left). */
void
check_dates(struct judging *j)
{
	const struct certificate_facts *facts = &j->facts;
	when now = j->question->now, left = facts->not_after - now;
	struct finding *finding;

	if (left < 0) {
		judge_put_date(judge_find(j, FINDING_CERT_EXPIRED), "date", facts->not_after);
	} else if (facts->not_before > now) {
		judge_put_date(judge_find(j, FINDING_CERT_FUTURE), "date", facts->not_before);
	} else if (left < DAYS(14) || left < (facts->not_after - facts->not_before) / 10 * 3) {
		finding = judge_find(j, FINDING_CERT_SHORT_LEFT);
		judge_put_date(finding, "date", facts->not_after);
		finding_param(finding, "days", "%lld", (long long)(left / DAYS(1)));
	}
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

/* V-02: both ends count, so the period is one second longer than the difference; a day has 86,400
 * s. */
void
check_lifetime(struct judging *j)
{
	when lasts = j->facts.not_after - j->facts.not_before + SECONDS(1);
	int days = days_allowed(j->facts.issued);
	struct finding *finding;

	if (days == 0 || lasts <= DAYS(days))
		return;
	finding = judge_find(j, FINDING_CERT_TOO_LONG);
	judge_put_date(finding, "date", j->facts.issued);
	finding_param(finding, "days", "%lld", (long long)((lasts + DAYS(1) - 1) / DAYS(1)));
	finding_param(finding, "limit", "%d days", days);
}

/* K-01: RSA of 2048 bits or more, in whole octets; P-256, P-384 or P-521 by name; nothing else. */
static bool
key_is_accepted(const struct certificate_facts *facts)
{
	if (strcmp(facts->key_algorithm, "RSA") == 0)
		return facts->key_bits >= 2048 && facts->key_bits % 8 == 0;
	return strcmp(facts->key_algorithm, "EC") == 0 &&
	       (strcmp(facts->curve, "P-256") == 0 || strcmp(facts->curve, "P-384") == 0 ||
		   strcmp(facts->curve, "P-521") == 0);
}

/* A-01, K-01 */
void
check_weakness(struct judging *j)
{
	const struct certificate_facts *facts = &j->facts;

	if (facts->signature_is_weak)
		finding_param(
		    judge_find(j, FINDING_CERT_WEAK), "weak", "the signature %s", facts->signature);
	if (!key_is_accepted(facts))
		finding_param(judge_find(j, FINDING_CERT_WEAK), "weak",
		    "a key of the kind %s%s%s with %d bits", facts->key_algorithm,
		    *facts->curve ? " " : "", facts->curve, facts->key_bits);
}

/* E-01: a web server's certificate says so. */
void
check_purpose(struct judging *j)
{
	if (j->facts.for_server)
		return;
	finding_param(judge_find(j, FINDING_CERT_PURPOSE), "purpose", "%s",
	    j->facts.has_purposes ? j->facts.purposes : "no stated purpose");
}

/* T-03 */
void
check_precertificate(struct judging *j)
{
	if (j->facts.is_precertificate)
		(void)judge_find(j, FINDING_CERT_PRECERT);
}

/* D-15, K-08: names of other owners on a key that lives with us. */
void
check_extra_names(struct judging *j)
{
	CLEAN(buf_fini) struct buf names = BUF(FINDING_VALUE_SIZE - 8);
	struct str host = str_of(j->question->host);
	size_t count = 0;

	for (size_t i = 0; i < j->facts.name_count; i++) {
		char shown[LONG_NAME];

		if (name_same_owner(j->facts.names[i], host))
			continue;
		str_show(j->facts.names[i], shown, sizeof(shown));
		if (!buf_failed(&names) && names.len + strlen(shown) + 2 <= names.max)
			buf_printf(&names, "%s%s", count > 0 ? ", " : "", shown);
		count++;
	}
	if (count > 0)
		finding_param(
		    judge_find(j, FINDING_CERT_EXTRA_NAMES), "names", "%s", buf_text(&names));
}
