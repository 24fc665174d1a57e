/* SPDX-License-Identifier: Apache-2.0 */
/* The names a certificate is valid for: the order's host first, then the form of all of them. */
#include <assert.h>
#include <openssl/objects.h>
#include <stdio.h>

#include "delivery/judge_internal.h"
#include "delivery/judge_names.h"
#include "pki/name.h"

static_assert(READ_HOST_SIZE == sizeof(struct host_name), "a host name fits the question");

#define LONG_NAME 200

static void
put_name(struct finding *finding, const char *param, struct str name)
{
	char shown[LONG_NAME];

	str_show(name, shown, sizeof(shown));
	finding_param(finding, param, "%s", shown);
}

static struct str
common_name(const struct judging *j)
{
	return j->facts.common_name;
}

static void
tell_no_match(struct judging *j)
{
	static const enum finding_code codes[] = {
		[NAME_STAR] = FINDING_CERT_NAME_NEAR,
		[NAME_WWW] = FINDING_CERT_NAME_WWW,
		[NAME_TYPO] = FINDING_CERT_NAME_TYPO,
	};
	static_assert(COUNT_OF(codes) == NAME_TYPO + 1, "a finding for each way to be near");

	for (size_t i = 0; i < j->facts.name_count; i++) {
		enum name_nearness near =
		    name_nearness(j->facts.names[i], str_of(j->question->host));

		if (near != NAME_FAR) {
			put_name(judge_find(j, codes[near]), "san", j->facts.names[i]);
			return;
		}
	}
	if (j->facts.name_count == 0 && j->facts.ip_count == 0)
		put_name(judge_find(j, FINDING_CERT_NO_NAMES), "found", common_name(j));
	else
		judge_put_names(j, judge_find(j, FINDING_CERT_NAME_MISSING));
}

/* Position of the name that covers the host, or name_count. N-08; the CN never counts (N-02). */
static size_t
covering_name(const struct judging *j)
{
	struct str host = str_of(j->question->host);
	struct host_name name = { 0 };
	size_t i = 0;

	copy_bytes(name.text, host.p, host.len);
	while (i < j->facts.name_count && !host_name_matches(j->facts.names[i], &name))
		i++;
	return i;
}

void
check_names(struct judging *j)
{
	if (covering_name(j) == j->facts.name_count)
		tell_no_match(j);
}

/* K-08: what else the key can appear as. */
void
check_wildcard(struct judging *j)
{
	size_t at = covering_name(j);

	if (at < j->facts.name_count && str_starts(j->facts.names[at], STR("*.")))
		put_name(judge_find(j, FINDING_CERT_WILDCARD), "san", j->facts.names[at]);
}

static bool
is_listed(const struct judging *j, struct str name)
{
	for (size_t i = 0; i < j->facts.name_count; i++)
		if (str_eq_nocase(j->facts.names[i], name))
			return true;
	return false;
}

/* N-02 */
void
check_common_name(struct judging *j)
{
	struct str cn = common_name(j), host = str_of(j->question->host);

	if (j->details.common_names > 1)
		finding_param(judge_find(j, FINDING_CERT_CN_SEVERAL), "count", "%zu",
		    j->details.common_names);
	if (cn.len == 0 || j->facts.name_count == 0)
		return;
	if (!is_listed(j, cn) && j->facts.ip_count == 0)
		put_name(judge_find(j, FINDING_CERT_CN_NOT_LISTED), "found", cn);
	else if (host.len > 0 && covering_name(j) < j->facts.name_count && !str_eq_nocase(cn, host))
		put_name(judge_find(j, FINDING_CERT_CN_OTHER), "found", cn);
}

/* What is wrong with one name; FINDING_MAX = nothing. `words`: the clause for {reason}. */
static enum finding_code
fault_of_plain(struct str san, char *words, size_t size)
{
	struct name_report report = { 0 };
	struct host_name name;
	int r = host_name_parse(san, &name, &report);

	snprintf(words, size, "%s", *report.reason ? report.reason : "it cannot be one");
	switch (r) {
	case 0:
		return str_eq_nocase(str_of(name.text), san) ? FINDING_MAX : FINDING_CERT_SAN_FORM;
	case NAME_E_CHARS:
		snprintf(words, size, "it contains %s", report.bad);
		return str_find(san, STR("_")) < san.len ? FINDING_CERT_SAN_UNDERSCORE
		                                         : FINDING_CERT_SAN_FORM;
	case NAME_E_PUNYCODE:
		return FINDING_CERT_SAN_PUNYCODE;
	case NAME_E_INTERNAL:
	case NAME_E_INCOMPLETE: /* a name of one part, or a public ending */
		return FINDING_CERT_SAN_INTERNAL;
	case NAME_E_MIXED_SCRIPTS: /* a matter of taste of the issuer, not of form */
		return FINDING_MAX;
	default:
		return FINDING_CERT_SAN_FORM;
	}
}

/* N-07: "*." and a name that belongs to somebody. */
static enum finding_code
fault_of_star(struct str san, char *words, size_t size)
{
	struct str domain = str_drop(san, 2);
	enum finding_code fault;
	struct name_report report = { 0 };
	struct host_name name;

	if (!str_starts(san, STR("*.")) || str_find(domain, STR("*")) < domain.len)
		return FINDING_CERT_SAN_STAR;
	if (host_name_parse(domain, &name, &report) == NAME_E_INCOMPLETE)
		return FINDING_CERT_SAN_STAR_SUFFIX;
	fault = fault_of_plain(domain, words, size);
	return fault;
}

/* N-04 to N-07: the first name of each fault is told. */
void
check_name_forms(struct judging *j)
{
	for (size_t i = 0; i < j->facts.name_count; i++) {
		struct str san = j->facts.names[i];
		char words[sizeof(((struct name_report *)0)->reason)] = "";
		bool star = str_find(san, STR("*")) < san.len;
		enum finding_code fault = star ? fault_of_star(san, words, sizeof(words))
		                               : fault_of_plain(san, words, sizeof(words));
		struct finding *finding;

		if (fault == FINDING_MAX || judge_told(j, fault))
			continue;
		finding = judge_find(j, fault);
		put_name(finding, "found", san);
		finding_param(finding, "reason", "%s", words);
	}
}

/* N-01, N-06 */
void
check_other_names(struct judging *j)
{
	const struct certificate_details *d = &j->details;

	if (*d->other_names)
		finding_param(judge_find(j, FINDING_CERT_SAN_OTHER), "found", "%s", d->other_names);
	if (*d->private_addresses)
		finding_param(judge_find(j, FINDING_CERT_SAN_PRIVATE_ADDRESS), "found", "%s",
		    d->private_addresses);
	if (*d->addresses)
		finding_param(judge_find(j, FINDING_CERT_SAN_ADDRESS), "found", "%s", d->addresses);
}
