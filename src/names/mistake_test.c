/* SPDX-License-Identifier: Apache-2.0 */
#include "names/mistake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "names/keyboard.h"

static void
one_slip_and_its_words(void **state UNUSED)
{
	static const struct {
		const char *typed, *meant;
		enum name_mistake mistake;
		const char *words;
	} cases[] = {
		{ "contoso", "contoso", MISTAKE_NONE, NULL },
		{ "ocntoso", "contoso", MISTAKE_SWAPPED, "\"c\" and \"o\" have changed places" },
		{ "contosos", "contoso", MISTAKE_MORE, "there is a \"s\" too many" },
		{ "conttoso", "contoso", MISTAKE_DOUBLED, "there is one \"t\" more" },
		{ "cntoso", "contoso", MISTAKE_MISSING, "the letter \"o\" is missing" },
		{ "vontoso", "contoso", MISTAKE_NEIGHBOUR,
		    "\"v\" stands where \"c\" belongs, the key beside it" },
		{ "contyoso", "contoso", MISTAKE_NEIGHBOUR, "there is a \"y\" too many" },
		{ "cantoso", "contoso", MISTAKE_OTHER, "\"a\" stands where \"o\" belongs" },
		{ "c0ntoso", "contoso", MISTAKE_LOOK,
		    "\"0\" stands where \"o\" belongs, which looks like it" },
		{ "con-toso", "contoso", MISTAKE_HYPHEN, "there is a hyphen more" },
		{ "contoso", "con-toso", MISTAKE_HYPHEN, "a hyphen is missing" },
		{ "c-on-toso", "contoso", MISTAKE_HYPHEN, "the hyphens differ" },
		{ "xn--mller-kva", "muller", MISTAKE_LOOK,
		    "\"\xc3\xbc\" stands where \"u\" belongs, which looks like it" },
		{ "xn--mller-kva", "muler", MISTAKE_DOUBLED, "there is one \"l\" more" },
		{ "abc", "xyz", MISTAKE_NONE, NULL },
		{ "cnotsoo", "contoso", MISTAKE_NONE, NULL },
		{ "", "a", MISTAKE_MISSING, "the letter \"a\" is missing" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char words[MISTAKE_WORDS] = "";
		struct letters typed, meant;
		enum name_mistake mistake;

		letters_of(str_of(cases[i].typed), &typed);
		letters_of(str_of(cases[i].meant), &meant);
		mistake = mistake_between(&typed, &meant, words);
		if (mistake != cases[i].mistake)
			print_error("%s: %s\n", cases[i].typed, mistake_name(mistake));
		assert_int_equal(mistake, cases[i].mistake);
		if (cases[i].words)
			assert_string_equal(words, cases[i].words);
	}
	assert_string_equal(mistake_name(MISTAKE_WORD), "word");
	assert_string_equal(mistake_name(MISTAKE_MAX), "none");
}

static void
keys_side_by_side(void **state UNUSED)
{
	static const struct {
		char a, b;
		bool neighbours;
	} cases[] = {
		{ 'q', 'w', true }, /* all layouts but azerty */
		{ 'z', 't', true }, /* qwertz */
		{ 'y', 't', true }, /* qwerty */
		{ 'a', 'z', true }, /* azerty, qwerty */
		{ 'm', 'l', true }, /* azerty */
		{ 'o', '0', true },
		{ 'a', 'p', false },
		{ 'a', 'a', false },
		{ 'q', 'm', false },
		{ '_', 'a', false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(keys_are_neighbours((uint32_t)cases[i].a, (uint32_t)cases[i].b),
		    cases[i].neighbours);
		assert_int_equal(keys_are_neighbours((uint32_t)cases[i].b, (uint32_t)cases[i].a),
		    cases[i].neighbours);
	}
	assert_false(keys_are_neighbours(0x430, 'a'));
}

static void
skeletons(void **state UNUSED)
{
	static const struct {
		const char *label, *skeleton;
	} cases[] = {
		{ "contoso", "contoso" },
		{ "g00gle-1", "googlel" },
		{ "m\xc3\xbcller", "muller" },
		{ "xn--80aa0cbo65f", "paypal" },  /* all Cyrillic */
		{ "xn--99999999", "xn99999999" }, /* no A-label */
		{ "\xc5\x82\xc3\xb3\xc4\x91\xc5\xba", "lodz" },
		{ "\xce\xbd\xce\xbf\xcf\x81", "vop" },
		{ "\xe1\xba\xa1\xe1\xbb\x87", "ae" },
		{ "", "" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct letters plain, skeleton;
		char text[LETTERS_MAX * LETTER_SIZE] = "", one[LETTER_SIZE];

		letters_of(str_of(cases[i].label), &plain);
		letters_skeleton(&plain, &skeleton);
		for (size_t l = 0; l < skeleton.count; l++)
			strncat(text, letter_text(skeleton.at[l], one), LETTER_SIZE);
		assert_string_equal(text, cases[i].skeleton);
	}
}

static void
letters_in_utf8(void **state UNUSED)
{
	static const struct {
		uint32_t letter;
		const char *text;
	} cases[] = { { 'a', "a" }, { 0xfc, "\xc3\xbc" }, { 0x1e01, "\xe1\xb8\x81" },
		{ 0x20000, "\xf0\xa0\x80\x80" } };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct letters back;
		char text[LETTER_SIZE];

		assert_string_equal(letter_text(cases[i].letter, text), cases[i].text);
		letters_of(str_of(text), &back);
		assert_true(back.count == 1 && back.at[0] == cases[i].letter);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slip_and_its_words),
		cmocka_unit_test(keys_side_by_side),
		cmocka_unit_test(skeletons),
		cmocka_unit_test(letters_in_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
