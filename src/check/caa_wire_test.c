/* SPDX-License-Identifier: Apache-2.0 */
#include "check/caa_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
records_are_read(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *what; struct str rdata; const char *words; enum caa_tag tag; bool critical; } cases[] = {
		{ "plain", STR_INIT("\0\5issueca.example"), "0 issue \"ca.example\"", TAG_ISSUE, false },
		{ "upper case", STR_INIT("\0\5ISSUEca.example"), "0 ISSUE \"ca.example\"", TAG_ISSUE, false },
		{ "no value", STR_INIT("\0\5issue"), "0 issue \"\"", TAG_ISSUE, false },
		{ "wild", STR_INIT("\0\x09issuewild;"), "0 issuewild \";\"", TAG_ISSUEWILD, false },
		{ "known, about mail", STR_INIT("\x80\x09issuemail;"), "128 issuemail \";\"", TAG_OTHER, true },
		{ "unknown, critical", STR_INIT("\x82\3fooz"), "130 foo \"z\"", TAG_UNKNOWN, true },
		{ "unknown, bit 1", STR_INIT("\1\3fooz"), "1 foo \"z\"", TAG_UNKNOWN, true },
		{ "unknown", STR_INIT("\0\3fooz"), "0 foo \"z\"", TAG_UNKNOWN, false },
		{ "to a terminal", STR_INIT("\0\5issue\x1b[2J\n\xff"), "0 issue \" [2J ?\"", TAG_ISSUE, false },
	};
	static const struct str broken[] = { STR_INIT(""), STR_INIT("\0"), STR_INIT("\0\0"), STR_INIT("\0\6issue"), STR_INIT("\0\xffissue") };
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct caa_record record = caa_record_read(cases[i].rdata);
		char words[256];

		caa_record_words(&record, words, sizeof(words));
		if (record.broken || strcmp(words, cases[i].words) != 0 ||
		    caa_record_tag(&record) != cases[i].tag ||
		    caa_record_critical(&record) != cases[i].critical)
			fail_msg("%s: %s", cases[i].what, words);
	}
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		struct caa_record record = caa_record_read(broken[i]);
		char words[64];

		assert_true(record.broken);
		caa_record_words(&record, words, sizeof(words));
		assert_string_equal(words, "(an entry that cannot be read)");
	}
}

/* RFC 8659 section 4.2. */
static void
issuers_are_read(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *value, *domain; size_t parameters; const char *tag, *last; } good[] = {
		{ "ca.example", "ca.example", 0, "", "" },
		{ " \tca.example\t ", "ca.example", 0, "", "" },
		{ "", "", 0, "", "" },
		{ ";", "", 0, "", "" },
		{ " ; ", "", 0, "", "" },
		{ "ca.example;", "ca.example", 0, "", "" },
		{ "ca.example; a=b", "ca.example", 1, "a", "b" },
		{ "ca.example ; a = b ; c=d;", "ca.example", 2, "c", "d" },
		{ "; a=", "", 1, "a", "" },
		{ "ca.example; accounturi=https://ca.example/acct/1", "ca.example", 1, "accounturi", "https://ca.example/acct/1" },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example", 0, "", "" },
	};
	static const char *const bad[] = { "ca.example ca2.example", ".ca.example", "ca..example", "ca.example.", "-ca.example", "ca-.example",
		"%%%%%", "ca_1.example", "ca.example; a", "ca.example; =b", "ca.example; a=b c=d", "ca.example; a=b\x7f", "ca.example; a-=b", "ca.example, ca2.example",
		"ca.example;a=1;a=2;a=3;a=4;a=5;a=6;a=7;a=8;a=9;a=10;a=11;a=12;a=13;a=14;a=15;a=16;a=17", "\"ca.example\"" };
	/* clang-format on */
	struct caa_issuer issuer;

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		if (!caa_issuer_read(str_of(good[i].value), &issuer) ||
		    !str_eq(issuer.domain, str_of(good[i].domain)) ||
		    issuer.parameter_count != good[i].parameters)
			fail_msg("%s", good[i].value);
		if (issuer.parameter_count == 0)
			continue;
		assert_true(
		    str_eq(issuer.parameter[issuer.parameter_count - 1].tag, str_of(good[i].tag)));
		assert_true(str_eq(
		    issuer.parameter[issuer.parameter_count - 1].value, str_of(good[i].last)));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (caa_issuer_read(str_of(bad[i]), &issuer))
			fail_msg("%s", bad[i]);
	assert_false(caa_issuer_read(str_bytes("ca\0.example", 11), &issuer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read),
		cmocka_unit_test(issuers_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
