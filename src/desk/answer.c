/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "desk/json.h"

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
	r = answer_text(answer, status, status >= 400 ? "application/problem+json" : "application/json", str_of(text));
	free(text);
	return r;
}

static const char *
title_of(int status)
{
	switch (status) {
	case 400:
		return "The request cannot be read";
	case 401:
		return "A token is needed";
	case 403:
		return "This token may not do that";
	case 404:
		return "There is no such thing";
	case 405:
		return "Not with this method";
	case 409:
		return "It does not fit what is there";
	case 412:
		return "It was changed meanwhile";
	case 413:
		return "Too large";
	case 422:
		return "The request has mistakes";
	case 503:
		return "Not now, try again";
	case 507:
		return "The disk is full";
	default:
		return "A fault on our side";
	}
}

static json_t *
problem(int status, const char *code, const char *title, const char *detail)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title", title, "status", status, "detail", detail, "code", code);
}

int
answer_problem(struct answer *answer, int status, const char *code, const char *format, ...)
{
	char detail[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	return answer_json(answer, status, problem(status, code, title_of(status), detail));
}

bool
answer_no(struct answer *answer, int status, const char *code, const char *format, ...)
{
	char detail[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	if (answer_json(answer, status, problem(status, code, title_of(status), detail)) != 0)
		answer->status = 500;
	return false;
}

bool
answer_fault_no(struct answer *answer, int r)
{
	if (answer_fault(answer, r) != 0)
		answer->status = 500;
	return false;
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
		json_object_set_new(params, finding->param[i].name, json_text(finding->param[i].value));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "code", rule->code, "gate", gate_name(rule->gate), "severity",
	    severity_name(finding->severity), "owner", party_name(rule->owner), "field", finding->field, "rules", rule->rules, "title",
	    rendered(finding, FINDING_TITLE), "what", rendered(finding, FINDING_WHAT), "why", rendered(finding, FINDING_WHY), "next",
	    rendered(finding, FINDING_NEXT), "params", params);
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
	const struct finding *first = findings_first(findings);
	CLEAN(buf_fini) struct buf title = BUF(4096);
	CLEAN(buf_fini) struct buf detail = BUF(1 << 16);
	json_t *json;

	if (!first)
		return error_origin(EINVAL);
	finding_render(first, FINDING_TITLE, &title);
	finding_render(first, FINDING_WHAT, &detail);
	json = problem(status, finding_rule(first->code)->code, buf_text(&title), buf_text(&detail));
	json_object_set_new(json, "findings", findings_json(findings));
	answer->first = first->code;
	answer->has_first = true;
	return answer_json(answer, status, json);
}

int
answer_not_found(struct answer *answer, const char *what)
{
	return answer_problem(answer, 404, "NOT_FOUND", "There is no such %s, or it is not yours.", what);
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
		return answer_problem(answer, 412, "STALE", "It was changed since you read it: read it again, then change it.");
	case STORE_E_NOT_NOW:
	case STORE_E_ALREADY:
		return answer_problem(answer, 409, "NOT_NOW", "The order is not at a point where this can be done.");
	case STORE_E_BUSY:
		answer->retry_after = 2;
		return answer_problem(answer, 503, "BUSY", "The database is busy. Nothing was changed; try again in a moment.");
	case STORE_E_FULL:
		answer->retry_after = 60;
		return answer_problem(answer, 507, "DISK_FULL", "The disk of the service is full. Nothing was changed.");
	default:
		return answer_problem(answer, 500, "FAULT", "Something went wrong on our side. Nothing was changed.");
	}
}
