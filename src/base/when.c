/* SPDX-License-Identifier: Apache-2.0 */
#include "base/when.h"

#include <stdio.h>
#include <time.h>

static const char *const months[] = {
	"January",
	"February",
	"March",
	"April",
	"May",
	"June",
	"July",
	"August",
	"September",
	"October",
	"November",
	"December",
};

static void
split(when w, struct tm *ret_utc, long *ret_micros)
{
	when seconds = w / SECONDS(1), micros = w % SECONDS(1);
	time_t t;

	if (micros < 0) {
		micros += SECONDS(1);
		seconds--;
	}
	t = (time_t)seconds;
	gmtime_r(&t, ret_utc);
	*ret_micros = (long)micros;
}

const char *
when_rfc3339(when w, char to[static WHEN_RFC3339_SIZE])
{
	struct tm utc = { 0 };
	long micros;
	int len;

	to[0] = '\0';
	if (w == 0)
		return to;
	split(w, &utc, &micros);
	len = (int)strftime(to, WHEN_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	if (micros == 0)
		snprintf(to + len, (size_t)(WHEN_RFC3339_SIZE - len), "Z");
	else if (micros % 1000 == 0)
		snprintf(to + len, (size_t)(WHEN_RFC3339_SIZE - len), ".%03ldZ", micros / 1000);
	else
		snprintf(to + len, (size_t)(WHEN_RFC3339_SIZE - len), ".%06ldZ", micros);
	return to;
}

const char *
when_words(when w, char to[static WHEN_WORDS_SIZE])
{
	struct tm utc = { 0 };
	long micros;

	to[0] = '\0';
	if (w == 0)
		return to;
	split(w, &utc, &micros);
	snprintf(to, WHEN_WORDS_SIZE, "%d %s %d, %02d:%02d UTC", utc.tm_mday, months[utc.tm_mon],
	    utc.tm_year + 1900, utc.tm_hour, utc.tm_min);
	return to;
}

bool
when_from_utc(int year, int month, int day, int hour, int minute, int second, when *ret)
{
	struct tm utc = { .tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = day,
		.tm_hour = hour,
		.tm_min = minute,
		.tm_sec = second };
	struct tm asked = utc;
	time_t t;

	if (year < 1 || year > 9999)
		return false;
	t = timegm(&utc);
	if (utc.tm_mon != asked.tm_mon || utc.tm_mday != asked.tm_mday ||
	    utc.tm_hour != asked.tm_hour || utc.tm_min != asked.tm_min ||
	    utc.tm_sec != asked.tm_sec)
		return false;
	*ret = SECONDS(t);
	return true;
}

static bool
digits(struct str *s, size_t count, int *ret)
{
	int64_t value;

	if (s->len < count || s->p[0] == '-' || !str_to_i64((struct str){ s->p, count }, &value))
		return false;
	*s = str_drop(*s, count);
	*ret = (int)value;
	return true;
}

static bool
letter(struct str *s, char c)
{
	bool here = s->len > 0 && s->p[0] == c;

	if (here)
		*s = str_drop(*s, 1);
	return here;
}

/* ".123" of a second, in microseconds; digits beyond the sixth are dropped. */
static bool
fraction(struct str *s, when *ret)
{
	when unit = 100000;
	int digit;

	*ret = 0;
	if (!letter(s, '.'))
		return true;
	if (!digits(s, 1, &digit))
		return false;
	do {
		*ret += digit * unit;
		unit /= 10;
	} while (s->len > 0 && s->p[0] != 'Z' && digits(s, 1, &digit));
	return true;
}

bool
when_parse(struct str s, when *ret)
{
	int year, month, day, hour, minute, second;
	when micros, whole;

	if (!digits(&s, 4, &year) || !letter(&s, '-') || !digits(&s, 2, &month) ||
	    !letter(&s, '-') || !digits(&s, 2, &day) || !letter(&s, 'T') || !digits(&s, 2, &hour) ||
	    !letter(&s, ':') || !digits(&s, 2, &minute) || !letter(&s, ':') ||
	    !digits(&s, 2, &second) || !fraction(&s, &micros) || !letter(&s, 'Z') || s.len > 0)
		return false;
	if (!when_from_utc(year, month, day, hour, minute, second, &whole))
		return false;
	*ret = whole + micros;
	return true;
}
