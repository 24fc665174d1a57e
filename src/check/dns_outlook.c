/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What resolvers say, beside what the name servers say: who still has an older answer, for how long,
 * and whether this machine's own resolver knows another DNS (G-01, G-06, G-07). Pure.
 */
#include <stdio.h>

#include "check/dns_internal.h"

#define SETTLES_MOST (48u * 3600) /* what is told to people ends there (G-06) */

static uint32_t
longer(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* How long such an answer may live in a cache. */
static uint32_t
life_of(const struct dns_view *view)
{
	uint32_t found = longer(view->a.ttl, view->aaaa.ttl),
		 negative = longer(view->a.negative_ttl, view->aaaa.negative_ttl);
	uint32_t life =
	    view->a.address_count + view->aaaa.address_count > 0 ? found : longer(found, negative);

	return life < SETTLES_MOST ? life : SETTLES_MOST;
}

/* Of what a name on the way says; all its servers that answer say the same, or it is no matter. */
static uint32_t
life_at(const struct dns_hop *hop)
{
	for (size_t i = 0; i < hop->view_count; i++)
		if (!dns_view_failed(&hop->view[i]))
			return life_of(&hop->view[i]);
	return 0;
}

static void
report_outlook(const struct dns_trace *trace, size_t at, const struct dns_view *witness,
    struct dns_outlook *to)
{
	const struct dns_view *view = &trace->views.view[at];

	dns_server_words(&view->server, to->resolver, sizeof(to->resolver));
	dns_view_words(view, trace->timeout, to->answer, sizeof(to->answer));
	to->inside = at + trace->inside_count >= trace->views.view_count;
	to->good = !dns_view_failed(view) && witness && dns_view_same(view, witness);
	to->until = to->good || dns_view_failed(view) ? 0 : life_of(view);
}

static void
tell_split(const struct dns_trace *trace, const struct dns_terms *terms,
    const struct dns_outlook *inside, const struct dns_view *witness, struct dns_report *report)
{
	struct finding *f = findings_add(&report->findings, FINDING_DNS_SPLIT, "fqdn");
	char address[ADDR_TEXT_SIZE], public[FINDING_VALUE_SIZE];

	dns_view_words(witness, trace->timeout, public, sizeof(public));
	finding_param(f, "fqdn", "%s", trace->hop[0].name);
	finding_param(f, "resolver", "%s", inside->resolver);
	finding_param(f, "inside", "%s", inside->answer);
	finding_param(f, "public", "%s", public);
	finding_param(f, "address", "%s", addr_text(terms->ours, address));
}

/* One that is inside is told once, and says nothing about the rest of the world. */
static void
judge_outlook(const struct dns_trace *trace, const struct dns_terms *terms,
    const struct dns_view *witness, struct dns_report *report)
{
	const struct dns_outlook *outlook = &report->view[report->view_count - 1];
	bool told = false;

	if (!outlook->inside) {
		if (report->verdict == DNS_POINTED)
			report->settles = longer(report->settles, outlook->until);
		return;
	}
	for (size_t i = 0; i < report->findings.count; i++)
		told |= report->findings.list[i].code == FINDING_DNS_SPLIT;
	if (!told && !outlook->good && witness &&
	    !dns_view_failed(&trace->views.view[report->view_count - 1]))
		tell_split(trace, terms, outlook, witness, report);
}

void
dns_judge_views(
    const struct dns_trace *trace, const struct dns_terms *terms, struct dns_report *ret)
{
	const struct dns_view *witness = dns_trace_witness(trace);

	for (size_t h = 0; ret->verdict != DNS_POINTED && h < trace->hop_count; h++)
		ret->settles = longer(ret->settles, life_at(&trace->hop[h]));
	for (size_t i = 0; i < trace->views.view_count && i < DNS_VIEWS_MAX; i++) {
		report_outlook(trace, i, witness, &ret->view[ret->view_count++]);
		judge_outlook(trace, terms, witness, ret);
	}
}
