/* SPDX-License-Identifier: Apache-2.0 */
#include "names/spell.h"

#include "names/letters.h"
#include "pki/name_script.h"

#define GLYPH_ROWS  5
#define GLYPH_WIDTH 6 /* with the space behind it */

/* clang-format off */
static const struct glyph { char letter; const char *row[GLYPH_ROWS]; } glyphs[] = {
	{ 'a', { " ### ", "#   #", "#####", "#   #", "#   #" } },
	{ 'b', { "#### ", "#   #", "#### ", "#   #", "#### " } },
	{ 'c', { " ####", "#    ", "#    ", "#    ", " ####" } },
	{ 'd', { "#### ", "#   #", "#   #", "#   #", "#### " } },
	{ 'e', { "#####", "#    ", "#### ", "#    ", "#####" } },
	{ 'f', { "#####", "#    ", "#### ", "#    ", "#    " } },
	{ 'g', { " ####", "#    ", "#  ##", "#   #", " ####" } },
	{ 'h', { "#   #", "#   #", "#####", "#   #", "#   #" } },
	{ 'i', { "#####", "  #  ", "  #  ", "  #  ", "#####" } },
	{ 'j', { "    #", "    #", "    #", "#   #", " ### " } },
	{ 'k', { "#   #", "#  # ", "###  ", "#  # ", "#   #" } },
	{ 'l', { "#    ", "#    ", "#    ", "#    ", "#####" } },
	{ 'm', { "#   #", "## ##", "# # #", "#   #", "#   #" } },
	{ 'n', { "#   #", "##  #", "# # #", "#  ##", "#   #" } },
	{ 'o', { " ### ", "#   #", "#   #", "#   #", " ### " } },
	{ 'p', { "#### ", "#   #", "#### ", "#    ", "#    " } },
	{ 'q', { " ### ", "#   #", "# # #", "#  # ", " ## #" } },
	{ 'r', { "#### ", "#   #", "#### ", "#  # ", "#   #" } },
	{ 's', { " ####", "#    ", " ### ", "    #", "#### " } },
	{ 't', { "#####", "  #  ", "  #  ", "  #  ", "  #  " } },
	{ 'u', { "#   #", "#   #", "#   #", "#   #", " ### " } },
	{ 'v', { "#   #", "#   #", "#   #", " # # ", "  #  " } },
	{ 'w', { "#   #", "#   #", "# # #", "## ##", "#   #" } },
	{ 'x', { "#   #", " # # ", "  #  ", " # # ", "#   #" } },
	{ 'y', { "#   #", " # # ", "  #  ", "  #  ", "  #  " } },
	{ 'z', { "#####", "   # ", "  #  ", " #   ", "#####" } },
	{ '0', { " ### ", "#  ##", "# # #", "##  #", " ### " } },
	{ '1', { " #   ", "##   ", " #   ", " #   ", "###  " } },
	{ '2', { "#### ", "    #", " ### ", "#    ", "#####" } },
	{ '3', { "#### ", "    #", " ### ", "    #", "#### " } },
	{ '4', { "#  # ", "#  # ", "#####", "   # ", "   # " } },
	{ '5', { "#####", "#    ", "#### ", "    #", "#### " } },
	{ '6', { " ### ", "#    ", "#### ", "#   #", " ### " } },
	{ '7', { "#####", "    #", "   # ", "  #  ", "  #  " } },
	{ '8', { " ### ", "#   #", " ### ", "#   #", " ### " } },
	{ '9', { " ### ", "#   #", " ####", "    #", " ### " } },
	{ '-', { "     ", "     ", " ### ", "     ", "     " } },
	{ '.', { "     ", "     ", "     ", "     ", " #   " } },
};
/* clang-format on */

static const struct glyph *
glyph_of(char letter)
{
	for (size_t i = 0; i < COUNT_OF(glyphs); i++)
		if (glyphs[i].letter == letter)
			return &glyphs[i];
	return NULL;
}

static void
put_line(struct str letters, const char *margin, struct buf *to)
{
	for (size_t row = 0; row < GLYPH_ROWS; row++) {
		size_t end;

		buf_put_text(to, margin);
		for (size_t i = 0; i < letters.len; i++) {
			const struct glyph *glyph = glyph_of(letters.p[i]);

			if (glyph)
				buf_printf(to, "%s ", glyph->row[row]);
		}
		for (end = to->len; end > 0 && to->data[end - 1] == ' '; end--)
			;
		buf_truncate(to, end);
		buf_put_byte(to, '\n');
	}
}

/* As many letters as fit; broken behind a dot where there is one. */
static size_t
line_of(struct str rest, size_t fit)
{
	size_t len = rest.len < fit ? rest.len : fit, at = len;

	if (len == rest.len)
		return len;
	while (at > 0 && rest.p[at - 1] != '.')
		at--;
	return at > 0 ? at : len;
}

void
name_spell_big(const char *name, size_t width, const char *margin, struct buf *to)
{
	size_t room = (width > 40 ? width : 40) - strlen(margin);
	struct str rest = str_of(name);

	while (rest.len > 0) {
		size_t len = line_of(rest, room / GLYPH_WIDTH);

		put_line(str_bytes(rest.p, len), margin, to);
		rest = str_drop(rest, len);
		if (rest.len > 0)
			buf_put_byte(to, '\n');
	}
}

static void
put_letter(struct name_letter *to, uint32_t letter)
{
	letter_text(letter, to->text);
	to->script = script_name(letter);
}

size_t
name_spell_letters(const char *name, struct name_letter *to, size_t most)
{
	struct str rest = str_of(name), label;
	size_t count = 0;

	while (str_next(&rest, '.', &label)) {
		struct letters letters;

		letters_of(label, &letters);
		if (count > 0 && count < most)
			put_letter(&to[count++], '.');
		for (size_t i = 0; i < letters.count && count < most; i++)
			put_letter(&to[count++], letters.at[i]);
	}
	return count;
}

bool
name_needs_spelling(const char *name)
{
	return str_starts(str_of(name), STR("xn--")) || strstr(name, ".xn--");
}
