/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding is one thing we noticed: code, severity, owner, and three sentences: what is wrong, why
 * it matters, what to do next. The catalogue order/findings.def is the one table of them: it feeds
 * the code, API, CLI, mails and the manual. To add a finding, add a row there and a test that
 * produces it.
 *
 * A found one carries parameters (name and value) that fill the {placeholders} of its sentences.
 * Values come from outside: they are bounded, and made fit for people's eyes (str_show) when they
 * are set; nothing here allocates.
 */
#pragma once

#include "base/buf.h"
#include "order/party.h"

#define FINDING_PARAMS_MAX 10
#define FINDING_NAME_SIZE  24
#define FINDING_VALUE_SIZE 512
#define FINDINGS_MAX       48

enum finding_severity {
	SEVERITY_INFO,
	SEVERITY_WARN,
	SEVERITY_HOLD,   /* waits until somebody decides, or until a date */
	SEVERITY_REJECT, /* this input is refused; nothing was changed by it */
	SEVERITY_MAX
};

enum gate {
	GATE_ELIGIBILITY,
	GATE_NAME,
	GATE_ORGANIZATION,
	GATE_REGISTRATION, /* of the domain, at its registry */
	GATE_PURCHASE,     /* at whom it is bought */
	GATE_CAA,          /* whom the DNS lets issue */
	GATE_CERTIFICATE,
	GATE_DNS,
	GATE_SITE,   /* installation and site test */
	GATE_WINDOW, /* when the balancer may be changed */
	GATE_MAX
};

enum finding_code {
#define FINDING(code, gate, severity, owner, rules, title, what, why, next) FINDING_##code,
#include "order/findings.def"
#undef FINDING
	FINDING_MAX
};

struct finding_rule {
	const char *code; /* "FQDN_CHARS" */
	enum gate gate;
	enum finding_severity severity;
	enum party owner;
	const char *rules;             /* "H-02 N-05" */
	const char *title;             /* one line, also a mail's subject */
	const char *what, *why, *next; /* with {placeholders} */
};

struct finding {
	enum finding_code code;
	enum finding_severity severity; /* the catalogue's unless the policy names another */
	char field[32]; /* the input's field it is about, as in the API; "" = the whole */
	size_t param_count;
	struct {
		char name[FINDING_NAME_SIZE];
		char value[FINDING_VALUE_SIZE];
	} param[FINDING_PARAMS_MAX];
};

/* The provider's own severities (policy.severities); all zero = the catalogue's. */
struct severity_policy {
	uint8_t plus_one[FINDING_MAX]; /* severity + 1; 0 = the catalogue's */
};

struct findings {
	const struct severity_policy *policy; /* borrowed, set before the first one is added; NULL =
	                                         none */
	struct finding list[FINDINGS_MAX];
	size_t count; /* further ones are dropped: the first causes count (I-08) */
};

const struct finding_rule *finding_rule(enum finding_code code);
bool finding_code_parse(struct str s, enum finding_code *ret);
const char *severity_name(enum finding_severity severity); /* "info" "warn" "hold" "reject" */
bool severity_parse(struct str s, enum finding_severity *ret);
const char *gate_name(enum gate gate); /* "eligibility" … */
/* Must it be open before the customer buys? */
bool gate_is_before_purchase(enum gate gate);
bool gate_parse(struct str s, enum gate *ret);

/* Tightened always; loosened only where rules.md section 15 leaves it to the operator: what CT logs
 * say, down to a warning. */
bool severity_allowed(enum finding_code code, enum finding_severity severity);
void severity_set(
    struct severity_policy *policy, enum finding_code code, enum finding_severity severity);
/* Does the policy (or NULL) speak of this one? */
bool severity_is_set(const struct severity_policy *policy, enum finding_code code);
/* By the policy (or NULL), or else the catalogue. */
enum finding_severity severity_by(const struct severity_policy *policy, enum finding_code code);
/* For a list that was made without the policy. */
void findings_weigh(struct findings *findings, const struct severity_policy *policy);
/* The code whose name is nearest, if near enough to be meant. */
bool finding_code_like(struct str s, enum finding_code *ret);

/* Adds one and returns it for its parameters; a scratch one when the list is full. */
struct finding *findings_add(struct findings *findings, enum finding_code code, const char *field);
void finding_param(struct finding *finding, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);
const char *finding_value(const struct finding *finding, const char *name); /* "" when absent */

bool findings_block(const struct findings *findings);  /* any hold or reject */
bool findings_refuse(const struct findings *findings); /* any reject */
/* The one a customer sees first: worst severity, then order of discovery; NULL when none. */
const struct finding *findings_first(const struct findings *findings);

enum finding_text {
	FINDING_TITLE,
	FINDING_WHAT,
	FINDING_WHY,
	FINDING_NEXT,
};

/* Appends the sentence with its placeholders filled; an unknown placeholder stays visible as
 * {name}. */
void finding_render(const struct finding *finding, enum finding_text text, struct buf *to);
