/* SPDX-License-Identifier: Apache-2.0 */
#include "order/finding.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const struct finding_rule rules[] = {
#define FINDING(code_, gate_, severity_, owner_, rules_, title_, what_, why_, next_) \
	[FINDING_##code_] = { .code = #code_,                                        \
		.gate = gate_,                                                       \
		.severity = severity_,                                               \
		.owner = owner_,                                                     \
		.rules = rules_,                                                     \
		.title = title_,                                                     \
		.what = what_,                                                       \
		.why = why_,                                                         \
		.next = next_ },
#include "order/findings.def"
#undef FINDING
};
static_assert(COUNT_OF(rules) == FINDING_MAX, "a row for each code");

static const char *const severities[] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARN] = "warn",
	[SEVERITY_HOLD] = "hold",
	[SEVERITY_REJECT] = "reject",
};
static_assert(COUNT_OF(severities) == SEVERITY_MAX, "a name for each severity");

static const char *const gates[] = {
	[GATE_ELIGIBILITY] = "eligibility",
	[GATE_NAME] = "name",
	[GATE_ORGANIZATION] = "organization",
	[GATE_REGISTRATION] = "registration",
	[GATE_PURCHASE] = "purchase",
	[GATE_CAA] = "caa",
	[GATE_CERTIFICATE] = "certificate",
	[GATE_DNS] = "dns",
	[GATE_SITE] = "site",
	[GATE_WINDOW] = "window",
};
static_assert(COUNT_OF(gates) == GATE_MAX, "a name for each gate");

/* The position of `s` in a table of names, or `count`. */
static size_t
find_name(struct str s, const char *const *names, size_t count)
{
	size_t i = 0;

	while (i < count && !str_eq(s, str_of(names[i])))
		i++;
	return i;
}

const struct finding_rule *
finding_rule(enum finding_code code)
{
	assert((size_t)code < COUNT_OF(rules));
	return &rules[code];
}

bool
finding_code_parse(struct str s, enum finding_code *ret)
{
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (str_eq(s, str_of(rules[i].code))) {
			*ret = (enum finding_code)i;
			return true;
		}
	return false;
}

const char *
severity_name(enum finding_severity severity)
{
	return (size_t)severity < COUNT_OF(severities) ? severities[severity] : "unknown";
}

bool
severity_parse(struct str s, enum finding_severity *ret)
{
	size_t i = find_name(s, severities, COUNT_OF(severities));

	if (i < COUNT_OF(severities))
		*ret = (enum finding_severity)i;
	return i < COUNT_OF(severities);
}

const char *
gate_name(enum gate gate)
{
	return (size_t)gate < COUNT_OF(gates) ? gates[gate] : "unknown";
}

bool
gate_is_before_purchase(enum gate gate)
{
	return gate == GATE_ELIGIBILITY || gate == GATE_NAME || gate == GATE_ORGANIZATION ||
	       gate == GATE_REGISTRATION || gate == GATE_PURCHASE;
}

bool
gate_parse(struct str s, enum gate *ret)
{
	size_t i = find_name(s, gates, COUNT_OF(gates));

	if (i < COUNT_OF(gates))
		*ret = (enum gate)i;
	return i < COUNT_OF(gates);
}

bool
finding_code_like(struct str s, enum finding_code *ret)
{
	size_t least = s.len / 3 + 1;
	bool found = false;

	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		size_t away = str_distance(s, str_of(rules[i].code));

		if (away < least) {
			least = away;
			*ret = (enum finding_code)i;
			found = true;
		}
	}
	return found;
}

/* rules.md section 15: "too few SCTs: override by operator". */
static const enum finding_code operators_choice[] = {
	FINDING_CERT_SCT_NONE,
	FINDING_CERT_SCT_FEW,
	FINDING_CERT_SCT_OPERATORS,
	FINDING_CERT_SCT_NOT_CURRENT,
	FINDING_CERT_SCT_KIND,
};

bool
severity_allowed(enum finding_code code, enum finding_severity severity)
{
	if (severity >= finding_rule(code)->severity)
		return true;
	for (size_t i = 0; i < COUNT_OF(operators_choice); i++)
		if (operators_choice[i] == code)
			return severity >= SEVERITY_WARN;
	return false;
}

void
severity_set(struct severity_policy *policy, enum finding_code code, enum finding_severity severity)
{
	policy->plus_one[code] = (uint8_t)(severity + 1);
}

bool
severity_is_set(const struct severity_policy *policy, enum finding_code code)
{
	return policy && policy->plus_one[code] > 0;
}

enum finding_severity
severity_by(const struct severity_policy *policy, enum finding_code code)
{
	return severity_is_set(policy, code) ? (enum finding_severity)(policy->plus_one[code] - 1)
	                                     : finding_rule(code)->severity;
}

void
findings_weigh(struct findings *findings, const struct severity_policy *policy)
{
	for (size_t i = 0; i < findings->count; i++)
		if (severity_is_set(policy, findings->list[i].code))
			findings->list[i].severity = severity_by(policy, findings->list[i].code);
}

/* When the list is full the last place is written over: the causes found first are the ones that
 * count. */
struct finding *
findings_add(struct findings *findings, enum finding_code code, const char *field)
{
	struct finding *finding;

	if (findings->count < FINDINGS_MAX)
		findings->count++;
	finding = &findings->list[findings->count - 1];
	*finding =
	    (struct finding){ .code = code, .severity = severity_by(findings->policy, code) };
	snprintf(finding->field, sizeof(finding->field), "%s", field);
	return finding;
}

/* A cut value must not end in half a character. */
static void
trim_to_character(char *value)
{
	size_t len = strlen(value), characters;

	while (len > 0 && !str_utf8_length(str_of(value), &characters))
		value[--len] = '\0';
}

void
finding_param(struct finding *finding, const char *name, const char *format, ...)
{
	char value[FINDING_VALUE_SIZE];
	va_list args;
	size_t at = finding->param_count;

	assert(at < FINDING_PARAMS_MAX);
	snprintf(finding->param[at].name, FINDING_NAME_SIZE, "%s", name);
	va_start(args, format);
	if (vsnprintf(value, sizeof(value), format, args) >= FINDING_VALUE_SIZE)
		trim_to_character(value);
	va_end(args);
	str_show(str_of(value), finding->param[at].value, FINDING_VALUE_SIZE);
	finding->param_count++;
}

const char *
finding_value(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->param_count; i++)
		if (strcmp(finding->param[i].name, name) == 0)
			return finding->param[i].value;
	return "";
}

bool
findings_block(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].severity >= SEVERITY_HOLD)
			return true;
	return false;
}

bool
findings_refuse(const struct findings *findings)
{
	const struct finding *first = findings_first(findings);

	return first && first->severity == SEVERITY_REJECT;
}

const struct finding *
findings_first(const struct findings *findings)
{
	const struct finding *worst = NULL;

	for (size_t i = 0; i < findings->count; i++)
		if (!worst || findings->list[i].severity > worst->severity)
			worst = &findings->list[i];
	return worst;
}

static const char *
sentence(const struct finding_rule *rule, enum finding_text text)
{
	switch (text) {
	case FINDING_TITLE:
		return rule->title;
	case FINDING_WHAT:
		return rule->what;
	case FINDING_WHY:
		return rule->why;
	case FINDING_NEXT:
		return rule->next;
	}
	return "";
}

static bool
has_param(const struct finding *finding, struct str name, const char **ret_value)
{
	for (size_t i = 0; i < finding->param_count; i++)
		if (str_eq(name, str_of(finding->param[i].name))) {
			*ret_value = finding->param[i].value;
			return true;
		}
	return false;
}

void
finding_render(const struct finding *finding, enum finding_text text, struct buf *to)
{
	struct str rest = str_of(sentence(finding_rule(finding->code), text));

	while (rest.len > 0) {
		size_t open = str_find(rest, STR("{"));
		struct str name = str_drop(rest, open + 1);
		const char *value;

		buf_put(to, rest.p, open);
		if (open == rest.len)
			return;
		name.len = str_find(name, STR("}"));
		if (has_param(finding, name, &value)) {
			buf_put_text(to, value);
			rest = str_drop(rest, open + name.len + 2);
		} else {
			buf_put_byte(to, '{');
			rest = str_drop(rest, open + 1);
		}
	}
}
