/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: one mail or portal entry in an order's conversation. An outgoing mail is stored, with
 * its Message-ID, before it is handed to the SMTP server: after a crash it is sent again under the
 * same id, never lost. At most one message of a purpose about one thing.
 */
#pragma once

#include "base/buf.h"
#include "store/store.h"

struct message {
	struct id id, order;
	struct id about; /* the order, or one delivery of it; none = the order */
	bool incoming;
	char purpose[32]; /* "csr", "review" … */
	char sender[320], recipient[320], subject[256];
	char message_id[256];                                 /* with its angle brackets */
	char words[512];                                      /* the SMTP server's answer */
	when created, sent;                                   /* sent 0 = not yet */
	char *body;                                           /* text/plain, UTF-8, LF; heap */
	char *attachment_name, *attachment_type, *attachment; /* text; NULL = none; heap */
};
void message_fini(struct message *message);
CLEAN_DEFINE_FINI(message_fini, struct message);
struct message_list {
	struct message *row;
	size_t count;
	bool more;
};
void message_list_fini(struct message_list *list);
CLEAN_DEFINE_FINI(message_list_fini, struct message_list);

/* Fills id and created. ALREADY: there is one of that purpose about it, *m is then that one. */
int store_message_add(struct store *s, struct message *m) MUST_USE;
int store_message_get(struct store *s, struct id order, const char *purpose, struct id about,
    struct message *ret) MUST_USE;
/* Of one that was not sent yet: to another address, as the first was wrong. */
int store_message_redirect(struct store *s, struct id id, const char *recipient) MUST_USE;
int store_message_sent(struct store *s, struct id id, const char *words) MUST_USE;
int store_message_list(
    struct store *s, struct id order, struct page page, struct message_list *ret) MUST_USE;
