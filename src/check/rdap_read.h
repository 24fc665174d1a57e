/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registry says about a domain, read out of its RDAP answer (RFC 9083, with the contacts as
 * jCard, RFC 7095, and what is hidden by RFC 9537). Pure.
 *
 * The answer is hostile: its bytes are limited by RDAP_ANSWER_MAX, lists and texts by the fields
 * here (what is more is dropped, texts are cut), nothing nested is followed. All texts are fit for
 * people's eyes (str_show). Telephone numbers, and contacts that are neither the domain's owner nor
 * its registrar, are not even looked at: nothing here needs them.
 *
 * Rules RD-02 to RD-04.
 */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/when.h"

#define RDAP_ANSWER_MAX   (512u * 1024)
#define RDAP_TEXT_SIZE    256
#define RDAP_NAME_SIZE    256
#define RDAP_URL_SIZE     1024
#define RDAP_STATUS_MAX   32
#define RDAP_SERVERS_MAX  16
#define RDAP_EVENTS_MAX   24
#define RDAP_REDACTED_MAX 64

enum rdap_outcome {
	RDAP_OK,           /* about a domain */
	RDAP_NOT_A_DOMAIN, /* about something else: a network, the server's help */
	RDAP_SAYS_ERROR,   /* an error object, see error_code */
	RDAP_FRAGMENT,     /* does not say what it is about; its fields are those of a domain */
	RDAP_MALFORMED,    /* no JSON object; nothing was read */
	RDAP_OUTCOME_MAX
};
/* "ok" "not_a_domain" "rdap_error" "malformed_or_fragment" "malformed" */
const char *rdap_outcome_name(enum rdap_outcome outcome);

/* An empty field alone says nothing (RD-02): why it is empty does. */
enum rdap_state {
	RDAP_NOBODY, /* the answer names no registrant */
	RDAP_ABSENT, /* empty or missing, without a word about it */
	RDAP_PRESENT,
	RDAP_REDACTED,    /* empty, and listed in `redacted` (RFC 9537) */
	RDAP_PARTIAL,     /* listed there, and something stands there all the same */
	RDAP_PLACEHOLDER, /* "REDACTED FOR PRIVACY": a text instead of a value */
	RDAP_STATE_MAX
};
const char *rdap_state_words(enum rdap_state state); /* "absent", "redacted (RFC 9537)" … */

struct rdap_field {
	enum rdap_state state;
	char text[RDAP_TEXT_SIZE];
	bool hidden; /* kept back, said in whatever way: by a path, by a remark */
};

struct rdap_contact {
	char handle[RDAP_TEXT_SIZE], kind[32];
	struct rdap_field name, organization, email;
	char post_box[RDAP_TEXT_SIZE], extended[RDAP_TEXT_SIZE], street[RDAP_TEXT_SIZE],
	    city[RDAP_TEXT_SIZE], region[RDAP_TEXT_SIZE], postal_code[RDAP_TEXT_SIZE],
	    country[RDAP_TEXT_SIZE];
	char country_code[8];       /* RFC 8605 */
	char label[RDAP_TEXT_SIZE]; /* the whole address as one text (RFC 7095 section 3.3.1.3) */
	bool has_card;
};

struct rdap_event {
	char action[64], date[40]; /* as they were written */
	when at;                   /* 0: no time that we could read */
};

struct rdap_redacted {
	char name[64], method[24];
};

struct rdap_domain {
	enum rdap_outcome outcome;
	int64_t error_code;
	char object_class[32], handle[RDAP_TEXT_SIZE];
	char ldh_name[RDAP_NAME_SIZE], unicode_name[RDAP_NAME_SIZE];
	char status[RDAP_STATUS_MAX][64];
	size_t status_count;
	char server[RDAP_SERVERS_MAX][RDAP_NAME_SIZE]; /* in lower case, without the last dot */
	size_t server_count;
	struct rdap_event event[RDAP_EVENTS_MAX];
	size_t event_count;
	bool tells_signed, is_signed; /* a DS record stands at the registry */
	bool has_registrant, has_registrar;
	struct rdap_contact registrant, registrar; /* the first of each */
	char registrar_id[16];                     /* IANA's number */
	bool lists_redacted;                       /* speaks RFC 9537 */
	struct rdap_redacted redacted[RDAP_REDACTED_MAX];
	size_t redacted_count;
	char related[RDAP_URL_SIZE]; /* where the registrar answers for the same domain; "" */
};

/* Fills all of *ret, whatever the bytes are. */
void rdap_read(struct str bytes, struct rdap_domain *ret);

/* RFC 8056's names in any writing: "clientHold", "client hold". */
bool rdap_has_status(const struct rdap_domain *domain, const char *status);
/* The last event of that action; 0 = none with a time. */
when rdap_event_at(const struct rdap_domain *domain, const char *action);
/* RFC 3339, with what registries make of it: "+0000", no zone (taken for UTC). */
bool rdap_time(struct str text, when *ret);
/* Does a text only say that there is none to be seen? */
bool rdap_is_placeholder(const char *text);
/* For the API and `certdesk org --json`; members as the RDAP answer's, in our words. */
json_t *rdap_json(const struct rdap_domain *domain);
