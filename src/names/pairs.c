/* SPDX-License-Identifier: Apache-2.0 */
#include "names/pairs.h"

#include <assert.h>
#include <stdio.h>

static const struct {
	struct str two;
	char one;
} pairs[] = { { STR_INIT("rn"), 'm' }, { STR_INIT("cl"), 'd' }, { STR_INIT("vv"), 'w' },
	{ STR_INIT("lc"), 'k' } };
static_assert(COUNT_OF(pairs) == PAIRS, "as the header says");

static bool
pair_at(const struct letters *letters, size_t at, size_t pair)
{
	return at + 1 < letters->count && letters->at[at] == (uint32_t)pairs[pair].two.p[0] &&
	       letters->at[at + 1] == (uint32_t)pairs[pair].two.p[1];
}

bool
pair_put(const struct letters *from, size_t at, size_t pair, struct letters *to)
{
	if (pair_at(from, at, pair)) {
		*to = letters_drop(from, at);
		to->at[at] = (uint32_t)pairs[pair].one;
		return true;
	}
	if (from->at[at] != (uint32_t)pairs[pair].one || from->count >= LETTERS_MAX)
		return false;
	*to = *from;
	copy_bytes(to->at + at + 1, from->at + at, (from->count - at) * sizeof(to->at[0]));
	to->at[at] = (uint32_t)pairs[pair].two.p[0];
	to->at[at + 1] = (uint32_t)pairs[pair].two.p[1];
	to->count++;
	return true;
}

void
pair_words(size_t pair, char words[static MISTAKE_WORDS])
{
	snprintf(words, MISTAKE_WORDS, "\"%s\" and \"%c\" look alike", pairs[pair].two.p,
	    pairs[pair].one);
}
