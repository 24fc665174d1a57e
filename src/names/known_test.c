/* SPDX-License-Identifier: Apache-2.0 */
#include "names/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

static void
add(struct known_names *known, const char *text)
{
	struct name_report report;
	struct host_name name;

	assert_int_equal(host_name_parse(str_of(text), &name, &report), 0);
	assert_int_equal(known_names_add(known, &name), 0);
}

static void
what_was_added_is_there(void **state UNUSED)
{
	CLEAN(known_names_free) struct known_names *known = known_names_new();
	size_t before;

	add(known, "mail.contoso.co.uk");
	add(known, "contoso.co.uk");
	add(known, "xn--mller-kva.de");
	before = known_names_count(known);
	add(known, "contoso.co.uk");
	assert_int_equal(known_names_count(known), before);
	assert_int_equal(before, 3);
	assert_string_equal(known_names_at(known, 0), "mail.contoso.co.uk");
	assert_true(known_names_has(known, "mail.contoso.co.uk"));
	assert_false(known_names_has(known, "owa.contoso.co.uk"));
	assert_true(known_names_has(known, "xn--mller-kva.de"));
	assert_false(known_names_has(known, "muller.de")); /* same skeleton */
	assert_true(known_names_has_domain(known, STR("contoso.co.uk")));
	assert_false(known_names_has_domain(known, STR("contoso.com")));
	assert_true(known_names_cover(known, "a.b.contoso.co.uk"));
	assert_true(known_names_cover(known, "contoso.co.uk"));
	assert_false(known_names_cover(known, "notcontoso.co.uk"));
	assert_false(known_names_cover(known, "co.uk"));
}

/* Names enough to grow all tables several times. */
static void
all_of_many_are_found(void **state UNUSED)
{
	CLEAN(known_names_free) struct known_names *known = known_names_new();
	char name[64];

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "mail%d.firm%d.de", i % 7, i);
		add(known, name);
	}
	assert_int_equal(known_names_count(known), 5000);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "mail%d.firm%d.de", i % 7, i);
		assert_true(known_names_has(known, name));
		assert_true(known_names_has_domain(known, str_of(name + strlen("mail0."))));
		snprintf(name, sizeof(name), "mail%d.firm%d.de", i % 7 + 1, i);
		assert_false(known_names_has(known, name));
	}
	assert_true(known_names_bytes(known) < 5000 * 200);
}

struct wanted {
	const char *domain;
	bool seen;
};

static void
see(void *to, const struct known_name *seen)
{
	struct wanted *wanted = to;

	if (str_eq(seen->domain, str_of(wanted->domain)))
		wanted->seen = true;
}

static bool
is_near(const struct known_names *known, const char *label, const char *ending, const char *domain)
{
	struct wanted wanted = { domain, false };
	struct letters plain, skeleton;

	letters_of(str_of(label), &plain);
	letters_skeleton(&plain, &skeleton);
	known_names_near(known, KNOWN_DOMAIN, &skeleton, str_of(ending), see, &wanted);
	return wanted.seen;
}

/* Every name that is one slip away, at every place, finds what it was made of. */
static void
every_slip_is_near(void **state UNUSED)
{
	CLEAN(known_names_free) struct known_names *known = known_names_new();
	const char *const label = "contoso";
	size_t len = strlen(label);
	char typed[16];

	add(known, "contoso.com");
	for (size_t at = 0; at <= len; at++)
		for (const char *c = "abcdefghijklmnopqrstuvwxyz23456789"; *c; c++) {
			snprintf(typed, sizeof(typed), "%.*s%c%s", (int)at, label, *c, label + at);
			assert_true(is_near(known, typed, "com", "contoso.com"));
			assert_false(is_near(known, typed, "de", "contoso.com"));
			if (at == len)
				continue;
			typed[at] = *c;
			snprintf(typed + at + 1, sizeof(typed) - at - 1, "%s", label + at + 1);
			assert_true(*c == label[at] || is_near(known, typed, "com", "contoso.com"));
		}
	for (size_t at = 0; at < len; at++) {
		snprintf(typed, sizeof(typed), "%.*s%s", (int)at, label, label + at + 1);
		assert_true(is_near(known, typed, "com", "contoso.com"));
		if (at + 1 == len || label[at] == label[at + 1])
			continue;
		snprintf(typed, sizeof(typed), "%.*s%c%c%s", (int)at, label, label[at + 1],
		    label[at], label + at + 2);
		assert_true(is_near(known, typed, "com", "contoso.com"));
	}
	assert_false(is_near(known, "cntosso", "com", "contoso.com"));
}

/* Letters beyond a-z are tried when the typed name has some. */
static void
other_alphabets_too(void **state UNUSED)
{
	CLEAN(known_names_free) struct known_names *known = known_names_new();

	add(known,
	    "\xd0\xb1\xd1\x83\xd1\x85\xd0\xb3\xd0\xb0\xd0\xbb\xd1\x82\xd0\xb5\xd1\x80.\xd1\x80\xd1\x84");
	assert_true(
	    is_near(known, "\xd0\xb1\xd1\x83\xd1\x85\xd0\xb3\xd0\xb0\xd1\x82\xd0\xb5\xd1\x80",
		"xn--p1ai", known_names_at(known, 0)));
}

/* The keys may lie in databases: they never change. */
static void
keys_are_for_ever(void **state UNUSED)
{
	struct letters plain, skeleton;

	letters_of(STR("contoso"), &plain);
	letters_skeleton(&plain, &skeleton);
	assert_true(
	    known_key(KNOWN_DOMAIN, known_sum(&skeleton), STR("com")) == 0xd0962f56d714d35a);
	assert_true(known_key(KNOWN_LABEL, known_sum(&skeleton), STR("")) == 0x04f20ac2141db4c7);
	assert_true(known_key(KNOWN_HOST, known_sum(&plain), STR("com")) == 0x22c4c4d464949a72);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_added_is_there),
		cmocka_unit_test(all_of_many_are_found),
		cmocka_unit_test(every_slip_is_near),
		cmocka_unit_test(other_alphabets_too),
		cmocka_unit_test(keys_are_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
