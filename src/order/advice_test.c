/* SPDX-License-Identifier: Apache-2.0 */
#include "order/advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static const when one_day[] = { DAYS(1) }, three_days[] = { HOURS(5), DAYS(3), DAYS(9) },
		  even[] = { DAYS(1), DAYS(2), DAYS(4), DAYS(40) };

#define ROW(n, o, a)                                               \
	{                                                          \
		.name = (n), .orders = (o), .accepted_first = (a), \
	}

static const char *
best_of(const struct advice_row rows[], size_t count)
{
	struct advice_line lines[8];
	size_t best;

	return advice_choose(rows, count, lines, &best) ? rows[best].name : "nobody";
}

static void
the_best_is_chosen(void **state UNUSED)
{
	static const struct advice_row nothing[] = { ROW("Alpha", 9, 9), ROW("Beta", 0, 0) };
	static const struct advice_row few[] = { ROW("Alpha", 9, 9), ROW("Beta", 100, 60) };
	static const struct advice_row share[] = { ROW("Alpha", 100, 90), ROW("Beta", 200, 190) };
	static const struct advice_row sure[] = { ROW("Alpha", 10, 10), ROW("Beta", 100, 98) };
	static const struct advice_row first[] = { ROW("Alpha", 50, 45), ROW("Beta", 50, 45) };
	static const struct advice_row wrong[] = { ROW("Alpha", 20, 4000000000u),
		ROW("Beta", 1000, 999) };

	assert_string_equal(best_of(nothing, COUNT_OF(nothing)), "nobody");
	assert_string_equal(best_of(nothing, 0), "nobody");
	assert_string_equal(best_of(few, COUNT_OF(few)), "Beta");
	assert_string_equal(best_of(share, COUNT_OF(share)), "Beta");
	assert_string_equal(best_of(sure, COUNT_OF(sure)), "Beta");
	assert_string_equal(best_of(first, COUNT_OF(first)), "Alpha");
	assert_string_equal(best_of(wrong, COUNT_OF(wrong)), "Beta");
}

static void
the_quicker_of_equals(void **state UNUSED)
{
	struct advice_row rows[] = { ROW("Alpha", 50, 45), ROW("Beta", 50, 45),
		ROW("Gamma", 50, 45) };

	rows[1].took = three_days;
	rows[1].took_count = COUNT_OF(three_days);
	rows[2].took = one_day;
	rows[2].took_count = COUNT_OF(one_day);
	assert_string_equal(best_of(rows, COUNT_OF(rows)), "Gamma");
	assert_string_equal(best_of(rows, 2), "Beta");
}

/* Whatever the history says. */
static void
never_who_may_not(void **state UNUSED)
{
	for (int bits = 0; bits < 16; bits++) {
		struct advice_row rows[] = { ROW("Alpha", 1000, 1000), ROW("Beta", 10, 1) };
		struct advice_line lines[2];
		bool out[2];
		size_t best = 0;

		for (int i = 0; i < 2; i++) {
			rows[i].caa_forbids = bits >> (2 * i) & 1;
			rows[i].distrusted = bits >> (2 * i + 1) & 1;
			out[i] = rows[i].caa_forbids || rows[i].distrusted;
		}
		assert_int_equal(advice_choose(rows, 2, lines, &best), !(out[0] && out[1]));
		assert_false(!(out[0] && out[1]) && out[best]);
		for (int i = 0; i < 2; i++)
			assert_int_equal(lines[i].verdict, rows[i].distrusted ? ADVICE_DISTRUSTED
							   : rows[i].caa_forbids
							       ? ADVICE_CAA_FORBIDS
							       : ADVICE_FIT);
	}
}

static void
figures(void **state UNUSED)
{
	struct advice_row row = { .name = "Alpha",
		.orders = 30,
		.accepted_first = 20,
		.took = even,
		.took_count = COUNT_OF(even),
		.reason = { { FINDING_CERT_CHAIN, 3 }, { FINDING_CERT_KEY_UNKNOWN, 7 } },
		.reason_count = 2 };
	struct advice_line line;
	size_t best;

	assert_true(advice_choose(&row, 1, &line, &best));
	assert_int_equal(line.percent, 66);
	assert_int_equal(line.median, DAYS(3));
	assert_int_equal(line.often, FINDING_CERT_KEY_UNKNOWN);
	row.reason_count = 0;
	row.took_count = 3;
	assert_true(advice_choose(&row, 1, &line, &best));
	assert_int_equal(line.median, DAYS(2));
	assert_int_equal(line.often, FINDING_MAX);
}

static void
sentences(void **state UNUSED)
{
	static const when hours[] = { HOURS(5) };
	static const struct advice_row rows[] = {
		{ .name = "Alpha",
		    .orders = 50,
		    .accepted_first = 47,
		    .took = one_day,
		    .took_count = 1 },
		{ .name = "Beta",
		    .orders = 50,
		    .accepted_first = 47,
		    .took = three_days,
		    .took_count = 3 },
		{ .name = "Gamma",
		    .orders = 50,
		    .accepted_first = 47,
		    .took = hours,
		    .took_count = 1 },
		ROW("Delta", 50, 47),
		ROW("Epsilon", 4, 4),
		{ .name = "Zeta", .orders = 50, .caa_forbids = true },
		{ .name = "Eta", .orders = 50, .distrusted = true },
	};
	static const char *const said[] = {
		"Alpha: 47 of 50 certificates were accepted at the first delivery, half of them within 1 day of the request.",
		"Beta: 47 of 50 certificates were accepted at the first delivery, half of them within 3 days of the request.",
		"Gamma: 47 of 50 certificates were accepted at the first delivery, half of them within 5 hours of the request.",
		"Delta: 47 of 50 certificates were accepted at the first delivery.",
		"Epsilon: too few orders to say (4).",
		"Zeta: the domain's CAA records do not allow it.",
		"Eta: browsers have stopped trusting it.",
	};
	struct advice_line lines[COUNT_OF(rows)];
	size_t best;

	assert_true(advice_choose(rows, COUNT_OF(rows), lines, &best));
	assert_string_equal(rows[best].name, "Gamma");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEAN(buf_fini) struct buf text = BUF(1000);

		advice_words(&rows[i], &lines[i], &text);
		assert_string_equal(buf_text(&text), said[i]);
	}
}

static void
too_little_is_said(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(1000);

	advice_words(NULL, NULL, &text);
	assert_non_null(strstr(buf_text(&text), "not seen enough orders"));
	assert_non_null(strstr(buf_text(&text), "at least 10"));
}

static void
verdicts_have_names(void **state UNUSED)
{
	assert_string_equal(advice_verdict_name(ADVICE_FIT), "fit");
	assert_string_equal(advice_verdict_name(ADVICE_DISTRUSTED), "distrusted");
	assert_string_equal(advice_verdict_name(ADVICE_VERDICT_MAX), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_is_chosen),
		cmocka_unit_test(the_quicker_of_equals),
		cmocka_unit_test(never_who_may_not),
		cmocka_unit_test(figures),
		cmocka_unit_test(sentences),
		cmocka_unit_test(too_little_is_said),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
