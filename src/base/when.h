/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A point in time: microseconds since 1970 UTC, as everywhere in the store and between processes.
 * 0 means "not (yet)". Nothing here reads a clock; the time is handed in (struct world).
 */
#pragma once

#include "base/str.h"

typedef int64_t when;

#define SECONDS(n) ((when)(n)*1000000)
#define MINUTES(n) SECONDS((when)(n)*60)
#define HOURS(n)   MINUTES((when)(n)*60)
#define DAYS(n)    HOURS((when)(n)*24)
#define MILLIS(n)  ((when)(n)*1000)

#define WHEN_RFC3339_SIZE 32 /* "2026-11-24T09:49:00.123456Z" and its NUL, with room */
#define WHEN_WORDS_SIZE   40 /* "15 March 2027, 14:00 UTC" */

/* RFC 3339 with as many fraction digits as needed (none, 3 or 6); "" for 0. Returns `to`. */
const char *when_rfc3339(when w, char to[static WHEN_RFC3339_SIZE]);

/* For people, the form of messages.md rule 5; "" for 0. */
const char *when_words(when w, char to[static WHEN_WORDS_SIZE]);

/* RFC 3339, UTC ("Z") only; false for anything else. */
bool when_parse(struct str s, when *ret);

/* From broken-down UTC; false when out of range. Months and days count from 1. */
bool when_from_utc(int year, int month, int day, int hour, int minute, int second, when *ret);
