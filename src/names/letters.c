/* SPDX-License-Identifier: Apache-2.0 */
#include "names/letters.h"

#include <idn2.h>

#include "pki/name_script.h"

#define ITSELF '.'

/* clang-format off */
/* Latin letters with a mark, by their letter without it (Unicode's canonical decomposition), and
 * those that UTS 39 takes for one of a-z. */
static const struct {
	uint32_t first;
	const char *letters;
} blocks[] = {
	{ 0x00e0,
	  "aaaaaaaceeeeiiiidnooooo.ouuuuypy.a.a.a.c.c.c.c.d.d.e.e.e.e.e.g.g"
	  ".g.g.h.h.i.i.i.i.i.i.j.kk.l.l.l.l.l.n.n.nn.n.o.o.o.o.r.r.r.s.s.s"
	  ".s.t.t.t.u.u.u.u.u.u.w.y..z.z.zs" },
	{ 0x0180,
	  "b..b.b..c...dg....f..h...kll..n..o.o.p..s..t.t..u...y.z......s.p"
	  "..............a.i.o.u.u.u.u.ue.a.a...g.g.k.o.o..j....g...n.a...."
	  ".a.a.e.e.i.i.o.o.r.r.u.u.s.t...h.d...z.a.e.o.o.o.o.ylntj....c..s"
	  "z......e.j.q.r.y" },
	{ 0x0250,
	  "aaab.cdd.a.e....gggy..hhiiilll.wwmnnno......rrr.r.s.....tuuu...y"
	  "zz.......b..hjklq..............." },
	{ 0x1e00,
	  ".a.b.b.b.c.d.d.d.d.d.e.e.e.e.e.f.g.h.h.h.h.h.i.i.k.k.k.l.l.l.l.m"
	  ".m.m.n.n.n.n.o.o.o.o.p.p.r.r.r.r.s.s.s.s.s.t.t.t.t.u.u.u.u.u.v.v"
	  ".w.w.w.w.w.x.x.y.z.z.zhtwy.......a.a.a.a.a.a.a.a.a.a.a.a.e.e.e.e"
	  ".e.e.e.e.i.i.o.o.o.o.o.o.o.o.o.o.o.o.u.u.u.u.u.u.u.y.y.y.y...v.y" },
};

/* Letters of other alphabets and signs, by UTS 39; and small ones whose capitals look alike, as
 * names are written in capitals, too. Ordered. */
static const struct {
	uint32_t letter;
	char like;
} others[] = {
	{ '0', 'o' }, { '1', 'l' },
	/* Greek */
	{ 0x0390, 'i' }, { 0x03ac, 'a' }, { 0x03ad, 'e' }, { 0x03ae, 'n' }, { 0x03af, 'i' }, { 0x03b0, 'u' },
	{ 0x03b1, 'a' }, { 0x03b2, 'b' }, { 0x03b3, 'y' }, { 0x03b5, 'e' }, { 0x03b6, 'z' }, { 0x03b7, 'n' },
	{ 0x03b9, 'i' }, { 0x03ba, 'k' }, { 0x03bc, 'u' }, { 0x03bd, 'v' }, { 0x03bf, 'o' }, { 0x03c1, 'p' },
	{ 0x03c3, 'o' }, { 0x03c4, 't' }, { 0x03c5, 'u' }, { 0x03c7, 'x' }, { 0x03c9, 'w' }, { 0x03ca, 'i' },
	{ 0x03cb, 'u' }, { 0x03cc, 'o' }, { 0x03cd, 'u' }, { 0x03ce, 'w' }, { 0x03f3, 'j' },
	/* Cyrillic */
	{ 0x0430, 'a' }, { 0x0431, '6' }, { 0x0432, 'b' }, { 0x0433, 'r' }, { 0x0435, 'e' }, { 0x043a, 'k' },
	{ 0x043c, 'm' }, { 0x043d, 'h' }, { 0x043e, 'o' }, { 0x0440, 'p' }, { 0x0441, 'c' }, { 0x0442, 't' },
	{ 0x0443, 'y' }, { 0x0445, 'x' }, { 0x044c, 'b' }, { 0x0450, 'e' }, { 0x0451, 'e' }, { 0x0455, 's' },
	{ 0x0456, 'i' }, { 0x0457, 'i' }, { 0x0458, 'j' }, { 0x045e, 'y' }, { 0x0461, 'w' }, { 0x0475, 'v' },
	{ 0x04ab, 'c' }, { 0x04af, 'y' }, { 0x04bb, 'h' }, { 0x04bd, 'e' }, { 0x04cf, 'l' }, { 0x04d1, 'a' },
	{ 0x04d3, 'a' }, { 0x04d7, 'e' }, { 0x04e7, 'o' }, { 0x0501, 'd' }, { 0x051b, 'q' }, { 0x051d, 'w' },
	/* Armenian */
	{ 0x0561, 'w' }, { 0x0563, 'q' }, { 0x0570, 'h' }, { 0x0575, 'j' }, { 0x0578, 'n' }, { 0x057c, 'n' },
	{ 0x057d, 'u' }, { 0x0581, 'g' }, { 0x0585, 'o' },
	/* Latin small capitals and others */
	{ 0x1d04, 'c' }, { 0x1d0f, 'o' }, { 0x1d11, 'o' }, { 0x1d1c, 'u' }, { 0x1d20, 'v' }, { 0x1d21, 'w' },
	{ 0x1d22, 'z' }, { 0x1d26, 'r' }, { 0xa647, 'i' }, { 0xa79f, 'u' }, { 0xab35, 'f' }, { 0xab3d, 'o' },
	{ 0xab47, 'r' }, { 0xab5a, 'y' },
	/* Cherokee */
	{ 0xab75, 'i' }, { 0xab81, 'r' }, { 0xab83, 'w' }, { 0xab93, 'z' }, { 0xaba9, 'v' }, { 0xabaa, 's' },
	{ 0xabaf, 'c' },
};
/* clang-format on */

static uint32_t
look_of(uint32_t letter)
{
	size_t low = 0, high = COUNT_OF(others);

	for (size_t i = 0; letter >= 0x80 && i < COUNT_OF(blocks); i++) {
		struct str letters = str_of(blocks[i].letters);
		uint32_t at = letter - blocks[i].first;

		if (letter >= blocks[i].first && at < letters.len)
			return letters.p[at] == ITSELF ? letter : (uint32_t)letters.p[at];
	}
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (others[middle].letter == letter)
			return (uint32_t)others[middle].like;
		if (others[middle].letter < letter)
			low = middle + 1;
		else
			high = middle;
	}
	return letter;
}

static void
take_letters(struct str text, struct letters *ret)
{
	ret->count = 0;
	ret->beyond = false;
	while (text.len > 0 && ret->count < LETTERS_MAX) {
		ret->at[ret->count] = script_next_character(&text);
		ret->beyond = ret->beyond || ret->at[ret->count] >= 0x80;
		ret->count++;
	}
}

void
letters_of(struct str label, struct letters *ret)
{
	char copy[LETTERS_MAX];
	char *unicode = NULL;

	if (str_starts(label, STR("xn--")) && str_copy(label, copy, sizeof(copy)) &&
	    idn2_to_unicode_8z8z(copy, &unicode, IDN2_NONTRANSITIONAL) == IDN2_OK)
		label = str_of(unicode);
	take_letters(label, ret);
	idn2_free(unicode);
}

void
letters_skeleton(const struct letters *plain, struct letters *ret)
{
	ret->count = 0;
	ret->beyond = plain->beyond;
	for (size_t i = 0; i < plain->count; i++)
		if (plain->at[i] != '-')
			ret->at[ret->count++] = look_of(plain->at[i]);
}

bool
letters_eq(const struct letters *a, const struct letters *b)
{
	return a->count == b->count && memcmp(a->at, b->at, a->count * sizeof(a->at[0])) == 0;
}

struct letters
letters_drop(const struct letters *from, size_t at)
{
	struct letters rest = *from;

	copy_bytes(rest.at + at, from->at + at + 1, (from->count - at - 1) * sizeof(rest.at[0]));
	rest.count--;
	return rest;
}

const char *
letter_text(uint32_t letter, char to[static LETTER_SIZE])
{
	size_t put = 0;

	if (letter >= 0x10000)
		to[put++] = (char)(0xf0 | letter >> 18);
	if (letter >= 0x800)
		to[put++] =
		    (char)(letter >= 0x10000 ? 0x80 | (letter >> 12 & 0x3f) : 0xe0 | letter >> 12);
	if (letter >= 0x80) {
		to[put++] =
		    (char)(letter >= 0x800 ? 0x80 | (letter >> 6 & 0x3f) : 0xc0 | letter >> 6);
		to[put++] = (char)(0x80 | (letter & 0x3f));
	} else {
		to[put++] = (char)letter;
	}
	to[put] = '\0';
	return to;
}

static bool
is_digit(uint32_t letter)
{
	return letter >= '0' && letter <= '9';
}

static size_t
without_number(const struct letters *letters)
{
	size_t count = letters->count;

	while (count > 0 && is_digit(letters->at[count - 1]))
		count--;
	return count;
}

static bool
differ_in_digits(const struct letters *a, const struct letters *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++)
		if (a->at[i] != b->at[i] && !(is_digit(a->at[i]) && is_digit(b->at[i])))
			return false;
	return a->count == b->count;
}

bool
letters_differ_in_number(const struct letters *a, const struct letters *b)
{
	size_t count = without_number(a);

	return differ_in_digits(a, b) ||
	       (count == without_number(b) && memcmp(a->at, b->at, count * sizeof(a->at[0])) == 0);
}
