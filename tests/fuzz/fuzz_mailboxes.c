/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mailboxes are counted from: an exported file (CSV, in UTF-8 or UTF-16) and a control panel's
 * answer (JSON), by whatever rule (check/mailboxes.h).
 *
 * Holds: what was counted is not negative and at most one of the names is for each; the names are
 * words, one a line, as many as are said to be listed; a fault has words, and places in the file.
 *
 * Texts with a NUL between: column, values, name, customer's column, customer, pointer; the rest is
 * the file.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "check/mailboxes.h"

enum { COLUMN, VALUES, NAME, CUSTOMER_COLUMN, CUSTOMER, POINTER, TEXTS };

static void
check_lines(struct str lines, int64_t count)
{
	struct str line;

	while (str_next(&lines, '\n', &line))
		if (lines.p) {
			MUST_HOLD(fuzz_is_words(line));
			count--;
		}
	MUST_HOLD(count == 0);
}

static void
check(int r, const struct mailbox_tally *tally, const struct mailbox_fault *fault)
{
	MUST_HOLD(r == 0 || r == MAILBOXES_E_FORMAT);
	MUST_HOLD(tally->counted >= 0 && tally->others >= 0 && tally->listed <= tally->counted);
	MUST_HOLD(!buf_failed(&tally->names) && !buf_failed(&tally->why));
	check_lines(buf_str(&tally->names), tally->listed);
	if (r == 0)
		return;
	MUST_HOLD(*fault->words && fuzz_is_words(str_of(fault->words)));
	MUST_HOLD(fault->line > 0 || fault->column == 0);
}

static void
count_both(struct str text[static TEXTS], struct str file)
{
	const struct mailbox_rule rule = { text[COLUMN].p, text[VALUES].p, text[NAME].p,
		text[CUSTOMER_COLUMN].p, text[CUSTOMER].p };

	for (int json = 0; json < 2; json++) {
		CLEAN(mailbox_tally_fini) struct mailbox_tally tally;
		struct mailbox_fault fault = { 0 };

		mailbox_tally_init(&tally);
		check(json ? mailboxes_read_json(file, text[POINTER].p, &rule, &tally, &fault)
			   : mailboxes_read_csv(file, &rule, &tally, &fault),
		    &tally, &fault);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_bytes(data, size), text[TEXTS];
	char *owned[TEXTS];

	for (size_t i = 0; i < TEXTS; i++) {
		owned[i] = fuzz_text(&rest);
		text[i] = str_of(owned[i]);
	}
	count_both(text, str_bytes(rest.p, rest.len)); /* nothing is left: "" */
	for (size_t i = 0; i < TEXTS; i++)
		free(owned[i]);
	return 0;
}
