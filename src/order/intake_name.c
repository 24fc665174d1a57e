/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of the host name by itself, whoever ordered it. */
#include "order/intake.h"

#include <stdio.h>

static enum finding_code
code_of(int why, const struct name_report *report)
{
	switch (why) {
	case NAME_E_EMPTY:
		return FINDING_FQDN_MISSING;
	case NAME_E_LENGTH:
		return FINDING_FQDN_LENGTH;
	case NAME_E_INCOMPLETE:
		return FINDING_FQDN_INCOMPLETE;
	case NAME_E_INTERNAL:
		return report->no_such_ending ? FINDING_FQDN_ENDING : FINDING_FQDN_INTERNAL;
	case NAME_E_IS_ADDRESS:
		return FINDING_FQDN_IS_IP;
	case NAME_E_IS_MAIL:
		return FINDING_FQDN_IS_MAIL;
	case NAME_E_WILDCARD:
		return FINDING_FQDN_WILDCARD;
	case NAME_E_PUNYCODE:
		return FINDING_FQDN_PUNYCODE;
	case NAME_E_MIXED_SCRIPTS:
		return FINDING_FQDN_LOOKALIKE;
	default:
		return FINDING_FQDN_CHARS;
	}
}

/* The endings that most names have; the slip of a finger (H-10) is seen without knowing more. */
static const char *
near_ending(const char *ascii, char *to, size_t size)
{
	static const char *const usual[] = { "com", "net", "org", "info", "de", "at", "ch", "eu",
		"fr", "it", "es", "nl", "uk", "pl", "biz", "cloud", "online" };
	const char *dot = strrchr(ascii, '.');

	to[0] = '\0';
	for (size_t i = 0; dot && i < COUNT_OF(usual) && !to[0]; i++)
		if (str_distance(str_of(dot + 1), str_of(usual[i])) == 1)
			snprintf(to, size, "Did you mean \"%.*s.%s\"? ", (int)(dot - ascii), ascii,
			    usual[i]);
	return to;
}

static void
refuse_name(struct str pasted, int why, const struct name_report *report, struct findings *findings)
{
	struct finding *f = findings_add(findings, code_of(why, report), "host");
	char shown[128], near[FINDING_VALUE_SIZE];

	str_show(pasted, shown, sizeof(shown));
	finding_param(f, "found", "%s", shown);
	finding_param(f, "reason", "%s", report->reason);
	finding_param(f, "char", "%s", report->bad);
	finding_param(f, "position", "%zu", report->position);
	finding_param(f, "domain", "%s", report->domain);
	finding_param(f, "scripts", "%s", report->reason);
	finding_param(f, "fqdn", "%s", report->ascii);
	if (report->no_such_ending)
		finding_param(f, "hint", "%s", near_ending(report->ascii, near, sizeof(near)));
}

static struct finding *
warn(struct findings *findings, enum finding_code code, const struct host_name *host)
{
	struct finding *f = findings_add(findings, code, "host");

	finding_param(f, "fqdn", "%s", host->text);
	return f;
}

static void
comment_name(struct str pasted, const struct host_name *host, const struct name_report *report,
    struct findings *findings)
{
	char shown[128];
	struct finding *f;

	if (report->changed) {
		str_show(pasted, shown, sizeof(shown));
		f = warn(findings, FINDING_FQDN_CLEANED, host);
		finding_param(f, "found", "%s", shown);
		finding_param(f, "removed", "%s", report->removed);
	}
	if (report->is_apex)
		warn(findings, FINDING_FQDN_APEX, host);
	if (report->has_www) {
		f = warn(findings, FINDING_FQDN_WWW, host);
		finding_param(f, "without", "%s", host->text + strlen("www."));
	}
	if (report->is_long) {
		f = warn(findings, FINDING_FQDN_LONG, host);
		finding_param(f, "length", "%zu", strlen(host->text));
	}
}

/* H-05, H-08: the name must be what the service answers as. */
static void
compare_with_service(
    const char *service_url, const struct host_name *host, struct findings *findings)
{
	struct name_report report;
	struct host_name configured;
	struct finding *f;

	if (!service_url[0] || host_name_parse(str_of(service_url), &configured, &report) != 0 ||
	    strcmp(configured.text, host->text) == 0)
		return;
	f = warn(findings, FINDING_FQDN_SERVICE_MISMATCH, host);
	finding_param(f, "configured", "%s", configured.text);
}

int
order_intake_name(struct str pasted, const char *service_url, struct findings *findings,
    struct host_name *ret, struct name_report *report)
{
	int why = host_name_parse(pasted, ret, report);

	if (why) {
		refuse_name(pasted, why, report, findings);
		return INTAKE_E_REFUSED;
	}
	comment_name(pasted, ret, report, findings);
	compare_with_service(service_url, ret, findings);
	return 0;
}
