/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/subject.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "pki/region.h"

#define ORGANIZATION_MAX 64 /* S-05 */
#define PLACE_MAX        128
#define PLACE_COMFORT    64 /* what order forms hold */

/* ISO 3166-1 alpha-2, as of 2026, two letters each. */
static const char countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERES"
    "ETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLY"
    "MAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQAREROR"
    "SRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/* What people type to get past a form (S-07), and what openssl req fills in. Signs alone ("-", "?")
 * are one, too. */
static const char *const placeholders[] = {
	"n/a",
	"n.a.",
	"na",
	"not applicable",
	"none",
	"keine",
	"null",
	"test",
	"xxx",
	"xx",
	"x",
	"unknown",
	"tbd",
	"asdf",
	"city",
	"state",
	"some-state",
	"default city",
	"default company ltd",
	"internet widgits pty ltd",
};

static const char *const names[] = {
	[SUBJECT_ORGANIZATION] = "organization",
	[SUBJECT_DIVISION] = "division",
	[SUBJECT_CITY] = "city",
	[SUBJECT_STATE] = "state",
	[SUBJECT_COUNTRY] = "country",
};
static_assert(COUNT_OF(names) == SUBJECT_FIELD_MAX, "a name for each field");

const char *
subject_field_name(enum subject_field field)
{
	return (size_t)field < COUNT_OF(names) ? names[field] : "unknown";
}

/* Another problem, or a scratch one when there are too many. */
static struct subject_problem *
add(struct subject_problems *problems, enum subject_field field, bool refuses)
{
	size_t last = SUBJECT_PROBLEMS_MAX - 1;
	struct subject_problem *p =
	    &problems->list[problems->count < last ? problems->count : last];

	if (problems->count < SUBJECT_PROBLEMS_MAX)
		problems->count++;
	*p = (struct subject_problem){ .field = field, .refuses = refuses };
	return p;
}

static PRINTF_LIKE(4, 5) void say(struct subject_problems *problems, enum subject_field field,
    bool refuses, const char *format, ...)
{
	struct subject_problem *p = add(problems, field, refuses);
	va_list args;

	va_start(args, format);
	vsnprintf(p->detail, sizeof(p->detail), format, args);
	va_end(args);
}

static void
say_missing(
    struct subject_problems *problems, enum subject_field field, bool refuses, const char *detail)
{
	struct subject_problem *p = add(problems, field, refuses);

	p->missing = true;
	snprintf(p->detail, sizeof(p->detail), "%s", detail);
}

/* It can be said what to write instead. */
static void
say_meant(struct subject_problems *problems, enum subject_field field, bool refuses,
    const char *typed, const char *meant)
{
	struct subject_problem *p = add(problems, field, refuses);

	snprintf(p->meant, sizeof(p->meant), "%s", meant);
	snprintf(p->detail, sizeof(p->detail), "is written \"%.64s\"", typed);
}

/* C0, DEL, and C1 as UTF-8 writes them: what csr_check() would refuse when the order is under way. */
static bool
has_control_characters(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c == 0x7f ||
		    (c == 0xc2 && i + 1 < s.len && (unsigned char)s.p[i + 1] < 0xa0))
			return true;
	}
	return false;
}

static bool
is_letter_or_digit(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c >= 0x80;
}

bool
subject_is_placeholder(struct str s)
{
	size_t signs = 0;

	while (signs < s.len && !is_letter_or_digit((unsigned char)s.p[signs]))
		signs++;
	if (signs == s.len)
		return true;
	for (size_t i = 0; i < COUNT_OF(placeholders); i++)
		if (str_eq_nocase(s, str_of(placeholders[i])))
			return true;
	return false;
}

/* Takes the text over, unless it cannot be text at all. */
static bool
clean(struct str typed, enum subject_field field, size_t most, char *to, size_t size,
    struct subject_problems *problems)
{
	struct str text = str_trim(typed);
	size_t characters = 0;

	to[0] = '\0';
	if (!str_utf8_length(text, &characters)) {
		say(problems, field, true, "is not valid UTF-8 text");
	} else if (has_control_characters(text)) {
		say(problems, field, true, "contains a line break or another control character");
	} else if (characters > most) {
		say(problems, field, true, "is longer than %zu characters (it has %zu)", most,
		    characters);
	} else if (!str_copy(text, to, size)) {
		say(problems, field, true, "is longer than can be kept");
	} else {
		return true;
	}
	return false;
}

static void
check_organization(struct str typed, struct subject *ret, struct subject_problems *problems)
{
	static const char signs[] = "!@#$%^*()~?><\\/";
	struct str text;

	if (!clean(typed, SUBJECT_ORGANIZATION, ORGANIZATION_MAX, ret->organization,
		sizeof(ret->organization), problems))
		return;
	text = str_of(ret->organization);
	if (text.len == 0)
		say_missing(problems, SUBJECT_ORGANIZATION, true, "is missing");
	else if (subject_is_placeholder(text))
		say(problems, SUBJECT_ORGANIZATION, true, "is a placeholder");
	else if (strpbrk(ret->organization, signs))
		say(problems, SUBJECT_ORGANIZATION, false, "contains the sign \"%c\"",
		    *strpbrk(ret->organization, signs));
}

static bool
is_north_american(const char *country)
{
	return strcmp(country, "US") == 0 || strcmp(country, "CA") == 0;
}

/* "XQ", "Calif.": CAs want both in full (D-12). */
static bool
looks_shortened(struct str text, const char *country)
{
	bool capitals = text.len == 2 && text.p[0] >= 'A' && text.p[0] <= 'Z' && text.p[1] >= 'A' &&
	                text.p[1] <= 'Z';

	return (capitals && is_north_american(country)) ||
	       (text.len > 1 && text.p[text.len - 1] == '.');
}

/* "MO" for Missouri; "St. Louis", which elsewhere (St. Gallen, St. Helens) is how the city is written. */
static bool
in_full(struct str text, enum subject_field field, const char *country, char *to, size_t size)
{
	const char *full = field == SUBJECT_STATE ? region_in_full(country, text) : NULL;

	to[0] = '\0';
	if (full)
		snprintf(to, size, "%s", full);
	else if (is_north_american(country) && str_starts(text, STR("St. ")))
		snprintf(to, size, "Saint %.*s", STR_ARG(str_drop(text, strlen("St. "))));
	return to[0] != '\0';
}

static void
check_place(struct str typed, enum subject_field field, char *to, size_t size, const char *country,
    struct subject_problems *problems)
{
	char full[sizeof(problems->list[0].meant)];
	size_t characters;
	struct str text;

	if (!clean(typed, field, PLACE_MAX, to, size, problems))
		return;
	text = str_of(to);
	(void)str_utf8_length(text, &characters);
	if (text.len > 0 && subject_is_placeholder(text))
		say(problems, field, true, "is a placeholder");
	else if (characters > PLACE_COMFORT)
		say(problems, field, false,
		    "is longer than %d characters, more than some order forms hold", PLACE_COMFORT);
	else if (in_full(text, field, country, full, sizeof(full)))
		say_meant(problems, field, false, to, full);
	else if (looks_shortened(text, country))
		say(problems, field, false, "looks shortened: \"%s\"", to);
}

bool
subject_is_country(struct str text)
{
	for (size_t i = 0; text.len == 2 && i + 1 < sizeof(countries); i += 2)
		if (memcmp(countries + i, text.p, 2) == 0)
			return true;
	return false;
}

static void
check_country(struct str typed, struct subject *ret, struct subject_problems *problems)
{
	struct str text = str_trim(typed);
	const char *meant = region_country_meant(text);
	char shown[64];

	ret->country[0] = '\0';
	if (text.len == 2)
		for (size_t i = 0; i < 2; i++)
			ret->country[i] =
			    (char)(text.p[i] >= 'a' && text.p[i] <= 'z' ? text.p[i] - 'a' + 'A'
									: text.p[i]);
	ret->country[text.len == 2 ? 2 : 0] = '\0';
	if (subject_is_country(str_of(ret->country)))
		return;
	ret->country[0] = '\0';
	str_show(text, shown, sizeof(shown));
	if (meant)
		say_meant(problems, SUBJECT_COUNTRY, true, shown, meant);
	else if (text.len == 0)
		say_missing(problems, SUBJECT_COUNTRY, true, "is missing");
	else
		say(problems, SUBJECT_COUNTRY, true, "is not a country code");
}

/* S-02: one of the two is enough for a certificate; in North America order forms ask for both. */
static void
check_places(
    const struct subject_form *form, const char *country, struct subject_problems *problems)
{
	bool city = str_trim(form->city).len > 0, state = str_trim(form->state).len > 0;

	if (!city && !state)
		say_missing(problems, SUBJECT_CITY, true, "is missing, and so is the state");
	else if (is_north_american(country) && !(city && state))
		say_missing(problems, city ? SUBJECT_STATE : SUBJECT_CITY, false, "is missing");
}

void
subject_check(
    const struct subject_form *form, struct subject *ret, struct subject_problems *problems)
{
	*ret = (struct subject){ 0 };
	problems->count = 0;
	check_country(form->country, ret, problems);
	check_organization(form->organization, ret, problems);
	(void)clean(form->division, SUBJECT_DIVISION, PLACE_MAX, ret->division,
	    sizeof(ret->division), problems);
	check_place(form->city, SUBJECT_CITY, ret->city, sizeof(ret->city), ret->country, problems);
	check_place(
	    form->state, SUBJECT_STATE, ret->state, sizeof(ret->state), ret->country, problems);
	check_places(form, ret->country, problems);
}

bool
subject_is_refused(const struct subject_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		if (problems->list[i].refuses)
			return true;
	return false;
}
