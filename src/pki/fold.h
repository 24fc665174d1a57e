/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name taken apart into words, in the letters that remain when case, accents and punctuation are
 * taken away: for comparing (pki/organization.h), not for showing. Latin letters become a-z;
 * Greek and Cyrillic ones lose their case; others stay. Bytes that are no UTF-8 end the text.
 */
#pragma once

#include "base/str.h"

#define FOLD_WORDS_MAX 24
#define FOLD_WORD_SIZE 64

struct folded {
	char word[FOLD_WORDS_MAX][FOLD_WORD_SIZE]; /* what is more, or longer, is dropped */
	size_t count;
	bool latin, other; /* has letters of a-z and digits; of other alphabets */
};

enum fold_umlauts {
	FOLD_PLAIN,   /* ü is u */
	FOLD_SPELLED, /* ü is ue, as where the keyboard has none */
};

void fold_words(struct str text, enum fold_umlauts umlauts, struct folded *ret);
/* The words without the blanks between them. */
void fold_join(const struct folded *words, char *to, size_t size);
