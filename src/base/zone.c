/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#define HEADER        44
#define HOUR          3600
#define DAY           (24 * HOUR)
#define HOURS_MOST    167 /* RFC 8536 3.3.1: of a change's time */
#define VERSION_LEAST '2'

/* ---- the table ---- */

/* What is left of the file, and whether it ever was too short. */
struct source {
	struct str rest;
	bool bad;
};

static struct str
take(struct source *from, size_t count)
{
	struct str taken = str_bytes(from->rest.p, count);

	if (from->rest.len < count) {
		from->bad = true;
		return STR("");
	}
	from->rest = str_drop(from->rest, count);
	return taken;
}

static int64_t
number(struct str bytes, size_t at, size_t size)
{
	uint64_t value = 0;

	if (bytes.len < at + size)
		return 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | (uint8_t)bytes.p[at + i];
	return size == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

struct counts {
	size_t ut, standard, leaps, changes, kinds, labels;
};

static bool
take_header(struct source *from, struct counts *ret)
{
	struct str h = take(from, HEADER);
	size_t *const to[] = { &ret->ut, &ret->standard, &ret->leaps, &ret->changes, &ret->kinds,
		&ret->labels };

	if (from->bad || !str_starts(h, STR("TZif")) || (uint8_t)h.p[4] < VERSION_LEAST)
		return false;
	for (size_t i = 0; i < COUNT_OF(to); i++) {
		int64_t value = number(h, 20 + 4 * i, 4);

		if (value < 0 || value > ZONE_BYTES_MAX)
			return false;
		*to[i] = (size_t)value;
	}
	return ret->kinds > 0;
}

static size_t
data_size(const struct counts *c, size_t time_size)
{
	return c->changes * (time_size + 1) + c->kinds * 6 + c->labels +
	       c->leaps * (time_size + 4) + c->standard + c->ut;
}

static bool
read_kinds(struct str kinds, struct str labels, size_t count, struct zone *zone)
{
	for (size_t i = 0; i < count; i++) {
		struct zone_kind *kind = &zone->kinds[i];
		struct str label = str_drop(labels, (uint8_t)kinds.p[6 * i + 5]);

		kind->east = (int32_t)number(kinds, 6 * i, 4);
		label.len = str_find(label, str_bytes("", 1));
		if (kind->east <= -DAY || kind->east >= DAY ||
		    !str_copy(label, kind->label, sizeof(kind->label)))
			return false;
	}
	zone->kind_count = count;
	return true;
}

static bool
read_changes(struct str times, struct str which, size_t count, struct zone *zone)
{
	size_t skip = count > ZONE_CHANGES_MAX ? count - ZONE_CHANGES_MAX : 0;

	zone->count = count - skip;
	for (size_t i = 0; i < zone->count; i++) {
		zone->at[i] = number(times, 8 * (skip + i), 8);
		zone->kind[i] = (uint8_t)which.p[skip + i];
		if (zone->kind[i] >= zone->kind_count || (i > 0 && zone->at[i] <= zone->at[i - 1]))
			return false;
	}
	zone->first = skip > 0 ? (uint8_t)which.p[skip - 1] : 0;
	return zone->first < zone->kind_count;
}

/* ---- the rule behind it: a POSIX TZ string ---- */

static bool
letter(struct str *s, char c)
{
	bool here = s->len > 0 && s->p[0] == c;

	if (here)
		*s = str_drop(*s, 1);
	return here;
}

static bool
digits(struct str *s, int least, int most, int *ret)
{
	int value = 0;
	size_t n = 0;

	while (n < s->len && n < 4 && s->p[n] >= '0' && s->p[n] <= '9')
		value = 10 * value + (s->p[n++] - '0');
	if (n == 0 || value < least || value > most)
		return false;
	*s = str_drop(*s, n);
	*ret = value;
	return true;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool
clock_time(struct str *s, int32_t *ret)
{
	bool negative = letter(s, '-');
	int hour, minute = 0, second = 0;

	if (!negative)
		(void)letter(s, '+');
	if (!digits(s, 0, HOURS_MOST, &hour) || (letter(s, ':') && !digits(s, 0, 59, &minute)) ||
	    (letter(s, ':') && !digits(s, 0, 59, &second)))
		return false;
	*ret = (negative ? -1 : 1) * (hour * HOUR + minute * 60 + second);
	return true;
}

/* "CET" or "<+0330>". */
static bool
label(struct str *s, char to[static ZONE_LABEL_SIZE])
{
	bool quoted = letter(s, '<');
	struct str name = *s;
	size_t n = 0;

	while (n < s->len &&
	       (quoted ? s->p[n] != '>'
		       : (s->p[n] >= 'A' && s->p[n] <= 'Z') || (s->p[n] >= 'a' && s->p[n] <= 'z')))
		n++;
	name.len = n;
	*s = str_drop(*s, n);
	return n >= 3 && str_copy(name, to, ZONE_LABEL_SIZE) && (!quoted || letter(s, '>'));
}

/* "M3.5.0/2", "J60", "59". */
static bool
change(struct str *s, struct zone_change *ret)
{
	bool good;

	*ret = (struct zone_change){ .second = 2 * HOUR };
	if (letter(s, 'M')) {
		good = digits(s, 1, 12, &ret->month) && letter(s, '.') &&
		       digits(s, 1, 5, &ret->week) && letter(s, '.') && digits(s, 0, 6, &ret->day);
	} else {
		ret->form = letter(s, 'J') ? ZONE_DAY_NO_LEAP : ZONE_DAY_FROM_ZERO;
		good = digits(s, ret->form == ZONE_DAY_NO_LEAP ? 1 : 0, 365, &ret->day);
	}
	return good && (!letter(s, '/') || clock_time(s, &ret->second));
}

/* POSIX counts to the west. */
static bool
read_rule(struct str s, struct zone *zone)
{
	int32_t west;

	if (!label(&s, zone->standard.label) || !clock_time(&s, &west))
		return false;
	zone->standard.east = -west;
	zone->has_rule = true;
	if (s.len == 0)
		return true;
	if (!label(&s, zone->summer.label))
		return false;
	zone->summer.east = zone->standard.east + HOUR;
	if (s.len > 0 && s.p[0] != ',') {
		if (!clock_time(&s, &west))
			return false;
		zone->summer.east = -west;
	}
	zone->has_summer = true;
	return letter(&s, ',') && change(&s, &zone->into_summer) && letter(&s, ',') &&
	       change(&s, &zone->out_of_summer) && s.len == 0;
}

int
zone_read(struct str tzif, struct zone *ret)
{
	struct source from = { .rest = tzif };
	struct zone zone = { 0 };
	struct str times, which, kinds, labels, rule;
	struct counts c;

	/* The first block is for readers of 32-bit times. */
	if (tzif.len > ZONE_BYTES_MAX || !take_header(&from, &c))
		return ZONE_E_FORM;
	(void)take(&from, data_size(&c, 4));
	if (!take_header(&from, &c) || c.kinds > ZONE_KINDS_MAX)
		return ZONE_E_FORM;
	times = take(&from, 8 * c.changes);
	which = take(&from, c.changes);
	kinds = take(&from, 6 * c.kinds);
	labels = take(&from, c.labels);
	(void)take(&from, 12 * c.leaps + c.standard + c.ut);
	if (from.bad || !letter(&from.rest, '\n') || !str_next(&from.rest, '\n', &rule) ||
	    !from.rest.p || !read_kinds(kinds, labels, c.kinds, &zone) ||
	    !read_changes(times, which, c.changes, &zone) ||
	    (rule.len > 0 && !read_rule(rule, &zone)))
		return ZONE_E_FORM;
	*ret = zone;
	return 0;
}

void
zone_utc(struct zone *ret)
{
	*ret = (struct zone){ .kind_count = 1, .kinds = { { .label = "UTC" } } };
}

/* ---- what holds when ---- */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
day_number(int year, int month, int day)
{
	when t = 0;

	return when_from_utc(year, month, day, 0, 0, 0, &t) ? floor_div(t, DAYS(1)) : 0;
}

static int
year_of(int64_t seconds)
{
	char text[WHEN_RFC3339_SIZE];
	int year = 1970;
	struct str s = str_of(when_rfc3339(SECONDS(seconds ? seconds : 1), text));

	(void)digits(&s, 0, 9999, &year);
	return year;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day of a change in that year; 1970-01-01 was a Thursday. */
static int64_t
day_of(const struct zone_change *c, int year)
{
	int64_t first, next;

	switch (c->form) {
	case ZONE_DAY_NO_LEAP:
		return day_number(year, 1, 1) + c->day - 1 + (is_leap(year) && c->day >= 60);
	case ZONE_DAY_FROM_ZERO:
		return day_number(year, 1, 1) + c->day;
	case ZONE_DAY_OF_WEEK:
		break;
	}
	first = day_number(year, c->month, 1);
	next = c->month == 12 ? day_number(year + 1, 1, 1) : day_number(year, c->month + 1, 1);
	first += (c->day - (first + 4) % 7 + 7) % 7 + (c->week - 1) * 7;
	return first >= next ? first - 7 : first;
}

static int64_t
seconds_of(const struct zone_change *c, int year, int32_t east_before)
{
	return day_of(c, year) * DAY + c->second - east_before;
}

static const struct zone_kind *
by_rule(const struct zone *zone, int64_t seconds)
{
	int year = year_of(seconds + zone->standard.east);
	int64_t into, out;
	bool is_summer;

	if (!zone->has_summer)
		return &zone->standard;
	into = seconds_of(&zone->into_summer, year, zone->standard.east);
	out = seconds_of(&zone->out_of_summer, year, zone->summer.east);
	is_summer = into < out ? seconds >= into && seconds < out
	                       : seconds >= into || seconds < out; /* of the south */
	return is_summer ? &zone->summer : &zone->standard;
}

const struct zone_kind *
zone_at(const struct zone *zone, when t)
{
	int64_t seconds = floor_div(t, SECONDS(1));
	size_t low = 0, high = zone->count;

	if (zone->has_rule && (zone->count == 0 || seconds >= zone->at[zone->count - 1]))
		return by_rule(zone, seconds);
	while (low < high) { /* the first change after t */
		size_t middle = low + (high - low) / 2;

		if (zone->at[middle] <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return &zone->kinds[low == 0 ? zone->first : zone->kind[low - 1]];
}

int64_t
zone_local_seconds(const struct zone *zone, when t)
{
	return floor_div(t, SECONDS(1)) + zone_at(zone, t)->east;
}
