/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

void
fuzz_broken(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

struct fuzz_input
fuzz_input(const uint8_t *data, size_t size)
{
	if (size >= 2 && data[size - 2] == FUZZ_MARK)
		return (struct fuzz_input){ str_bytes(data, size - 2), data[size - 1] };
	return (struct fuzz_input){ str_bytes(data, size), 0 };
}

char *
fuzz_text(struct str *rest)
{
	struct str part;

	return str_next(rest, '\0', &part) ? str_dup(part) : alloc_text("");
}

json_t *
fuzz_object(struct str text)
{
	json_error_t error;
	json_t *json = json_loadb(text.p, text.len, JSON_ALLOW_NUL, &error);

	if (!json)
		fprintf(stderr, "%s in: %.*s\n", error.text, STR_ARG(text));
	MUST_HOLD(json_is_object(json));
	return json;
}

bool
fuzz_is_words(struct str text)
{
	size_t characters;

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return str_utf8_length(text, &characters);
}
