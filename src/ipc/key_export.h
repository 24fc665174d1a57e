/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_KEY_EXPORT, worker to keeper: the one way a private key leaves us. The keeper unwraps it
 * and pours `before` + PEM of the key + `after` into the descriptor passed with the question, so
 * the worker that opened the vessel never holds the key (K-06, C-04).
 *
 * The keeper holds the vessel against its own configuration, never against the worker's word:
 *   FORM_HAPROXY_SOCKET  the descriptor is a stream connected to that balancer's runtime socket
 *   FORM_HTTPS_UPLOAD    the descriptor is a TCP stream connected to the configured address of
 * that balancer's unit; the courier sends the key's PEM, with nothing around it, to its folder of uploads under
 * `upload`, a name that begins with "certdesk-" and goes on with A-Z a-z 0-9 . _ -
 *   FORM_FILE            an empty regular file of mode 0600 or 0640 that is ours, the worker's or
 * root's and takes around the key only what cannot turn it into something else (an empty line would
 * end HAProxy's payload and what follows be executed, another command could store the key where it
 * can be read): before  FORM_HAPROXY_SOCKET: first the line "set ssl cert FOLDER/NAME <<", a file
 * of the balancer's configured `certificates` folder; then, in both forms, certificates after
 * certificates; for FORM_HAPROXY_SOCKET at its end the empty line that ends the payload
 * Certificates are PEM blocks "CERTIFICATE" with lines of base64, each line ended by one LF.
 */
#pragma once

#include "base/id.h"
#include "config/config.h"
#include "ipc/carry.h"
#include "ipc/channel.h"
#include "ipc/key_make.h"

#define KEY_EXPORT_AROUND_MAX (64 * 1024)
#define KEY_EXPORT_WORDS_SIZE 128
#define KEY_UPLOAD_NAME_SIZE  121
#define KEY_UPLOAD_TOKEN_SIZE 257

enum {
	KEY_EXPORT_E_AWAY = 1, /* no answer: the vessel may hold nothing, a part or all */
	KEY_EXPORT_E_REFUSED, /* not allowed, or not our key: `words` say why; nothing was poured */
	KEY_EXPORT_E_TOO_LARGE, /* it would be `total` bytes: nothing was poured */
	KEY_EXPORT_E_VESSEL, /* the vessel took a part or nothing within the time: `words` say why
	                      */
};

enum key_form { FORM_HAPROXY_SOCKET, FORM_FILE, FORM_HTTPS_UPLOAD, FORM_MAX };

struct key_export {
	const char *balancer;                        /* as in the configuration */
	struct id installation, key, customer, site; /* the last three as in struct key_order */
	struct str wrapped;
	enum key_form form;
	struct str before, after;   /* at most KEY_EXPORT_AROUND_MAX each */
	const char *upload, *token; /* of FORM_HTTPS_UPLOAD: its name, and the token of the worker's
	                               own sign-in; else NULL or "" */
	uint8_t unit;               /* of FORM_HTTPS_UPLOAD: which unit, below CONFIG_UNITS_MAX */
	uint32_t max_total;         /* bytes that the vessel may take; 0 = any */
};

struct key_exported {
	uint32_t total; /* bytes poured, or that it would have been; 0 if not known */
	uint8_t spki_sha256[32];
	char words[KEY_EXPORT_WORDS_SIZE];
	struct carried device; /* of FORM_HTTPS_UPLOAD: what it answered, or, with
	                          KEY_EXPORT_E_VESSEL, what came between */
};

/* Where key_export_get() keeps what is text. */
struct key_export_room {
	char balancer[CONFIG_NAME_SIZE], upload[KEY_UPLOAD_NAME_SIZE], token[KEY_UPLOAD_TOKEN_SIZE];
};

/* `vessel` is passed, not closed; nothing is flushed to disk. *ret is filled in all cases but AWAY
 * and fatal. */
int key_export_ask(struct channel *keeper, const struct key_export *question, int vessel,
    struct key_exported *ret) MUST_USE;
/* The same for FORM_HTTPS_UPLOAD; *answer holds what ret->device.body borrows. 0 says that the
 * device answered: what it answered is for the caller to read. */
int key_upload_ask(struct channel *keeper, const struct key_export *question, int device,
    struct buf *answer, struct key_exported *ret) MUST_USE;

/* The codec. `room` receives the texts, the rest borrows from the payload; false for anything
 * ill-formed. The result of an export is 0 or KEY_EXPORT_E_…. */
void key_export_put(struct buf *to, const struct key_export *question);
bool key_export_get(
    struct str payload, struct key_export_room *room, struct key_export *ret) MUST_USE;
void key_exported_put(struct buf *to, int result, const struct key_exported *exported);
int key_exported_get(struct str payload, struct key_exported *ret) MUST_USE;
