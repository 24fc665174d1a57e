/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a load balancer may be changed: its weekly windows and its freezes, in its local time.
 * Pure, once the zone is there (calendar_load() alone reads a file); the time is handed in.
 *
 * A window that ends before it begins ends the next day, and belongs to the day it begins on. A
 * freeze covers whole local days, first and last included, and weighs more than any window. Both
 * are times of the wall clock: an hour that daylight saving leaves out opens nothing, one that it
 * repeats is open twice.
 */
#pragma once

#include "base/zone.h"
#include "config/config.h"

#define CALENDAR_SPANS_MAX   112
#define CALENDAR_FREEZES_MAX 32
#define CALENDAR_WORDS_SIZE  96 /* "Tue 24 Nov 22:00 (Europe/Vienna)" */

struct calendar {
	struct calendar_span {
		int from, to; /* minutes since Monday 00:00; `to` may lie in the next week */
	} spans[CALENDAR_SPANS_MAX];
	size_t span_count; /* 0: always */
	struct calendar_freeze {
		int64_t first, last; /* days since 1970-01-01 */
	} freezes[CALENDAR_FREEZES_MAX];
	size_t freeze_count;
	struct zone zone;
	char zone_name[CONFIG_NAME_SIZE]; /* "" = the machine's */
};

/* The members `windows` and `freezes` of a balancer. False: `words` (CONFIG_TEXT_SIZE) say which
 * part it is, and what is needed. */
bool calendar_read_windows(struct str text, struct calendar *to, char *words) MUST_USE;
bool calendar_read_freezes(struct str text, struct calendar *to, char *words) MUST_USE;
/* A name below the system's zoneinfo, or "": no file is looked at. */
bool calendar_is_zone_name(struct str text);

/* All of it, with the zone's file. False: `words` as above. */
bool calendar_load(
    const struct config_balancer *balancer, struct calendar *ret, char *words) MUST_USE;

/* Those of all balancers, by their places in the configuration; to be freed. NULL: as above. */
struct calendar *calendars_load(const struct config *config, char *words) MUST_USE;
/* The balancer's; NULL when there is none of that name. */
const struct calendar *calendar_named(
    const struct calendar *calendars, const struct config *config, const char *balancer);

bool calendar_is_open(const struct calendar *calendar, when t);
/* The first time from `now` on at which it is open; `now` itself where it is. */
when calendar_opens(const struct calendar *calendar, when now);
/* When the freeze that `now` lies in ends; 0 = it lies in none. */
when calendar_frozen_until(const struct calendar *calendar, when now);
/* What is served ends at `end`: must somebody be warned now? If it is open for the last time before
 * that within CALENDAR_AHEAD, *ret_from is from when on it is closed (as far as it was looked), and
 * *ret_opens when it opens again, later than `end`. */
#define CALENDAR_AHEAD DAYS(7)
bool calendar_is_last_chance(
    const struct calendar *calendar, when now, when end, when *ret_from, when *ret_opens) MUST_USE;

/* For people: the local time, with the year where it is not that of `now`. Returns `to`. */
const char *calendar_words(
    const struct calendar *calendar, when t, when now, char to[static CALENDAR_WORDS_SIZE]);
