/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people type into the order form: a host name however pasted (pki/name.h), organization data
 * (pki/subject.h), and what the form's check says of them (order/intake.h).
 *
 * Holds: a name that was taken is lower case letters, digits, hyphens and dots, and taking it again
 * changes nothing; what the check lets through makes a signing request (pki/csr.h); whatever was
 * typed, the findings are words.
 *
 * Texts with a NUL between: host, organization, division, city, state, country, service URL.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "order/intake.h"
#include "pki/csr.h"

enum { HOST, ORGANIZATION, DIVISION, CITY, STATE, COUNTRY, SERVICE_URL, TEXTS };

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
check_findings(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		for (int t = FINDING_TITLE; t <= FINDING_NEXT; t++) {
			CLEAN(buf_fini) struct buf words = BUF(16384);

			finding_render(&findings->list[i], (enum finding_text)t, &words);
			MUST_HOLD(fuzz_is_words(buf_str(&words)));
		}
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
	check_findings(&ret->findings);
	free(ret);
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
	for (size_t i = 0; i < TEXTS; i++)
		free(owned[i]);
	return 0;
}
