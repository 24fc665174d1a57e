/* SPDX-License-Identifier: Apache-2.0 */
/* Inside mail/: the table of templates, the header lines of a letter, and sending with a time limit
 * of one's own. */
#pragma once

#include "mail/mail.h"

enum mail_layout {
	LAYOUT_TEXT,   /* filled and wrapped */
	LAYOUT_STEP,   /* the same under a hyphen */
	LAYOUT_RECORD, /* one line as it is, set in: to be copied */
	LAYOUT_CSR     /* the request, as it is */
};

enum mail_condition {
	ALWAYS,
	DNS_IS_LAST,
	DNS_IS_NOW,
	HAS_CA,
	HAS_NO_CA,
	HAS_CONTACT,
	HAS_NO_CONTACT,
	HAS_HINT,
	HAS_FINDING,
	HAS_MORE, /* than the one finding */
	SITE_STAYS,
	SITE_GOES
};

struct mail_paragraph {
	enum mail_layout layout;
	enum mail_condition condition;
	const char *text;
};

struct mail_template {
	const char *subject;
	const struct mail_paragraph *paragraph; /* one without text ends it */
};

extern const struct mail_template mail_templates[MAIL_PURPOSE_MAX];

/* Header lines with CRLF inside where folded; false: a value holds what no header may (nothing is
 * filled then). */
bool mail_header_text(
    const char *name, const char *text, struct buf *to); /* RFC 2047 where not ASCII */
bool mail_header_mailbox(const char *name, const char *mailbox, struct buf *to);
bool mail_header_id(const char *name, const char *id, struct buf *to);
void mail_header_date(when date, struct buf *to);
/* The bare address of "Name <address>" or "address"; false when it is neither. */
bool mail_address_of(const char *mailbox, char *to, size_t size);
bool mail_token_is_plain(
    const char *text); /* printable ASCII without quotes: names and types of attachments */

int mail_send_within(const struct config *config, const struct mail_letter *letter, when timeout,
    struct outcome *what) MUST_USE;
