/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A coarse table of Unicode's script ranges is enough here: only the alphabets whose letters look
 * like Latin ones, and the East Asian ones that are mixed by right, must be told apart (UTS 39
 * section 5.2, "highly restrictive").
 */
#include "pki/name_script.h"

#include <stdio.h>

enum script {
	COMMON,
	LATIN,
	GREEK,
	CYRILLIC,
	ARMENIAN,
	HEBREW,
	ARABIC,
	CHEROKEE,
	EAST_ASIAN,
	OTHER,
	SCRIPTS
};

static const char *const names[] = {
	[COMMON] = "",
	[LATIN] = "Latin",
	[GREEK] = "Greek",
	[CYRILLIC] = "Cyrillic",
	[ARMENIAN] = "Armenian",
	[HEBREW] = "Hebrew",
	[ARABIC] = "Arabic",
	[CHEROKEE] = "Cherokee",
	[EAST_ASIAN] = "East Asian",
	[OTHER] = "another alphabet",
};
_Static_assert(COUNT_OF(names) == SCRIPTS, "a name for each script");

static const struct {
	uint32_t first, last;
	enum script script;
} ranges[] = {
	{ 0x0000, 0x0040, COMMON },
	{ 0x0041, 0x005a, LATIN },
	{ 0x005b, 0x0060, COMMON },
	{ 0x0061, 0x007a, LATIN },
	{ 0x007b, 0x00bf, COMMON },
	{ 0x00c0, 0x024f, LATIN },
	{ 0x0250, 0x02af, LATIN },
	{ 0x02b0, 0x036f, COMMON },
	{ 0x0370, 0x03ff, GREEK },
	{ 0x0400, 0x052f, CYRILLIC },
	{ 0x0530, 0x058f, ARMENIAN },
	{ 0x0590, 0x05ff, HEBREW },
	{ 0x0600, 0x077f, ARABIC },
	{ 0x13a0, 0x13ff, CHEROKEE },
	{ 0x1100, 0x11ff, EAST_ASIAN },
	{ 0x1c80, 0x1c8f, CYRILLIC },
	{ 0x1d00, 0x1dbf, LATIN },
	{ 0x1e00, 0x1eff, LATIN },
	{ 0x1f00, 0x1fff, GREEK },
	{ 0x2000, 0x206f, COMMON },
	{ 0x2de0, 0x2dff, CYRILLIC },
	{ 0x2e80, 0x2fff, EAST_ASIAN },
	{ 0x3000, 0x303f, COMMON },
	{ 0x3040, 0x31ff, EAST_ASIAN },
	{ 0x3400, 0x9fff, EAST_ASIAN },
	{ 0xa640, 0xa69f, CYRILLIC },
	{ 0xa720, 0xa7ff, LATIN },
	{ 0xac00, 0xd7ff, EAST_ASIAN },
	{ 0xf900, 0xfaff, EAST_ASIAN },
	{ 0xff00, 0xffef, EAST_ASIAN },
	{ 0x20000, 0x323af, EAST_ASIAN },
};

static enum script
script_of(uint32_t c)
{
	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].script;
	return OTHER;
}

const char *
script_name(uint32_t character)
{
	return names[script_of(character)];
}

uint32_t
script_next_character(struct str *s)
{
	unsigned char first = (unsigned char)s->p[0];
	size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = size == 1 ? first : first & (0xffu >> (size + 1));

	for (size_t i = 1; i < size && i < s->len; i++)
		c = c << 6 | ((unsigned char)s->p[i] & 0x3f);
	*s = str_drop(*s, size);
	return c;
}

static uint32_t
scripts_of(struct str label)
{
	uint32_t seen = 0;

	while (label.len > 0) {
		enum script script = script_of(script_next_character(&label));

		if (script != COMMON)
			seen |= 1u << script;
	}
	return seen;
}

/* One script alone, or Latin with East Asian, as Japanese and Korean names have it. */
static bool
is_usual(uint32_t seen)
{
	return (seen & (seen - 1)) == 0 || seen == (1u << LATIN | 1u << EAST_ASIAN);
}

bool
script_is_mixed(struct str name, char *words, size_t size)
{
	struct str label;

	while (str_next(&name, '.', &label)) {
		uint32_t seen = scripts_of(label);
		size_t len = 0;

		if (is_usual(seen))
			continue;
		words[0] = '\0';
		for (int i = 0; i < SCRIPTS && len < size; i++)
			if (seen & (1u << i))
				len += (size_t)snprintf(
				    words + len, size - len, "%s%s", len ? " and " : "", names[i]);
		return true;
	}
	return false;
}
