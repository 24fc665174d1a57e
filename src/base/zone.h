/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local time of a zone, from the bytes of its file in the system's zoneinfo (TZif, RFC 8536).
 * The C library knows one zone for a whole process, and changing it is nothing for threads; a
 * provider's load balancers stand in several. Pure: who reads the file hands the bytes in.
 *
 * Leap seconds are not counted, as everywhere on POSIX. Of a long table the latest ZONE_CHANGES_MAX
 * changes are kept: times before them get the offset of the first one kept.
 */
#pragma once

#include "base/when.h"

#define ZONE_CHANGES_MAX 256
#define ZONE_KINDS_MAX   64
#define ZONE_LABEL_SIZE  8
#define ZONE_BYTES_MAX   (64 * 1024)

enum {
	ZONE_E_FORM = 1, /* no such file, or one that says more than we keep */
};

struct zone_kind {
	int32_t east; /* seconds that local time is ahead of UTC */
	char label[ZONE_LABEL_SIZE];
};

/* One of the two yearly changes that a POSIX TZ string describes. */
struct zone_change {
	enum zone_day { ZONE_DAY_OF_WEEK, ZONE_DAY_NO_LEAP, ZONE_DAY_FROM_ZERO } form;
	int month, week, day; /* M: month, week (5 = last), day; J and n: day alone */
	int32_t second;       /* of local time before the change; may be negative or past the day */
};

struct zone {
	size_t count, kind_count;
	int64_t at[ZONE_CHANGES_MAX];   /* UTC seconds; from then on … */
	uint8_t kind[ZONE_CHANGES_MAX]; /* … this one */
	struct zone_kind kinds[ZONE_KINDS_MAX];
	uint8_t first; /* before all changes */
	/* after the last change */
	bool has_rule, has_summer;
	struct zone_kind standard, summer;
	struct zone_change into_summer, out_of_summer;
};

/* *ret is untouched unless 0. */
int zone_read(struct str tzif, struct zone *ret) MUST_USE;
void zone_utc(struct zone *ret);

/* What holds at that time. */
const struct zone_kind *zone_at(const struct zone *zone, when t);
/* Seconds of the local clock at that time, counted as if it were UTC. */
int64_t zone_local_seconds(const struct zone *zone, when t);
