/* SPDX-License-Identifier: Apache-2.0 */
/* Inside check/mailboxes: the kinds of sources, and what they share. */
#pragma once

#include "check/mailboxes.h"

typedef bool mailbox_counter(const struct config_mailbox_source *source, const char *key, when now,
    struct mailbox_tally *tally, struct outcome *what);
mailbox_counter mailboxes_ask_ldap, mailboxes_ask_csv, mailboxes_ask_json;

/* `text` with each {customer} replaced by the key, escaped for where it stands. */
typedef void mailbox_escape(struct str key, struct buf *to);
void mailbox_fill(const char *text, const char *key, mailbox_escape *escape, struct buf *to);
mailbox_escape mailbox_escape_filter;      /* RFC 4515 section 3 */
mailbox_escape mailbox_escape_dn;          /* RFC 4514 section 2.4 */
mailbox_escape mailbox_escape_url;         /* RFC 3986 section 2.1 */
mailbox_escape mailbox_escape_file;        /* the key as it is: see mailbox_key_is_file() */
bool mailbox_key_is_file(const char *key); /* names one file in a folder, and no way out of it */

/* Is the value one of those with commas between? Letters of either case are the same. */
bool mailbox_value_counts(const struct mailbox_rule *rule, struct str value);
struct mailbox_rule mailbox_rule_of(const struct config_mailbox_source *source, const char *key);
/* The source's password. False: HUMAN in *what. */
bool mailbox_password(
    const struct config_mailbox_source *source, struct buf *to, struct outcome *what);
/* What a fault is as an outcome: HUMAN, with where it is. False, always. */
bool mailbox_tell_fault(const char *asked, const struct mailbox_fault *fault, struct outcome *what);
/* MAILBOXES_E_FORMAT, with the fault filled. */
int mailbox_fault_at(struct mailbox_fault *fault, size_t line, size_t column, const char *format,
    ...) PRINTF_LIKE(4, 5) MUST_USE;
