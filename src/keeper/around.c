/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper/around.h"

#define COMMAND     STR("set ssl cert ")
#define COMMAND_END STR(" <<")
#define BLOCK_BEGIN STR("-----BEGIN CERTIFICATE-----")
#define BLOCK_END   STR("-----END CERTIFICATE-----")
#define BASE64_LINE 64

static bool
is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
consists_of(struct str s, const char *also)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_alphanumeric(s.p[i]) && (s.p[i] == '\0' || !strchr(also, s.p[i])))
			return false;
	return s.len > 0;
}

static bool
is_base64_line(struct str line)
{
	for (int padding = 0; padding < 2 && line.len > 0 && line.p[line.len - 1] == '='; padding++)
		line.len--;
	return line.len <= BASE64_LINE && consists_of(line, "+/");
}

/* Certificates one behind the other, or nothing. Every line has its LF. */
static bool
is_certificates(struct str text)
{
	bool inside = false;
	struct str line;

	if (text.len == 0)
		return true;
	if (text.p[text.len - 1] != '\n')
		return false;
	text.len--;
	while (str_next(&text, '\n', &line)) {
		if (!inside && str_eq(line, BLOCK_BEGIN))
			inside = true;
		else if (inside && str_eq(line, BLOCK_END))
			inside = false;
		else if (!inside || !is_base64_line(line))
			return false;
	}
	return !inside;
}

/* A file of the balancer's folder, in one word without what HAProxy's command line gives a meaning
 * (';',
 * '\', quotes, spaces). */
static bool
is_own_name(struct str name, struct str folder)
{
	struct str file = str_drop(name, folder.len + 1);

	if (folder.len == 0 || !str_starts(name, folder) || name.len <= folder.len ||
	    name.p[folder.len] != '/')
		return false;
	return consists_of(name, "/._-") && file.len > 0 && str_find(file, STR("/")) == file.len;
}

/* The command whose payload the key becomes: "set ssl cert NAME <<". */
static bool
is_command(struct str line, struct str folder)
{
	if (!str_starts(line, COMMAND) || !str_ends(line, COMMAND_END) ||
	    line.len <= COMMAND.len + COMMAND_END.len)
		return false;
	line = str_drop(line, COMMAND.len);
	line.len -= COMMAND_END.len;
	return is_own_name(line, folder);
}

const char *
around_fault(enum key_form form, const char *folder, struct str before, struct str after)
{

	if (before.len > KEY_EXPORT_AROUND_MAX || after.len > KEY_EXPORT_AROUND_MAX)
		return "more than 64 KiB around the key";
	if (form == FORM_HAPROXY_SOCKET) {
		size_t end = str_find(before, STR("\n"));

		if (end == before.len ||
		    !is_command((struct str){ .p = before.p, .len = end }, str_of(folder)))
			return "before the key stands another command than \"set ssl cert FOLDER/NAME <<\"";
		before = str_drop(before, end + 1);
		if (str_eq(after, STR("\n")) || str_ends(after, STR("\n\n")))
			after.len--; /* ends the payload */
	}
	if (!is_certificates(before))
		return "before the key stands something else than PEM certificates";
	return is_certificates(after) ? NULL
	                              : "after the key stands something else than PEM certificates";
}
