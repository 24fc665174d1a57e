/* SPDX-License-Identifier: Apache-2.0 */
#include "names/mistake.h"

#include <assert.h>
#include <stdio.h>

#include "names/keyboard.h"

static const char *const names[] = {
	[MISTAKE_NONE] = "none",
	[MISTAKE_LOOK] = "look",
	[MISTAKE_TWICE] = "twice",
	[MISTAKE_WWW] = "www",
	[MISTAKE_DOT] = "dot",
	[MISTAKE_DOT_MORE] = "dot_more",
	[MISTAKE_ENDING] = "ending",
	[MISTAKE_HYPHEN] = "hyphen",
	[MISTAKE_SWAPPED] = "swapped",
	[MISTAKE_DOUBLED] = "doubled",
	[MISTAKE_MISSING] = "missing",
	[MISTAKE_NEIGHBOUR] = "neighbour",
	[MISTAKE_MORE] = "more",
	[MISTAKE_OTHER] = "other",
	[MISTAKE_NOT_AT_END] = "not_at_end",
	[MISTAKE_WORD] = "word",
};
static_assert(COUNT_OF(names) == MISTAKE_MAX, "a name for each mistake");

const char *
mistake_name(enum name_mistake mistake)
{
	return (size_t)mistake < COUNT_OF(names) ? names[mistake] : "none";
}

/* How many letters both begin with. */
static size_t
same_front(const struct letters *a, const struct letters *b)
{
	size_t at = 0;

	while (at < a->count && at < b->count && a->at[at] == b->at[at])
		at++;
	return at;
}

/* From these places on the same? */
static bool
same_rest(const struct letters *a, size_t at_a, const struct letters *b, size_t at_b)
{
	return a->count - at_a == b->count - at_b &&
	       memcmp(a->at + at_a, b->at + at_b, (a->count - at_a) * sizeof(a->at[0])) == 0;
}

/* `more` has one letter that `less` has not, at `at`. */
static enum name_mistake
one_more(const struct letters *typed, const struct letters *less, size_t at, char *words)
{
	uint32_t letter = typed->at[at], before = at > 0 ? typed->at[at - 1] : 0,
		 behind = at < less->count ? less->at[at] : 0;
	char text[LETTER_SIZE];

	letter_text(letter, text);
	if (letter == '-') {
		snprintf(words, MISTAKE_WORDS, "there is a hyphen more");
		return MISTAKE_HYPHEN;
	}
	if (letter == before || letter == behind) {
		snprintf(words, MISTAKE_WORDS, "there is one \"%s\" more", text);
		return MISTAKE_DOUBLED;
	}
	snprintf(words, MISTAKE_WORDS, "there is a \"%s\" too many", text);
	return keys_are_neighbours(letter, before) || keys_are_neighbours(letter, behind)
	           ? MISTAKE_NEIGHBOUR
	           : MISTAKE_MORE;
}

static enum name_mistake
one_less(const struct letters *meant, size_t at, char *words)
{
	char text[LETTER_SIZE];

	if (meant->at[at] == '-') {
		snprintf(words, MISTAKE_WORDS, "a hyphen is missing");
		return MISTAKE_HYPHEN;
	}
	snprintf(
	    words, MISTAKE_WORDS, "the letter \"%s\" is missing", letter_text(meant->at[at], text));
	return MISTAKE_MISSING;
}

static enum name_mistake
one_other(const struct letters *typed, const struct letters *meant, size_t at, char *words)
{
	bool beside = keys_are_neighbours(typed->at[at], meant->at[at]);
	char is[LETTER_SIZE], was[LETTER_SIZE];

	snprintf(words, MISTAKE_WORDS, "\"%s\" stands where \"%s\" belongs%s",
	    letter_text(typed->at[at], is), letter_text(meant->at[at], was),
	    beside ? ", the key beside it" : "");
	return beside ? MISTAKE_NEIGHBOUR : MISTAKE_OTHER;
}

static enum name_mistake
swapped(const struct letters *typed, size_t at, char *words)
{
	char first[LETTER_SIZE], second[LETTER_SIZE];

	snprintf(words, MISTAKE_WORDS, "\"%s\" and \"%s\" have changed places",
	    letter_text(typed->at[at + 1], first), letter_text(typed->at[at], second));
	return MISTAKE_SWAPPED;
}

static bool
is_swapped(const struct letters *a, const struct letters *b, size_t at)
{
	return at + 1 < a->count && at + 1 < b->count && a->at[at] == b->at[at + 1] &&
	       a->at[at + 1] == b->at[at] && same_rest(a, at + 2, b, at + 2);
}

static enum name_mistake
one_slip(const struct letters *typed, const struct letters *meant, char *words)
{
	size_t at = same_front(typed, meant);

	if (at == typed->count && at == meant->count)
		return MISTAKE_NONE;
	if (at < typed->count && same_rest(typed, at + 1, meant, at))
		return one_more(typed, meant, at, words);
	if (at < meant->count && same_rest(typed, at, meant, at + 1))
		return one_less(meant, at, words);
	if (is_swapped(typed, meant, at))
		return swapped(typed, at, words);
	if (at < typed->count && at < meant->count && same_rest(typed, at + 1, meant, at + 1))
		return one_other(typed, meant, at, words);
	return MISTAKE_NONE;
}

static enum name_mistake
other_look(const struct letters *typed, const struct letters *meant, char *words)
{
	size_t at = same_front(typed, meant);
	char is[LETTER_SIZE] = "", was[LETTER_SIZE] = "";

	if (at < typed->count)
		letter_text(typed->at[at], is);
	if (at < meant->count)
		letter_text(meant->at[at], was);
	if (typed->count != meant->count) { /* the skeleton drops nothing but hyphens */
		snprintf(words, MISTAKE_WORDS, "the hyphens differ");
		return MISTAKE_HYPHEN;
	}
	snprintf(words, MISTAKE_WORDS, "\"%s\" stands where \"%s\" belongs, which looks like it",
	    is, was);
	return MISTAKE_LOOK;
}

enum name_mistake
mistake_between(
    const struct letters *typed, const struct letters *meant, char words[static MISTAKE_WORDS])
{
	struct letters seen, known;
	enum name_mistake plain;

	if (letters_eq(typed, meant))
		return MISTAKE_NONE;
	letters_skeleton(typed, &seen);
	letters_skeleton(meant, &known);
	if (letters_eq(&seen, &known) && typed->count == meant->count)
		return other_look(typed, meant, words);
	plain = one_slip(typed, meant, words);
	if (plain != MISTAKE_NONE)
		return plain;
	return letters_eq(&seen, &known) ? other_look(typed, meant, words)
	                                 : one_slip(&seen, &known, words);
}
