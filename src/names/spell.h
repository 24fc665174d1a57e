/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name so that a tired person sees what it says, before it is confirmed: in big letters, in which
 * 0 and O, 1, I and L, RN and M differ; and letter by letter with the alphabets named, where it has
 * others than a-z. Pure.
 */
#pragma once

#include "base/buf.h"
#include "pki/name.h"

/* `name` as in DNS. Lines of at most `width` columns (40 at least), each begins with `margin`. */
void name_spell_big(const char *name, size_t width, const char *margin, struct buf *to);

struct name_letter {
	char text[5];       /* UTF-8 */
	const char *script; /* "Cyrillic"; "" = of all alphabets */
};

/* A-labels as they are read; the dots are among them. Returns how many there are, `most` at most. */
size_t name_spell_letters(const char *name, struct name_letter *to, size_t most);
/* Has it letters other than a-z? */
bool name_needs_spelling(const char *name);
