/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/json.h"

#define DETAIL_SIZE 1024

int
answer_text(struct answer *answer, int status, const char *type, struct str text)
{
	answer->status = status;
	answer->type = type;
	buf_clear(&answer->body);
	buf_put_str(&answer->body, text);
	return buf_failed(&answer->body) ? error_origin(E2BIG) : 0;
}

int
answer_json(struct answer *answer, int status, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	int r;

	json_decref(json);
	if (!text)
		return error_origin(ENOMEM);
	r = answer_text(answer, status,
	    status >= 400 ? "application/problem+json" : "application/json", str_of(text));
	free(text);
	return r;
}

static const char *
title_of(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
		{ 400, "The request cannot be read" },
		{ 401, "A token is needed" },
		{ 403, "This token may not do that" },
		{ 404, "There is no such thing" },
		{ 405, "Not with this method" },
		{ 409, "It does not fit what is there" },
		{ 412, "It was changed meanwhile" },
		{ 413, "Too large" },
		{ 422, "The request has mistakes" },
		{ 429, "Too many at the same time" },
		{ 503, "Not now, try again" },
		{ 507, "The disk is full" },
	};

	for (size_t i = 0; i < COUNT_OF(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "A fault on our side";
}

static json_t *
problem(struct answer *answer, int status, const char *code, const char *title, const char *detail)
{
	answer->code = code;
	return json_pack("{s:s, s:o, s:i, s:o, s:s}", "type", "about:blank", "title",
	    json_text(title), "status", status, "detail", json_text(detail), "code", code);
}

static int
answer_words(struct answer *answer, int status, const char *code, const char *detail)
{
	return answer_json(answer, status, problem(answer, status, code, title_of(status), detail));
}

int
answer_problem(struct answer *answer, int status, const char *code, const char *format, ...)
{
	char detail[DETAIL_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	return answer_words(answer, status, code, detail);
}

/* The answer to a check that said no; a fault while saying it is a fault. */
static bool
no(struct answer *answer, int r)
{
	if (r)
		answer->status = 500;
	return false;
}

bool
answer_no(struct answer *answer, int status, const char *code, const char *format, ...)
{
	char detail[DETAIL_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	return no(answer, answer_words(answer, status, code, detail));
}

bool
answer_no_field(struct answer *answer, const char *field, const char *format, ...)
{
	char detail[DETAIL_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	return no(answer,
	    answer_mistakes(answer,
		json_pack("[{s:o, s:o}]", "field", json_text(field), "words", json_text(detail))));
}

bool
answer_fault_no(struct answer *answer, int r)
{
	return no(answer, answer_fault(answer, r));
}

int
answer_mistakes(struct answer *answer, json_t *mistakes)
{
	const json_t *first = json_array_get(mistakes, 0);
	const char *field = json_string_value(json_object_get(first, "field"));
	char detail[DETAIL_SIZE];
	json_t *json;

	snprintf(detail, sizeof(detail), "%s%s%s", field ? field : "",
	    field && field[0] ? ": " : "", json_string_value(json_object_get(first, "words")));
	json = problem(answer, 422, "FIELDS", title_of(422), detail);
	json_object_set_new(json, "errors", mistakes);
	return answer_json(answer, 422, json);
}

static json_t *
rendered(const struct finding *finding, enum finding_text text)
{
	CLEAN(buf_fini) struct buf words = BUF(1 << 16);

	finding_render(finding, text, &words);
	return json_text(buf_text(&words));
}

json_t *
finding_json(const struct finding *finding)
{
	const struct finding_rule *rule = finding_rule(finding->code);
	json_t *params = json_object();

	for (size_t i = 0; i < finding->param_count; i++)
		json_object_set_new(
		    params, finding->param[i].name, json_text(finding->param[i].value));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "code",
	    rule->code, "gate", gate_name(rule->gate), "severity", severity_name(finding->severity),
	    "owner", party_name(rule->owner), "field", finding->field, "rules", rule->rules,
	    "title", rendered(finding, FINDING_TITLE), "what", rendered(finding, FINDING_WHAT),
	    "why", rendered(finding, FINDING_WHY), "next", rendered(finding, FINDING_NEXT),
	    "params", params);
}

/* The worst first, else in the order they were found: people read the first one (I-08). */
json_t *
findings_json(const struct findings *findings)
{
	json_t *list = json_array();

	for (int severity = SEVERITY_MAX - 1; severity >= 0; severity--)
		for (size_t i = 0; i < findings->count; i++)
			if ((int)findings->list[i].severity == severity)
				json_array_append_new(list, finding_json(&findings->list[i]));
	return list;
}

int
answer_findings(struct answer *answer, int status, const struct findings *findings)
{
	return answer_findings_with(answer, status, findings, NULL);
}

int
answer_findings_with(
    struct answer *answer, int status, const struct findings *findings, json_t *members)
{
	const struct finding *first = findings_first(findings);
	CLEAN(buf_fini) struct buf title = BUF(4096);
	CLEAN(buf_fini) struct buf detail = BUF(1 << 16);
	json_t *json;

	if (!first) {
		json_decref(members);
		return error_origin(EINVAL);
	}
	finding_render(first, FINDING_TITLE, &title);
	finding_render(first, FINDING_WHAT, &detail);
	json = problem(
	    answer, status, finding_rule(first->code)->code, buf_text(&title), buf_text(&detail));
	json_object_set_new(json, "findings", findings_json(findings));
	if (members)
		json_object_update_new(json, members);
	return answer_json(answer, status, json);
}

void
answer_version(struct answer *answer, int64_t version)
{
	snprintf(answer->etag, sizeof(answer->etag), "\"%lld\"", (long long)version);
}

int
answer_not_found(struct answer *answer, const char *what)
{
	return answer_problem(
	    answer, 404, "NOT_FOUND", "There is no such %s, or it is not yours.", what);
}

int
answer_fault(struct answer *answer, int r)
{
	switch (r) {
	case STORE_E_ABSENT:
		return answer_not_found(answer, "object");
	case STORE_E_TAKEN:
		return answer_problem(answer, 409, "TAKEN", "There is one of that name already.");
	case STORE_E_STALE:
		return answer_problem(answer, 412, "STALE",
		    "It was changed since you read it: read it again, then change it.");
	case STORE_E_NOT_NOW:
	case STORE_E_ALREADY:
		return answer_problem(
		    answer, 409, "NOT_NOW", "The order is not at a point where this can be done.");
	case STORE_E_BUSY:
		answer->retry_after = 2;
		return answer_problem(answer, 503, "BUSY",
		    "The database is busy. Nothing was changed; try again in a moment.");
	case STORE_E_FULL:
		answer->retry_after = 60;
		return answer_problem(answer, 507, "DISK_FULL",
		    "The disk of the service is full. Nothing was changed; try again when the "
		    "provider has made room.");
	default:
		return answer_problem(
		    answer, 500, "FAULT", "Something went wrong on our side. Nothing was changed.");
	}
}
