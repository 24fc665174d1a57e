/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking over a whole load balancer: the driver's `survey` calls back for everything that is served
 * or held there, once for each certificate at each place where it is served, and in no order. It
 * only reads, page by page; what it keeps of a device is an index of a few hundred bytes for each
 * certificate and profile, at most SURVEY_OBJECTS_MAX of them. What a device says of itself is a
 * peer's word: bounded, and shown, never trusted.
 */
#pragma once

#include <jansson.h>

#include "base/id.h"
#include "base/outcome.h"
#include "base/str.h"

#define SURVEY_OBJECTS_MAX 200000 /* of one kind; more are BALANCER_E_CAPACITY */
#define SURVEY_NAMES_MAX   2048   /* bytes of a certificate's names that are told */

enum surveyed_state {
	SURVEYED_LIVE,
	SURVEYED_DISABLED,   /* its virtual server is switched off */
	SURVEYED_NOT_ROUTED, /* ready to be served, but nobody is led there */
	SURVEYED_UNUSED,     /* a certificate that nothing names */
	SURVEYED_STATE_MAX
};
const char *surveyed_state_name(enum surveyed_state state);

enum surveyed_owner {
	SURVEYED_OURS, /* by our mark, or by the place where only we write */
	SURVEYED_FOREIGN,
	SURVEYED_AS3, /* in a folder that a declaration owns: what others change there is undone */
	SURVEYED_IAPP,
	SURVEYED_OWNER_MAX
};
const char *surveyed_owner_name(enum surveyed_owner owner);

/* Borrowed, valid during the call. Texts are never NULL; "" = there is none, or it is not told. */
struct surveyed {
	enum surveyed_state state;
	enum surveyed_owner owner;
	bool our_name;           /* called as we call ours */
	struct id site;          /* of the mark; ID_NONE: the mark names none */
	const char *host;        /* the name by which it is chosen */
	const char *names;       /* of the certificate, space between */
	const char *address;     /* "192.0.2.10", or with "%2" in a route domain */
	int64_t port;            /* 0 = not told */
	uint8_t sha256[32];      /* of the leaf; zeros = not told */
	uint8_t sha1[20];        /* the same */
	uint8_t file_sha1[20];   /* of the leaf as PEM, as we upload it; zeros = not told */
	uint8_t disk_sha256[32]; /* of leaf and chain that a restart would load; zeros = none */
	bool disk_told;          /* or it is not known */
	uint8_t chain_sha1[20];  /* of the chain as PEM, as we upload it; zeros = there is none */
	bool chain_told;         /* or it is not known */
	when not_after;
	const char *subject, *issuer, *organization; /* of the certificate */
	const char *pool;
	/* the objects, by full names; without `certificate` it is a place that serves no TLS */
	const char *certificate, *profile, *virtual;
};

struct surveyor {
	/* Not 0: the survey ends with it. */
	int (*found)(
	    const struct surveyor *self, const struct surveyed *entry, struct outcome *what);
	void *context;
};

struct surveyed surveyed_nothing(void);                /* all texts "" */
bool surveyed_has(const uint8_t *digest, size_t size); /* is it told? */
json_t *surveyed_json(const struct surveyed *entry);
/* A JSON string of what may be no UTF-8. */
json_t *survey_text(const char *text);
/* "DNS:a, DNS:b" to "a b"; other kinds of names are left out, and what does not fit. */
void survey_names(struct str list, char *to, size_t size);
