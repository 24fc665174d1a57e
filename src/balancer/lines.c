/* SPDX-License-Identifier: Apache-2.0 */
#include "balancer/lines.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t
word_length(struct str s)
{
	size_t len = 0;

	while (len < s.len && !is_blank(s.p[len]))
		len++;
	return len;
}

static bool
line_has_key(struct str line, struct str key)
{
	line = str_trim(line);
	return str_eq(str_bytes(line.p, word_length(line)), key);
}

/* Cuts off the line that `at` is in, and all before it. */
static struct str
take_line(struct str *rest, size_t at)
{
	const char *before = memrchr(rest->p, '\n', at);
	const char *end = memchr(rest->p + at, '\n', rest->len - at);
	size_t from = before ? (size_t)(before - rest->p) + 1 : 0;
	size_t to = end ? (size_t)(end - rest->p) : rest->len;
	struct str line = str_bytes(rest->p + from, to - from);

	*rest = str_drop(*rest, to + 1);
	return line;
}

/* Looks for the bytes of the key first and for its line then: ten thousand lines are little to
 * memmem(). */
bool
lines_find(struct str text, struct str key, struct str *ret_line)
{
	size_t at;

	while ((at = str_find(text, key)) < text.len) {
		struct str line = take_line(&text, at);

		if (line_has_key(line, key)) {
			*ret_line = str_trim(line);
			return true;
		}
	}
	return false;
}

struct str
lines_value(struct str line)
{
	line = str_trim(line);
	return str_trim(str_drop(line, word_length(line)));
}

void
lines_without(struct str text, struct str key, struct buf *to)
{
	struct str line;

	while (str_next(&text, '\n', &line)) {
		if (line_has_key(line, key))
			continue;
		buf_put_str(to, line);
		if (text.p) /* the last line was ended, too */
			buf_put_byte(to, '\n');
	}
}
