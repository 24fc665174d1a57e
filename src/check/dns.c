/* SPDX-License-Identifier: Apache-2.0 */
#include "check/dns.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/dns_internal.h"

#define DNS_PORT 53

struct dns {
	struct config config;
};

struct dns *
dns_free(struct dns *dns)
{
	free(dns);
	return NULL;
}

/* A resolver is made once here too, so that a setting that cannot be is told at the start. */
int
dns_new(const struct config *config, const struct world *world UNUSED, struct dns **ret)
{
	CLEAN(resolver_free) struct resolver *trial = NULL;
	CLEAN(dns_free) struct dns *dns = alloc_zero(sizeof(*dns));
	int r = resolver_new(config, true, &trial);

	if (r)
		return r;
	dns->config = *config;
	*ret = TAKE(dns);
	return 0;
}

int
dns_check(struct dns *dns, const struct host_name *name, const struct addr *address,
    struct dns_report *ret)
{
	struct dns_trace *trace = alloc_zero(sizeof(*trace));
	int r = dns_collect(&dns->config, name->text, DNS_PORT, trace);

	if (r == 0)
		dns_judge(trace, address, ret);
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

/* {"verdict", "cause" (the finding's code, "" when pointed), "words", "zone", "chain", "secure",
 * "negative_ttl", "answers_somewhere", "servers": [{"server", "answer", "good"}]} */
int
dns_report_json(const struct dns_report *report, struct buf *to)
{
	CLEAN(json_free) json_t *json = NULL;
	CLEAN(free_text) char *text = NULL;
	CLEAN(buf_fini) struct buf words = BUF(4096);
	const struct finding *first = findings_first(&report->findings);

	if (first)
		finding_render(first, FINDING_WHAT, &words);
	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:b, s:o}", "verdict",
	    dns_verdict_name(report->verdict), "cause",
	    first ? finding_rule(first->code)->code : "", "words", buf_text(&words), "zone",
	    report->zone, "chain", report->chain, "secure", (int)report->secure, "negative_ttl",
	    (json_int_t)report->negative_ttl, "answers_somewhere", (int)report->answers_somewhere,
	    "servers", servers_json(report));
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}
