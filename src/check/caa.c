/* SPDX-License-Identifier: Apache-2.0 */
#include "check/caa.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/error.h"
#include "check/caa_internal.h"

#define DNS_PORT 53

int
caa_check(const struct config *config, const struct caa_question *question, struct caa_report *ret)
{
	CLEAN(caa_trace_free) struct caa_trace *trace = NULL;
	int r = caa_collect(config, question->host, DNS_PORT, &trace);

	if (r)
		return r;
	caa_judge(trace, question, ret);
	return 0;
}

static void
json_free(json_t *json)
{
	json_decref(json);
}
CLEAN_DEFINE(json_free, json_t *);

static json_t *
lines_json(const struct caa_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->line_count; i++)
		json_array_append_new(list, json_string(report->line[i]));
	return list;
}

static json_t *
issuers_json(const struct caa_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->issuer_count; i++)
		json_array_append_new(list, json_string(report->issuer[i]));
	return list;
}

static json_t *
levels_json(const struct caa_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->level_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", report->level[i].name,
						"answer", report->level[i].answer));
	return list;
}

/* {"verdict", "cause" (the first finding's code, "" when there is none), "place", "record",
 * "entries": ["0 issue …"], "entry_count", "restricts", "issuers": ["digicert.com"], "levels": [{"name", "answer"}], "secure", "ede",
 * "asked_instead" ("" = the name servers), "unchecked"} */
int
caa_report_json(const struct caa_report *report, struct buf *to)
{
	CLEAN(json_free) json_t *json = NULL;
	CLEAN(free_text) char *text = NULL;
	const struct finding *first = findings_first(&report->findings);

	json = json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:b, s:o, s:o, s:b, s:i, s:s, s:b}",
	    "verdict", caa_verdict_name(report->verdict), "cause",
	    first ? finding_rule(first->code)->code : "", "place", report->place, "record",
	    report->record, "entries", lines_json(report), "entry_count",
	    (json_int_t)report->record_count, "restricts", (int)report->restricts, "issuers",
	    issuers_json(report), "levels", levels_json(report), "secure", (int)report->secure,
	    "ede", (int)report->ede, "asked_instead", report->asked_instead, "unchecked",
	    (int)report->unchecked);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (!text)
		return error_origin(ENOMEM);
	buf_put_text(to, text);
	return buf_failed(to) ? error_origin(EMSGSIZE) : 0;
}
