/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what was seen to a verdict and its one cause. Pure: no I/O, no clock.
 *
 * The order of the questions is the order of what a person must repair first: could we see at all,
 * do the servers answer, may the answer be believed (G-09), do the servers agree (G-08), does the
 * alias arrive (G-03), and only then: is it our address (G-01, G-02, G-04). A server that cannot be
 * reached from this machine (no IPv6) is no witness as long as another one is.
 */
#include "check/dns_internal.h"

#include <assert.h>
#include <stdio.h>

#include "check/dns_bogus.h"
#include "check/proxies.h"

#define TABLE_SIZE FINDING_VALUE_SIZE

struct trial {
	const struct dns_trace *trace;
	const struct dns_hop *last;
	const struct dns_view *witness; /* a usable one of the last hop; NULL when none */
	const struct addr *ours;
	const struct dns_terms *terms;
	struct dns_report *report;
};

static const char *const verdicts[] = {
	[DNS_POINTED] = "pointed",
	[DNS_ELSEWHERE] = "elsewhere",
	[DNS_ABSENT] = "absent",
	[DNS_FAILING] = "failing",
	[DNS_UNKNOWN] = "unknown",
};
static_assert(COUNT_OF(verdicts) == DNS_VERDICT_MAX, "a name for each verdict");

const char *
dns_verdict_name(enum dns_verdict verdict)
{
	return (size_t)verdict < COUNT_OF(verdicts) ? verdicts[verdict] : "unknown";
}

static const char *
name_of(const struct trial *t)
{
	return t->trace->hop[0].name;
}

static const char *
zone_or_name(const struct dns_hop *hop)
{
	return hop->zone[0] ? hop->zone : hop->name;
}

static void
duration_words(uint32_t seconds, char *to, size_t size)
{
	static const struct {
		uint32_t seconds;
		const char *one, *many;
	} units[] = {
		{ 3600, "hour", "hours" },
		{ 60, "minute", "minutes" },
		{ 1, "second", "seconds" },
	};
	const uint32_t most = 48 * 3600; /* what is told to people ends there (G-06) */
	size_t u = 0;
	uint32_t n;

	if (seconds > most)
		seconds = most;
	while (u + 1 < COUNT_OF(units) && seconds < units[u].seconds)
		u++;
	n = (seconds + units[u].seconds - 1) / units[u].seconds;
	snprintf(to, size, "%u %s", (unsigned)n, n == 1 ? units[u].one : units[u].many);
}

/* Adds the cause with the parameters all of them may use. */
static struct finding *
blame(struct trial *t, enum finding_code code, const struct dns_hop *hop, enum dns_verdict verdict)
{
	struct finding *f = findings_add(&t->report->findings, code, "fqdn");
	char address[ADDR_TEXT_SIZE];

	t->report->verdict = verdict;
	finding_param(f, "fqdn", "%s", name_of(t));
	finding_param(f, "zone", "%s", zone_or_name(hop));
	finding_param(f, "servers", "%s", hop->servers[0] ? hop->servers : "your DNS provider's");
	finding_param(f, "type", "%s", t->ours->family == 6 ? "AAAA" : "A");
	finding_param(f, "address", "%s", addr_text(t->ours, address));
	return f;
}

static void
table_words(const struct trial *t, const struct dns_hop *hop, char to[static TABLE_SIZE])
{
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < hop->view_count && len < TABLE_SIZE; i++) {
		char server[DNS_NAME_SIZE + ADDR_TEXT_SIZE + 16], says[512];

		dns_server_words(&hop->view[i].server, server, sizeof(server));
		dns_view_words(&hop->view[i], t->trace->timeout, says, sizeof(says));
		len += (size_t)snprintf(
		    to + len, TABLE_SIZE - len, "%s%s: %s", i > 0 ? "; " : "", server, says);
	}
}

static bool
failed_by_itself(const struct dns_view *view)
{
	return dns_view_failed(view) && !dns_view_unreached(view);
}

static void
blame_servers(struct trial *t, const struct dns_hop *hop)
{
	struct finding *f = blame(t, FINDING_DNS_SERVER_FAIL, hop, DNS_FAILING);
	char table[TABLE_SIZE];
	bool only_aaaa = false;

	table_words(t, hop, table);
	finding_param(f, "table", "%s", table[0] ? table : "none of them gives an answer");
	for (size_t i = 0; i < hop->view_count; i++)
		only_aaaa |= failed_by_itself(&hop->view[i]) && hop->view[i].a.kind < REPLY_SILENT;
	finding_param(f, "asked", "%s", only_aaaa ? "AAAA" : "A");
}

static void
blame_us(struct trial *t, const char *reason)
{
	struct finding *f = blame(t, FINDING_DNS_UNREACHABLE, t->last, DNS_UNKNOWN);

	finding_param(f, "reason", "%s", reason);
}

static bool
all_views(const struct dns_hop *hop, enum dns_reply_kind kind)
{
	for (size_t i = 0; i < hop->view_count; i++)
		if (hop->view[i].a.kind != kind)
			return false;
	return hop->view_count > 0;
}

/* No server of the last name gave a usable answer: whose fault is that? */
static void
judge_silence(struct trial *t)
{
	if (all_views(t->last, REPLY_UNREACHED))
		blame_us(t, "there is no way from this machine to the name servers");
	else if (all_views(t->last, REPLY_SILENT) && t->trace->world.found)
		blame_us(t, "the name servers answer a resolver, but not this machine");
	else
		blame_servers(t, t->last);
}

/* The resolver in the servers' place gave no answer: that is not theirs to answer for. */
static void
blame_relay(struct trial *t, const struct dns_view *view)
{
	char says[512] = "", reason[FINDING_VALUE_SIZE];

	if (view)
		dns_view_words(view, t->trace->timeout, says, sizeof(says));
	dns_relay_blame(&t->trace->relay, says, reason, sizeof(reason));
	blame_us(t, reason);
}

/* As is_seen(), at second hand. */
static bool
is_told(struct trial *t)
{
	if (t->trace->relay.way == DNS_WAY_NOBODY)
		blame_relay(t, NULL);
	else if (!t->witness && !t->trace->world.bogus)
		blame_relay(t, &t->last->view[0]);
	return t->report->findings.count == 0;
}

/* Is there an answer to judge? */
static bool
is_seen(struct trial *t)
{
	if (t->trace->relay.way != DNS_WAY_SERVERS)
		return is_told(t);
	if (!t->trace->reached)
		blame_us(t, "no name server answered at all");
	else if (t->last->fate == ZONE_UNKNOWN)
		blame_us(t, "the name servers of the zone could not be found");
	else if (!t->witness && (!t->trace->world.bogus || all_views(t->last, REPLY_SILENT)))
		judge_silence(t);
	return t->report->findings.count == 0;
}

static bool
is_believed(struct trial *t)
{
	if (t->trace->world.bogus) {
		struct finding *f = blame(t, FINDING_DNS_BOGUS, &t->trace->hop[0], DNS_FAILING);

		t->report->ede = dns_bogus_tell(f, t->trace->world.reason);
	}
	return !t->trace->world.bogus;
}

static bool
is_agreed(struct trial *t)
{
	char table[TABLE_SIZE];

	for (size_t i = 0; i < t->last->view_count; i++) {
		const struct dns_view *view = &t->last->view[i];

		if (dns_view_failed(view) || dns_view_same(view, t->witness))
			continue;
		table_words(t, t->last, table);
		finding_param(
		    blame(t, FINDING_DNS_DISAGREE, t->last, DNS_FAILING), "table", "%s", table);
		return false;
	}
	return true;
}

/* The first name on the way that is the provider's own (G-03); NULL when none is. */
static const char *
our_name(const struct trial *t)
{
	for (size_t h = 1; h < t->trace->hop_count; h++) {
		struct str rest = str_of(t->terms->our_names), one;

		while (str_next(&rest, ' ', &one))
			if (one.len > 0 && str_eq_nocase(one, str_of(t->trace->hop[h].name)))
				return t->trace->hop[h].name;
	}
	return NULL;
}

/* Behind a name of our own it is we who lead astray. */
static void
blame_alias(struct trial *t, const char *problem)
{
	const char *own = our_name(t);
	struct finding *f = blame(
	    t, own ? FINDING_DNS_OUR_ALIAS : FINDING_DNS_CNAME_BROKEN, t->last, DNS_ELSEWHERE);
	struct str rest = str_of(t->terms->our_names), first = STR("");

	finding_param(f, "chain", "%s", t->report->chain);
	finding_param(f, "problem", "%s", problem);
	finding_param(f, "own", "%s", own ? own : "");
	(void)str_next(&rest, ' ', &first);
	if (first.len > 0)
		finding_param(f, "target", "%.*s", STR_ARG(first));
	else
		finding_param(f, "target", "a name that leads to %s", finding_value(f, "address"));
}

static bool
is_alias_sound(struct trial *t)
{
	if (t->trace->end == END_LOOP)
		blame_alias(t, "it goes in a circle");
	else if (t->trace->end == END_TOO_LONG)
		blame_alias(t, "it has too many steps");
	else if (t->witness->a.crowded || t->witness->aaaa.crowded)
		blame_alias(t, "other entries stand beside the alias, which DNS does not allow");
	return t->report->findings.count == 0;
}

static void
blame_absence(struct trial *t)
{
	char cached[64];
	struct finding *f;

	if (t->trace->hop_count > 1) {
		blame_alias(t, t->witness->a.kind == REPLY_NO_NAME
				   ? "the last name does not exist"
				   : "the last name has no address");
		return;
	}
	if (t->last->outside) {
		blame(t, FINDING_DNS_DOMAIN_ABSENT, t->last, DNS_ABSENT);
		return;
	}
	f = blame(t, FINDING_DNS_NO_RECORD, t->last, DNS_ABSENT);
	duration_words(t->report->negative_ttl, cached, sizeof(cached));
	finding_param(f, "cached", "%s", cached);
}

struct tally {
	size_t ours, others, others_v4;
	bool others_private;
	const char *proxy; /* whose one of the others is */
	char all[512], other[512];
};

static void
append(char *list, size_t size, const struct addr *a)
{
	size_t len = strlen(list);
	char text[ADDR_TEXT_SIZE];

	snprintf(list + len, size - len, "%s%s", len > 0 ? ", " : "", addr_text(a, text));
}

static const char *
proxy_on_the_way(const struct trial *t)
{
	const char *proxy = NULL;

	for (size_t h = 1; t->terms->proxies && h < t->trace->hop_count && !proxy; h++)
		proxy = proxies_of_alias(t->terms->proxies, str_of(t->trace->hop[h].name));
	return proxy;
}

static void
count_addresses(const struct trial *t, struct tally *ret)
{
	struct addr list[DNS_ADDRESSES_MAX];
	size_t count = dns_view_addresses(t->witness, list);

	*ret = (struct tally){ .proxy = proxy_on_the_way(t) };
	for (size_t i = 0; i < count; i++) {
		append(ret->all, sizeof(ret->all), &list[i]);
		if (addr_eq(&list[i], t->ours)) {
			ret->ours++;
			continue;
		}
		append(ret->other, sizeof(ret->other), &list[i]);
		ret->others++;
		ret->others_v4 += list[i].family == 4;
		ret->others_private |= addr_is_private(&list[i]);
		if (!ret->proxy && t->terms->proxies)
			ret->proxy = proxies_of_address(t->terms->proxies, &list[i]);
	}
}

static enum finding_code
cause_of(const struct trial *t, const struct tally *tally)
{
	if (tally->ours > 0)
		return t->ours->family == 4 && tally->others_v4 == 0 ? FINDING_DNS_AAAA_STALE
		                                                     : FINDING_DNS_MIXED;
	if (tally->proxy)
		return FINDING_DNS_PROXIED;
	if (tally->others_private && !addr_is_private(t->ours))
		return FINDING_DNS_PRIVATE_IP;
	return t->trace->hop_count > 1 ? FINDING_DNS_CNAME_BROKEN : FINDING_DNS_WRONG_IP;
}

static void
judge_addresses(struct trial *t)
{
	struct tally tally;
	enum finding_code cause;
	struct finding *f;
	char problem[600];

	count_addresses(t, &tally);
	if (tally.ours + tally.others == 0) {
		blame_absence(t);
		return;
	}
	if (tally.others == 0)
		return;
	cause = cause_of(t, &tally);
	if (cause == FINDING_DNS_PRIVATE_IP && t->trace->relay.inside) {
		blame_relay(t, t->witness);
		return;
	}
	snprintf(problem, sizeof(problem), "it ends at %s", tally.other);
	if (cause == FINDING_DNS_CNAME_BROKEN) {
		blame_alias(t, problem);
		return;
	}
	f = blame(t, cause, t->last, DNS_ELSEWHERE);
	finding_param(f, "found", "%s", cause == FINDING_DNS_MIXED ? tally.all : tally.other);
	finding_param(f, "proxy", "%s", tally.proxy ? tally.proxy : "");
}

/* The answer is right: is there a server on the way that does not give it? */
static void
judge_bystanders(struct trial *t)
{
	for (size_t h = 0; h < t->trace->hop_count; h++)
		for (size_t i = 0; i < t->trace->hop[h].view_count; i++)
			if (failed_by_itself(&t->trace->hop[h].view[i])) {
				blame_servers(t, &t->trace->hop[h]);
				return;
			}
}

bool
dns_view_is(const struct dns_view *view, const struct addr *address)
{
	struct addr list[DNS_ADDRESSES_MAX];
	size_t count = dns_view_addresses(view, list);

	for (size_t i = 0; i < count; i++)
		if (!addr_eq(&list[i], address))
			return false;
	return count > 0;
}

static bool
has_address(const struct dns_reply *reply, const struct addr *address)
{
	for (size_t i = 0; i < reply->address_count; i++)
		if (addr_eq(&reply->address[i], address))
			return true;
	return false;
}

static void
report_view(const struct trial *t, const struct dns_view *view, bool is_last)
{
	struct dns_report *report = t->report;
	struct dns_server_answer *to;

	for (size_t i = 0; i < view->aaaa.address_count; i++)
		report->answers_somewhere |= !addr_eq(&view->aaaa.address[i], t->ours);
	for (size_t i = 0; i < view->a.address_count; i++)
		report->answers_somewhere |= !addr_eq(&view->a.address[i], t->ours);
	report->answers_ours |= has_address(&view->a, t->ours) || has_address(&view->aaaa, t->ours);
	if (view->a.negative_ttl > report->negative_ttl)
		report->negative_ttl = view->a.negative_ttl;
	if (report->server_count == DNS_SERVERS_MAX || view->server.resolver)
		return;
	to = &report->server[report->server_count++];
	dns_server_words(&view->server, to->server, sizeof(to->server));
	dns_view_words(view, t->trace->timeout, to->answer, sizeof(to->answer));
	to->address_count = dns_view_addresses(view, to->address);
	to->good = !dns_view_failed(view) &&
	           (is_last ? dns_view_is(view, t->ours) : *dns_view_alias(view) != '\0');
}

static void
report_chain(
    const struct dns_trace *trace, const struct dns_view *witness, struct dns_report *report)
{
	size_t len = 0;

	for (size_t i = 0;
	     i < trace->hop_count && trace->hop_count + (trace->end != END_REACHED) > 1; i++)
		if (len < sizeof(report->chain))
			len += (size_t)snprintf(report->chain + len, sizeof(report->chain) - len,
			    "%s%s", i > 0 ? " -> " : "", trace->hop[i].name);
	if (trace->end != END_REACHED && witness && len < sizeof(report->chain))
		snprintf(report->chain + len, sizeof(report->chain) - len, " -> %s",
		    dns_view_alias(witness));
}

static void
report_trace(struct trial *t)
{
	const struct dns_trace *trace = t->trace;

	if (trace->relay.way != DNS_WAY_NOBODY)
		str_copy(
		    str_of(zone_or_name(&trace->hop[0])), t->report->zone, sizeof(t->report->zone));
	t->report->secure = trace->world.secure;
	str_copy(str_of(trace->relay.resolver), t->report->asked_instead,
	    sizeof(t->report->asked_instead));
	t->report->unchecked = trace->relay.unchecked;
	report_chain(trace, t->witness, t->report);
	for (size_t h = 0; h < trace->hop_count; h++)
		for (size_t i = 0; i < trace->hop[h].view_count; i++)
			report_view(t, &trace->hop[h].view[i],
			    h + 1 == trace->hop_count && trace->end == END_REACHED);
}

static void
judge(struct trial *t)
{
	if (!is_seen(t) || !is_believed(t))
		return;
	assert(t->witness); /* what is seen and believed has one */
	if (!is_agreed(t) || !is_alias_sound(t))
		return;
	judge_addresses(t);
	if (t->report->findings.count == 0)
		judge_bystanders(t);
}

void
dns_judge(const struct dns_trace *trace, const struct dns_terms *terms, struct dns_report *ret)
{
	struct trial t = { .trace = trace, .ours = terms->ours, .terms = terms, .report = ret };

	assert(trace->hop_count > 0);
	*ret = (struct dns_report){ .verdict = DNS_POINTED };
	t.last = &trace->hop[trace->hop_count - 1];
	t.witness = dns_trace_witness(trace);
	report_trace(&t);
	judge(&t);
	dns_relay_tell(&trace->relay, name_of(&t), &ret->findings);
	dns_judge_views(trace, terms, ret);
}
