/* SPDX-License-Identifier: Apache-2.0 */
/* What files and lists share: the tally, and which values count. No I/O. */
#include <stdarg.h>
#include <stdio.h>

#include "check/mailboxes_internal.h"

void
mailbox_tally_init(struct mailbox_tally *tally)
{
	*tally = (struct mailbox_tally){
		.names = BUF((size_t)MAILBOXES_LISTED * MAILBOX_NAME_SIZE),
		.why = BUF((size_t)MAILBOXES_OTHERS * OUTCOME_WORDS_SIZE),
	};
}

void
mailbox_tally_fini(struct mailbox_tally *tally)
{
	buf_fini(&tally->names);
	buf_fini(&tally->why);
}

void
mailbox_tally_add(struct mailbox_tally *tally, struct str name)
{
	char shown[MAILBOX_NAME_SIZE];

	tally->counted++;
	if (tally->listed >= MAILBOXES_LISTED)
		return;
	tally->listed++;
	str_show(name, shown, sizeof(shown));
	buf_put_text(&tally->names, shown);
	buf_put_byte(&tally->names, '\n');
}

void
mailbox_tally_leave_out(struct mailbox_tally *tally, const char *format, ...)
{
	char words[OUTCOME_WORDS_SIZE], shown[OUTCOME_WORDS_SIZE];
	va_list args;

	if (tally->others++ >= MAILBOXES_OTHERS)
		return;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	str_show(str_of(words), shown, sizeof(shown));
	buf_put_text(&tally->why, shown);
	buf_put_byte(&tally->why, '\n');
}

bool
mailbox_value_counts(const struct mailbox_rule *rule, struct str value)
{
	struct str rest = str_of(rule->values), one;

	while (str_next(&rest, ',', &one))
		if (str_eq_nocase(str_trim(one), value))
			return true;
	return false;
}

int
mailbox_fault_at(struct mailbox_fault *fault, size_t line, size_t column, const char *format, ...)
{
	char words[OUTCOME_WORDS_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	fault->line = line;
	fault->column = column;
	str_show(str_of(words), fault->words, sizeof(fault->words));
	return MAILBOXES_E_FORMAT;
}
