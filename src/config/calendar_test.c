/* SPDX-License-Identifier: Apache-2.0 */
#include "config/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct calendar
calendar_of(const char *zone, const char *windows, const char *freezes)
{
	struct config_balancer balancer = { 0 };
	struct calendar calendar;
	char words[CONFIG_TEXT_SIZE] = "";

	snprintf(balancer.time_zone, sizeof(balancer.time_zone), "%s", zone);
	snprintf(balancer.windows, sizeof(balancer.windows), "%s", windows);
	snprintf(balancer.freezes, sizeof(balancer.freezes), "%s", freezes);
	if (!calendar_load(&balancer, &calendar, words))
		fail_msg("%s", words);
	return calendar;
}

static when
at(const char *text)
{
	when t = 0;

	assert_true(when_parse(str_of(text), &t));
	return t;
}

#define NIGHTS "Mon-Fri 22:00-04:00, Sat-Sun 00:00-24:00"
#define VIENNA "Europe/Vienna" /* +1; +2 from 2026-03-29 01:00Z to 2026-10-25 01:00Z */

/* From `now`, the first time at which it may be done: `now` where that is open. */
static void
when_it_opens(void **state UNUSED)
{
	static const struct {
		const char *name, *zone, *windows, *freezes, *now, *opens;
	} cases[] = {
		{ "no windows", VIENNA, "", "", "2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z" },
		{ "at noon of a Tuesday", VIENNA, NIGHTS, "", "2026-11-24T11:00:00Z",
		    "2026-11-24T21:00:00Z" },
		{ "a second before", VIENNA, NIGHTS, "", "2026-11-24T20:59:59.999999Z",
		    "2026-11-24T21:00:00Z" },
		{ "at its first moment", VIENNA, NIGHTS, "", "2026-11-24T21:00:00Z",
		    "2026-11-24T21:00:00Z" },
		{ "after midnight it is open still", VIENNA, NIGHTS, "", "2026-11-25T02:59:59Z",
		    "2026-11-25T02:59:59Z" },
		{ "at its last moment it is over", VIENNA, NIGHTS, "", "2026-11-25T03:00:00Z",
		    "2026-11-25T21:00:00Z" },
		{ "a week-end day", VIENNA, NIGHTS, "", "2026-11-28T12:00:00Z",
		    "2026-11-28T12:00:00Z" },
		{ "Sunday ends, Monday night comes", VIENNA, NIGHTS, "", "2026-11-29T23:00:00Z",
		    "2026-11-30T21:00:00Z" },
		{ "every day", "UTC", "02:00-03:00", "", "2026-11-24T03:00:00Z",
		    "2026-11-25T02:00:00Z" },
		{ "over the end of the week", "UTC", "Sun 23:00-01:00", "", "2026-11-30T00:59:00Z",
		    "2026-11-30T00:59:00Z" },
		{ "days over the end of the week", "UTC", "Sat-Mon 10:00-11:00", "",
		    "2026-11-29T11:00:00Z", "2026-11-30T10:00:00Z" },
		{ "capitals do not matter", "UTC", "SAT 10:00-11:00", "", "2026-11-23T00:00:00Z",
		    "2026-11-28T10:00:00Z" },
		{ "in a freeze", VIENNA, NIGHTS, "2026-12-20..2027-01-02", "2026-12-24T21:30:00Z",
		    "2027-01-02T23:00:00Z" },
		{ "a freeze begins at midnight", VIENNA, NIGHTS, "2026-12-22",
		    "2026-12-21T22:59:59Z", "2026-12-21T22:59:59Z" },
		{ "in the night before it, it is over", VIENNA, NIGHTS, "2026-12-22",
		    "2026-12-21T23:00:00Z", "2026-12-22T23:00:00Z" },
		{ "freezes one behind the other", VIENNA, "", "2026-12-24, 2026-12-25..2026-12-26",
		    "2026-12-24T10:00:00Z", "2026-12-26T23:00:00Z" },
		{ "a freeze of years", "UTC", "Fri 10:00-11:00", "2026-01-01..2035-12-31",
		    "2026-11-24T00:00:00Z", "2036-01-04T10:00:00Z" },
		{ "its days are frozen one by one", "UTC", "Sun 00:00-24:00",
		    "2026-11-29, 2026-12-06, 2026-12-13, 2026-12-20", "2026-11-24T00:00:00Z",
		    "2026-12-27T00:00:00Z" },
		/* the night of 29 March: 02:00 becomes 03:00, that is 01:00Z */
		{ "spring: the change is in it", VIENNA, "Sun 01:00-04:00", "",
		    "2026-03-29T01:59:59Z", "2026-03-29T01:59:59Z" },
		{ "spring: and it ends an hour earlier", VIENNA, "Sun 01:00-04:00", "",
		    "2026-03-29T02:00:00Z", "2026-04-04T23:00:00Z" },
		{ "spring: its beginning is left out", VIENNA, "Sun 02:30-04:00", "",
		    "2026-03-28T00:00:00Z", "2026-03-29T01:00:00Z" },
		{ "spring: all of it is left out", VIENNA, "Sun 02:00-03:00", "",
		    "2026-03-28T00:00:00Z", "2026-04-05T00:00:00Z" },
		{ "spring: the next night is an hour earlier", VIENNA, NIGHTS, "",
		    "2026-03-30T10:00:00Z", "2026-03-30T20:00:00Z" },
		/* the night of 25 October: 03:00 becomes 02:00, that is 01:00Z */
		{ "autumn: the first 02:30", VIENNA, "Sun 02:30-03:00", "", "2026-10-24T12:00:00Z",
		    "2026-10-25T00:30:00Z" },
		{ "autumn: between the two it is closed", VIENNA, "Sun 02:30-03:00", "",
		    "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z" },
		{ "autumn: the change opens it again", VIENNA, "Sun 01:00-02:30", "",
		    "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z" },
		{ "autumn: over the change it stays open", VIENNA, "Sat 22:00-04:00", "",
		    "2026-10-25T02:59:59Z", "2026-10-25T02:59:59Z" },
		{ "autumn: and ends by the clock", VIENNA, "Sat 22:00-04:00", "",
		    "2026-10-25T03:00:00Z", "2026-10-31T21:00:00Z" },
		/* Azores: summer begins at midnight, which is left out */
		{ "no midnight after a freeze", "Atlantic/Azores", "", "2026-03-28",
		    "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z" },
		{ "half an hour", "Australia/Lord_Howe", "Sun 02:00-02:30", "",
		    "2026-10-03T00:00:00Z", "2026-10-10T15:00:00Z" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct calendar c = calendar_of(cases[i].zone, cases[i].windows, cases[i].freezes);
		when opens = calendar_opens(&c, at(cases[i].now));

		if (opens != at(cases[i].opens)) {
			char got[WHEN_RFC3339_SIZE];

			fail_msg("%s: %s, not %s", cases[i].name, when_rfc3339(opens, got),
			    cases[i].opens);
		}
	}
}

/* Whatever the calendar, what is told is open, and nothing before it is. */
static void
it_is_the_first(void **state UNUSED)
{
	static const char *const zones[] = { VIENNA, "America/New_York", "Australia/Lord_Howe",
		"Africa/Casablanca", "Asia/Kathmandu" };
	static const char *const windows[] = { NIGHTS, "Sun 01:30-02:15", "Sat 23:00-03:30",
		"Wed 12:00-12:01", "02:00-03:00" };

	for (size_t z = 0; z < COUNT_OF(zones); z++)
		for (size_t w = 0; w < COUNT_OF(windows); w++) {
			struct calendar c =
			    calendar_of(zones[z], windows[w], "2026-04-04..2026-04-05");
			when now = at("2026-03-01T00:00:00Z"), end = at("2026-04-10T00:00:00Z");

			for (when t = now; t < end; t += MINUTES(1)) {
				if (!calendar_is_open(&c, t))
					continue;
				for (; now < t; now += HOURS(7))
					assert_int_equal(calendar_opens(&c, now), t);
				assert_int_equal(calendar_opens(&c, t), t);
				now = t + MINUTES(1);
			}
		}
}

static void
how_long_it_is_frozen(void **state UNUSED)
{
	struct calendar c = calendar_of(VIENNA, NIGHTS, "2026-12-20..2027-01-02");

	assert_int_equal(calendar_frozen_until(&c, at("2026-12-19T22:59:59Z")), 0);
	assert_int_equal(
	    calendar_frozen_until(&c, at("2026-12-19T23:00:00Z")), at("2027-01-02T23:00:00Z"));
	assert_int_equal(calendar_frozen_until(&c, at("2027-01-02T23:00:00Z")), 0);
}

/* A human is to hear of it in time, and only then. */
static void
the_last_chance(void **state UNUSED)
{
	static const struct {
		const char *name, *windows, *freezes, *now, *end, *from, *opens;
	} cases[] = {
		{ "always open", "", "", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", NULL,
		    NULL },
		{ "in the freeze", NIGHTS, "2026-12-20..2027-01-02", "2026-12-24T00:00:00Z",
		    "2026-12-28T00:00:00Z", "2026-12-24T00:00:00Z", "2027-01-02T23:00:00Z" },
		{ "a week before it", NIGHTS, "2026-12-20..2027-01-02", "2026-12-15T00:00:00Z",
		    "2026-12-28T00:00:00Z", "2026-12-22T00:00:00Z", "2027-01-02T23:00:00Z" },
		{ "long before it", NIGHTS, "2026-12-20..2027-01-02", "2026-12-01T00:00:00Z",
		    "2026-12-28T00:00:00Z", NULL, NULL },
		{ "it opens in time", NIGHTS, "2026-12-20..2027-01-02", "2026-12-15T00:00:00Z",
		    "2027-01-05T00:00:00Z", NULL, NULL },
		{ "it has ended", NIGHTS, "2026-12-20..2027-01-02", "2026-12-24T00:00:00Z",
		    "2026-12-23T00:00:00Z", NULL, NULL },
		{ "soon, but a window comes first", "Sat 22:00-23:00", "", "2026-12-01T00:00:00Z",
		    "2026-12-06T00:00:00Z", NULL, NULL },
		{ "soon, and no window comes", "Sat 22:00-23:00", "", "2026-12-01T00:00:00Z",
		    "2026-12-04T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-05T21:00:00Z" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct calendar c = calendar_of(VIENNA, cases[i].windows, cases[i].freezes);
		when from = 0, opens = 0;
		bool is =
		    calendar_is_last_chance(&c, at(cases[i].now), at(cases[i].end), &from, &opens);

		if (is != (cases[i].from != NULL))
			fail_msg("%s: %d", cases[i].name, is);
		assert_int_equal(from, is ? at(cases[i].from) : 0);
		assert_int_equal(opens, is ? at(cases[i].opens) : 0);
	}
}

static void
those_of_all_balancers(void **state UNUSED)
{
	static struct config config;
	char words[CONFIG_TEXT_SIZE];
	struct calendar *all;

	config.balancer_count = 2;
	snprintf(config.balancers[0].name, sizeof(config.balancers[0].name), "edge");
	snprintf(config.balancers[1].name, sizeof(config.balancers[1].name), "core");
	snprintf(config.balancers[1].windows, sizeof(config.balancers[1].windows), NIGHTS);
	all = calendars_load(&config, words);
	assert_non_null(all);
	assert_int_equal(calendar_named(all, &config, "edge")->span_count, 0);
	assert_int_equal(calendar_named(all, &config, "core")->span_count, 7);
	assert_null(calendar_named(all, &config, "other"));
	free(all);
	snprintf(config.balancers[1].freezes, sizeof(config.balancers[1].freezes), "soon");
	assert_null(calendars_load(&config, words));
	assert_non_null(strstr(words, "\"soon\""));
}

static void
words_for_people(void **state UNUSED)
{
	struct calendar c = calendar_of(VIENNA, NIGHTS, "");
	char words[CALENDAR_WORDS_SIZE];
	when now = at("2026-11-24T10:00:00Z");

	assert_string_equal(calendar_words(&c, at("2026-11-24T21:00:00Z"), now, words),
	    "Tue 24 Nov 22:00 (Europe/Vienna)");
	assert_string_equal(calendar_words(&c, at("2027-01-02T23:00:00Z"), now, words),
	    "Sun 3 Jan 2027 00:00 (Europe/Vienna)");
	c = calendar_of("", "", "");
	assert_non_null(strchr(calendar_words(&c, now, now, words), '('));
}

static void
what_cannot_be_read(void **state UNUSED)
{
	static const struct {
		const char *windows, *freezes, *zone, *words;
	} cases[] = {
		{ "Mon-Fry 22:00-04:00", "", "",
		    "windows: \"Mon-Fry 22:00-04:00\" does not begin with days: Mon, Tue, Wed, Thu, Fri, Sat, Sun, or two of them with a hyphen between" },
		{ "Sat 00:00-24:00, Mon 22-04", "", "",
		    "windows: \"Mon 22-04\" has no times like 22:00-04:00 or 00:00-24:00" },
		{ "Mon 24:00-04:00", "", "",
		    "windows: \"Mon 24:00-04:00\" has no times like 22:00-04:00 or 00:00-24:00" },
		{ "Mon 22:00-22:00", "", "",
		    "windows: \"Mon 22:00-22:00\" ends when it begins; the whole day is 00:00-24:00" },
		{ "Mon 22:00-23:00,", "", "",
		    "windows: \"\" has no times like 22:00-04:00 or 00:00-24:00" },
		{ "", "2026-12-20..2026-12-19", "",
		    "freezes: \"2026-12-20..2026-12-19\" ends before it begins" },
		{ "", "2026-02-29", "",
		    "freezes: \"2026-02-29\" is neither a date like 2026-12-24 nor two like 2026-12-20..2027-01-02" },
		{ "", "", "Europe/Wien",
		    "time_zone: \"Europe/Wien\" is no time zone of this machine; needed is a name like Europe/Vienna, as below /usr/share/zoneinfo/" },
		{ "", "", "Europe", /* a folder */
		    "time_zone: \"Europe\" is no time zone of this machine; needed is a name like Europe/Vienna, as below /usr/share/zoneinfo/" },
		{ "", "", "zone.tab", /* no zone */
		    "time_zone: \"zone.tab\" is no time zone of this machine; needed is a name like Europe/Vienna, as below /usr/share/zoneinfo/" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config_balancer b = { 0 };
		struct calendar calendar;
		char words[CONFIG_TEXT_SIZE] = "";

		snprintf(b.windows, sizeof(b.windows), "%s", cases[i].windows);
		snprintf(b.freezes, sizeof(b.freezes), "%s", cases[i].freezes);
		snprintf(b.time_zone, sizeof(b.time_zone), "%s", cases[i].zone);
		assert_false(calendar_load(&b, &calendar, words));
		assert_string_equal(words, cases[i].words);
	}
	assert_false(calendar_is_zone_name(STR("/etc/passwd")));
	assert_false(calendar_is_zone_name(STR("../passwd")));
}

static void
there_is_an_end(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf windows = BUF(8192);
	struct calendar calendar = { 0 };
	char words[CONFIG_TEXT_SIZE];

	for (int i = 0; i < CALENDAR_SPANS_MAX / 7 + 1; i++)
		buf_printf(&windows, "%s%02d:00-%02d:30", i ? "," : "", i, i);
	assert_false(calendar_read_windows(buf_str(&windows), &calendar, words));
	assert_non_null(strstr(words, "one too many"));
	assert_int_equal(calendar.span_count, CALENDAR_SPANS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_it_opens),
		cmocka_unit_test(it_is_the_first),
		cmocka_unit_test(how_long_it_is_frozen),
		cmocka_unit_test(the_last_chance),
		cmocka_unit_test(those_of_all_balancers),
		cmocka_unit_test(words_for_people),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(there_is_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
