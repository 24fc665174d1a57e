/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/fold.h"

#include <assert.h>
#include <stdio.h>

#define FIRST_LETTER 0xc0

/* U+00C0 to U+017F, Latin-1 and Extended-A: what they are without their accents, a blank where there
 * is no letter. */
/* clang-format off */
static const char letters[][3] = {
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* 00c0 */
	"d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "ss",
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
	"d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "y",
	"a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d",  /* 0100 */
	"d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g",
	"g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i",
	"i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l",
	"l", "l", "l", "n", "n", "n", "n", "n", "n", "n", "n", "n", "o", "o", "o", "o",
	"o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s",
	"s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u",
	"u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",
};
/* clang-format on */
static_assert(COUNT_OF(letters) == 0x180 - FIRST_LETTER, "a row for each letter");

/* German, Danish, Norwegian, Swedish. */
static const struct {
	uint32_t letter;
	const char *spelled;
} umlauts_spelled[] = {
	{ 0xc4, "ae" },
	{ 0xd6, "oe" },
	{ 0xdc, "ue" },
	{ 0xe4, "ae" },
	{ 0xf6, "oe" },
	{ 0xfc, "ue" },
	{ 0xd8, "oe" },
	{ 0xf8, "oe" },
	{ 0xc5, "aa" },
	{ 0xe5, "aa" },
};

/* Cuts one character off; false at the end, and where the text is no UTF-8 any more. */
static bool
next(struct str *rest, uint32_t *ret)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t len = rest->len == 0 ? 0 : p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	size_t characters;

	if (len == 0 || len > rest->len || !str_utf8_length(str_bytes(rest->p, len), &characters) ||
	    characters != 1)
		return false;
	*ret = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++)
		*ret = *ret << 6 | (p[i] & 0x3f);
	*rest = str_drop(*rest, len);
	return true;
}

static void
put_utf8(uint32_t c, char to[static 5])
{
	if (c < 0x800)
		snprintf(to, 5, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 0x3f)));
	else if (c < 0x10000)
		snprintf(to, 5, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 0x3f)),
		    (int)(0x80 | (c & 0x3f)));
	else
		snprintf(to, 5, "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 0x3f)),
		    (int)(0x80 | (c >> 6 & 0x3f)), (int)(0x80 | (c & 0x3f)));
}

/* Greek and Cyrillic capitals lie at fixed distances from their small letters. */
static uint32_t
small(uint32_t c)
{
	if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	return c == 0x3c2 ? 0x3c3 : c; /* the sigma at the end of a word */
}

static bool
is_alphanumeric(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Accents that are characters of their own, apostrophes, dots: "S.A." is one word. */
static bool
is_nothing(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || c == '\'' || c == '.' || c == '`' || c == 0xb4 ||
	       c == 0x2018 || c == 0x2019 || c == 0xad || (c >= 0x200b && c <= 0x200f);
}

/* Signs of Latin-1, general punctuation, CJK punctuation. */
static bool
is_gap(uint32_t c)
{
	return (c < FIRST_LETTER && !is_alphanumeric(c)) || (c >= 0x2000 && c <= 0x206f) ||
	       (c >= 0x3000 && c <= 0x303f);
}

static const char *
latin(uint32_t c, enum fold_umlauts umlauts)
{
	for (size_t i = 0; umlauts == FOLD_SPELLED && i < COUNT_OF(umlauts_spelled); i++)
		if (umlauts_spelled[i].letter == c)
			return umlauts_spelled[i].spelled;
	return c >= FIRST_LETTER && c - FIRST_LETTER < COUNT_OF(letters) ? letters[c - FIRST_LETTER]
	                                                                 : NULL;
}

/* One character in the letters of the result: "" for what does not count, " " between words. */
static void
fold_one(uint32_t c, enum fold_umlauts umlauts, char to[static 5])
{
	const char *plain = latin(c, umlauts);

	if (c >= 0xff01 && c <= 0xff5e) /* the wide forms of ASCII */
		c -= 0xff01 - '!';
	if (c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (is_nothing(c))
		snprintf(to, 5, "%s", "");
	else if (plain)
		snprintf(to, 5, "%s", plain);
	else if (is_gap(c))
		snprintf(to, 5, "%s", c == '/' ? "/" : " ");
	else if (is_alphanumeric(c))
		snprintf(to, 5, "%c", (int)c);
	else
		put_utf8(small(c), to);
}

static void
append(struct folded *to, bool *begin, const char *piece)
{
	char *word;
	size_t len;

	if (*begin && to->count == FOLD_WORDS_MAX)
		return;
	if (*begin)
		to->count++;
	*begin = false;
	word = to->word[to->count - 1];
	len = strlen(word);
	if (len + strlen(piece) < FOLD_WORD_SIZE)
		copy_bytes(word + len, piece, strlen(piece) + 1);
	to->latin = to->latin || (unsigned char)piece[0] < 0x80;
	to->other = to->other || (unsigned char)piece[0] >= 0x80;
}

void
fold_words(struct str text, enum fold_umlauts umlauts, struct folded *ret)
{
	bool begin = true;
	uint32_t c;

	*ret = (struct folded){ 0 };
	while (next(&text, &c)) {
		char piece[5];

		fold_one(c, umlauts, piece);
		/* "A/S", "d/b/a" are one word */
		if (*piece == ' ' ||
		    (*piece == '/' && !begin && strlen(ret->word[ret->count - 1]) > 1))
			begin = true;
		else if (*piece && *piece != '/')
			append(ret, &begin, piece);
	}
}

void
fold_join(const struct folded *words, char *to, size_t size)
{
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < words->count; i++) {
		size_t more = strlen(words->word[i]);

		if (len + more >= size)
			return;
		copy_bytes(to + len, words->word[i], more + 1);
		len += more;
	}
}
