/* SPDX-License-Identifier: Apache-2.0 */
#include "names/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "names/list.h"
#include "names/spell.h"

#define NONE FINDING_MAX

static struct known_names *
known_of(const char *list)
{
	struct known_names *known = known_names_new();
	struct name_list_mistake mistake;

	assert_int_equal(name_list_read(str_of(list), known, &mistake), 0);
	return known;
}

/* All that is said. */
struct said {
	struct findings findings;
	struct name_alike alike;
	char domain[254];
};

static int
judge(const struct name_question *question, struct said *ret)
{
	struct name_judgement judgement;
	int r;

	ret->findings.count = 0;
	r = name_judge(question, &ret->findings, &judgement);
	ret->alike = judgement.alike;
	memcpy(ret->domain, judgement.domain, sizeof(ret->domain));
	return r;
}

static bool
has(const struct findings *findings, enum finding_code code)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].code == code)
			return true;
	return false;
}

/* Whatever is found must be speakable: no placeholder left open. */
static void
speak(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		for (int t = FINDING_TITLE; t <= FINDING_NEXT; t++) {
			CLEAN(buf_fini) struct buf text = BUF(1 << 16);

			finding_render(&findings->list[i], (enum finding_text)t, &text);
			assert_null(strchr(buf_text(&text), '{'));
		}
}

static void
verdicts(void **state UNUSED)
{
	CLEAN(known_names_free) struct known_names *domains = known_of("contoso.com\ncontoso.de\n");
	CLEAN(known_names_free) struct known_names *known = known_of("mail.contoso.com\n");
	CLEAN(known_names_free)
	struct known_names *others = known_of("fabrikam.com\nowa.contosa.com\nmail.fhkz.com\n");
	static const struct {
		const char *pasted;
		int r;
		enum finding_code says, says_not;
		const char *meant;
	} cases[] = {
		{ "owa.contoso.com", 0, NONE, FINDING_FQDN_ALIKE, "" },
		{ "mail.contoso.com", 0, NONE, FINDING_FQDN_ALIKE, "" },
		{ "mail.contoso.de", 0, NONE, FINDING_FQDN_ALIKE, "" },
		{ "mial.contoso.com", NAME_JUDGE_E_HELD, FINDING_FQDN_ALIKE, FINDING_FQDN_NOT_YOURS,
		    "mail.contoso.com" },
		{ "owa.contosoo.com", NAME_JUDGE_E_HELD, FINDING_FQDN_ALIKE, FINDING_FQDN_NOT_YOURS,
		    "owa.contoso.com" },
		{ "owa.contoso.com.contoso.com", NAME_JUDGE_E_HELD, FINDING_FQDN_ALIKE, NONE,
		    "owa.contoso.com" },
		{ "www.mail.contoso.com", NAME_JUDGE_E_HELD, FINDING_FQDN_ALIKE, FINDING_FQDN_WWW,
		    "mail.contoso.com" },
		{ "www.contoso.com", 0, FINDING_FQDN_WWW, FINDING_FQDN_ALIKE, "" },
		{ "owa.northwind.com", NAME_JUDGE_E_HELD, FINDING_FQDN_NOT_YOURS,
		    FINDING_FQDN_OTHERS, "" },
		{ "owa.fabrikam.com", NAME_JUDGE_E_HELD, FINDING_FQDN_OTHERS, FINDING_FQDN_ALIKE,
		    "" },
		{ "owa.fabricam.com", NAME_JUDGE_E_HELD, FINDING_FQDN_OTHERS, FINDING_FQDN_ALIKE,
		    "" },
		{ "owa.fhkzz.com", NAME_JUDGE_E_HELD, FINDING_FQDN_NOT_YOURS, FINDING_FQDN_OTHERS,
		    "" },
		{ "owa.contoso.con", NAME_JUDGE_E_REFUSED, FINDING_FQDN_ENDING, FINDING_FQDN_ALIKE,
		    "owa.contoso.com" },
		{ "owa.contoso.con", NAME_JUDGE_E_REFUSED, FINDING_FQDN_MEANT,
		    FINDING_FQDN_INTERNAL, "owa.contoso.com" },
		{ "owa.contoso.local", NAME_JUDGE_E_REFUSED, FINDING_FQDN_INTERNAL,
		    FINDING_FQDN_ENDING, "owa.contoso.com" },
		{ "owa.c\xd0\xbentoso.com", NAME_JUDGE_E_REFUSED, FINDING_FQDN_LOOKALIKE, NONE,
		    "owa.contoso.com" },
		{ "", NAME_JUDGE_E_REFUSED, FINDING_FQDN_MISSING, NONE, "" },
		{ "owa", NAME_JUDGE_E_REFUSED, FINDING_FQDN_INCOMPLETE, FINDING_FQDN_MEANT, "" },
		{ "contoso.com", 0, FINDING_FQDN_APEX, NONE, "" },
	};
	struct said *said = alloc_zero(sizeof(*said));

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct name_question question = { .pasted = str_of(cases[i].pasted),
			.service = "",
			.service_url = "",
			.domains = domains,
			.known = known,
			.others = others };
		int r = judge(&question, said);

		if (r != cases[i].r ||
		    (cases[i].says != NONE && !has(&said->findings, cases[i].says)))
			print_error("%s: %d\n", cases[i].pasted, r);
		assert_int_equal(r, cases[i].r);
		assert_true(cases[i].says == NONE || has(&said->findings, cases[i].says));
		assert_false(cases[i].says_not != NONE && has(&said->findings, cases[i].says_not));
		assert_string_equal(said->alike.meant.text, cases[i].meant);
		speak(&said->findings);
	}
	free(said);
}

/* Nothing known: what the name says by itself. */
static void
alone(void **state UNUSED)
{
	struct said *said = alloc_zero(sizeof(*said));
	struct name_question question = {
		.pasted = STR("owa.contoso.com"), .service = "", .service_url = ""
	};

	assert_int_equal(judge(&question, said), 0);
	assert_int_equal(said->findings.count, 0);
	assert_string_equal(said->domain, "contoso.com");
	question.pasted = STR("owa.contoso.com.contoso.com");
	assert_int_equal(judge(&question, said), NAME_JUDGE_E_HELD);
	question.pasted = STR("owa.contoso.cmo");
	assert_int_equal(judge(&question, said), NAME_JUDGE_E_REFUSED);
	assert_string_equal(
	    finding_value(&said->findings.list[0], "hint"), "Did you mean \"owa.contoso.com\"? ");
	free(said);
}

static void
the_service(void **state UNUSED)
{
	CLEAN(known_names_free) struct known_names *known = known_of("owa.contosa.com\n");
	struct said *said = alloc_zero(sizeof(*said));
	struct name_question question = { .pasted = STR("owa.contoso.com"),
		.service = "owa",
		.service_url = "https://owa.contoso.com/owa",
		.known = known };

	/* its address is never held for being like another one */
	assert_int_equal(judge(&question, said), 0);
	assert_true(has(&said->findings, FINDING_AUTODISCOVER_MISSING));
	assert_true(has(&said->findings, FINDING_PROTECTION_UNKNOWN));
	speak(&said->findings);
	assert_int_equal(said->findings.count, 2);
	question.pasted = STR("autodiscover.contoso.com");
	assert_int_equal(judge(&question, said), NAME_JUDGE_E_REFUSED);
	assert_true(has(&said->findings, FINDING_FQDN_SERVICE_MISMATCH));
	assert_false(has(&said->findings, FINDING_AUTODISCOVER_MISSING));
	question.service = "web";
	question.service_url = "";
	question.pasted = STR("owa.contoso.com");
	assert_int_equal(judge(&question, said), NAME_JUDGE_E_HELD);
	assert_int_equal(said->findings.count, 1);
	free(said);
}

/* F-09: what is known of the servers behind; said of OWA alone, and never in the way. */
static void
servers_behind(void **state UNUSED)
{
	static const struct {
		enum told protection, backend_tls;
		bool again;
		enum finding_code says;
	} cases[] = {
		{ TOLD_UNKNOWN, TOLD_UNKNOWN, false, FINDING_PROTECTION_UNKNOWN },
		{ TOLD_UNKNOWN, TOLD_OFF, false, FINDING_PROTECTION_UNKNOWN },
		{ TOLD_UNKNOWN, TOLD_UNKNOWN, true, NONE },
		{ TOLD_OFF, TOLD_UNKNOWN, false, NONE },
		{ TOLD_OFF, TOLD_OFF, false, NONE },
		{ TOLD_ON, TOLD_UNKNOWN, false, FINDING_PROTECTION_ON },
		{ TOLD_ON, TOLD_ON, false, FINDING_PROTECTION_ON },
		{ TOLD_ON, TOLD_ON, true, FINDING_PROTECTION_ON },
		{ TOLD_ON, TOLD_OFF, false, FINDING_PROTECTION_OFFLOAD },
		{ TOLD_ON, TOLD_OFF, true, FINDING_PROTECTION_OFFLOAD },
	};
	static const enum finding_code all[] = { FINDING_PROTECTION_UNKNOWN, FINDING_PROTECTION_ON,
		FINDING_PROTECTION_OFFLOAD };
	struct said *said = alloc_zero(sizeof(*said));

	for (size_t i = 0; i < COUNT_OF(cases) * 2; i++) {
		const bool owa = i < COUNT_OF(cases);
		const size_t at = i % COUNT_OF(cases);
		const struct name_question question = { .pasted = STR("owa.contoso.com"),
			.service = owa ? "owa" : "sharepoint",
			.service_url = "",
			.protection = cases[at].protection,
			.backend_tls = cases[at].backend_tls,
			.again = cases[at].again };

		assert_int_equal(judge(&question, said), 0);
		for (size_t c = 0; c < COUNT_OF(all); c++)
			assert_int_equal(
			    has(&said->findings, all[c]), owa && all[c] == cases[at].says);
		speak(&said->findings);
	}
	free(said);
}

/* H-06: for which mail domains, and the record to be copied. */
static void
mailboxes_found_by_outlook(void **state UNUSED)
{
	static const struct {
		const char *pasted, *domains, *known;
		bool again;
		const char *domain, *more; /* NULL: nothing is told */
	} cases[] = {
		{ "owa.contoso.com", "", "", false, "contoso.com", "" },
		{ "owa.contoso.com", "contoso.com\n", "", false, "contoso.com", "" },
		{ "owa.contoso.com", "contoso.at\ncontoso.com\n", "", false, "contoso.com",
		    "; the same holds for contoso.at" },
		{ "owa.contoso.com", "a.at\nb.at\nc.at\nd.at\ncontoso.com\n", "", false,
		    "contoso.com", "; the same holds for a.at, b.at, c.at and 1 more" },
		{ "owa.contoso.com", "contoso.at\ncontoso.com\n", "autodiscover.contoso.com\n",
		    false, "contoso.at", "" },
		{ "owa.contoso.com", "contoso.com\n", "autodiscover.contoso.com\n", false, NULL,
		    "" },
		{ "owa.contoso.com", "", "autodiscover.contoso.com\n", false, NULL, "" },
		{ "autodiscover.contoso.com", "contoso.at\ncontoso.com\n", "", false, NULL, "" },
		{ "owa.contoso.com", "contoso.com\n", "", true, NULL, "" },
	};
	struct said *said = alloc_zero(sizeof(*said));

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEAN(known_names_free) struct known_names *domains = known_of(cases[i].domains);
		CLEAN(known_names_free) struct known_names *known = known_of(cases[i].known);
		CLEAN(buf_fini) struct buf what = BUF(1 << 16);
		const struct name_question question = { .pasted = str_of(cases[i].pasted),
			.service = "owa",
			.service_url = "",
			.protection = TOLD_OFF,
			.again = cases[i].again,
			.domains = domains,
			.known = known };
		char record[256];

		assert_int_equal(judge(&question, said), 0);
		assert_int_equal(said->findings.count, cases[i].domain != NULL);
		if (!cases[i].domain)
			continue;
		assert_int_equal(said->findings.list[0].severity, SEVERITY_INFO);
		assert_string_equal(
		    finding_value(&said->findings.list[0], "domain"), cases[i].domain);
		assert_string_equal(finding_value(&said->findings.list[0], "more"), cases[i].more);
		finding_render(&said->findings.list[0], FINDING_WHAT, &what);
		snprintf(record, sizeof(record), ": _autodiscover._tcp.%s. SRV 0 0 443 %s.",
		    cases[i].domain, cases[i].pasted);
		assert_true(str_ends(buf_str(&what), str_of(record)));
		speak(&said->findings);
	}
	free(said);
}

/* policy.severities counts here, too. */
static void
the_provider_is_strict(void **state UNUSED)
{
	CLEAN(known_names_free) struct known_names *known = known_of("contoso.com\n");
	struct said *said = alloc_zero(sizeof(*said));
	struct severity_policy policy = { 0 };
	const struct name_question question = {
		.pasted = STR("contosoo.com"), .service = "", .service_url = "", .known = known
	};

	said->findings.policy = &policy;
	severity_set(&policy, FINDING_FQDN_ALIKE, SEVERITY_REJECT);
	assert_int_equal(judge(&question, said), NAME_JUDGE_E_REFUSED);
	free(said);
}

static void
in_big_letters(void **state UNUSED)
{
	static const char wanted[] = "> #   #  ###   ###         #\n"
				     "> ## ## #   # #  ##       ##\n"
				     "> # # # #   # # # #        #\n"
				     "> #   # #   # ##  #        #\n"
				     "> #   #  ###   ###   #    ###\n";
	CLEAN(buf_fini) struct buf text = BUF(1 << 16);
	size_t lines = 0, longest = 0;
	struct str rest, line;

	name_spell_big("mo0.1", 80, "> ", &text);
	assert_string_equal(buf_text(&text), wanted);
	buf_clear(&text);
	name_spell_big("autodiscover.contoso.com", 60, "", &text);
	for (rest = buf_str(&text); str_next(&rest, '\n', &line); lines++)
		longest = line.len > longest ? line.len : longest;
	assert_true(longest <= 60);
	assert_int_equal(lines, 4 * 6);
}

static void
letter_by_letter(void **state UNUSED)
{
	struct name_letter letters[8];

	assert_false(name_needs_spelling("owa.contoso.com"));
	assert_true(name_needs_spelling("owa.xn--mller-kva.de"));
	assert_true(name_needs_spelling("xn--mller-kva.de"));
	assert_int_equal(name_spell_letters("xn--80ak6aa92e.com", letters, COUNT_OF(letters)), 8);
	assert_string_equal(letters[0].text, "\xd0\xb0");
	assert_string_equal(letters[0].script, "Cyrillic");
	assert_string_equal(letters[5].text, ".");
	assert_string_equal(letters[5].script, "");
	assert_string_equal(letters[6].script, "Latin");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(alone),
		cmocka_unit_test(the_service),
		cmocka_unit_test(servers_behind),
		cmocka_unit_test(mailboxes_found_by_outlook),
		cmocka_unit_test(the_provider_is_strict),
		cmocka_unit_test(in_big_letters),
		cmocka_unit_test(letter_by_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
