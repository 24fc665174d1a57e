/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dns.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/dns_internal.h"
#include "check/proxies.h"
#include "pki/data.h"

#define DNS_PORT 53

struct dns {
	struct config config;
	const struct world *world;
	struct proxies *proxies;
};

struct dns *
dns_free(struct dns *dns)
{
	if (dns)
		proxies_free(dns->proxies);
	free(dns);
	return NULL;
}

/* A resolver is made once here too, so that a setting that cannot be is told at the start. */
int
dns_new(const struct config *config, const struct world *world, struct dns **ret)
{
	CLEAN(resolver_free) struct resolver *trial = NULL;
	CLEAN(dns_free) struct dns *dns = alloc_zero(sizeof(*dns));
	char words[PROXIES_WORDS_SIZE];
	int r = resolver_new(config, true, &trial);

	if (r)
		return r;
	if (proxies_new(data_proxies, words, &dns->proxies))
		return error_origin(EBADMSG);
	dns->config = *config;
	dns->world = world;
	*ret = TAKE(dns);
	return 0;
}

int
dns_check(struct dns *dns, const struct host_name *name, const struct addr *address,
    struct dns_report *ret)
{
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	const struct dns_terms terms = {
		.ours = address, .our_names = dns->config.dns_our_names, .proxies = dns->proxies
	};
	int r = dns_collect(&dns->config, name->text, DNS_PORT, trace);

	if (r == 0) {
		dns_judge(trace, &terms, ret);
		ret->everyone_by =
		    ret->settles > 0 ? world_now(dns->world) + SECONDS(ret->settles) : 0;
	}
	free(trace);
	return r;
}

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

static json_t *
servers_json(const struct dns_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->server_count; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:b}", "server", report->server[i].server, "answer",
			      report->server[i].answer, "good", (int)report->server[i].good));
	return list;
}

static json_t *
views_json(const struct dns_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->view_count; i++) {
		const struct dns_outlook *view = &report->view[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:b, s:b, s:I}", "resolver", view->resolver,
			      "answer", view->answer, "good", (int)view->good, "inside",
			      (int)view->inside, "until", (json_int_t)view->until));
	}
	return list;
}

/* {"verdict", "cause" (the finding's code, "" when pointed), "words", "zone", "chain", "secure",
 * "ede", "negative_ttl", "answers_somewhere", "everyone_by" ("" = nothing to wait for),
 * "asked_instead" ("" = the name servers), "unchecked", "servers": [{"server", "answer", "good"}], "views": [{"resolver", "answer", "good", "inside", "until"}]} */
int
dns_report_json(const struct dns_report *report, struct buf *to)
{
	CLEAN(json_free) json_t *json = NULL;
	CLEAN(free_text) char *text = NULL;
	CLEAN(buf_fini) struct buf words = BUF(4096);
	const struct finding *first =
	    report->verdict == DNS_POINTED ? NULL : findings_first(&report->findings);
	char by[WHEN_RFC3339_SIZE];

	if (first)
		finding_render(first, FINDING_WHAT, &words);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:I, s:b, s:s, s:s, s:b, s:o, s:o}",
	    "verdict", dns_verdict_name(report->verdict), "cause",
	    first ? finding_rule(first->code)->code : "", "words", buf_text(&words), "zone",
	    report->zone, "chain", report->chain, "secure", (int)report->secure, "ede",
	    (int)report->ede, "negative_ttl", (json_int_t)report->negative_ttl, "answers_somewhere",
	    (int)report->answers_somewhere, "everyone_by", when_rfc3339(report->everyone_by, by),
	    "asked_instead", report->asked_instead, "unchecked", (int)report->unchecked, "servers",
	    servers_json(report), "views", views_json(report));
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}
