/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/subject.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

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
	"na",
	"none",
	"null",
	"test",
	"xxx",
	"xx",
	"x",
	"unknown",
	"tbd",
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

static PRINTF_LIKE(4, 5) void say(struct subject_problems *problems, enum subject_field field,
    bool refuses, const char *format, ...)
{
	struct subject_problem *p;
	va_list args;

	if (problems->count == SUBJECT_PROBLEMS_MAX)
		return;
	p = &problems->list[problems->count++];
	p->field = field;
	p->refuses = refuses;
	va_start(args, format);
	vsnprintf(p->detail, sizeof(p->detail), format, args);
	va_end(args);
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
		say(problems, SUBJECT_ORGANIZATION, true, "is missing");
	else if (subject_is_placeholder(text))
		say(problems, SUBJECT_ORGANIZATION, true, "is a placeholder");
	else if (strpbrk(ret->organization, signs))
		say(problems, SUBJECT_ORGANIZATION, false, "contains the sign \"%c\"",
		    *strpbrk(ret->organization, signs));
}

/* "MO", "St. Louis": CAs want both in full (D-12). */
static bool
looks_shortened(struct str text, const char *country)
{
	bool capitals = text.len == 2 && text.p[0] >= 'A' && text.p[0] <= 'Z' && text.p[1] >= 'A' &&
	                text.p[1] <= 'Z';

	return (capitals && (strcmp(country, "US") == 0 || strcmp(country, "CA") == 0)) ||
	       str_starts(text, STR("St. ")) || (text.len > 1 && text.p[text.len - 1] == '.');
}

static void
check_place(struct str typed, enum subject_field field, char *to, size_t size, const char *country,
    struct subject_problems *problems)
{
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
	say(problems, SUBJECT_COUNTRY, true, "%s",
	    text.len ? "is not a country code" : "is missing");
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
	if (str_trim(form->city).len == 0 && str_trim(form->state).len == 0)
		say(problems, SUBJECT_CITY, true, "is missing, and so is the state");
}

bool
subject_is_refused(const struct subject_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		if (problems->list[i].refuses)
			return true;
	return false;
}
