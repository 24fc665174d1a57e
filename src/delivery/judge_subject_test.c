/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate for each finding about its owner and its type. */
#include "delivery/judge_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct judge_stage stage;

static int
set_up(void **state UNUSED)
{
	stage_up(&stage);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	stage_down(&stage);
	return 0;
}

#define BUT(...)                       \
	{                              \
		TEST_GOOD, __VA_ARGS__ \
	}
#define SUBJECT(text) BUT(.subject = text "|CN=" TEST_HOST)
#define PLACES                                                       \
	"authorityInfoAccess=caIssuers;URI:http://ca.example/i.crt", \
	    "crlDistributionPoints=URI:http://ca.example/1.crl"
#define TYPED(oid, text)                     \
	BUT(.subject = text "CN=" TEST_HOST, \
	    .extensions = { "certificatePolicies=2.23.140.1." oid, PLACES })
#define EV         "jurisdictionC=AT|businessCategory=Private Organization|serialNumber=FN 1|C=AT|L=S|O=C|"
#define NOTHING    FINDING_MAX
#define CODE(name) FINDING_CERT_##name
#define INFO       SEVERITY_INFO
#define WARN       SEVERITY_WARN
#define TEN        "0123456789"
#define SIXTY      TEN TEN TEN TEN TEN TEN

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
/* clang-format off */
static const struct stage_case cases[] = {
	{ "OV",               SUBJECT("C=AT|L=Salzburg|O=Contoso GmbH"), NOTHING, INFO, NULL, NULL },
	{ "DV",               TYPED("2.1", ""), NOTHING, INFO, NULL, NULL },
	{ "DV with country",  TYPED("2.1", "C=AT|"), NOTHING, INFO, NULL, NULL },
	{ "EV",               TYPED("1", EV), NOTHING, INFO, NULL, NULL },
	{ "IV",               TYPED("2.3", "C=AT|L=S|SN=Berg|"), NOTHING, INFO, NULL, NULL },
	{ "no type",          BUT(.extensions = { "certificatePolicies=1.3.6.1.4.1.1", PLACES }), CODE(TYPE_NONE), WARN, NULL, NULL },
	{ "no policies",      BUT(.extensions = { PLACES }), CODE(TYPE_NONE), WARN, NULL, NULL },
	{ "two types",        BUT(.extensions = { "certificatePolicies=2.23.140.1.2.1,2.23.140.1.2.2", PLACES }), CODE(TYPE_SEVERAL), WARN, "count", "2" },
	{ "DV with owner",    TYPED("2.1", "C=AT|O=Contoso|"), CODE(DV_OWNER), WARN, "found", "O=\"Contoso\"" },
	{ "OV without place", SUBJECT("C=AT|O=Contoso"), CODE(OWNER_INCOMPLETE), WARN, "found", "the city or state" },
	{ "OV without all",   TYPED("2.2", ""), CODE(OWNER_INCOMPLETE), WARN, "found", "the organization, the country, the city or state" },
	{ "EV like OV",       TYPED("1", "C=AT|L=S|O=C|"), CODE(OWNER_INCOMPLETE), WARN, "found", "the kind of organization, the registration number, the country of registration" },
	{ "EV with a star",   BUT(.subject = EV "CN=" TEST_HOST, .alternatives = "DNS:" TEST_HOST ",DNS:*.contoso.com", .extensions = { "certificatePolicies=2.23.140.1.1", PLACES }), CODE(EV_WILDCARD), WARN, "found", "*.contoso.com" },
	{ "division",         SUBJECT("C=AT|L=S|O=C|OU=IT"), CODE(OU), WARN, "found", "IT" },
	{ "no country code",  SUBJECT("C=at|L=S|O=C"), CODE(COUNTRY), WARN, "found", "at" },
	{ "no such country",  SUBJECT("C=QZ|L=S|O=C"), CODE(COUNTRY), WARN, "found", "QZ" },
	{ "64 characters",    SUBJECT("C=AT|L=S|O=" SIXTY "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"), NOTHING, INFO, NULL, NULL },
	{ "129 characters",   SUBJECT("C=AT|L=S|O=C|businessCategory=" SIXTY SIXTY TEN), CODE(OWNER_LONG), WARN, "found", "130" },
	{ "placeholder",      SUBJECT("C=AT|L=-|O=C"), CODE(OWNER_PLACEHOLDER), WARN, "name", "The city" },
	{ "OpenSSL's filler", SUBJECT("C=AT|ST=Some-State|O=C"), CODE(OWNER_PLACEHOLDER), WARN, "found", "Some-State" },
	{ "blank behind",     SUBJECT("C=AT|L=S|O=Contoso "), CODE(OWNER_BLANKS), INFO, "found", "Contoso " },
	{ "old alphabet",     SUBJECT("C=AT|L=S|O=T61:Contoso"), CODE(OWNER_ENCODING), WARN, "name", "The organization" },
	{ "twice the same",   SUBJECT("C=AT|L=S|L=T|O=C"), CODE(OWNER_TWICE), WARN, "name", "L" },
	{ "two streets",      SUBJECT("C=AT|L=S|O=C|street=a|street=b"), NOTHING, INFO, NULL, NULL },
	{ "entities",         SUBJECT("C=AT|L=S|O=Contoso &amp; Sons"), CODE(OWNER_MARKUP), WARN, "found", "Contoso &amp; Sons" },
	{ "wrong alphabet",   SUBJECT("C=AT|L=S|O=M\xc3\x83\xc2\xbcller"), CODE(OWNER_LETTERS), WARN, NULL, NULL },
	{ "right alphabet",   SUBJECT("C=AT|L=S|O=M\xc3\xbcller"), NOTHING, INFO, NULL, NULL },
	{ "mail address",     SUBJECT("C=AT|L=S|O=C|emailAddress=a@contoso.com"), CODE(OWNER_MAIL), INFO, "found", "a@contoso.com" },
};
/* clang-format on */
#pragma GCC diagnostic pop

static void
one_change_each(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		stage_expect(&stage, &cases[i]);
}

/* S-02: a division was allowed until September 2022. */
static void
divisions_had_their_time(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct delivery_question *question = stage_question(&stage);
	struct read_report *report;

	spec.subject = "C=AT|L=S|O=C|OU=IT|CN=" TEST_HOST;
	spec.from = TEST_NOW - DAYS(4 * 365);
	spec.until = spec.from + DAYS(390);
	report = stage_judge(&stage, &spec, NULL, question);
	assert_null(report_finding(report, CODE(OU)));
	stage_done(report);
	free(question);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_change_each),
		cmocka_unit_test(divisions_had_their_time),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
