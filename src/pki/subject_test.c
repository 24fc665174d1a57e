/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

#define GOOD                                                                  \
	{                                                                     \
		.organization = STR("Contoso GmbH"), .city = STR("Salzburg"), \
		.state = STR("Salzburg"), .country = STR("AT")                \
	}

static struct str
repeat(const char *piece, size_t count)
{
	static char text[4096];

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", piece);
	return str_of(text);
}

static void
good_data_is_cleaned(void **state UNUSED)
{
	struct subject_form form = GOOD;
	struct subject_problems problems;
	struct subject s;

	form.organization = STR("  M\xc3\xbcller & S\xc3\xb6hne GmbH ");
	form.country = STR(" at ");
	subject_check(&form, &s, &problems);
	assert_int_equal(problems.count, 0);
	assert_string_equal(s.organization, "M\xc3\xbcller & S\xc3\xb6hne GmbH");
	assert_string_equal(s.country, "AT");
}

static void
problems_are_found(void **state UNUSED)
{
	static const struct {
		enum subject_field field;
		const char *piece;
		size_t count;
		bool problem, refuses;
	} cases[] = {
		{ SUBJECT_COUNTRY, "XX", 1, true, true },
		{ SUBJECT_COUNTRY, "", 1, true, true },
		{ SUBJECT_COUNTRY, "AUT", 1, true, true },
		{ SUBJECT_COUNTRY, "UK", 1, true, true },
		{ SUBJECT_COUNTRY, "DA", 1, true, true },
		{ SUBJECT_COUNTRY, "zw", 1, false, false },
		{ SUBJECT_ORGANIZATION, "", 1, true, true },
		{ SUBJECT_ORGANIZATION, "N/A", 1, true, true },
		{ SUBJECT_ORGANIZATION, "Not applicable", 1, true, true },
		{ SUBJECT_CITY, "City", 1, true, true },
		{ SUBJECT_CITY, "Mexico City", 1, false, false },
		{ SUBJECT_ORGANIZATION, "x", 64, false, false },
		{ SUBJECT_ORGANIZATION, "x", 65, true, true },
		{ SUBJECT_ORGANIZATION, "\xc3\xbc", 64, false, false },
		{ SUBJECT_ORGANIZATION, "A\nB", 1, true, true },
		{ SUBJECT_ORGANIZATION, "\xff", 1, true, true },
		{ SUBJECT_ORGANIZATION, "A\xc2\x85", 1, true, true },
		{ SUBJECT_ORGANIZATION, "--", 1, true, true },
		{ SUBJECT_CITY, "...", 1, true, true },
		{ SUBJECT_STATE, "'", 1, true, true },
		{ SUBJECT_STATE, "\xe4\xba\xac", 1, false, false },
		{ SUBJECT_ORGANIZATION, "A/S Dansk", 1, true, false },
		{ SUBJECT_CITY, "y", 128, true, false },
		{ SUBJECT_CITY, "y", 129, true, true },
		{ SUBJECT_CITY, "none", 1, true, true },
		{ SUBJECT_CITY, "St. Gallen", 1, false, false },
		{ SUBJECT_CITY, "Klgf.", 1, true, false },
		{ SUBJECT_DIVISION, "d", 129, true, true },
		{ SUBJECT_DIVISION, "IT", 1, false, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct subject_form form = GOOD;
		struct str *fields[] = { &form.organization, &form.division, &form.city,
			&form.state, &form.country };
		struct subject_problems problems;
		struct subject s;

		*fields[cases[i].field] = repeat(cases[i].piece, cases[i].count);
		subject_check(&form, &s, &problems);
		assert_int_equal(problems.count, cases[i].problem);
		assert_int_equal(subject_is_refused(&problems), cases[i].refuses);
		if (problems.count)
			assert_int_equal(problems.list[0].field, cases[i].field);
	}
}

static void
one_place_is_enough(void **state UNUSED)
{
	struct subject_form form = GOOD;
	struct subject_problems problems;
	struct subject s;

	form.city = STR("");
	subject_check(&form, &s, &problems);
	assert_int_equal(problems.count, 0);
	form.state = STR(" ");
	subject_check(&form, &s, &problems);
	assert_true(subject_is_refused(&problems));
}

/* What is typed, and what is meant by it (D-12, S-08). */
static void
what_is_meant_is_told(void **state UNUSED)
{
	static const struct {
		const char *country, *city, *state;
		enum subject_field field;
		bool refuses;
		const char *meant;
	} cases[] = {
		{ "US", "Saint Louis", "MO", SUBJECT_STATE, false, "Missouri" },
		{ "US", "St. Louis", "Missouri", SUBJECT_CITY, false, "Saint Louis" },
		{ "CA", "Vancouver", "bc", SUBJECT_STATE, false, "British Columbia" },
		{ "AU", "Sydney", "NSW", SUBJECT_STATE, false, "New South Wales" },
		{ "CH", "Winterthur", "ZH", SUBJECT_STATE, false, "Z\xc3\xbcrich" },
		{ "US", "Springfield", "XQ", SUBJECT_STATE, false, "" },
		{ "UK", "London", "", SUBJECT_COUNTRY, true, "GB" },
		{ "Deutschland", "Berlin", "", SUBJECT_COUNTRY, true, "DE" },
		{ "Atlantis", "Berlin", "", SUBJECT_COUNTRY, true, "" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct subject_form form = { .organization = STR("Contoso"),
			.city = str_of(cases[i].city),
			.state = str_of(cases[i].state),
			.country = str_of(cases[i].country),
			.division = STR("") };
		struct subject_problems problems;
		struct subject s;

		subject_check(&form, &s, &problems);
		assert_int_equal(problems.count, 1);
		assert_int_equal(problems.list[0].field, cases[i].field);
		assert_int_equal(problems.list[0].refuses, cases[i].refuses);
		assert_string_equal(problems.list[0].meant, cases[i].meant);
	}
}

static void
north_america_names_both(void **state UNUSED)
{
	struct subject_form form = GOOD;
	struct subject_problems problems;
	struct subject s;

	form.country = STR("CA");
	form.city = STR("Quebec");
	form.state = STR("");
	subject_check(&form, &s, &problems);
	assert_int_equal(problems.count, 1);
	assert_true(problems.list[0].missing && !problems.list[0].refuses);
	assert_int_equal(problems.list[0].field, SUBJECT_STATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_data_is_cleaned),
		cmocka_unit_test(problems_are_found),
		cmocka_unit_test(one_place_is_enough),
		cmocka_unit_test(what_is_meant_is_told),
		cmocka_unit_test(north_america_names_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
