/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mails to customers: composed from a table of templates (mail/templates.c) and sent by SMTP
 * (libcurl, which also builds the MIME). Texts follow messages.md: what is wrong / why / what to
 * do, no blame, no codes. Header values are checked: nothing a customer typed can add a header.
 */
#pragma once

#include "base/buf.h"
#include "base/outcome.h"
#include "config/config.h"

enum mail_purpose {
	MAIL_QUESTION, /* what is odd about the order: is it meant? */
	MAIL_DECLINED, /* the order cannot go on: the first cause */
	MAIL_CSR,      /* the request, and what to do with it: buy, DNS record, send back */
	MAIL_REVIEW,   /* what they sent is good: look at it and accept it (K-08) */
	MAIL_REFUSED,  /* what they sent cannot be used: the first cause */
	MAIL_DNS,      /* installed and tested at our address: now move the DNS record */
	MAIL_LIVE,     /* M-68: it is ready */
	MAIL_RETIRED,  /* the order was cancelled: do not buy with its request */
	MAIL_PURPOSE_MAX
};
const char *mail_purpose_name(enum mail_purpose purpose); /* "csr", "review" … */

/* What a template may say; "" where it does not apply. All UTF-8. */
struct mail_facts {
	const char *provider, *platform;
	const char *contact_name;
	int64_t order;              /* number; the subject ends in "[#1042]" (M-A) */
	const char *fqdn, *address; /* address: text of the reserved one */
	const char *record_type;    /* "A" or "AAAA" */
	const char *organization, *city, *state, *country, *key_kind_words; /* "RSA, 2048 bits" */
	bool dns_last;      /* the name answers elsewhere today: move DNS only when told */
	const char *ca;     /* whom the customer buys from; "" = not told */
	const char *advice; /* else whom to, as sentences with a blank before each */
	const char *csr_pem;
	const char *issuer, *not_after; /* of the installed certificate, in words */
	const char *names;              /* of the certificate that was sent: "a, b" */
	/* the finding a customer sees first (I-08), in its sentences; "" = none */
	const char *finding_what, *finding_why, *finding_next;
	const char *finding_more; /* what else was found as grave, in sentences; "" = nothing */
	bool site_stays; /* of a cancelled order: its site goes on with the certificate it has */
	const char *api_hint;     /* how to send the certificate back */
	const char *accept_hint;  /* how to accept it */
	const char *spelled;      /* the name, character by character */
	const char *confirm_hint; /* how to say that what is odd is meant */
};

struct mail_draft {
	struct buf subject, body; /* text/plain; LF */
	struct buf attachment;    /* the CSR, for MAIL_CSR; empty otherwise */
	char attachment_name[300], attachment_type[64];
};
void mail_draft_fini(struct mail_draft *draft);
CLEAN_DEFINE_FINI(mail_draft_fini, struct mail_draft);
int mail_compose(
    enum mail_purpose purpose, const struct mail_facts *facts, struct mail_draft *ret) MUST_USE;

struct mail_letter {
	const char *from, *to, *subject, *message_id, *body;
	const char *in_reply_to;                                    /* "" = starts the thread */
	const char *attachment_name, *attachment_type, *attachment; /* "" = none */
	when date;
};
/* Hands it to the SMTP server: DONE when it was accepted; 4xx, no connection, time-out = LATER; 5xx
 * = REFUSED; TLS demanded and not offered or not verified = HUMAN. Marked Auto-Submitted (M-B). */
int mail_send(
    const struct config *config, const struct mail_letter *letter, struct outcome *what) MUST_USE;
