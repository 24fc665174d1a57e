/* SPDX-License-Identifier: Apache-2.0 */
/* Two letters that together look like another one (rn and m); either may have been meant. Pure. */
#pragma once

#include "names/mistake.h"

#define PAIRS 4

/* With the pair at `at` instead of the one letter, or the other way round; false: neither is there. */
bool pair_put(const struct letters *from, size_t at, size_t pair, struct letters *to);
void pair_words(size_t pair, char words[static MISTAKE_WORDS]);
