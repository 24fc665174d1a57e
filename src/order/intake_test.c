/* SPDX-License-Identifier: Apache-2.0 */
#include "order/intake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static struct order_form
good(void)
{
	return (struct order_form){ .host = STR("owa.contoso.com"),
		.subject = { .organization = STR("Contoso GmbH"),
		    .city = STR("Salzburg"),
		    .country = STR("AT") },
		.eligibility = { .mailboxes = 420, .counted = SECONDS(1800000000), .least = 200 },
		.service_url = "" };
}

/* Whatever is found must be speakable: no placeholder left open. */
static void
speak(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		for (int t = FINDING_TITLE; t <= FINDING_NEXT; t++) {
			CLEAN(buf_fini) struct buf text = BUF(1 << 16);

			finding_render(&findings->list[i], (enum finding_text)t, &text);
			if (strchr(buf_text(&text), '{'))
				printf("%s: %s\n", finding_rule(findings->list[i].code)->code,
				    buf_text(&text));
			assert_null(strchr(buf_text(&text), '{'));
		}
}

static bool
has(const struct findings *findings, enum finding_code code)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].code == code)
			return true;
	return false;
}

static void
a_good_order(void **state UNUSED)
{
	struct order_form form = good();
	struct intake intake;

	assert_int_equal(order_intake_check(&form, &intake), 0);
	assert_int_equal(intake.findings.count, 0);
	assert_string_equal(intake.host.text, "owa.contoso.com");
}

static void
names_of_all_kinds(void **state UNUSED)
{
	static const struct {
		const char *host;
		enum finding_code code;
		bool refused;
	} cases[] = {
		{ "", FINDING_FQDN_MISSING, true },
		{ "owa_x.contoso.com", FINDING_FQDN_CHARS, true },
		{ "owa", FINDING_FQDN_INCOMPLETE, true },
		{ "owa.contoso.local", FINDING_FQDN_INTERNAL, true },
		{ "192.0.2.1", FINDING_FQDN_IS_IP, true },
		{ "a@contoso.com", FINDING_FQDN_IS_MAIL, true },
		{ "*.contoso.com", FINDING_FQDN_WILDCARD, true },
		{ "xn--99999999.contoso.com", FINDING_FQDN_PUNYCODE, true },
		{ "\xd0\xbewa.contoso.com", FINDING_FQDN_LOOKALIKE, true },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.contoso.com",
		    FINDING_FQDN_LENGTH, true },
		{ "https://owa.contoso.com/owa", FINDING_FQDN_CLEANED, false },
		{ "contoso.com", FINDING_FQDN_APEX, false },
		{ "www.contoso.com", FINDING_FQDN_WWW, false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.contoso.com",
		    FINDING_FQDN_LONG, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct order_form form = good();
		struct intake intake;

		form.host = str_of(cases[i].host);
		assert_int_equal(
		    order_intake_check(&form, &intake), cases[i].refused ? INTAKE_E_REFUSED : 0);
		assert_true(has(&intake.findings, cases[i].code));
		speak(&intake.findings);
	}
}

static void
the_service_answers_as_something_else(void **state UNUSED)
{
	struct order_form form = good();
	struct intake intake;

	form.service_url = "https://owa.contoso.com/owa/";
	assert_int_equal(order_intake_check(&form, &intake), 0);
	form.service_url = "https://mail.contoso.com/owa/";
	assert_int_equal(order_intake_check(&form, &intake), INTAKE_E_REFUSED);
	assert_true(has(&intake.findings, FINDING_FQDN_SERVICE_MISMATCH));
	speak(&intake.findings);
}

static void
mailboxes(void **state UNUSED)
{
	struct order_form form = good();
	struct intake intake;

	form.eligibility.mailboxes = 199;
	assert_int_equal(order_intake_check(&form, &intake), INTAKE_E_REFUSED);
	assert_true(has(&intake.findings, FINDING_ELIGIBILITY_MAILBOXES));
	speak(&intake.findings);
}

static void
everything_at_once(void **state UNUSED)
{
	struct order_form form = good();
	struct intake intake;

	form.host = STR("owa_x.contoso.com");
	form.subject = (struct subject_form){ .organization = STR("-"),
		.division = STR("IT"),
		.country = STR("ZZ"),
		.city = STR(""),
		.state = STR("") };
	form.eligibility.mailboxes = 3;
	assert_int_equal(order_intake_check(&form, &intake), INTAKE_E_REFUSED);
	assert_true(has(&intake.findings, FINDING_FQDN_CHARS) &&
		    has(&intake.findings, FINDING_ORG_COUNTRY) &&
		    has(&intake.findings, FINDING_ORG_NAME) &&
		    has(&intake.findings, FINDING_ORG_PLACE) &&
		    has(&intake.findings, FINDING_ORG_DIVISION) &&
		    has(&intake.findings, FINDING_ELIGIBILITY_MAILBOXES));
	speak(&intake.findings);
}

/* Worth a word, no more. */
static void
odd_but_good(void **state UNUSED)
{
	struct order_form form = good();
	struct intake intake;

	form.subject.organization = STR("Contoso <Handel>");
	form.subject.city = STR("Klgf.");
	assert_int_equal(order_intake_check(&form, &intake), 0);
	assert_true(has(&intake.findings, FINDING_ORG_NAME_SIGNS) &&
		    has(&intake.findings, FINDING_ORG_PLACE_SHORT));
	speak(&intake.findings);
}

/* What is meant is told with the finding. */
static void
the_right_word_is_offered(void **state UNUSED)
{
	static const struct {
		const char *country, *state;
		enum finding_code code;
		const char *meant;
		bool refused;
	} cases[] = {
		{ "US", "CA", FINDING_ORG_PLACE_MEANT, "California", false },
		{ "UK", "", FINDING_ORG_COUNTRY_MEANT, "GB", true },
		{ "US", "", FINDING_ORG_PLACE_ONE, "", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct order_form form = good();
		struct intake intake;

		form.subject.country = str_of(cases[i].country);
		form.subject.state = str_of(cases[i].state);
		assert_int_equal(
		    order_intake_check(&form, &intake), cases[i].refused ? INTAKE_E_REFUSED : 0);
		assert_int_equal(intake.findings.count, 1);
		assert_int_equal(intake.findings.list[0].code, cases[i].code);
		assert_string_equal(
		    finding_value(&intake.findings.list[0], "meant"), cases[i].meant);
		speak(&intake.findings);
	}
}

/* policy.severities: the provider refuses what others are only warned of. */
static void
the_provider_is_strict(void **state UNUSED)
{
	struct severity_policy policy = { 0 };
	struct order_form form = good();
	struct intake intake;

	form.subject.city = STR("Klgf.");
	form.severities = &policy;
	severity_set(&policy, FINDING_ORG_PLACE_SHORT, SEVERITY_REJECT);
	assert_int_equal(order_intake_check(&form, &intake), INTAKE_E_REFUSED);
	assert_int_equal(findings_first(&intake.findings)->code, FINDING_ORG_PLACE_SHORT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_order),
		cmocka_unit_test(names_of_all_kinds),
		cmocka_unit_test(the_service_answers_as_something_else),
		cmocka_unit_test(mailboxes),
		cmocka_unit_test(everything_at_once),
		cmocka_unit_test(odd_but_good),
		cmocka_unit_test(the_right_word_is_offered),
		cmocka_unit_test(the_provider_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
