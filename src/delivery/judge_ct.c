/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate transparency, as Chrome (T-01) and Apple (T-02) count it. */
#include <stdio.h>

#include "delivery/judge_internal.h"

#define CLOCKS_DIFFER   HOURS(1)
#define OPERATORS_LEAST 2

struct tally {
	size_t logs; /* different ones that count */
	const struct ct_log *log[CERTIFICATE_SCTS_MAX];
	size_t unknown;
	const struct ct_log *retired; /* the first one that had ended by then, or NULL */
	when future;                  /* the first entry that lies there; 0 = none */
};

/* T-01, T-02: 180 days, and the last second counts. */
static size_t
logs_needed(const struct certificate_facts *facts)
{
	return facts->not_after - facts->not_before + SECONDS(1) <= DAYS(180) ? 2 : 3;
}

static bool
is_first_of_its_log(const struct certificate_details *d, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (memcmp(d->sct[i].log, d->sct[at].log, sizeof(d->sct[at].log)) == 0)
			return false;
	return true;
}

/* A log that ended counts for what it took before. */
static bool
counts(const struct ct_log *log, const struct certificate_sct *sct)
{
	return ct_log_is_current(log) || (log->state == CT_LOG_RETIRED && sct->at < log->since);
}

static void
count_one(const struct judging *j, const struct certificate_sct *sct, struct tally *tally)
{
	const struct ct_log *log =
	    j->setting->ct_logs ? ct_logs_find(j->setting->ct_logs, sct->log) : NULL;

	if (sct->at > j->question->now + CLOCKS_DIFFER) {
		tally->future = tally->future ? tally->future : sct->at;
	} else if (!j->setting->ct_logs) {
		tally->logs++;
	} else if (!log) {
		tally->unknown++;
	} else {
		if (counts(log, sct))
			tally->log[tally->logs++] = log;
		if (!ct_log_is_current(log) && !tally->retired)
			tally->retired = log;
	}
}

static struct tally
count_logs(const struct judging *j)
{
	const struct certificate_details *d = &j->details;
	struct tally tally = { 0 };

	for (size_t i = 0; i < d->sct_count && i < CERTIFICATE_SCTS_MAX; i++)
		if (d->sct[i].version == 0 && is_first_of_its_log(d, i))
			count_one(j, &d->sct[i], &tally);
	return tally;
}

static void
put_logs(const struct tally *tally, struct finding *to)
{
	CLEAN(buf_fini) struct buf words = BUF(FINDING_VALUE_SIZE);

	for (size_t i = 0; i < tally->logs; i++)
		buf_printf(&words, "%s%s", i > 0 ? ", " : "", tally->log[i]->name);
	finding_param(to, "found", "%s", buf_text(&words));
}

/* Operators, use and kind of the logs that count; asked for only when there are enough of them. */
static void
check_logs(struct judging *j, const struct tally *tally)
{
	size_t operators = 0, current = 0, older = 0;

	for (size_t i = 0; i < tally->logs; i++) {
		operators += strcmp(tally->log[i]->operator, tally->log[0]->operator) != 0;
		current += ct_log_is_current(tally->log[i]);
		older += !tally->log[i]->is_tiled;
	}
	if (operators + 1 < OPERATORS_LEAST)
		finding_param(judge_find(j, FINDING_CERT_SCT_OPERATORS), "found", "%s",
		    tally->log[0]->operator);
	if (current == 0)
		put_logs(tally, judge_find(j, FINDING_CERT_SCT_NOT_CURRENT));
	if (older == 0)
		put_logs(tally, judge_find(j, FINDING_CERT_SCT_KIND));
}

static void
tell_few(struct judging *j, const struct tally *tally)
{
	const struct certificate_facts *facts = &j->facts;
	struct finding *finding = judge_find(j, FINDING_CERT_SCT_FEW);

	finding_param(finding, "found", "%zu", tally->logs);
	finding_param(finding, "needed", "%zu", logs_needed(facts));
	finding_param(finding, "days", "%lld",
	    (long long)((facts->not_after - facts->not_before + DAYS(1)) / DAYS(1)));
}

/* Things to know about single entries. */
static void
tell_entries(struct judging *j, const struct tally *tally)
{
	struct finding *finding;

	if (tally->future)
		judge_put_date(judge_find(j, FINDING_CERT_SCT_FUTURE), "date", tally->future);
	if (tally->retired)
		finding_param(
		    judge_find(j, FINDING_CERT_SCT_RETIRED), "found", "%s", tally->retired->name);
	if (tally->unknown > 0) {
		finding = judge_find(j, FINDING_CERT_SCT_UNKNOWN);
		finding_param(finding, "count", "%zu", tally->unknown);
		judge_put_date(finding, "date", ct_logs_dated(j->setting->ct_logs));
	}
}

/* By an old list nothing is refused; Chrome does the same with its own. */
static void
check_list(struct judging *j)
{
	const struct ct_logs *logs = j->setting->ct_logs;
	struct finding *finding;
	when age = logs ? j->question->now - ct_logs_dated(logs) : 0;

	if (age <= CT_LOGS_FRESH)
		return;
	finding = judge_find(j, FINDING_CERT_SCT_LIST_OLD);
	judge_put_date(finding, "date", ct_logs_dated(logs));
	finding_param(finding, "days", "%lld", (long long)(age / DAYS(1)));
	finding_param(finding, "limit", "%lld", (long long)(CT_LOGS_FRESH / DAYS(1)));
	if (j->most > SEVERITY_WARN)
		j->most = SEVERITY_WARN;
}

/* A certificate without any entry needs no list to be refused. One that is over needs no more
 * reasons: its logs are over, too, and no list names them any more. */
void
check_ct(struct judging *j)
{
	struct tally tally = count_logs(j);

	if (j->facts.is_precertificate || j->facts.is_ca || j->facts.not_after < j->question->now)
		return;
	if (j->details.sct_count == 0) {
		(void)judge_find(
		    j, j->details.has_sct_list ? FINDING_CERT_SCT_BROKEN : FINDING_CERT_SCT_NONE);
		return;
	}
	check_list(j);
	if (tally.logs < logs_needed(&j->facts))
		tell_few(j, &tally);
	else if (j->setting->ct_logs)
		check_logs(j, &tally);
	if (!j->setting->ct_logs)
		finding_param(
		    judge_find(j, FINDING_CERT_SCT_UNCHECKED), "found", "%zu", tally.logs);
	tell_entries(j, &tally);
}
