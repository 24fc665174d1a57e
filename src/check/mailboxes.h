/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many full-access mailboxes has a customer? (M-G) Counted at a source of the configuration: a
 * directory (LDAP, Active Directory), a file that Exchange exported (CSV), a control panel (JSON
 * over HTTPS). What counts as full access is a filter that the operator states for each source.
 *
 * The answer is a whole one or none: whatever was cut off, by a limit of the server or by the end of
 * a connection, is an outcome and never a count. With the count come the names that were counted, so
 * that "you counted wrong" can be answered.
 *
 * Answers are hostile input: sizes, numbers and seconds are bounded, names are made fit for people's
 * eyes (str_show). A customer's key fills {customer} of a filter, address or path escaped for it.
 */
#pragma once

#include "base/buf.h"
#include "base/outcome.h"
#include "config/config.h"

#define MAILBOXES_MOST      1000000 /* of one customer */
#define MAILBOXES_LISTED    10000   /* names kept; more are counted, not named */
#define MAILBOXES_OTHERS    100     /* left out, and why: the first of them */
#define MAILBOX_NAME_SIZE   256
#define MAILBOX_SOURCE_SIZE 512
#define MAILBOX_BYTES_MAX   (64u * 1024 * 1024) /* of a file, or of a panel's answer */

enum {
	MAILBOXES_E_FORMAT = 1, /* it cannot be read: *fault says where and why */
};

/* Counted so far. */
struct mailbox_tally {
	int64_t counted, listed; /* `listed` of them are in `names` */
	int64_t others;   /* seen, but not of full access; 0 where the source does not tell */
	struct buf names; /* one a line */
	struct buf why;   /* the first of the others, one a line: where, and what it is */
	char asked[MAILBOX_SOURCE_SIZE]; /* what was asked, for people: base, file, address */
};
void mailbox_tally_init(struct mailbox_tally *tally);
void mailbox_tally_fini(struct mailbox_tally *tally);
CLEAN_DEFINE_FINI(mailbox_tally_fini, struct mailbox_tally);
void mailbox_tally_add(struct mailbox_tally *tally, struct str name);
void mailbox_tally_leave_out(struct mailbox_tally *tally, const char *format, ...)
    PRINTF_LIKE(2, 3);

/*
 * Asks the source. True: counted, *tally (initialized before) holds it. False: *what says why not:
 * LATER, it could not be reached, or gave up; HUMAN, somebody has to see to it (a wrong password, a
 * base that is not there, a limit of the server, a file that cannot be read). Nobody at all is no
 * count either: a directory shows nothing to a user without rights.
 */
bool mailboxes_count(const struct config_mailbox_source *source, const char *key, when now,
    struct mailbox_tally *tally, struct outcome *what);

/* Which of a file's lines, or a list's items, count. All borrowed; "" = not asked for. */
struct mailbox_rule {
	const char *column, *values; /* counts when the column has one of the values (commas) */
	const char *name;            /* the column with the mailbox's name */
	const char *customer_column, *customer; /* only lines whose column has the key */
};

struct mailbox_fault {
	size_t line, column; /* from 1; column 0 = the whole line; line 0 = the whole file */
	char words[OUTCOME_WORDS_SIZE];
};

/* A file as Export-Csv writes it: "#TYPE" line or none, quotes, comma, semicolon or tab; UTF-8, or
 * UTF-16 with its byte order mark; as RFC 4180 for the rest. */
int mailboxes_read_csv(struct str bytes, const struct mailbox_rule *rule,
    struct mailbox_tally *tally, struct mailbox_fault *fault) MUST_USE;
/* The value at `pointer` (RFC 6901): a number, or a list whose items the rule judges. The fault's
 * line and column are where the JSON breaks. */
int mailboxes_read_json(struct str bytes, const char *pointer, const struct mailbox_rule *rule,
    struct mailbox_tally *tally, struct mailbox_fault *fault) MUST_USE;
