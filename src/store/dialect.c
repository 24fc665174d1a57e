/* SPDX-License-Identifier: Apache-2.0 */
#include "store/dialect.h"

const struct dialect dialect_sqlite = {
	.name = "sqlite",
	.blob = "BLOB",
	.number = "INTEGER",
	.strict = "STRICT", /* without it 'text' goes into an integer column in silence */
	.claim = "",        /* BEGIN IMMEDIATE holds the one write lock already */
	.begin = "BEGIN IMMEDIATE",
};

static const char *
fragment(const struct dialect *dialect, struct str name)
{
	if (str_eq(name, STR("blob")))
		return dialect->blob;
	if (str_eq(name, STR("int")))
		return dialect->number;
	if (str_eq(name, STR("strict")))
		return dialect->strict;
	if (str_eq(name, STR("claim")))
		return dialect->claim;
	return NULL;
}

static size_t
word_length(struct str s)
{
	size_t len = 0;

	while (len < s.len && s.p[len] >= 'a' && s.p[len] <= 'z')
		len++;
	return len;
}

void
dialect_expand(const struct dialect *dialect, const char *sql, struct buf *to)
{
	struct str rest = str_of(sql);

	while (rest.len > 0) {
		size_t at = str_find(rest, STR("@")), len;
		const char *text;

		buf_put(to, rest.p, at);
		rest = str_drop(rest, at);
		if (rest.len == 0)
			return;
		len = word_length(str_drop(rest, 1));
		text = fragment(dialect, str_bytes(rest.p + 1, len));
		buf_put_text(to, text ? text : "@");
		rest = str_drop(rest, text ? len + 1 : 1);
	}
}
