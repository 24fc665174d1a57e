/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/cas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pki/data.h"

#define NOW        ((when)1795000000 * 1000000) /* 2026-11-18 */
#define ROWS(rows) "{\"dated\":\"2026-11-26T00:00:00Z\",\"rows\":[" rows "]}"
#define ONE(more)  ROWS("{\"name\":\"A\",\"caa\":[\"a.example\"]" more "}")

static struct cas *
built_in(void)
{
	struct cas *cas = NULL;
	char words[CAS_WORDS_SIZE] = "";

	if (cas_new(data_cas, words, &cas))
		fail_msg("%s", words);
	return cas;
}

static void
names_are_found(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *typed, *found; } cases[] = {
		{ "DigiCert", "DigiCert" }, { "digicert.com", "DigiCert" }, { "Thawte", "DigiCert" }, { "thawte.com", "DigiCert" },
		{ "lets encrypt", "Let's Encrypt" }, { "LetsEncrypt", "Let's Encrypt" }, { "sectigo.com", "Sectigo" }, { "comodo", "Sectigo" },
		{ "entrust.net", "Entrust" }, { "cybertrust.ne.jp", "Cybertrust Japan" }, { "d-trust", "D-Trust" }, { "Digicrt", NULL }, { "", NULL }, { "'.-", NULL }, { "nobody.example", NULL },
	};
	/* clang-format on */
	CLEAN(cas_free) struct cas *cas = built_in();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct ca *ca = cas_find(cas, str_of(cases[i].typed));

		if (!cases[i].found)
			assert_null(ca);
		else if (!ca || strcmp(ca->name, cases[i].found) != 0)
			fail_msg("%s: %s", cases[i].typed, ca ? ca->name : "none");
	}
}

static void
a_near_name_is_meant(void **state UNUSED)
{
	CLEAN(cas_free) struct cas *cas = built_in();

	assert_string_equal(cas_like(cas, STR("Digicrt")), "DigiCert");
	assert_string_equal(cas_like(cas, STR("tawte")), "Thawte");
	assert_string_equal(cas_like(cas, STR("digcert.com")), "digicert.com");
	assert_null(cas_like(cas, STR("our-ca.example")));
	assert_null(cas_like(cas, STR("")));
}

/* The brand is DigiCert's, and so are the names it accepts (G-14). */
static void
all_names_of_a_ca_count(void **state UNUSED)
{
	CLEAN(cas_free) struct cas *cas = built_in();
	const struct ca *thawte = cas_find(cas, STR("Thawte"));

	assert_true(ca_accepts(thawte, STR("digicert.com")));
	assert_true(ca_accepts(thawte, STR("GeoTrust.com")));
	assert_true(ca_accepts(cas_find(cas, STR("Sectigo")), STR("entrust.net")));
	assert_false(ca_accepts(thawte, STR("sectigo.com")));
	assert_false(ca_accepts(thawte, STR("")));
	assert_string_equal(thawte->caa.name[0], "digicert.com");
}

/* As they stand in certificates. */
static void
issuers_are_known_by_their_organization(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *organization, *name; } cases[] = {
		{ "DigiCert Inc", "DigiCert" }, { "DigiCert, Inc.", "DigiCert" }, { "GeoTrust Inc.", "DigiCert" }, { "Sectigo Limited", "Sectigo" },
		{ "COMODO CA Limited", "Sectigo" }, { "Let's Encrypt", "Let's Encrypt" }, { "Internet Security Research Group", "Let's Encrypt" },
		{ "GlobalSign nv-sa", "GlobalSign" }, { "Google Trust Services LLC", "Google Trust Services" }, { "GoDaddy.com, Inc.", "GoDaddy" },
		{ "Amazon", "Amazon Trust Services" }, { "SSL Corporation", "SSL.com" }, { "Entrust, Inc.", "Entrust" }, { "D-Trust GmbH", "D-Trust" },
		{ "Hellenic Academic and Research Institutions CA", "HARICA" }, { "SwissSign AG", "SwissSign" }, { "Asseco Data Systems S.A.", "Certum" },
		{ "Contoso GmbH", NULL }, { "", NULL }, { "Digi", NULL },
	};
	/* clang-format on */
	CLEAN(cas_free) struct cas *cas = built_in();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct ca *ca = cas_of_issuer(cas, str_of(cases[i].organization));

		if (strcmp(ca ? ca->name : "none", cases[i].name ? cases[i].name : "none") != 0)
			fail_msg("%s: %s", cases[i].organization, ca ? ca->name : "none");
	}
}

/* One that is in no list is known by its name in CAA, unless another was meant. */
static void
an_unknown_one_is_named_by_its_host(void **state UNUSED)
{
	CLEAN(cas_free) struct cas *cas = built_in();
	struct ca ca;

	assert_true(cas_named(cas, STR("ca.example.com"), &ca));
	assert_true(ca_accepts(&ca, STR("ca.example.com")));
	assert_true(cas_named(cas, STR("Thawte"), &ca));
	assert_string_equal(ca.name, "DigiCert");
	assert_false(cas_named(cas, STR("digcert.com"), &ca));
	assert_false(cas_named(cas, STR("Nobody"), &ca));
	assert_false(cas_named(cas, STR(""), &ca));
}

static void
distrust_is_looked_up(void **state UNUSED)
{
	CLEAN(cas_free) struct cas *cas = built_in();
	CLEAN(distrust_free) struct distrust *distrust = NULL;
	char words[DISTRUST_TEXT_SIZE];
	const struct distrust_row *row;

	assert_int_equal(distrust_new(data_distrust, words, &distrust), 0);
	row = ca_distrusted(cas_find(cas, STR("Entrust")), distrust, NOW);
	assert_non_null(row);
	assert_non_null(strstr(row->programs, "Chrome"));
	assert_null(ca_distrusted(cas_find(cas, STR("Entrust")), distrust, NOW - DAYS(800)));
	assert_null(ca_distrusted(cas_find(cas, STR("DigiCert")), distrust, NOW));
}

/* Every root that a row speaks of is in the other list, or the row says nothing. */
static void
what_is_shipped_is_sound(void **state UNUSED)
{
	CLEAN(cas_free) struct cas *cas = built_in();
	CLEAN(distrust_free) struct distrust *distrust = NULL;
	char words[DISTRUST_TEXT_SIZE];

	assert_int_equal(distrust_new(data_distrust, words, &distrust), 0);
	assert_true(cas_dated(cas) > 0);
	assert_true(cas_count(cas) >= 20);
	for (size_t i = 0; i < cas_count(cas); i++) {
		const struct ca *ca = cas_at(cas, i);

		assert_ptr_equal(cas_find(cas, str_of(ca->name)), ca);
		for (size_t n = 0; n < ca->roots.count; n++)
			if (!distrust_named(distrust, str_of(ca->roots.name[n]), NOW))
				fail_msg("%s: no root is called %s", ca->name, ca->roots.name[n]);
	}
}

static void
mistakes(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *json, *says; } cases[] = {
		{ "{", "line 1" },
		{ "{\"rows\":[]}", "dated" },
		{ ROWS(""), "1 to 200" },
		{ ROWS("7"), "row 1: has a member" },
		{ ROWS("{\"caa\":[\"a.example\"]}"), "row 1: has no name" },
		{ ROWS("{\"name\":\"A\\u0007\",\"caa\":[\"a.example\"]}"), "has no name" },
		{ ROWS("{\"name\":\"A\"}"), "names nothing" },
		{ ROWS("{\"name\":\"A\",\"caa\":[\"A.example\"]}"), "lower case" },
		{ ROWS("{\"name\":\"A\",\"caa\":[\"a..example\"]}"), "lower case" },
		{ ROWS("{\"name\":\"A\",\"caa\":[\"example\"]}"), "lower case" },
		{ ROWS("{\"name\":\"A\",\"caa\":[7]}"), "names nothing" },
		{ ONE(",\"brands\":\"B\""), "\"brands\"" },
		{ ONE(",\"roots\":[\"\"]"), "\"roots\"" },
		{ ONE(",\"acme\":\"yes\""), "\"acme\"" },
		{ ONE(",\"platform\":5"), "\"platform\"" },
		{ ONE(",\"source\":\"\""), "\"source\"" },
		{ ONE(",\"brand\":[]"), "a member that is not known" },
		{ ROWS("{\"name\":\"A\",\"caa\":[\"a.example\"]},{\"name\":\"A\",\"caa\":[\"b.example\"]}"), "row 2: is there twice" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char words[CAS_WORDS_SIZE];
		struct cas *cas = NULL;

		assert_int_equal(cas_new(str_of(cases[i].json), words, &cas), CAS_E_MALFORMED);
		if (!strstr(words, cases[i].says))
			fail_msg("%s: %s", cases[i].json, words);
		assert_null(cas);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(a_near_name_is_meant),
		cmocka_unit_test(all_names_of_a_ca_count),
		cmocka_unit_test(issuers_are_known_by_their_organization),
		cmocka_unit_test(an_unknown_one_is_named_by_its_host),
		cmocka_unit_test(distrust_is_looked_up),
		cmocka_unit_test(what_is_shipped_is_sound),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
