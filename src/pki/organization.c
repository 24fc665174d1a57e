/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/organization.h"

#include "pki/fold.h"
#include "pki/legal_form.h"

#define JOINED_SIZE      (FOLD_WORDS_MAX * FOLD_WORD_SIZE)
#define LETTERS_LEAST    4 /* fewer say too little to be called similar */
#define LETTERS_PER_SLIP 8

/* A name in one of the two ways to fold it, without its legal form. */
struct reading {
	struct folded words;
	const char *form;
	char joined[JOINED_SIZE];
};

/* "and" in the languages of the legal forms; it says no more than "&". */
static bool
is_joint(const char *word)
{
	static const char *const joints[] = { "and", "und", "et", "y", "og", "och", "en", "i" };

	for (size_t i = 0; i < COUNT_OF(joints); i++)
		if (strcmp(word, joints[i]) == 0)
			return true;
	return false;
}

static void
remove_word(struct folded *words, size_t at)
{
	memmove(
	    words->word[at], words->word[at + 1], (words->count - at - 1) * sizeof(words->word[0]));
	words->count--;
}

static void
read_name(struct str name, enum fold_umlauts umlauts, const char *country, struct reading *ret)
{
	fold_words(name, umlauts, &ret->words);
	for (size_t i = 1; i + 1 < ret->words.count;)
		if (is_joint(ret->words.word[i]))
			remove_word(&ret->words, i);
		else
			i++;
	ret->form = country ? legal_form_take(&ret->words, country) : "";
	if (ret->words.count > 1 && strcmp(ret->words.word[0], "the") == 0)
		remove_word(&ret->words, 0);
	fold_join(&ret->words, ret->joined, sizeof(ret->joined));
}

static bool
has_word(const struct folded *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->word[i], word) == 0)
			return true;
	return false;
}

/* All of the shorter name stands in the longer one: "Contoso" in "Contoso Deutschland". */
static bool
is_part(const struct reading *part, const struct reading *whole)
{
	for (size_t i = 0; i < part->words.count; i++)
		if (!has_word(&whole->words, part->words.word[i]))
			return false;
	return strlen(part->joined) >= LETTERS_LEAST;
}

static bool
is_initials(const struct reading *initials, const struct reading *whole)
{
	const char *letters = initials->joined;

	if (whole->words.count < 2 || strlen(letters) != whole->words.count)
		return false;
	for (size_t i = 0; i < whole->words.count; i++)
		if (whole->words.word[i][0] != letters[i])
			return false;
	return true;
}

static bool
is_slip(const struct reading *a, const struct reading *b)
{
	size_t len = strlen(a->joined) < strlen(b->joined) ? strlen(a->joined) : strlen(b->joined);

	return len >= LETTERS_LEAST &&
	       str_distance(str_of(a->joined), str_of(b->joined)) <= 1 + len / LETTERS_PER_SLIP;
}

static enum organization_likeness
similar(const struct reading *a, const struct reading *b, const char **ret_why)
{
	if (is_slip(a, b))
		*ret_why = "they differ by a letter or two";
	else if (is_part(a, b) || is_part(b, a))
		*ret_why = "one of them has more words, as a parent or a sister company";
	else if (is_initials(a, b) || is_initials(b, a))
		*ret_why = "one of them looks like the initials of the other";
	else
		return ORGANIZATION_OTHER;
	return ORGANIZATION_SIMILAR;
}

static bool
are_unlike_letters(const struct folded *a, const struct folded *b)
{
	return (a->latin && !a->other && b->other && !b->latin) ||
	       (b->latin && !b->other && a->other && !a->latin);
}

/* "Müller" is "Muller" to one clerk and "Mueller" to the other. */
static bool
same_in_some_way(const struct reading a[static 2], const struct reading b[static 2])
{
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < 2; j++)
			if (strcmp(a[i].joined, b[j].joined) == 0)
				return true;
	return false;
}

enum organization_likeness
organization_compare(struct str a, struct str b, const char *country, const char **ret_why)
{
	struct reading of_a[2], of_b[2];

	*ret_why = "";
	for (int i = 0; i < 2; i++) {
		read_name(a, (enum fold_umlauts)i, country, &of_a[i]);
		read_name(b, (enum fold_umlauts)i, country, &of_b[i]);
	}
	if (are_unlike_letters(&of_a[0].words, &of_b[0].words))
		return ORGANIZATION_UNLIKE_LETTERS;
	if (of_a[0].words.count == 0 || of_b[0].words.count == 0)
		return ORGANIZATION_OTHER;
	if (!same_in_some_way(of_a, of_b))
		return similar(&of_a[0], &of_b[0], ret_why);
	if (*of_a[0].form == '\0' || *of_b[0].form == '\0' ||
	    strcmp(of_a[0].form, of_b[0].form) == 0)
		return ORGANIZATION_SAME;
	*ret_why = "they differ in their legal form";
	return ORGANIZATION_SIMILAR;
}

bool
organization_place_same(struct str a, struct str b)
{
	struct reading of_a[2], of_b[2];

	for (int i = 0; i < 2; i++) {
		read_name(a, (enum fold_umlauts)i, NULL, &of_a[i]);
		read_name(b, (enum fold_umlauts)i, NULL, &of_b[i]);
	}
	return same_in_some_way(of_a, of_b);
}
