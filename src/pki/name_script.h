/* SPDX-License-Identifier: Apache-2.0 */
/* Which alphabets a name uses: letters of one that pass for those of another are a trap (H-10). */
#pragma once

#include "base/str.h"

/* True when one label mixes alphabets that no language mixes; `words` then names them: "Latin and
 * Cyrillic". */
bool script_is_mixed(struct str name, char *words, size_t size);

/* Takes the next character off valid UTF-8 that is not empty. */
uint32_t script_next_character(struct str *s);
/* "Latin", "Cyrillic"; "" for digits, hyphens and whatever belongs to all. */
const char *script_name(uint32_t character);
