/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of sources, and what they have in common: where the key stands, passwords, files. */
#include <stdio.h>

#include "base/error.h"
#include "check/mailboxes_internal.h"
#include "sys/file.h"

static const struct {
	const char *kind;
	mailbox_counter *count;
	const char *name; /* what names a mailbox there, unless the source says otherwise */
} kinds[] = {
	{ "ldap", mailboxes_ask_ldap, "mail" },
	{ "csv", mailboxes_ask_csv, "PrimarySmtpAddress" },
	{ "json", mailboxes_ask_json, "mail" },
};

static size_t
kind_of(const struct config_mailbox_source *source)
{
	size_t i = 0;

	while (i + 1 < COUNT_OF(kinds) && strcmp(kinds[i].kind, source->kind) != 0)
		i++;
	return i; /* the configuration knows no others */
}

bool
mailboxes_count(const struct config_mailbox_source *source, const char *key, when now,
    struct mailbox_tally *tally, struct outcome *what)
{
	if (!kinds[kind_of(source)].count(source, key, now, tally, what))
		return false;
	if (tally->counted == 0)
		return outcome_set(what, OUTCOME_HUMAN,
		    "Nobody was counted (%.300s): is the customer's key right, and may we look there?",
		    tally->asked);
	return outcome_set(what, OUTCOME_DONE, "%lld counted", (long long)tally->counted);
}

struct mailbox_rule
mailbox_rule_of(const struct config_mailbox_source *source, const char *key)
{
	return (struct mailbox_rule){
		.column = source->column,
		.values = source->values,
		.name = *source->listed ? source->listed : kinds[kind_of(source)].name,
		.customer_column = source->customer_column,
		.customer = key,
	};
}

void
mailbox_fill(const char *text, const char *key, mailbox_escape *escape, struct buf *to)
{
	static const struct str mark = STR_INIT("{customer}");
	struct str rest = str_of(text);

	while (rest.len > 0) {
		size_t at = str_find(rest, mark);

		buf_put(to, rest.p, at);
		if (at < rest.len)
			escape(str_of(key), to);
		rest = str_drop(rest, at + mark.len);
	}
}

void
mailbox_escape_filter(struct str key, struct buf *to)
{
	for (size_t i = 0; i < key.len; i++)
		if (strchr("*()\\", key.p[i]) || (unsigned char)key.p[i] >= 0x80)
			buf_printf(to, "\\%02x", (unsigned char)key.p[i]);
		else
			buf_put_byte(to, (uint8_t)key.p[i]);
}

void
mailbox_escape_dn(struct str key, struct buf *to)
{
	for (size_t i = 0; i < key.len; i++)
		if (strchr("\"+,;<>\\=", key.p[i]) || (key.p[i] == '#' && i == 0) ||
		    (key.p[i] == ' ' && (i == 0 || i + 1 == key.len)))
			buf_printf(to, "\\%02x", (unsigned char)key.p[i]);
		else
			buf_put_byte(to, (uint8_t)key.p[i]);
}

void
mailbox_escape_url(struct str key, struct buf *to)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	for (size_t i = 0; i < key.len; i++)
		if (strchr(plain, key.p[i]))
			buf_put_byte(to, (uint8_t)key.p[i]);
		else
			buf_printf(to, "%%%02X", (unsigned char)key.p[i]);
}

void
mailbox_escape_file(struct str key, struct buf *to)
{
	buf_put_str(to, key);
}

bool
mailbox_key_is_file(const char *key)
{
	return *key != '\0' && *key != '.' && !strchr(key, '/');
}

bool
mailbox_password(const struct config_mailbox_source *source, struct buf *to, struct outcome *what)
{
	int r = file_read_secret(source->password_file, to);

	while (r == 0 && to->len > 0 && strchr("\r\n", to->data[to->len - 1]))
		buf_truncate(to, to->len - 1);
	if (r == 0)
		return true;
	return outcome_set(what, OUTCOME_HUMAN, "The password file %.200s %s.",
	    source->password_file,
	    r == FILE_E_ABSENT ? "is not there"
	    : r == FILE_E_MODE ? "may be read by others than its owner"
			       : "cannot be read");
}

bool
mailbox_tell_fault(const char *asked, const struct mailbox_fault *fault, struct outcome *what)
{
	char where[64] = "";

	if (fault->line > 0 && fault->column > 0)
		snprintf(
		    where, sizeof(where), ", line %zu, column %zu", fault->line, fault->column);
	else if (fault->line > 0)
		snprintf(where, sizeof(where), ", line %zu", fault->line);
	return outcome_set(what, OUTCOME_HUMAN, "%.160s%s: %.250s.", asked, where, fault->words);
}

static bool
tell_file(int r, const char *path, struct outcome *what)
{
	if (r == FILE_E_ABSENT)
		return outcome_set(
		    what, OUTCOME_LATER, "There is no file %.200s: it was not exported yet.", path);
	return outcome_set(what, OUTCOME_HUMAN, "%.200s cannot be read%s.", path,
	    r == FILE_E_TOO_LARGE ? ": it is too large" : "");
}

static bool
read_export(struct str bytes, const struct config_mailbox_source *source, const char *key,
    struct mailbox_tally *tally, struct outcome *what)
{
	struct mailbox_rule rule = mailbox_rule_of(source, key);
	struct mailbox_fault fault;
	int r = mailboxes_read_csv(bytes, &rule, tally, &fault);

	if (r == MAILBOXES_E_FORMAT)
		return mailbox_tell_fault(tally->asked, &fault, what);
	return r == 0 ||
	       outcome_set(what, OUTCOME_LATER, "A fault on our side: %s.", error_words(r));
}

/* Who exports it once and never again would have all renewals counted by that. */
static bool
is_fresh(
    const struct config_mailbox_source *source, const char *path, when now, struct outcome *what)
{
	char words[WHEN_WORDS_SIZE];
	struct file_stamp stamp;
	int r = file_stamp(path, &stamp);
	when written = r == 0 ? stamp.modified / 1000 : 0;

	if (r)
		return tell_file(r, path, what);
	return written > now - DAYS(source->oldest_days) ||
	       outcome_set(what, OUTCOME_LATER,
		   "%.200s was exported on %s, and what is older than %lld days is not counted.",
		   path, when_words(written, words), (long long)source->oldest_days);
}

bool
mailboxes_ask_csv(const struct config_mailbox_source *source, const char *key, when now,
    struct mailbox_tally *tally, struct outcome *what)
{
	CLEAN(buf_fini) struct buf path = BUF(CONFIG_PATH_SIZE * 2), bytes = BUF(MAILBOX_BYTES_MAX);
	int r;

	if (strstr(source->file, "{customer}") && !mailbox_key_is_file(key))
		return outcome_set(what, OUTCOME_HUMAN,
		    "The key \"%.100s\" cannot be part of a file's name: give the customer a "
		    "mailbox_key that can.",
		    key);
	mailbox_fill(source->file, key, mailbox_escape_file, &path);
	str_show(buf_str(&path), tally->asked, sizeof(tally->asked));
	if (!is_fresh(source, buf_text(&path), now, what))
		return false;
	r = file_read(buf_text(&path), &bytes);
	return r ? tell_file(r, tally->asked, what)
	         : read_export(buf_str(&bytes), source, key, tally, what);
}
