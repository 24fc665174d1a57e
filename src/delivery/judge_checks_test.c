/* SPDX-License-Identifier: Apache-2.0 */
/* One certificate for each finding about names, dates, keys, purposes, extensions and issuers. */
#include "delivery/judge_test_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW  TEST_NOW
#define HOST TEST_HOST

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
#define SAN(names) BUT(.alternatives = "DNS:" HOST "," names)
#define WITH(line) BUT(.extensions = { TEST_PUBLIC, line })
#define ONLY(...)  BUT(.extensions = { __VA_ARGS__ })
#define NOTHING    FINDING_MAX
#define CODE(name) FINDING_CERT_##name
#define INFO       SEVERITY_INFO
#define WARN       SEVERITY_WARN
#define HOLD       SEVERITY_HOLD
#define REJECT     SEVERITY_REJECT
#define POLICY     "certificatePolicies=2.23.140.1.2.2"
#define CRL        "crlDistributionPoints=URI:http://ca.example/1.crl"
#define FROM_OCSP  "authorityInfoAccess=OCSP;URI:http://ocsp.example"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
/* clang-format off */
static const struct stage_case cases[] = {
	{ "good",                   { TEST_GOOD }, NOTHING, INFO, NULL, NULL },
	/* names */
	{ "no SAN",                 BUT(.alternatives = NULL), CODE(NO_NAMES), REJECT, "found", HOST },
	{ "www",                    BUT(.alternatives = "DNS:www." HOST), CODE(NAME_WWW), REJECT, "san", "www." HOST },
	{ "typo",                   BUT(.alternatives = "DNS:owa.contoso.org,DNS:owq.contoso.com"), CODE(NAME_TYPO), REJECT, "san", "owq.contoso.com" },
	{ "another common name",    BUT(.subject = "C=AT|L=S|O=C|CN=mail.contoso.com", .alternatives = "DNS:" HOST ",DNS:mail.contoso.com"), CODE(CN_OTHER), INFO, "found", "mail.contoso.com" },
	{ "unlisted common name",   BUT(.subject = "C=AT|L=S|O=C|CN=Contoso Mail"), CODE(CN_NOT_LISTED), WARN, "found", "Contoso Mail" },
	{ "two common names",       BUT(.subject = "C=AT|L=S|O=C|CN=" HOST "|CN=" HOST), CODE(CN_SEVERAL), WARN, "count", "2" },
	{ "no common name",         BUT(.subject = "C=AT|L=S|O=C"), NOTHING, INFO, NULL, NULL },
	{ "wildcard",               BUT(.alternatives = "DNS:*.contoso.com,DNS:contoso.com", .subject = "C=AT|L=S|O=C|CN=contoso.com"), CODE(WILDCARD), INFO, "san", "*.contoso.com" },
	{ "mail in the SAN",        SAN("email:a@contoso.com"), CODE(SAN_OTHER), WARN, "found", "a mail address" },
	{ "public address",         SAN("IP:9.9.9.9"), CODE(SAN_ADDRESS), INFO, "found", "9.9.9.9" },
	{ "private address",        SAN("IP:10.0.0.5"), CODE(SAN_PRIVATE_ADDRESS), WARN, "found", "10.0.0.5" },
	{ "underscore",             SAN("DNS:a_b.contoso.com"), CODE(SAN_UNDERSCORE), WARN, "found", "a_b.contoso.com" },
	{ "trailing dot",           SAN("DNS:b.contoso.com."), CODE(SAN_FORM), WARN, "found", "b.contoso.com." },
	{ "empty label",            SAN("DNS:b..contoso.com"), CODE(SAN_FORM), WARN, NULL, NULL },
	{ "an address as a name",   SAN("DNS:9.9.9.9"), CODE(SAN_FORM), WARN, NULL, NULL },
	{ "long label",             SAN("DNS:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.contoso.com"), CODE(SAN_FORM), WARN, NULL, NULL },
	{ "reserved label",         SAN("DNS:ab--cd.contoso.com"), CODE(SAN_PUNYCODE), WARN, NULL, NULL },
	{ "bad punycode",           SAN("DNS:xn--\x79-\x7a\x7a\x7a\x7a\x7a\x7a\x7a\x7a.contoso.com"), CODE(SAN_PUNYCODE), WARN, NULL, NULL },
	{ "internal name",          SAN("DNS:mail.contoso.local"), CODE(SAN_INTERNAL), WARN, "found", "mail.contoso.local" },
	{ "single label",           SAN("DNS:mail"), CODE(SAN_INTERNAL), WARN, NULL, NULL },
	{ "star in the middle",     SAN("DNS:a.*.contoso.com"), CODE(SAN_STAR), WARN, NULL, NULL },
	{ "half a star",            SAN("DNS:a*.contoso.com"), CODE(SAN_STAR), WARN, NULL, NULL },
	{ "two stars",              SAN("DNS:*.*.contoso.com"), CODE(SAN_STAR), WARN, NULL, NULL },
	{ "star over a suffix",     SAN("DNS:*.co.uk"), CODE(SAN_STAR_SUFFIX), HOLD, "found", "*.co.uk" },
	{ "star over an inner name", SAN("DNS:*.contoso.local"), CODE(SAN_INTERNAL), WARN, NULL, NULL },
	/* dates */
	{ "ends before it begins",  BUT(.from = NOW + DAYS(9), .until = NOW + DAYS(8)), CODE(NEVER_VALID), REJECT, NULL, NULL },
	{ "the last allowed day",   BUT(.until = NOW + DAYS(189)), CODE(LONGEST), WARN, "limit", "200 days" },
	{ "a second too long",      BUT(.until = NOW + DAYS(190)), CODE(TOO_LONG), REJECT, "days", "201" },
	{ "a week",                 BUT(.from = NOW - DAYS(1), .until = NOW + DAYS(6) - SECONDS(1), .scts = { TEST_SCTS(NOW - DAYS(1)) }), CODE(SHORT_LIVED), WARN, "days", "7" },
	{ "odd form of date",       BUT(.long_dates = true), CODE(DATE_FORM), WARN, NULL, NULL },
	{ "dated back",             BUT(.scts = { TEST_SCTS(NOW - DAYS(7)) }), CODE(BACKDATED), WARN, "from", "22 May 2026, 00:00 UTC" },
	/* purposes and extensions */
	{ "no purpose",             BUT(.purposes = NULL), CODE(PURPOSE_UNSTATED), REJECT, NULL, NULL },
	{ "any purpose alone",      BUT(.purposes = "anyExtendedKeyUsage"), CODE(PURPOSE), REJECT, "purpose", "Any Extended Key Usage" },
	{ "more purposes",          BUT(.purposes = "serverAuth,codeSigning"), CODE(PURPOSE_MORE), WARN, NULL, NULL },
	{ "for clients",            BUT(.purposes = "serverAuth,clientAuth"), CODE(CLIENT_AUTH), WARN, NULL, NULL },
	{ "for clients in 2027",    BUT(.purposes = "serverAuth,clientAuth", .from = NOW + DAYS(300), .until = NOW + DAYS(390)), CODE(CLIENT_AUTH_BANNED), REJECT, NULL, NULL },
	{ "no signing",             BUT(.usage = "critical,keyAgreement"), CODE(USAGE_SIGNING), REJECT, "found", "key agreement" },
	{ "usage of a CA",          BUT(.usage = "critical,digitalSignature,keyCertSign"), CODE(USAGE_CA), WARN, NULL, NULL },
	{ "usage of RSA",           BUT(.usage = "critical,digitalSignature,keyEncipherment"), CODE(USAGE_ODD), WARN, "kind", "EC" },
	{ "no usage",               BUT(.usage = ""), CODE(USAGE_NONE), INFO, NULL, NULL },
	{ "path length",            WITH("basicConstraints=CA:FALSE,pathlen:0"), CODE(PATH_LENGTH), WARN, NULL, NULL },
	{ "name constraints",       BUT(.constraints = "permitted;DNS:contoso.com"), CODE(CONSTRAINTS), WARN, NULL, NULL },
	{ "no key of the issuer",   BUT(.no_identifiers = true), CODE(NO_ISSUER_KEY), WARN, NULL, NULL },
	{ "nowhere to ask",         ONLY(POLICY), CODE(NO_REVOCATION), INFO, NULL, NULL },
	{ "no issuer's place",      ONLY(POLICY, CRL), CODE(NO_ISSUER_URL), INFO, NULL, NULL },
	{ "LDAP",                   ONLY(POLICY, CRL, "authorityInfoAccess=caIssuers;URI:ldap://ca.example/x"), CODE(ISSUER_URL_FORM), INFO, "found", "ldap://ca.example/x" },
	{ "must staple",            ONLY(POLICY, FROM_OCSP, "tlsfeature=status_request"), CODE(MUST_STAPLE), WARN, NULL, NULL },
	{ "must staple what",       WITH("tlsfeature=status_request"), CODE(MUST_STAPLE_BROKEN), REJECT, NULL, NULL },
	{ "unknown and critical",   WITH("1.2.3.4=critical,DER:0500"), CODE(EXTENSION_CRITICAL), REJECT, "found", "1.2.3.4" },
	{ "twice the same",         BUT(.extensions = { TEST_PUBLIC, "1.2.3.4=DER:0500", "1.2.3.4=DER:0500" }), CODE(EXTENSION_TWICE), REJECT, "found", "1.2.3.4" },
	{ "version 1",              BUT(.version = 1), CODE(VERSION), REJECT, "found", "1" },
	{ "serial 0",               BUT(.serial = "0"), CODE(SERIAL_SIGN), WARN, "found", "00" },
	{ "serial below 0",         BUT(.serial = "-17171717171717"), CODE(SERIAL_SIGN), WARN, NULL, NULL },
	{ "long serial",            BUT(.serial = "f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"), CODE(SERIAL_LONG), WARN, "octets", "21" },
	{ "short serial",           BUT(.serial = "1001"), CODE(SERIAL_SHORT), WARN, "found", "1001" },
	{ "SHA-224",                BUT(.digest = "SHA224"), CODE(SIGNATURE_KIND), REJECT, "found", "ecdsa-with-SHA224" },
};
/* clang-format on */

static void
one_change_each(void **state UNUSED)
{
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		stage_expect(&stage, &cases[i]);
}

/* A modulus of 2048 bits: `first`, 254 octets 0, `last`. */
static EVP_PKEY *
key_of(const char *first, const char *last, unsigned long exponent)
{
	char hex[513];

	memset(hex, '0', sizeof(hex) - 1);
	memcpy(hex, first, 2);
	memcpy(hex + 510, last, 3);
	return test_rsa_key(hex, exponent);
}

static void
keys(void **state UNUSED)
{
	static struct stage_case rows[] = {
		{ "Ed25519", { TEST_GOOD }, CODE(KEY_KIND), REJECT, "found", "ED25519" },
		{ "secp256k1", { TEST_GOOD }, CODE(KEY_CURVE), REJECT, "found",
		    "the curve secp256k1" },
		{ "RSA of 1024 bits", { TEST_GOOD }, CODE(KEY_SHORT), REJECT, "bits", "1024" },
		{ "RSA of 2052 bits", { TEST_GOOD }, CODE(KEY_SHORT), REJECT, "bits", "2052" },
		{ "a factor of 3", { TEST_GOOD }, CODE(KEY_BROKEN), REJECT, "found",
		    "Its modulus has a small factor" },
		{ "even exponent", { TEST_GOOD }, CODE(KEY_EXPONENT), REJECT, NULL, NULL },
		{ "exponent 3", { TEST_GOOD }, CODE(KEY_EXPONENT_ODD), WARN, NULL, NULL },
		{ "no NULL", BUT(.bare_key = true), CODE(KEY_FORM), WARN, NULL, NULL },
	};
	EVP_PKEY *made[] = { test_key("ED25519"), test_key("secp256k1"), test_key("RSA-1024"),
		test_key("RSA-2052"), key_of("c0", "03", 65537), key_of("c1", "0b", 4),
		key_of("c1", "0b", 3), test_key("RSA-2048") };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		rows[i].spec.key = made[i];
		stage_expect(&stage, &rows[i]);
		EVP_PKEY_free(made[i]);
	}
}
#pragma GCC diagnostic pop

/* Those that everybody meets: told in kinder words, in the place of "private CA". */
static void
issuers(void **state UNUSED)
{
	static const struct {
		const char *subject;
		enum finding_code code;
		const char *found;
	} rows[] = {
		{ "C=US|O=(STAGING) Let's Encrypt|CN=(STAGING) Pretend Pear X1", CODE(TEST_CA),
		    "" },
		{ "CN=Fake LE Intermediate X1", CODE(TEST_CA), "" },
		{ "O=Contoso|CN=Contoso Test CA", CODE(TEST_CA), "" },
		{ "O=Contestant|CN=Contestant Root", CODE(PRIVATE_CA), "" },
		{ "C=US|O=CloudFlare, Inc.|OU=CloudFlare Origin SSL Certificate Authority",
		    CODE(ORIGIN_CA), "Cloudflare" },
		{ "O=mkcert development CA|CN=mkcert anna@laptop", CODE(HOME_MADE), "mkcert" },
		{ "C=AU|ST=Some-State|O=Internet Widgits Pty Ltd", CODE(HOME_MADE), "OpenSSL" },
		{ "DC=local|DC=contoso|CN=contoso-DC01-CA", CODE(INHOUSE_CA), "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct test_certificate by = test_issue(&(struct test_spec){ .name = "x",
							    .subject = rows[i].subject,
							    .ca = true,
							    .from = NOW - DAYS(900),
							    .until = NOW + DAYS(900) },
		    NULL);
		struct test_spec spec = { TEST_GOOD };
		struct delivery_question *question = stage_question(&stage);
		struct read_report *report = stage_judge(&stage, &spec, &by, question);
		const struct finding *first = findings_first(&report->findings);

		print_message("%s: %s\n", rows[i].subject, finding_rule(first->code)->code);
		assert_int_equal(first->code, rows[i].code);
		assert_string_equal(finding_value(first, "found"), rows[i].found);
		assert_int_equal(report->findings.count, 1);
		assert_false(report->accepted);
		stage_done(report);
		free(question);
		test_certificate_fini(&by);
	}
}

/* docs/decisions/0008: where roots are the provider's own, what binds public authorities is told, and
 * weighs nothing; unless the provider weighs it itself. */
static void
private_roots(void **state UNUSED)
{
	struct test_spec spec = { .name = HOST,
		.alternatives = "DNS:" HOST ",DNS:mail.local",
		.purposes = "serverAuth",
		.from = NOW - DAYS(10),
		.until = NOW + DAYS(900) };
	struct severity_policy policy = { 0 };
	struct delivery_question *question = stage_question(&stage);
	struct read_report *report;

	stage.setting.public_rules = false;
	report = stage_judge(&stage, &spec, NULL, question);
	assert_true(report->accepted);
	assert_non_null(report_finding(report, CODE(SCT_NONE)));
	assert_non_null(report_finding(report, CODE(TOO_LONG)));
	for (size_t i = 0; i < report->findings.count; i++)
		assert_int_equal(report->findings.list[i].severity,
		    report->findings.list[i].code == CODE(EXTRA_NAMES) ? HOLD : INFO);
	stage_done(report);
	severity_set(&policy, CODE(SCT_NONE), REJECT);
	stage.setting.severities = &policy;
	report = stage_judge(&stage, &spec, NULL, question);
	assert_false(report->accepted);
	assert_int_equal(findings_first(&report->findings)->code, CODE(SCT_NONE));
	stage_done(report);
	stage.setting.severities = NULL;
	stage.setting.public_rules = true;
	free(question);
}

/* policy.severities: what is a warning elsewhere is refused here. */
static void
tightened(void **state UNUSED)
{
	struct test_spec spec = { TEST_GOOD };
	struct severity_policy policy = { 0 };
	struct delivery_question *question = stage_question(&stage);
	struct read_report *report;

	spec.purposes = "serverAuth,clientAuth";
	severity_set(&policy, CODE(CLIENT_AUTH), REJECT);
	stage.setting.severities = &policy;
	report = stage_judge(&stage, &spec, NULL, question);
	stage.setting.severities = NULL;
	assert_false(report->accepted);
	assert_int_equal(findings_first(&report->findings)->code, CODE(CLIENT_AUTH));
	stage_done(report);
	free(question);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_change_each),
		cmocka_unit_test(keys),
		cmocka_unit_test(issuers),
		cmocka_unit_test(private_roots),
		cmocka_unit_test(tightened),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
