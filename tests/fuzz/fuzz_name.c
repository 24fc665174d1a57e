/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people type into the order form: a host name however pasted (pki/name.h), organization data
 * (pki/subject.h), and what the form's check says of them (order/intake.h); and a list of known names
 * with what is said of the host name against it (names/judge.h).
 *
 * Holds: a name that was taken is lower case letters, digits, hyphens and dots, and taking it again
 * changes nothing; what the check lets through makes a signing request (pki/csr.h); whatever was
 * typed, the findings are words. What was meant instead of a good name is a good name, and a known
 * name is alike to none.
 *
 * Texts with a NUL between: host, organization, division, city, state, country, service URL,
 * known names.
 */
#include "fuzz/fuzz_findings.h"

#include <stdlib.h>

#include "names/judge.h"
#include "names/list.h"
#include "names/spell.h"
#include "order/intake.h"
#include "pki/csr.h"

enum { HOST, ORGANIZATION, DIVISION, CITY, STATE, COUNTRY, SERVICE_URL, KNOWN, TEXTS };

static void
check_name(const struct host_name *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	struct str text = str_of(name->text);
	struct host_name again;
	struct name_report report;

	MUST_HOLD(strspn(name->text, allowed) == text.len && text.len > 0);
	MUST_HOLD(host_name_parse(text, &again, &report) == 0 && !report.changed);
	MUST_HOLD(strcmp(again.text, name->text) == 0);
	MUST_HOLD(host_name_matches(text, name));
}

static void
check_request(const struct intake *intake)
{
	const struct csr_subject subject = {
		.country = str_of(intake->subject.country),
		.state = str_of(intake->subject.state),
		.locality = str_of(intake->subject.city),
		.organization = str_of(intake->subject.organization),
	};
	const struct str name = str_of(intake->host.text);

	MUST_HOLD(csr_check(&subject, &name, 1) == 0);
}

static void
intake(struct str text[static TEXTS])
{
	struct order_form form = {
		.host = text[HOST],
		.subject = { text[ORGANIZATION], text[DIVISION], text[CITY], text[STATE],
		    text[COUNTRY] },
		.eligibility = { .mailboxes = 420, .least = 200 },
		.service_url = text[SERVICE_URL].p,
	};
	struct intake *ret = alloc_zero(sizeof(*ret));

	if (order_intake_check(&form, ret) == 0)
		check_request(ret);
	fuzz_findings(&ret->findings);
	free(ret);
}

static void
check_alike(const struct known_names *known, const struct name_judgement *said, bool refused)
{
	struct name_report report;
	struct host_name name;
	struct name_alike alike;

	if (!refused && said->alike.mistake != MISTAKE_NONE)
		MUST_HOLD(host_name_parse(str_of(said->alike.meant.text), &name, &report) == 0);
	for (size_t i = 0; i < known_names_count(known); i++) {
		MUST_HOLD(known_names_has(known, known_names_at(known, i)));
		name_alike_find(known, known_names_at(known, i), false, &alike);
		MUST_HOLD(alike.mistake == MISTAKE_NONE);
	}
}

static void
check_spelling(const char *name)
{
	CLEAN(buf_fini) struct buf big = BUF(1 << 20);
	struct name_letter letters[300];
	size_t count = name_spell_letters(name, letters, COUNT_OF(letters));

	name_spell_big(name, 80, "", &big);
	MUST_HOLD(!buf_failed(&big));
	for (size_t i = 0; i < count; i++)
		MUST_HOLD(fuzz_is_words(str_of(letters[i].text)));
}

static void
judge(const struct str text[static TEXTS])
{
	CLEAN(known_names_free) struct known_names *known = known_names_new();
	struct findings *findings = alloc_zero(sizeof(*findings));
	struct name_judgement said;
	struct name_list_mistake mistake;
	const struct name_question question = { .pasted = text[HOST],
		.service = "owa",
		.service_url = text[SERVICE_URL].p,
		.domains = known,
		.known = known,
		.others = known };
	int r = name_list_read(text[KNOWN], known, &mistake);

	MUST_HOLD(r == 0 || (r == NAME_LIST_E_LINE && mistake.line > 0 && mistake.text.len > 0));
	r = name_judge(&question, findings, &said);
	fuzz_findings(findings);
	check_alike(known, &said, r == NAME_JUDGE_E_REFUSED);
	check_spelling(said.host.text);
	free(findings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_bytes(data, size), text[TEXTS];
	char *owned[TEXTS];
	struct host_name name;
	struct name_report report;

	for (size_t i = 0; i < TEXTS; i++) {
		owned[i] = fuzz_text(&rest);
		text[i] = str_of(owned[i]);
	}
	if (host_name_parse(text[HOST], &name, &report) == 0)
		check_name(&name);
	intake(text);
	judge(text);
	for (size_t i = 0; i < TEXTS; i++)
		free(owned[i]);
	return 0;
}
