/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/name.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static void
good_names(void **state UNUSED)
{
	static const struct {
		const char *pasted, *name;
		bool changed;
	} cases[] = {
		{ "owa.contoso.com", "owa.contoso.com", false },
		{ "OWA.Contoso.COM", "owa.contoso.com", false },
		{ " owa.contoso.com\r\n", "owa.contoso.com", true },
		{ "\xe2\x80\x8bowa.contoso.com\xc2\xa0", "owa.contoso.com", true },
		{ "https://OWA.contoso.com/owa/?x=1#y", "owa.contoso.com", true },
		{ "https://anna@owa.contoso.com:443/owa", "owa.contoso.com", true },
		{ "owa.contoso.com:8443", "owa.contoso.com", true },
		{ "owa.contoso.com.", "owa.contoso.com", true },
		{ "owa.contoso.com\xe3\x80\x82", "owa.contoso.com", true },
		{ "\"owa.contoso.com\",", "owa.contoso.com", true },
		{ "<owa.contoso.com>", "owa.contoso.com", true },
		{ "owa\xe3\x80\x82"
		  "contoso\xef\xbc\x8e"
		  "com",
		    "owa.contoso.com", false },
		{ "owa.m\xc3\xbcller.de", "owa.xn--mller-kva.de", false },
		{ "owa.xn--mller-kva.de", "owa.xn--mller-kva.de", false },
		{ "\xe6\x97\xa5\xe6\x9c\xac.jp", "xn--wgv71a.jp", false },
		{ "owa.contoso.co.uk", "owa.contoso.co.uk", false },
		{ "contoso.github.io", "contoso.github.io", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct name_report report;
		struct host_name name = { 0 };

		assert_int_equal(host_name_parse(str_of(cases[i].pasted), &name, &report), 0);
		assert_string_equal(name.text, cases[i].name);
		assert_int_equal(report.changed, cases[i].changed);
		assert_int_equal(report.removed[0] != '\0', cases[i].changed);
	}
}

static void
refused_names(void **state UNUSED)
{
	static const struct {
		const char *pasted;
		int why;
	} cases[] = {
		{ "", NAME_E_EMPTY },
		{ "  ", NAME_E_EMPTY },
		{ "https://", NAME_E_EMPTY },
		{ "owa_mail.contoso.com", NAME_E_CHARS },
		{ "owa mail.contoso.com", NAME_E_CHARS },
		{ "owa..contoso.com", NAME_E_CHARS },
		{ ".owa.contoso.com", NAME_E_CHARS },
		{ "-owa.contoso.com", NAME_E_CHARS },
		{ "owa-.contoso.com", NAME_E_CHARS },
		{ "owa,contoso.com", NAME_E_CHARS },
		{ "owa.contoso.com\xff", NAME_E_CHARS },
		{ "owa", NAME_E_INCOMPLETE },
		{ "com", NAME_E_INCOMPLETE },
		{ "co.uk", NAME_E_INCOMPLETE },
		{ "owa.contoso.local", NAME_E_INTERNAL },
		{ "localhost", NAME_E_INTERNAL },
		{ "owa.contoso.test", NAME_E_INTERNAL },
		{ "owa.example.com", NAME_E_INTERNAL },
		{ "example.org", NAME_E_INTERNAL },
		{ "owa.contoso.con", NAME_E_INTERNAL },
		{ "owa.home.arpa", NAME_E_INTERNAL },
		{ "owa.contoso.internal", NAME_E_INTERNAL },
		{ "192.0.2.7", NAME_E_IS_ADDRESS },
		{ "https://192.0.2.7/owa", NAME_E_IS_ADDRESS },
		{ "2001:db8::7", NAME_E_IS_ADDRESS },
		{ "[2001:db8::7]", NAME_E_IS_ADDRESS },
		{ "192.0.2.7:443", NAME_E_IS_ADDRESS },
		{ "anna@contoso.com", NAME_E_IS_MAIL },
		{ "*.contoso.com", NAME_E_WILDCARD },
		{ "xn--zzzz--.contoso.com", NAME_E_CHARS },
		{ "xn--99999999.contoso.com", NAME_E_PUNYCODE },
		{ "ab--cd.contoso.com", NAME_E_PUNYCODE },
		/* what UTS-46 makes of it: space, slash, star, semicolon, quote, "...", "(1)" */
		{ "owa.con\xe2\x80\x80toso.com", NAME_E_PUNYCODE },
		{ "x\xef\xbc\x8f"
		  "owa.contoso.com",
		    NAME_E_PUNYCODE },
		{ "\xef\xbc\x8a.contoso.com", NAME_E_PUNYCODE },
		{ "owa\xef\xbc\x9b.contoso.com", NAME_E_PUNYCODE },
		{ "owa\xef\xbc\x82.contoso.com", NAME_E_PUNYCODE },
		{ "owa\xe2\x80\xa6"
		  "contoso.com",
		    NAME_E_PUNYCODE },
		{ "\xe2\x91\xb4.contoso.com", NAME_E_PUNYCODE },
		{ "\xd0\xbewa.contoso.com", NAME_E_MIXED_SCRIPTS },
		{ "c\xce\xbfntoso.com", NAME_E_MIXED_SCRIPTS },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.contoso.com",
		    NAME_E_LENGTH },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct name_report report;
		struct host_name name;
		int r = host_name_parse(str_of(cases[i].pasted), &name, &report);

		if (r != cases[i].why)
			printf("\"%s\": %d, wanted %d\n", cases[i].pasted, r, cases[i].why);
		assert_int_equal(r, cases[i].why);
	}
}

static void
reports_say_where(void **state UNUSED)
{
	struct name_report report;
	struct host_name name;

	assert_int_equal(
	    host_name_parse(STR("owa_mail.contoso.com"), &name, &report), NAME_E_CHARS);
	assert_int_equal(report.position, 4);
	assert_string_equal(report.bad, "an underscore");
	assert_int_equal(
	    host_name_parse(STR("\xd0\xbewa.contoso.com"), &name, &report), NAME_E_MIXED_SCRIPTS);
	assert_string_equal(report.reason, "Latin and Cyrillic");
	assert_int_equal(host_name_parse(STR("https://x.contoso.com:8443/owa"), &name, &report), 0);
	assert_string_equal(report.removed, "\"https://\", the path \"/owa\", the port \":8443\"");
	assert_int_equal(host_name_parse(STR("contoso.co.uk"), &name, &report), 0);
	assert_true(report.is_apex);
	assert_string_equal(report.domain, "contoso.co.uk");
	assert_int_equal(host_name_parse(STR("www.contoso.com"), &name, &report), 0);
	assert_true(report.has_www && !report.is_apex && !report.is_long);
	assert_int_equal(
	    host_name_parse(
		STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.contoso.com"),
		&name, &report),
	    0);
	assert_true(report.is_long);
}

/* N-08 */
static void
wildcards_cover_one_label(void **state UNUSED)
{
	static const struct {
		const char *san, *host;
		bool covers;
	} cases[] = {
		{ "owa.contoso.com", "owa.contoso.com", true },
		{ "OWA.contoso.com", "owa.contoso.com", true },
		{ "*.contoso.com", "owa.contoso.com", true },
		{ "*.contoso.com", "contoso.com", false },
		{ "*.contoso.com", "a.b.contoso.com", false },
		{ "o*.contoso.com", "owa.contoso.com", false },
		{ "*.com", "contoso.com", true },
		{ "contoso.com", "owa.contoso.com", false },
		{ "*", "owa.contoso.com", false },
		{ "", "owa.contoso.com", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct host_name host;

		assert_true(str_copy(str_of(cases[i].host), host.text, sizeof(host.text)));
		assert_int_equal(host_name_matches(str_of(cases[i].san), &host), cases[i].covers);
	}
}

static json_t *
load_fixture(const char *name)
{
	const char *folder = getenv("CERTDESK_FIXTURES");
	char path[512];

	snprintf(
	    path, sizeof(path), "%s/corpus/names/%s", folder ? folder : "../shared/fixtures", name);
	return json_load_file(path, 0, NULL);
}

/* Lines of Unicode's IDNA test whose answer the tools agree on, against libidn2 with the flags we
 * use. */
static void
the_idna_corpus(void **state UNUSED)
{
	json_t *cases = load_fixture("idna.json"), *c;
	size_t i, same = 0, all = 0;

	if (!cases) {
		puts("the names corpus is not here");
		skip();
	}
	json_array_foreach(cases, i, c)
	{
		const char *input = json_string_value(json_object_get(c, "input"));
		const char *wanted =
		    json_string_value(json_object_get(json_object_get(c, "tools"), "idn2_2.3"));
		struct name_report report;
		struct host_name name;

		if (!input || !json_is_true(json_object_get(c, "agree")))
			continue;
		(void)!host_name_parse(
		    str_of(input), &name, &report); /* must not crash, whatever it says */
		if (!wanted || !report.ascii[0])
			continue;
		all++;
		same += strcmp(report.ascii, wanted) == 0;
	}
	printf("idna corpus: %zu of %zu A-labels as the tools agree\n", same, all);
	assert_true(all > 50 && same * 100 >= all * 97);
	json_decref(cases);
}

/* A company's suffix is no registry's. */
static void
what_a_registry_knows(void **state UNUSED)
{
	static const struct {
		const char *name, *domain;
	} cases[] = {
		{ "owa.contoso.com", "contoso.com" },
		{ "contoso.co.uk", "contoso.co.uk" },
		{ "contoso.github.io", "github.io" },
		{ "a.b.contoso.com.au", "contoso.com.au" },
		{ "com", "" },
		{ "co.uk", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char domain[254];

		assert_int_equal(host_name_at_registry(cases[i].name, domain, sizeof(domain)),
		    *cases[i].domain != '\0');
		assert_string_equal(domain, cases[i].domain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_names),
		cmocka_unit_test(refused_names),
		cmocka_unit_test(reports_say_where),
		cmocka_unit_test(wildcards_cover_one_label),
		cmocka_unit_test(the_idna_corpus),
		cmocka_unit_test(what_a_registry_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
