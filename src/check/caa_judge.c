/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was seen to what a CA must do with it, and the one cause. Pure: no I/O, no clock.
 *
 * The levels are gone through from the name up, as a CA does (G-10): what is above the first one
 * with entries does not count, not even when it fails. In the entries the order of the questions is
 * theirs too (G-11): one that is critical and unknown, then whom the others allow.
 */
#include <assert.h>
#include <stdio.h>

#include "check/caa_internal.h"
#include "check/dns_bogus.h"

struct trial {
	const struct caa_trace *trace;
	const struct caa_question *question;
	const struct caa_level *level; /* the one that decides */
	struct caa_report *report;
	char fqdn[DNS_NAME_SIZE];
};

static const char *const verdicts[] = {
	[CAA_OPEN] = "open",
	[CAA_ALLOWED] = "allowed",
	[CAA_FORBIDDEN] = "forbidden",
	[CAA_FAILING] = "failing",
	[CAA_UNKNOWN] = "unknown",
};
static_assert(COUNT_OF(verdicts) == CAA_VERDICT_MAX, "a name for each verdict");

const char *
caa_verdict_name(enum caa_verdict verdict)
{
	return (size_t)verdict < COUNT_OF(verdicts) ? verdicts[verdict] : "unknown";
}

/* Adds a finding with the parameters all of them may use. */
static struct finding *
note(struct trial *t, enum finding_code code)
{
	struct finding *f = findings_add(&t->report->findings, code, "fqdn");

	finding_param(f, "fqdn", "%s", t->fqdn);
	finding_param(f, "ca", "%s", t->question->ca ? t->question->ca->name : "your authority");
	finding_param(f, "place", "%s", t->report->place);
	finding_param(f, "record", "%s", t->report->record);
	return f;
}

static struct finding *
blame(struct trial *t, enum finding_code code, enum caa_verdict verdict)
{
	t->report->verdict = verdict;
	return note(t, code);
}

/* ---- the level that decides ---- */

static void
blame_record(struct trial *t, enum finding_code code, const struct caa_record *record)
{
	char words[FINDING_VALUE_SIZE];

	caa_record_words(record, words, sizeof(words));
	finding_param(blame(t, code, CAA_FORBIDDEN), "found", "%s", words);
}

static void
blame_limits(struct trial *t, const struct caa_tally *tally)
{
	struct finding *f = blame(t, FINDING_CAA_ACCOUNT, CAA_FORBIDDEN);

	finding_param(f, "limits", "%s", tally->limits);
	finding_param(f, "account", "%s", t->question->account);
}

/* Nobody knows whether the customer's account is the one that is meant. */
static void
tell_limits(struct trial *t, const struct caa_tally *tally)
{
	if (*tally->limits && (!*t->question->account || !*t->question->method))
		finding_param(note(t, FINDING_CAA_LIMITED), "limits", "%s", tally->limits);
}

static void
report_issuers(struct trial *t, const struct caa_tally *tally)
{
	t->report->restricts = tally->counted > 0;
	t->report->issuer_count = tally->issuer_count;
	memcpy(t->report->issuer, tally->issuer, sizeof(tally->issuer));
}

static void
judge_entries(struct trial *t)
{
	struct caa_tally tally;

	caa_tally(t->level, t->question, &tally);
	report_issuers(t, &tally);
	if (tally.critical) {
		blame_record(t, FINDING_CAA_CRITICAL, tally.critical);
	} else if (tally.counted == 0) {
		t->report->verdict = CAA_OPEN;
	} else if (tally.granted) {
		t->report->verdict = CAA_ALLOWED;
		tell_limits(t, &tally);
	} else if (tally.limited) {
		blame_limits(t, &tally);
	} else if (tally.unread) {
		blame_record(t, FINDING_CAA_UNREADABLE, tally.unread);
	} else if (*tally.allowed && !t->question->ca) {
		t->report->verdict = CAA_ALLOWED;
		finding_param(note(t, FINDING_CAA_CHOICE), "allowed", "%s", tally.allowed);
	} else if (*tally.allowed) {
		finding_param(
		    blame(t, FINDING_CAA_FORBIDS, CAA_FORBIDDEN), "allowed", "%s", tally.allowed);
	} else {
		blame(t, FINDING_CAA_NOBODY, CAA_FORBIDDEN);
	}
}

/* ---- levels that give no answer ---- */

static void
blame_us(struct trial *t, const char *reason)
{
	finding_param(blame(t, FINDING_DNS_UNREACHABLE, CAA_UNKNOWN), "reason", "%s", reason);
}

/* "ns1.contoso.com (192.0.2.1): NOTIMP; …" of the servers that fail; false: none does. */
static bool
put_table(const struct trial *t, char to[static FINDING_VALUE_SIZE])
{
	const struct dns_hop *hop = &t->trace->failing;
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < hop->view_count && len < FINDING_VALUE_SIZE; i++) {
		char server[DNS_NAME_SIZE + ADDR_TEXT_SIZE + 16], says[128];

		if (!dns_reply_failed(hop->view[i].a.kind) ||
		    hop->view[i].a.kind == REPLY_UNREACHED)
			continue;
		dns_server_words(&hop->view[i].server, server, sizeof(server));
		dns_failure_words(&hop->view[i].a, t->trace->timeout, says, sizeof(says));
		len += (size_t)snprintf(to + len, FINDING_VALUE_SIZE - len, "%s%s: %s",
		    len > 0 ? "; " : "", server, says);
	}
	return len > 0;
}

/* Where an alias leads on the way; "" when nowhere. */
static const char *
failing_alias(const struct dns_hop *hop)
{
	for (size_t i = 0; i < hop->view_count; i++)
		if (hop->view[i].a.kind == REPLY_ALIAS)
			return hop->view[i].a.alias;
	return "";
}

static void
blame_servers(struct trial *t, const char *zone, const char *table)
{
	struct finding *f = blame(t, FINDING_DNS_SERVER_FAIL, CAA_FAILING);

	finding_param(f, "zone", "%s", zone);
	finding_param(f, "asked", "%s", "CAA");
	finding_param(f, "table", "%s", table);
}

static void
level_words(const struct caa_trace *trace, const struct caa_level *level, char *to, size_t size)
{
	const struct dns_reply failed = { .kind = level->rcode > 0 ? REPLY_RCODE : REPLY_SILENT,
		.rcode = level->rcode };

	if (level->kind == LEVEL_EMPTY)
		snprintf(to, size, "no entries");
	else if (level->kind == LEVEL_BOGUS)
		snprintf(to, size, "the signatures do not check out");
	else if (level->kind == LEVEL_UNASKED)
		snprintf(to, size, "not asked");
	else if (level->kind == LEVEL_FAILED)
		dns_failure_words(&failed, trace->timeout, to, size);
	else
		snprintf(to, size, "%zu %s%s%s", level->record_count,
		    level->record_count == 1 ? "entry" : "entries",
		    *level->target ? ", at the alias's target " : "", level->target);
}

/* What a resolver fails at may be its own fault. */
static void
judge_relay(struct trial *t)
{
	char says[320], reason[FINDING_VALUE_SIZE];

	level_words(t->trace, t->level, says, sizeof(says));
	dns_relay_blame(&t->trace->relay, says, reason, sizeof(reason));
	blame_us(t, reason);
}

static void
judge_failure(struct trial *t)
{
	const struct dns_hop *hop = &t->trace->failing;
	char table[FINDING_VALUE_SIZE];

	if (t->trace->relay.way != DNS_WAY_SERVERS)
		judge_relay(t);
	else if (!t->trace->reached)
		blame_us(t, "no name server answered at all");
	else if (put_table(t, table))
		blame_servers(t, hop->zone, table);
	else if (*failing_alias(hop))
		blame_servers(
		    t, failing_alias(hop), "the name servers behind the alias give no answer");
	else if (hop->fate == ZONE_DEAD)
		blame_servers(t, hop->zone, "none of them gives an answer");
	else
		blame_us(t, "a resolver fails where the name servers themselves answer");
}

static void
judge_bogus(struct trial *t)
{
	struct finding *f = blame(t, FINDING_DNS_BOGUS, CAA_FAILING);

	finding_param(f, "zone", "%s", t->level->name);
	t->report->ede = dns_bogus_tell(f, t->level->reason);
}

/* ---- the report ---- */

static void
report_level(struct trial *t, const struct caa_level *level)
{
	struct caa_level_report *to = &t->report->level[t->report->level_count++];

	(void)str_copy(str_of(level->name), to->name, sizeof(to->name));
	level_words(t->trace, level, to->answer, sizeof(to->answer));
}

/* Big sets have the entries that matter anywhere: those that are about issuing come first. */
static void
report_lines(struct trial *t)
{
	struct caa_report *report = t->report;

	report->record_count = t->level->record_count;
	for (int about = 1; about >= 0; about--)
		for (size_t i = 0; i < t->level->record_count; i++) {
			const struct caa_record *record = &t->level->record[i];
			bool issues = !record->broken && caa_record_tag(record) <= TAG_ISSUEWILD;

			if (issues == (about == 1) && report->line_count < CAA_LINES_MAX)
				caa_record_words(record, report->line[report->line_count++],
				    sizeof(report->line[0]));
		}
}

/* What must be there so that the CA may issue: at the place that counts, or where that belongs to
 * no customer (a top-level domain), at the customer's domain. */
static void
report_record(struct trial *t)
{
	const struct caa_question *q = t->question;
	char domain[DNS_NAME_SIZE], account[300] = "";
	const char *at = t->report->place;

	if (!host_name_registrable(at, domain, sizeof(domain)) &&
	    host_name_registrable(q->host, domain, sizeof(domain)))
		at = domain;
	if (*q->account)
		snprintf(account, sizeof(account), "; accounturi=%.250s", q->account);
	snprintf(t->report->record, sizeof(t->report->record), "%s. IN CAA 0 %s \"%s%s\"", at,
	    caa_property(t->level, t->question) == TAG_ISSUEWILD ? "issuewild" : "issue",
	    q->ca ? q->ca->caa.name[0] : "(the name that the authority states)",
	    t->level->record_count > 0 ? account : "");
}

static void
judge_level(struct trial *t)
{
	t->report->secure = t->level->secure;
	if (t->level->kind == LEVEL_BOGUS) {
		judge_bogus(t);
	} else if (t->level->kind != LEVEL_RECORDS) {
		judge_failure(t);
	} else {
		(void)str_copy(str_of(*t->level->target ? t->level->target : t->level->name),
		    t->report->place, sizeof(t->report->place));
		report_lines(t);
		report_record(t);
		judge_entries(t);
		if (t->report->verdict != CAA_FORBIDDEN)
			t->report->record[0] = '\0';
	}
}

static void
tell_distrust(struct trial *t)
{
	const struct distrust_row *row = t->question->distrusted;
	struct finding *f = note(t, FINDING_CA_DISTRUSTED);
	char since[WHEN_WORDS_SIZE];

	finding_param(f, "programs", "%s", row->programs);
	finding_param(f, "since", "%s", when_words(distrust_since(row), since));
}

void
caa_judge(
    const struct caa_trace *trace, const struct caa_question *question, struct caa_report *ret)
{
	struct trial t = { .trace = trace, .question = question, .report = ret };

	assert(!question->ca || question->ca->caa.count > 0);
	*ret = (struct caa_report){ .verdict = CAA_OPEN, .unchecked = trace->relay.unchecked };
	str_copy(str_of(trace->relay.resolver), ret->asked_instead, sizeof(ret->asked_instead));
	snprintf(t.fqdn, sizeof(t.fqdn), "%s%s", question->wildcard ? "*." : "", question->host);
	for (size_t i = 0; i < trace->level_count && !t.level; i++) {
		report_level(&t, &trace->level[i]);
		if (trace->level[i].kind != LEVEL_EMPTY)
			t.level = &trace->level[i];
	}
	if (t.level)
		judge_level(&t);
	if (question->distrusted)
		tell_distrust(&t);
	dns_relay_tell(&trace->relay, t.fqdn, &ret->findings);
}
