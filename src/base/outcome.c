/* SPDX-License-Identifier: Apache-2.0 */
#include "base/outcome.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
	[OUTCOME_DONE] = "done",
	[OUTCOME_LATER] = "later",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_HUMAN] = "human",
};
static_assert(COUNT_OF(names) == OUTCOME_MAX, "a name for each kind");

/* A peer's words end up in logs and on screens: one line, and no half character at the cut. */
static void
tidy(char *words)
{
	size_t len = strlen(words), characters;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)words[i] < ' ' || words[i] == 0x7f)
			words[i] = ' ';
	for (int i = 0;
	     i < 4 && len >= OUTCOME_WORDS_SIZE - 4 && !str_utf8_length(str_of(words), &characters);
	     i++)
		words[--len] = '\0';
	if (str_utf8_length(str_of(words), &characters))
		return;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)words[i] >= 0x80)
			words[i] = '?';
}

bool
outcome_set(struct outcome *o, enum outcome_kind kind, const char *format, ...)
{
	va_list args;

	o->kind = kind;
	o->again = 0;
	va_start(args, format);
	vsnprintf(o->words, sizeof(o->words), format, args);
	va_end(args);
	tidy(o->words);
	return kind == OUTCOME_DONE;
}

const char *
outcome_name(enum outcome_kind kind)
{
	return (size_t)kind < COUNT_OF(names) ? names[kind] : "unknown";
}
