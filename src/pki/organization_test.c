/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/organization.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#include "pki/legal_form.h"
#include "pki/region.h"

#define SAME    ORGANIZATION_SAME
#define SIMILAR ORGANIZATION_SIMILAR
#define OTHER   ORGANIZATION_OTHER
#define UNLIKE  ORGANIZATION_UNLIKE_LETTERS

static void
names_are_compared(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *a, *b, *country; enum organization_likeness is; } cases[] = {
		{ "Contoso GmbH",                 "CONTOSO GMBH",                    "AT", SAME },
		{ "Contoso GmbH",                 "Contoso G.m.b.H.",                "AT", SAME },
		{ "Contoso GmbH",                 "Contoso Gesellschaft mit beschr\xc3\xa4nkter Haftung", "AT", SAME },
		{ "Contoso GmbH",                 "Contoso",                         "AT", SAME },
		{ "Contoso, Inc.",                "Contoso Incorporated",            "US", SAME },
		{ "The Contoso Company",          "Contoso Co.",                     "US", SAME },
		{ "M\xc3\xbcller & S\xc3\xb6hne KG", "Mueller und Soehne KG",        "DE", SAME },
		{ "M\xc3\xbcller & S\xc3\xb6hne KG", "MULLER + SOHNE KG",            "DE", SAME },
		{ "Mu\xcc\x88ller KG",            "M\xc3\xbcller KG",                "DE", SAME },
		{ "Gro\xc3\x9f Handel AG",        "Gross-Handel AG",                 "CH", SAME },
		{ "Caf\xc3\xa9 Lumi\xc3\xa8re S.A.", "Cafe Lumiere SA",              "FR", SAME },
		{ "Dansk Sejl A/S",               "Dansk Sejl AS",                   "DK", SAME },
		{ "AB Volvo",                     "Volvo AB",                        "SE", SAME },
		{ "Fabrikam Sp. z o.o.",          "FABRIKAM SP\xc3\x93\xc5\x81KA Z OGRANICZON\xc4\x84 ODPOWIEDZIALNO\xc5\x9a" "CI\xc4\x84", "PL", SAME },
		{ "St. Gallen Bau AG",            "St.Gallen Bau AG",                "CH", SAME },
		{ "O\xe2\x80\x99Neill Ltd",       "O'Neill Limited",                 "GB", SAME },
		{ "\xd0\x93\xd0\xb0\xd0\xb7\xd0\xbf\xd1\x80\xd0\xbe\xd0\xbc", "\xd0\x93\xd0\x90\xd0\x97\xd0\x9f\xd0\xa0\xd0\x9e\xd0\x9c", "RU", SAME },
		{ "\xef\xbc\xa3ontoso",           "Contoso",                         "JP", SAME },
		{ "Soci\xc3\xa9t\xc3\xa9 \xc3\x89" "ditrice du Monde", "SOCIETE EDITRICE DU MONDE", "FR", SAME },
		{ "Contoso GmbH",                 "Contoso AG",                      "AT", SIMILAR },
		{ "Contoso GmbH",                 "Contoso GmbH & Co. KG",           "DE", SIMILAR },
		{ "Contoso GmbH",                 "Contoso Deutschland GmbH",        "DE", SIMILAR },
		{ "Contoso GmbH",                 "Contosso GmbH",                   "DE", SIMILAR },
		{ "Mueller GmbH",                 "Muller GmbH",                     "DE", SIMILAR },
		{ "International Business Machines Corporation", "IBM",              "US", SIMILAR },
		{ "Contoso GmbH",                 "Fabrikam GmbH",                   "DE", OTHER },
		{ "Contoso GmbH",                 "Registrar of Names Inc.",         "DE", OTHER },
		{ "AB",                           "AC",                              "US", OTHER },
		{ "Contoso GmbH",                 "",                                "DE", OTHER },
		{ "",                             "",                                "DE", OTHER },
		{ "Contoso",                      "\xd0\x93\xd0\xb0\xd0\xb7\xd0\xbf\xd1\x80\xd0\xbe\xd0\xbc", "RU", UNLIKE },
		{ "GmbH",                         "AG",                              "DE", OTHER },
		{ "Contoso AS",                   "Contoso",                         "US", SIMILAR },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str a = str_of(cases[i].a), b = str_of(cases[i].b);
		const char *why, *back;

		print_message("%s / %s\n", cases[i].a, cases[i].b);
		assert_int_equal(organization_compare(a, b, cases[i].country, &why), cases[i].is);
		assert_int_equal(organization_compare(b, a, cases[i].country, &back), cases[i].is);
		assert_string_equal(why, back);
		assert_int_equal(*why != '\0', cases[i].is == SIMILAR);
	}
}

/* Whatever comes, nothing is written behind what there is room for. */
static void
odd_texts(void **state UNUSED)
{
	char longest[4096];
	const char *why;

	for (size_t i = 0; i + 1 < sizeof(longest); i++)
		longest[i] = i % 3 == 0 ? 'a' : i % 7 == 0 ? ' ' : (char)0xe4;
	longest[sizeof(longest) - 1] = '\0';
	(void)organization_compare(str_of(longest), STR("a"), "", &why);
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(
	    organization_compare(str_of(longest), str_of(longest), "", &why), ORGANIZATION_SAME);
	for (size_t i = 0; i + 1 < sizeof(longest); i++)
		longest[i] = i % 2 ? ' ' : 'x';
	assert_int_equal(
	    organization_compare(str_of(longest), str_of(longest), "", &why), ORGANIZATION_SAME);
}

static void
legal_forms(void **state UNUSED)
{
	static const struct {
		const char *name, *country, *form, *rest;
	} cases[] = {
		{ "Contoso GmbH", "DE", "GmbH", "contoso" },
		{ "Contoso GmbH & Co. KG", "DE", "GmbH & Co. KG", "contoso" },
		{ "OOO Contoso", "RU", "OOO", "contoso" },
		{ "Contoso S.p.A.", "IT", "SpA", "contoso" },
		{ "Alpine Spa", "US", "", "alpinespa" },
		{ "AG", "DE", "", "ag" },
		{ "S.C. Contoso S.R.L.", "RO", "SRL", "contoso" },
		{ "S.C. Contoso", "RO", "", "contoso" },
		{ "Co., Ltd.", "CN", "Ltd", "co" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct folded words;
		char rest[256];

		fold_words(str_of(cases[i].name), FOLD_PLAIN, &words);
		assert_string_equal(legal_form_take(&words, cases[i].country), cases[i].form);
		fold_join(&words, rest, sizeof(rest));
		assert_string_equal(rest, cases[i].rest);
	}
}

static void
places_are_compared(void **state UNUSED)
{
	assert_true(organization_place_same(STR("Z\xc3\xbcrich"), STR("ZUERICH")));
	assert_true(organization_place_same(STR("Saint-Denis"), STR("saint denis")));
	assert_true(organization_place_same(STR(""), STR("-")));
	assert_false(organization_place_same(STR("Salzburg"), STR("Wien")));
}

static void
regions(void **state UNUSED)
{
	assert_string_equal(region_in_full("US", STR("ca")), "California");
	assert_string_equal(region_in_full("AU", STR("NSW")), "New South Wales");
	assert_null(region_in_full("AT", STR("CA")));
	assert_null(region_in_full("US", STR("California")));
	assert_string_equal(region_country_meant(STR("uk")), "GB");
	assert_string_equal(region_country_meant(STR("Deutschland")), "DE");
	assert_null(region_country_meant(STR("Atlantis")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_compared),
		cmocka_unit_test(odd_texts),
		cmocka_unit_test(legal_forms),
		cmocka_unit_test(places_are_compared),
		cmocka_unit_test(regions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
