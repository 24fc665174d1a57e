/* SPDX-License-Identifier: Apache-2.0 */
#include "config/calendar.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sys/file.h"

#define ZONES        "/usr/share/zoneinfo/" /* where Debian's tzdata, and libc, have them */
#define MACHINE_ZONE "/etc/localtime"
#define DAY_MINUTES  (24 * 60)
#define WEEK_MINUTES (7 * DAY_MINUTES)
#define DAY_SECONDS  (24 * 3600)
/* Days that are not frozen, until some window has opened: each freeze may take the one day of a week
 * away that has windows, and daylight saving one more. */
#define LOOK_DAYS (7 * (CALENDAR_FREEZES_MAX + 3))

static const char *const weekdays[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };

/* ---- reading ---- */

static bool
refuse(char *words, const char *option, struct str part, const char *need)
{
	char shown[80];

	str_show(part, shown, sizeof(shown));
	snprintf(words, CONFIG_TEXT_SIZE, "%s: \"%s\" %s", option, shown, need);
	return false;
}

static bool
read_weekday(struct str text, int *ret)
{
	for (size_t i = 0; i < COUNT_OF(weekdays); i++)
		if (str_eq_nocase(text, str_of(weekdays[i]))) {
			*ret = (int)i;
			return true;
		}
	return false;
}

static bool
read_number(struct str text, size_t digits, int least, int most, int *ret)
{
	int64_t value;

	if (text.len != digits || !str_to_i64(text, &value) || value < least || value > most)
		return false;
	*ret = (int)value;
	return true;
}

/* "22:00", and "24:00" where a window ends. */
static bool
read_clock(struct str text, bool is_end, int *ret_minutes)
{
	struct str hour;
	int h, m;

	if (!str_next(&text, ':', &hour) || !text.p || !read_number(hour, 2, 0, 24, &h) ||
	    !read_number(text, 2, 0, 59, &m) || (h == 24 && (m > 0 || !is_end)))
		return false;
	*ret_minutes = h * 60 + m;
	return true;
}

/* "a-b" into its two halves; a single one is both. */
static void
halves(struct str text, struct str *ret_from, struct str *ret_to)
{
	*ret_to = text;
	if (!str_next(ret_to, '-', ret_from) || !ret_to->p)
		*ret_from = *ret_to = text;
}

static bool
add_span(struct calendar *to, int day, int from, int until)
{
	if (to->span_count == CALENDAR_SPANS_MAX)
		return false;
	to->spans[to->span_count++] =
	    (struct calendar_span){ day * DAY_MINUTES + from, day * DAY_MINUTES + until };
	return true;
}

/* "Mon-Fri 22:00-04:00", "Sat 00:00-24:00", "22:00-04:00" (every day). */
static bool
read_window(struct str part, struct calendar *to, char *words)
{
	struct str days, times = part, begin, end;
	int first = 0, last = 6, from, until;

	if (str_next(&times, ' ', &days) && times.p) {
		halves(days, &begin, &end);
		if (!read_weekday(begin, &first) || !read_weekday(end, &last))
			return refuse(words, "windows", part,
			    "does not begin with days: Mon, Tue, Wed, Thu, Fri, Sat, Sun, or two "
			    "of them with a hyphen between");
	} else {
		times = part;
	}
	halves(str_trim(times), &begin, &end);
	if (!read_clock(begin, false, &from) || !read_clock(end, true, &until))
		return refuse(
		    words, "windows", part, "has no times like 22:00-04:00 or 00:00-24:00");
	if (from == until)
		return refuse(
		    words, "windows", part, "ends when it begins; the whole day is 00:00-24:00");
	if (until < from)
		until += DAY_MINUTES;
	for (int i = 0; i <= (last - first + 7) % 7; i++)
		if (!add_span(to, (first + i) % 7, from, until))
			return refuse(words, "windows", part, "is one too many");
	return true;
}

/* "2026-12-24" as a day's number. */
static bool
read_date(struct str text, int64_t *ret)
{
	struct str year, month;
	int y, m, d;
	when t;

	if (!str_next(&text, '-', &year) || !text.p || !str_next(&text, '-', &month) || !text.p ||
	    !read_number(year, 4, 1970, 9999, &y) || !read_number(month, 2, 1, 12, &m) ||
	    !read_number(text, 2, 1, 31, &d) || !when_from_utc(y, m, d, 0, 0, 0, &t))
		return false;
	*ret = t / DAYS(1);
	return true;
}

/* "2026-12-20..2027-01-02", or one day. */
static bool
read_freeze(struct str part, struct calendar *to, char *words)
{
	struct str first = part, last = part;
	size_t dots = str_find(part, STR(".."));
	struct calendar_freeze freeze;

	if (dots < part.len) {
		first.len = dots;
		last = str_drop(part, dots + 2);
	}
	if (!read_date(str_trim(first), &freeze.first) || !read_date(str_trim(last), &freeze.last))
		return refuse(words, "freezes", part,
		    "is neither a date like 2026-12-24 nor two like 2026-12-20..2027-01-02");
	if (freeze.last < freeze.first)
		return refuse(words, "freezes", part, "ends before it begins");
	if (to->freeze_count == CALENDAR_FREEZES_MAX)
		return refuse(words, "freezes", part, "is one too many");
	to->freezes[to->freeze_count++] = freeze;
	return true;
}

static bool
read_list(struct str text, struct calendar *to, char *words,
    bool (*read)(struct str part, struct calendar *to, char *words))
{
	struct str part;

	if (str_trim(text).len == 0)
		return true;
	while (str_next(&text, ',', &part))
		if (!read(str_trim(part), to, words))
			return false;
	return true;
}

bool
calendar_read_windows(struct str text, struct calendar *to, char *words)
{
	return read_list(text, to, words, read_window);
}

bool
calendar_read_freezes(struct str text, struct calendar *to, char *words)
{
	return read_list(text, to, words, read_freeze);
}

/* It becomes part of a path. */
bool
calendar_is_zone_name(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '\0' ||
		    !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/",
			text.p[i]))
			return false;
	return text.len == 0 || text.p[0] != '/';
}

/* A machine that was never told its zone has UTC, says libc. */
static bool
load_zone(const char *name, struct zone *ret)
{
	CLEAN(buf_fini) struct buf bytes = BUF(ZONE_BYTES_MAX);
	char path[sizeof(ZONES) + CONFIG_NAME_SIZE];
	int r;

	snprintf(path, sizeof(path), "%s%s", name[0] ? ZONES : MACHINE_ZONE, name);
	r = file_read(path, &bytes);
	if (r == FILE_E_ABSENT && !name[0]) {
		zone_utc(ret);
		return true;
	}
	return r == 0 && zone_read(buf_str(&bytes), ret) == 0;
}

bool
calendar_load(const struct config_balancer *balancer, struct calendar *ret, char *words)
{
	*ret = (struct calendar){ 0 };
	snprintf(ret->zone_name, sizeof(ret->zone_name), "%s", balancer->time_zone);
	if (!load_zone(balancer->time_zone, &ret->zone)) {
		snprintf(words, CONFIG_TEXT_SIZE,
		    "time_zone: \"%s\" is no time zone of this machine; needed is a name like "
		    "Europe/Vienna, as below %s",
		    balancer->time_zone, ZONES);
		return false;
	}
	return calendar_read_windows(str_of(balancer->windows), ret, words) &&
	       calendar_read_freezes(str_of(balancer->freezes), ret, words);
}

struct calendar *
calendars_load(const struct config *config, char *words)
{
	struct calendar *all = alloc_zero((config->balancer_count + 1) * sizeof(*all));

	for (size_t i = 0; i < config->balancer_count; i++)
		if (!calendar_load(&config->balancers[i], &all[i], words)) {
			free(all);
			return NULL;
		}
	return all;
}

const struct calendar *
calendar_named(const struct calendar *calendars, const struct config *config, const char *balancer)
{
	const struct config_balancer *found = config_balancer(config, balancer);

	return found ? &calendars[found - config->balancers] : NULL;
}

/* ---- asking ---- */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
day_of(const struct calendar *calendar, when t)
{
	return floor_div(zone_local_seconds(&calendar->zone, t), DAY_SECONDS);
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static int
weekday_of(int64_t day)
{
	return (int)((day + 3) - 7 * floor_div(day + 3, 7));
}

static const struct calendar_freeze *
freeze_of(const struct calendar *calendar, int64_t day)
{
	for (size_t i = 0; i < calendar->freeze_count; i++)
		if (day >= calendar->freezes[i].first && day <= calendar->freezes[i].last)
			return &calendar->freezes[i];
	return NULL;
}

static bool
is_in_window(const struct calendar *calendar, int minute)
{
	for (size_t i = 0; i < calendar->span_count; i++) {
		const struct calendar_span *span = &calendar->spans[i];

		if ((minute >= span->from && minute < span->to) ||
		    (minute + WEEK_MINUTES >= span->from && minute + WEEK_MINUTES < span->to))
			return true;
	}
	return calendar->span_count == 0;
}

bool
calendar_is_open(const struct calendar *calendar, when t)
{
	int64_t local = zone_local_seconds(&calendar->zone, t);
	int64_t day = floor_div(local, DAY_SECONDS);
	int minute = weekday_of(day) * DAY_MINUTES + (int)((local - day * DAY_SECONDS) / 60);

	return !freeze_of(calendar, day) && is_in_window(calendar, minute);
}

/* The clock was changed between the two times: when. */
static when
change_between(const struct zone *zone, when before, when after)
{
	int32_t east = zone_at(zone, before)->east;

	while (after - before > SECONDS(1)) {
		when middle = before + (after - before) / 2;

		if (zone_at(zone, middle)->east == east)
			before = middle;
		else
			after = middle;
	}
	return after - after % SECONDS(1);
}

/* What may be the first open moment of a local day, held against the best so far. */
struct search {
	const struct calendar *calendar;
	when now, best; /* 0 = none yet */
};

static void
try_at(struct search *search, when t)
{
	if (t >= search->now && (search->best == 0 || t < search->best) &&
	    calendar_is_open(search->calendar, t))
		search->best = t;
}

/* Of a time of the wall clock there are two where daylight saving repeats it, and none where it
 * leaves it out; then the change itself may open a window. */
static void
try_day(struct search *search, int64_t day)
{
	const struct calendar *calendar = search->calendar;
	const struct zone *zone = &calendar->zone;
	when noon = DAYS(day) + HOURS(12);
	int32_t east[] = { zone_at(zone, noon - DAYS(1))->east,
		zone_at(zone, noon + DAYS(1))->east };

	for (size_t e = 0; e < COUNT_OF(east); e++) {
		when midnight = DAYS(day) - SECONDS(east[e]);

		try_at(search, midnight);
		for (size_t i = 0; i < calendar->span_count; i++)
			if (calendar->spans[i].from / DAY_MINUTES == weekday_of(day))
				try_at(search,
				    midnight + MINUTES(calendar->spans[i].from % DAY_MINUTES));
	}
	if (east[0] != east[1])
		try_at(search, change_between(zone, noon - DAYS(1), noon + DAYS(1)));
}

when
calendar_opens(const struct calendar *calendar, when now)
{
	struct search search = { .calendar = calendar, .now = now };
	int64_t day = day_of(calendar, now);

	if (calendar_is_open(calendar, now))
		return now;
	for (int look = 0; look < LOOK_DAYS && search.best == 0; look++, day++) {
		const struct calendar_freeze *freeze;

		while ((freeze = freeze_of(calendar, day)))
			day = freeze->last + 1;
		try_day(&search, day);
	}
	return search.best;
}

when
calendar_frozen_until(const struct calendar *calendar, when now)
{
	struct calendar days = { .freeze_count = calendar->freeze_count, .zone = calendar->zone };

	if (!freeze_of(calendar, day_of(calendar, now)))
		return 0;
	memcpy(days.freezes, calendar->freezes, sizeof(days.freezes));
	return calendar_opens(&days, now);
}

/* Without windows and freezes it is always open, and how near an end is, others tell. */
bool
calendar_is_last_chance(
    const struct calendar *calendar, when now, when end, when *ret_from, when *ret_opens)
{
	when from = end > now + CALENDAR_AHEAD ? now + CALENDAR_AHEAD : now, opens;

	if (end <= now || calendar_is_open(calendar, from))
		return false;
	opens = calendar_opens(calendar, from);
	if (opens <= end)
		return false;
	*ret_from = from;
	*ret_opens = opens;
	return true;
}

const char *
calendar_words(
    const struct calendar *calendar, when t, when now, char to[static CALENDAR_WORDS_SIZE])
{
	time_t local = (time_t)zone_local_seconds(&calendar->zone, t),
	       today = (time_t)zone_local_seconds(&calendar->zone, now);
	struct tm at = { 0 }, is = { 0 };
	char year[16] = "";

	gmtime_r(&local, &at);
	gmtime_r(&today, &is);
	if (at.tm_year != is.tm_year)
		snprintf(year, sizeof(year), " %d", at.tm_year + 1900);
	snprintf(to, CALENDAR_WORDS_SIZE, "%s %d %s%s %02d:%02d (%s)",
	    weekdays[(at.tm_wday + 6) % 7], at.tm_mday, months[at.tm_mon], year, at.tm_hour,
	    at.tm_min,
	    calendar->zone_name[0] ? calendar->zone_name : zone_at(&calendar->zone, t)->label);
	return to;
}
