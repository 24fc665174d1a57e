/* SPDX-License-Identifier: Apache-2.0 */
#include "order/eligibility.h"

static struct finding *
add(const struct eligibility *e, enum finding_code code, struct findings *findings)
{
	struct finding *f = findings_add(findings, code, "mailboxes");
	char counted[WHEN_WORDS_SIZE];

	finding_param(f, "least", "%lld", (long long)e->least);
	finding_param(f, "found", "%lld", (long long)(e->mailboxes < 0 ? 0 : e->mailboxes));
	finding_param(f, "counted", "%s", when_words(e->counted, counted));
	return f;
}

static void
tell_waiver(const struct eligibility *e, struct findings *findings)
{
	struct finding *f = add(e, FINDING_ELIGIBILITY_WAIVED, findings);
	char expires[WHEN_WORDS_SIZE];

	finding_param(f, "author", "%s", e->author);
	finding_param(f, "second", "%s", e->second);
	finding_param(f, "reason", "%s", e->reason);
	finding_param(f, "expires", "%s", when_words(e->expires, expires));
}

static void
tell_shortage(const struct eligibility *e, struct str host, struct findings *findings)
{
	struct finding *f = add(e, FINDING_ELIGIBILITY_MAILBOXES, findings);

	finding_param(f, "missing", "%lld", (long long)(e->least - e->mailboxes));
	finding_param(f, "fqdn", "%.*s", STR_ARG(host));
}

void
eligibility_judge(const struct eligibility *e, struct str host, struct findings *findings)
{
	bool is_stale = e->mailboxes >= 0 && e->counted < e->oldest;

	if (e->later || (e->mailboxes >= e->least && !is_stale))
		return;
	if (e->waived)
		tell_waiver(e, findings);
	else if (e->mailboxes < 0)
		add(e, FINDING_ELIGIBILITY_UNCOUNTED, findings);
	else if (is_stale)
		add(e, FINDING_ELIGIBILITY_STALE, findings);
	else
		tell_shortage(e, host, findings);
}
