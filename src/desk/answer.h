/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling answers: JSON, text, problems (RFC 9457). A problem's `code` is ours, upper case, and
 * stays; `detail` is for people. Problems of an order's gates carry findings of the catalogue,
 * mistakes in a request carry `errors`: a list of {field, words}.
 */
#pragma once

#include "desk/desk.h"

/* Takes over `json`. */
int answer_json(struct answer *answer, int status, json_t *json) MUST_USE;
int answer_text(struct answer *answer, int status, const char *type, struct str text) MUST_USE;

/* A problem in words. `code` is a literal: "NOT_FOUND". */
int answer_problem(struct answer *answer, int status, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5) MUST_USE;
/* The same for checks that say yes or no: false, always. */
bool answer_no(struct answer *answer, int status, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* One mistake in a query or a body; json.h collects several. False, always. */
bool answer_no_field(struct answer *answer, const char *field, const char *format, ...)
    PRINTF_LIKE(3, 4);
bool answer_fault_no(struct answer *answer, int r);
/* 422 with a list of {field, words}, which it takes over. */
int answer_mistakes(struct answer *answer, json_t *mistakes) MUST_USE;
/* A problem that is findings; the first of them (worst first) gives title and detail. */
int answer_findings(struct answer *answer, int status, const struct findings *findings) MUST_USE;
/* The same with further members, an object that it takes over (NULL = none). */
int answer_findings_with(
    struct answer *answer, int status, const struct findings *findings, json_t *members) MUST_USE;
void answer_version(struct answer *answer, int64_t version); /* its ETag */
int answer_not_found(struct answer *answer, const char *what) MUST_USE;
/* The usual problem for a store's outcome or a fatal error. */
int answer_fault(struct answer *answer, int r) MUST_USE;

/* One finding with its three sentences. */
json_t *finding_json(const struct finding *finding);
json_t *findings_json(const struct findings *findings);
