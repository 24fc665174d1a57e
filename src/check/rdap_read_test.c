/* SPDX-License-Identifier: Apache-2.0 */
/* What real registries answer is held against in tests/test_rdap.py; here is what none should. */
#include "check/rdap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static struct rdap_domain *
read_text(const char *text)
{
	struct rdap_domain *domain = alloc_zero(sizeof(*domain));

	rdap_read(str_of(text), domain);
	return domain;
}

static void
outcomes(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *text; enum rdap_outcome is; } cases[] = {
		{ "",                                                     RDAP_MALFORMED },
		{ "<html>",                                               RDAP_MALFORMED },
		{ "[]",                                                   RDAP_MALFORMED },
		{ "{\"objectClassName\":\"domain\"",                      RDAP_MALFORMED },
		{ "{\"objectClassName\":\"domain\"} x",                   RDAP_MALFORMED },
		{ "{\"objectClassName\":\"domain\"}",                     RDAP_OK },
		{ "{\"objectClassName\":\"ip network\"}",                 RDAP_NOT_A_DOMAIN },
		{ "{\"objectClassName\":7,\"ldhName\":\"a.example\"}",    RDAP_FRAGMENT },
		{ "{\"rdapConformance\":[]}",                             RDAP_NOT_A_DOMAIN },
		{ "{\"objectClassName\":\"domain\",\"errorCode\":404}",   RDAP_SAYS_ERROR },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct rdap_domain *domain = read_text(cases[i].text);

		print_message("%s\n", cases[i].text);
		assert_int_equal(domain->outcome, cases[i].is);
		free(domain);
	}
}

static void
too_large(void **state UNUSED)
{
	CLEAN(buf_fini) struct buf text = BUF(2 * RDAP_ANSWER_MAX);
	struct rdap_domain *domain;

	buf_put_text(&text, "{\"objectClassName\":\"domain\"}");
	while (text.len <= RDAP_ANSWER_MAX)
		buf_put_text(&text, "                                ");
	domain = read_text(buf_text(&text));
	assert_int_equal(domain->outcome, RDAP_MALFORMED);
	free(domain);
}

/* Members of all kinds where others are due: nothing of them is taken, and nothing breaks. */
static void
wrong_kinds(void **state UNUSED)
{
	static const char *const values[] = { "7", "\"text\"", "true", "null", "{}", "[]", "[[]]",
		"[7]", "[{}]", "{\"a\":[]}", "[\"vcard\"]", "[\"vcard\",7]", "[\"vcard\",[7]]",
		"[\"vcard\",[[]]]", "[\"vcard\",[[\"org\"]]]",
		"[{\"roles\":[\"registrant\"],\"vcardArray\":7}]" };
	static const char *const members[] = {
		"status", "nameservers", "events", "entities", "secureDNS", "links", "redacted",
		"ldhName", "handle", "errorCode",
		"entities\":[{\"roles\":[\"registrant\"],\"vcardArray\":[\"vcard\",[[\"adr\",{},\"text\",7]]]}],\"x"
	};

	for (size_t m = 0; m < COUNT_OF(members); m++)
		for (size_t v = 0; v < COUNT_OF(values); v++) {
			char text[512];
			struct rdap_domain *domain;
			json_t *json;

			snprintf(text, sizeof(text), "{\"objectClassName\":\"domain\",\"%s\":%s}",
			    members[m], values[v]);
			domain = read_text(text);
			assert_true(
			    domain->outcome == RDAP_OK || domain->outcome == RDAP_SAYS_ERROR);
			assert_string_equal(domain->registrant.organization.text, "");
			json = rdap_json(domain);
			assert_non_null(json);
			json_decref(json);
			free(domain);
		}
}

/* More than there is room for is dropped, not written. */
static void
long_lists(void **state UNUSED)
{
	static const char *const members[] = { "status", "nameservers", "events", "redacted" };

	for (size_t m = 0; m < COUNT_OF(members); m++) {
		CLEAN(buf_fini) struct buf text = BUF(1 << 20);
		struct rdap_domain *domain;

		buf_printf(&text, "{\"objectClassName\":\"domain\",\"%s\":[", members[m]);
		for (int i = 0; i < 200; i++)
			buf_printf(&text, "%s%s", i ? "," : "",
			    m == 0 ? "\"x\""
				   : "{\"ldhName\":\"n\",\"eventAction\":\"e\",\"name\":{}}");
		buf_put_text(&text, "]}");
		domain = read_text(buf_text(&text));
		assert_int_equal(domain->status_count, m == 0 ? RDAP_STATUS_MAX : 0);
		assert_int_equal(domain->server_count, m == 1 ? RDAP_SERVERS_MAX : 0);
		assert_int_equal(domain->event_count, m == 2 ? RDAP_EVENTS_MAX : 0);
		assert_int_equal(domain->redacted_count, m == 3 ? RDAP_REDACTED_MAX : 0);
		free(domain);
	}
}

#define OWNER(card)                                                                                                  \
	"{\"objectClassName\":\"domain\",\"entities\":[{\"roles\":[\"Registrant\"],\"vcardArray\":[\"vcard\",[" card \
	"]]}]%s}"

/* RD-02: what is kept back is known however it is said. */
static void
redaction(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *redacted; enum rdap_state state; bool hidden; } cases[] = {
		{ "", RDAP_ABSENT, false },
		{ ",\"redacted\":[{\"name\":{\"type\":\"Registrant Organization\"},\"method\":\"removal\"}]", RDAP_REDACTED, true },
		{ ",\"redacted\":[{\"name\":{\"description\":\"registrant organization\"}}]", RDAP_REDACTED, true },
		{ ",\"redacted\":[{\"name\":{\"type\":\"Registrant Street\"}}]", RDAP_ABSENT, false },
		{ ",\"redacted\":[{\"prePath\":\"$.entities[*].vcardArray[1][?(@[0]=='org')]\"}]", RDAP_ABSENT, true },
		{ ",\"redacted\":[{\"prePath\":\"$.entities[?(@.roles[0]=='registrant')]\"}]", RDAP_ABSENT, true },
		{ ",\"redacted\":[{\"prePath\":\"$.entities[?(@.roles[0]==\\\"registrant\\\")].vcardArray[1][?(@[0]==\\\"org\\\")]\"}]", RDAP_ABSENT, true },
		{ ",\"redacted\":[{\"prePath\":\"$.entities[?(@.roles[0]=='registrant')].handle\"}]", RDAP_ABSENT, false },
		{ ",\"redacted\":[{\"prePath\":\"$.entities[*].vcardArray[1][?(@[0]=='fn')]\"}]", RDAP_ABSENT, false },
		{ ",\"redacted\":[{\"prePath\":\"$.entities[?(@.roles[0]=='technical')].vcardArray[1][?(@[0]=='org')]\"}]", RDAP_ABSENT, false },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct rdap_domain *domain;
		char text[512];

		snprintf(text, sizeof(text), OWNER("[\"fn\",{},\"text\",\"\"]"), cases[i].redacted);
		domain = read_text(text);
		assert_int_equal(domain->registrant.organization.state, cases[i].state);
		assert_int_equal(domain->registrant.organization.hidden, cases[i].hidden);
		free(domain);
	}
}

/* Nothing that a registry says reaches a terminal as it is. */
static void
texts_are_fit_for_eyes(void **state UNUSED)
{
	struct rdap_domain *domain;
	char text[512];

	snprintf(text, sizeof(text),
	    OWNER(
		"[\"org\",{},\"text\",[\"Con\\u001b[2Jtoso\\nGmbH\",\"Unit\"]],"
		"[\"adr\",{\"cc\":\"AT\"},\"text\",[\"\",\"\",[\"Weg 1\",\"\",\"Hof\"],\"Salzburg\"]]"),
	    "");
	domain = read_text(text);
	assert_string_equal(domain->registrant.organization.text, "Con [2Jtoso GmbH");
	assert_string_equal(domain->registrant.street, "Weg 1, Hof");
	assert_string_equal(domain->registrant.city, "Salzburg");
	assert_string_equal(domain->registrant.country_code, "AT");
	free(domain);
}

static void
times(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *text, *is; } cases[] = {
		{ "2028-09-14T04:00:00Z",          "2028-09-14T04:00:00Z" },
		{ "2026-10-10T01:55:12.0Z",        "2026-10-10T01:55:12Z" },
		{ "2028-09-13T07:00:00.000+0000",  "2028-09-13T07:00:00Z" },
		{ "2024-06-18T22:01:39+03:00",     "2024-06-18T19:01:39Z" },
		{ "2024-06-18T22:01:39-0530",      "2024-06-19T03:31:39Z" },
		{ "2029-08-18T13:19:55",           "2029-08-18T13:19:55Z" },
		{ "294247-01-10T04:00:54.775Z",    "" },
		{ "2029-02-30T13:19:55Z",          "" },
		{ "2029-08-18T13:19:55Z+01:00",    "" },
		{ "2029-08-18T13:19:55+1:00",      "" },
		{ "2029-08-18T13:19:55+",          "" },
		{ "2029-08-18",                    "" },
		{ "",                              "" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[WHEN_RFC3339_SIZE];
		when at = 0;

		print_message("%s\n", cases[i].text);
		assert_int_equal(rdap_time(str_of(cases[i].text), &at), cases[i].is[0] != '\0');
		assert_string_equal(when_rfc3339(at, text), cases[i].is);
	}
}

/* An answer is about the domain that was asked for, or it is of no use. */
static void
reports(void **state UNUSED)
{
	/* clang-format off */
	static const struct { const char *text, *domain; enum rdap_found found; const char *says; } cases[] = {
		{ "{\"objectClassName\":\"domain\",\"ldhName\":\"CONTOSO.com.\"}", "contoso.com", RDAP_FOUND, "" },
		{ "{\"objectClassName\":\"domain\",\"unicodeName\":\"m\xc3\xbcller.de\"}", "xn--mller-kva.de", RDAP_FOUND, "" },
		{ "{\"objectClassName\":\"domain\",\"unicodeName\":\"m\xc3\xbcller.de\"}", "muller.de", RDAP_UNCLEAR, "another domain" },
		{ "{\"objectClassName\":\"domain\",\"ldhName\":\"fabrikam.com\"}", "contoso.com", RDAP_UNCLEAR, "another domain" },
		{ "{\"objectClassName\":\"domain\"}",                              "contoso.com", RDAP_UNCLEAR, "another domain" },
		{ "{\"objectClassName\":\"domain\"}",                              "",            RDAP_FOUND, "" },
		{ "{\"errorCode\":404}",                                           "contoso.com", RDAP_NO_DOMAIN, "" },
		{ "{\"errorCode\":501}",                                           "contoso.com", RDAP_UNCLEAR, "error" },
		{ "{\"objectClassName\":\"autnum\"}",                              "contoso.com", RDAP_UNCLEAR, "not about a domain" },
		{ "no",                                                            "contoso.com", RDAP_UNCLEAR, "no RDAP" },
	};
	/* clang-format on */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct rdap_report *report = alloc_zero(sizeof(*report));

		rdap_report_of(str_of(cases[i].text), cases[i].domain, report);
		assert_int_equal(report->found, cases[i].found);
		assert_non_null(strstr(report->what.words, cases[i].says));
		free(report);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(too_large),
		cmocka_unit_test(wrong_kinds),
		cmocka_unit_test(long_lists),
		cmocka_unit_test(redaction),
		cmocka_unit_test(texts_are_fit_for_eyes),
		cmocka_unit_test(times),
		cmocka_unit_test(reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
