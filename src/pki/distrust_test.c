/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/distrust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "pki/ca_test_kit.h"
#include "pki/certificate.h"
#include "pki/data.h"

#define NOW ((when)1780000000 * 1000000) /* 2026-05-28 */
#define H64 "00000000000000000000000000000000000000000000000000000000000000aa"

static struct test_certificate ca;

static void
put_hash(struct buf *to, bool of_key)
{
	uint8_t spki[32], key[32], sha256[32];
	unsigned len = sizeof(sha256);

	assert_int_equal(X509_digest(ca.x509, EVP_sha256(), sha256, &len), 1);
	assert_int_equal(key_fingerprint(ca.key, spki, key), 0);
	buf_put_hex(to, of_key ? spki : sha256, 32);
}

static struct distrust *
list_with(bool of_key, const char *what)
{
	CLEAN(buf_fini) struct buf json = BUF(4096);
	char words[DISTRUST_TEXT_SIZE];
	struct distrust *list = NULL;

	buf_put_text(&json, "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"The CA\",");
	buf_printf(&json, "\"programs\":[\"Chrome\",\"Apple\"],\"%s\":\"",
	    of_key ? "spki_sha256" : "sha256");
	put_hash(&json, of_key);
	buf_printf(&json, "\",%s}]}", what);
	assert_int_equal(distrust_new(buf_str(&json), words, &list), 0);
	return list;
}

static void
found(void **state UNUSED)
{
	/* clang-format off */
	static const struct { bool of_key; const char *what; when issued, now; bool against; } cases[] = {
		{ false, "\"issued_after\":\"2026-01-01T00:00:00Z\"", NOW, NOW, true },
		{ true,  "\"issued_after\":\"2026-01-01T00:00:00Z\"", NOW, NOW, true },
		{ false, "\"issued_after\":\"2026-01-01T00:00:00Z\"", NOW - DAYS(300), NOW, false },
		{ false, "\"since\":\"2026-01-01T00:00:00Z\"", NOW - DAYS(300), NOW, true },
		{ false, "\"since\":\"2026-12-01T00:00:00Z\"", NOW, NOW, false },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(distrust_free)
		struct distrust *list = list_with(cases[i].of_key, cases[i].what);
		const struct distrust_row *row =
		    distrust_find(list, ca.x509, cases[i].issued, cases[i].now);

		assert_int_equal(row != NULL, cases[i].against);
		if (row) {
			assert_string_equal(row->name, "The CA");
			assert_string_equal(row->programs, "Chrome, Apple");
		}
	}
}

static void
mistakes(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *json, *says; } cases[] = {
		{ "{", "line 1" },
		{ "{\"rows\":[]}", "dated" },
		{ "{\"dated\":\"2026-05-01T00:00:00Z\"}", "rows" },
		{ "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"x\"}]}", "row 1: needs either sha256" },
		{ "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"x\",\"sha256\":\"ab\"}]}", "64 hexadecimal" },
		{ "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"sha256\":\"" H64 "\"}]}", "no name" },
		{ "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"x\",\"sha256\":\"" H64 "\"}]}", "no programs" },
		{ "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"x\",\"sha256\":\"" H64 "\",\"programs\":[\"A\"]}]}", "issued_after or since" },
		{ "{\"dated\":\"2026-05-01T00:00:00Z\",\"rows\":[{\"name\":\"x\",\"sha256\":\"" H64 "\",\"programs\":[\"A\"],\"since\":\"May\"}]}", "RFC 3339" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char words[DISTRUST_TEXT_SIZE];
		struct distrust *list = NULL;

		assert_int_equal(
		    distrust_new(str_of(cases[i].json), words, &list), DISTRUST_E_MALFORMED);
		print_message("%s\n", words);
		assert_non_null(strstr(words, cases[i].says));
		assert_null(list);
	}
}

/* What is shipped can be read, and knows the best known case. */
static void
built_in(void **state UNUSED)
{
	CLEAN(distrust_free) struct distrust *list = NULL;
	char words[DISTRUST_TEXT_SIZE] = "";

	assert_int_equal(distrust_new(data_distrust, words, &list), 0);
	assert_true(distrust_count(list) >= 20);
	assert_true(distrust_dated(list) > 0);
	assert_non_null(distrust_named(list, STR("Entrust"), NOW));
	assert_null(distrust_named(list, STR("Entrust"), NOW - DAYS(700)));
	assert_null(distrust_named(list, STR("Nobody"), NOW));
}

static int
set_up(void **state UNUSED)
{
	ca = test_issue(
	    &(struct test_spec){ .name = "CA", .ca = true, .from = NOW, .until = NOW + DAYS(9) },
	    NULL);
	return 0;
}

static int
tear_down(void **state UNUSED)
{
	test_certificate_fini(&ca);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(built_in),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
