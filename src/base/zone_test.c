/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zones of this machine, each against the C library, which reads the same files in its own way.
 */
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "base/buf.h"

#define FOLDER "/usr/share/zoneinfo/"

static bool
load(const char *name, struct buf *bytes)
{
	char path[256];
	FILE *file;
	int c;

	snprintf(path, sizeof(path), FOLDER "%s", name);
	file = fopen(path, "rb");
	if (!file)
		return false;
	while ((c = fgetc(file)) != EOF)
		buf_put_byte(bytes, (uint8_t)c);
	fclose(file);
	return true;
}

/* 40 years from 2005, in steps that meet every hour of the day and every day of the week. */
static void
as_the_library(const char *name)
{
	CLEAN(buf_fini) struct buf bytes = BUF(ZONE_BYTES_MAX);
	struct zone zone;

	if (!load(name, &bytes)) {
		print_message("%s is not on this machine\n", name);
		return;
	}
	assert_int_equal(zone_read(buf_str(&bytes), &zone), 0);
	setenv("TZ", name, 1);
	tzset();
	for (time_t t = 1104537600; t < 1104537600 + 40LL * 366 * 86400; t += 97 * 60 + 13) {
		const struct zone_kind *kind = zone_at(&zone, SECONDS(t));
		struct tm local;

		localtime_r(&t, &local);
		if (kind->east != local.tm_gmtoff || strcmp(kind->label, local.tm_zone) != 0)
			fail_msg("%s at %lld: %d %s, the library says %ld %s", name, (long long)t,
			    kind->east, kind->label, local.tm_gmtoff, local.tm_zone);
	}
}

static void
zones_of_the_machine(void **state UNUSED)
{
	static const char *const names[] = { "UTC", "Europe/Vienna", "Europe/Dublin",
		"Europe/London", "America/New_York", "America/Sao_Paulo", "America/Godthab",
		"America/St_Johns", "Asia/Kathmandu", "Asia/Gaza", "Asia/Jerusalem", "Asia/Tehran",
		"Africa/Casablanca", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia",
		"Pacific/Chatham", "Antarctica/Troll" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		as_the_library(names[i]);
}

/* A file of the second version with no change at all, and the rule that is told. */
static void
make(const char *rule, struct buf *to)
{
	for (int block = 0; block < 2; block++) {
		buf_put_text(to, "TZif2");
		for (int i = 0; i < 15 + 16; i++)
			buf_put_byte(to, 0);
		buf_put(to, "\0\0\0\1\0\0\0\4", 8);
		buf_put(to, "\0\0\0\0\0\0CET", 10);
	}
	buf_printf(to, "\n%s\n", rule);
}

static int32_t
east_at(const char *rule, int year, int month, int day)
{
	CLEAN(buf_fini) struct buf bytes = BUF(4096);
	struct zone zone;
	when t = 0;

	make(rule, &bytes);
	assert_int_equal(zone_read(buf_str(&bytes), &zone), 0);
	assert_true(when_from_utc(year, month, day, 12, 0, 0, &t));
	return zone_at(&zone, t)->east;
}

static void
rules(void **state UNUSED)
{
	assert_int_equal(east_at("<+0330>-3:30", 2026, 7, 1), 12600);
	assert_int_equal(east_at("AAA1BBB,J60,J300", 2028, 2, 29), -3600); /* J60 is 1 March */
	assert_int_equal(east_at("AAA1BBB,J60,J300", 2028, 3, 1), 0);
	assert_int_equal(east_at("AAA1BBB,59,300", 2028, 2, 29), 0); /* 59 is the 60th day */
	assert_int_equal(east_at("AAA1BBB0:30,M10.1.0,M4.1.0", 2026, 1, 1), -1800);
}

static void
what_is_no_zone(void **state UNUSED)
{
	static const char *const bad[] = { "CET", "CE-1", "CET-1CEST", "CET-1CEST,M3.5.0",
		"CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,J0,J5", "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-999", "<LONGLONG>-1" };
	CLEAN(buf_fini) struct buf good = BUF(4096);
	struct zone zone;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		CLEAN(buf_fini) struct buf bytes = BUF(4096);

		make(bad[i], &bytes);
		assert_int_equal(zone_read(buf_str(&bytes), &zone), ZONE_E_FORM);
	}
	make("CET-1", &good);
	for (size_t len = 0; len < good.len; len++)
		assert_int_equal(zone_read(str_bytes(good.data, len), &zone), ZONE_E_FORM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_of_the_machine),
		cmocka_unit_test(rules),
		cmocka_unit_test(what_is_no_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
