/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/log.h"

#include "base/buf.h"
#include "sys/world.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define LINE_MAX_BYTES  32768
#define VALUE_MAX_BYTES 2048

/* clang-format off */
static const char *const level_names[] = {
	[LOG_ERROR]   = "error",
	[LOG_WARNING] = "warning",
	[LOG_NOTICE]  = "notice",
	[LOG_INFO]    = "info",
	[LOG_DEBUG]   = "debug",
};
/* clang-format on */
static_assert(COUNT_OF(level_names) == LOG_DEBUG + 1, "a name for every level");

static struct {
	const char *program;
	enum log_format format;
	enum log_level least;
} sink = { .program = "certdesk", .format = LOG_AS_TEXT, .least = LOG_NOTICE };

void
log_start(const char *program, enum log_format format, enum log_level least)
{
	sink.program = program;
	sink.format = format;
	sink.least = least;
}

bool
log_level_parse(struct str s, enum log_level *ret)
{
	for (size_t i = 0; i < COUNT_OF(level_names); i++)
		if (str_eq(s, str_of(level_names[i]))) {
			*ret = (enum log_level)i;
			return true;
		}
	return false;
}

/* Length of the UTF-8 character at the front, 0 when the bytes there are none. */
static size_t
character_length(struct str s)
{
	size_t characters;

	for (size_t len = 1; len <= 4 && len <= s.len; len++)
		if (str_utf8_length(str_bytes(s.p, len), &characters))
			return len;
	return 0;
}

/* What ends a line or forges one, and what drives a terminal: C0, DEL, and C1 (U+0080 … U+009F). */
static bool
is_control(struct str c)
{
	unsigned char first = (unsigned char)c.p[0];

	return first < 0x20 || first == 0x7f ||
	       (c.len == 2 && first == 0xc2 && (unsigned char)c.p[1] < 0xa0);
}

static void
put_escaped_character(struct buf *to, struct str c, enum log_format format)
{
	unsigned code = (unsigned char)c.p[c.len - 1];

	if (*c.p == '"' || *c.p == '\\')
		buf_printf(to, "\\%c", *c.p);
	else if (!is_control(c))
		buf_put_str(to, c);
	else if (*c.p == '\n')
		buf_put_text(to, "\\n");
	else
		buf_printf(to, format == LOG_AS_JSON ? "\\u%04x" : "\\x%02x", code);
}

static void
put_quoted(struct buf *to, struct str s, enum log_format format)
{
	size_t end = to->len + VALUE_MAX_BYTES;

	buf_put_byte(to, '"');
	while (s.len > 0 && to->len < end) {
		size_t len = character_length(s);

		if (len > 0)
			put_escaped_character(to, str_bytes(s.p, len), format);
		else if (format == LOG_AS_JSON)
			buf_put_text(to, "\\ufffd");
		else
			buf_printf(to, "\\x%02x", (unsigned)(unsigned char)*s.p);
		s = str_drop(s, len > 0 ? len : 1);
	}
	buf_put_text(to, s.len > 0 ? "…\"" : "\"");
}

static bool
is_plain(struct str s)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,-";

	return s.len > 0 && s.len <= 128 && strspn(s.p, plain) >= s.len;
}

static void
put_value(struct buf *to, const struct log_field *field)
{
	char id[ID_TEXT_SIZE];
	const char *text = field->is_id ? id_text(field->id, id) : field->text;

	if (!text)
		buf_printf(to, "%" PRId64, field->number);
	else if (sink.format == LOG_AS_TEXT && is_plain(str_of(text)))
		buf_put_text(to, text);
	else
		put_quoted(to, str_of(text), sink.format);
}

static void
put_line(struct buf *to, enum log_level level, const char *event)
{
	char now[WHEN_RFC3339_SIZE];

	when_rfc3339(world_now(world_real()), now);
	buf_printf(to,
	    sink.format == LOG_AS_JSON
		? "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"event\":\"%s\""
		: "%s %s %s %s",
	    now, level_names[level], sink.program, event);
}

/* One write per line, so that lines of several processes do not mix. A log that cannot be written
 * has nobody to be told to. */
static void
write_line(struct str line)
{
	while (line.len > 0) {
		ssize_t n = write(STDERR_FILENO, line.p, line.len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0)
			line = str_drop(line, (size_t)n);
	}
}

void
log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	CLEAN(buf_fini) struct buf line = BUF(LINE_MAX_BYTES);

	if (level > sink.least)
		return;
	put_line(&line, level, event);
	for (size_t i = 0; i < count; i++) {
		buf_printf(&line, sink.format == LOG_AS_JSON ? ",\"%s\":" : " %s=", fields[i].key);
		put_value(&line, &fields[i]);
	}
	if (buf_failed(&line)) { /* too long even so: the event alone is better than half a line */
		buf_clear(&line);
		put_line(&line, level, event);
	}
	buf_put_text(&line, sink.format == LOG_AS_JSON ? "}\n" : "\n");
	write_line(buf_str(&line));
}
