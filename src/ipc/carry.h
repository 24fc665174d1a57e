/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_CARRY, keeper to courier: send this one request, with a secret in it, over the connection
 * passed with the question, if the device at its other end is the right one, and bring back what it
 * answers (docs/decisions/0013). The method is POST, the protocol HTTP/1.1 over TLS.
 *
 * What a device answers comes to the worker in the same form, with the answers of MESSAGE_SIGN_IN
 * and MESSAGE_KEY_EXPORT. Trust: the question is the keeper's, who is nobody's but held to its form
 * all the same; status, body and words of the answer are a stranger's.
 */
#pragma once

#include "base/buf.h"
#include "base/when.h"
#include "config/config.h"
#include "ipc/channel.h"
#include "ipc/wire.h"

#define CARRY_CA_MAX      (32 * 1024)
#define CARRY_PATH_MAX    256
#define CARRY_HEADERS_MAX 4
#define CARRY_HEADER_MAX  512
#define CARRY_BODY_MAX    (8 * 1024)
#define CARRY_TIME_MAX    SECONDS(60)
#define CARRY_ANSWER_MAX  (16 * 1024)
#define CARRY_WORDS_SIZE  256

enum {
	CARRY_E_AWAY = 1,    /* no courier, or it gave no answer: the device may have it all */
	CARRY_E_REFUSED,     /* not allowed, or ill-formed: nothing was sent */
	CARRY_E_HELD,        /* a sign-in too soon after a wrong password: nothing was sent */
	CARRY_E_UNREACHABLE, /* no TLS with whoever is there: nothing was sent */
	CARRY_E_UNTRUSTED,   /* not the device that its pin or CA says: nothing was sent */
	CARRY_E_TIMEOUT,     /* no whole answer in time: the device may have it all */
	CARRY_E_CUT,         /* the connection ended before, or it was no HTTP: as before */
	CARRY_E_TOO_LONG,    /* more than CARRY_ANSWER_MAX: as before */
	CARRY_E_MAX
};
/* Of those: is it certain that the device got nothing? */
bool carry_sent_nothing(int r);

struct carry {
	const char *host; /* its name or address, as its certificate has it */
	uint16_t port;
	struct str ca;   /* PEM that its certificate must lead to; or */
	const char *pin; /* as CURLOPT_PINNEDPUBLICKEY takes it; one of both is "" */
	const char *path;
	struct str header[CARRY_HEADERS_MAX]; /* "Name: value" */
	size_t header_count;
	struct str body;
	uint32_t time_ms; /* for all of it */
};

/* Where carry_get() keeps what is text. */
struct carry_room {
	char host[CONFIG_HOST_SIZE], pin[CONFIG_PIN_SIZE], path[CARRY_PATH_MAX];
};

/* What came of it. */
struct carried {
	int result;                   /* 0: the device answered, whatever it was; or CARRY_E_… */
	uint16_t status;              /* of HTTP, 100 to 599; 0 unless it answered */
	struct str body;              /* at most CARRY_ANSWER_MAX; "" unless it answered */
	char words[CARRY_WORDS_SIZE]; /* for people: why it did not */
};
void carried_end(struct carried *carried, int result, const char *words);

/* `device` is passed, not closed. *answer, which should be secret, holds what ret->body borrows.
 * Returns ret->result; whatever went wrong here is CARRY_E_AWAY. */
int carry_ask(struct channel *courier, const struct carry *question, int device, struct buf *answer,
    struct carried *ret) MUST_USE;

/* The codec. What is borrowed points into the payload, or into `room`. False for anything ill-formed:
 * a host, path or header of other characters than these things have, a body that is empty. */
void carry_put(struct buf *to, const struct carry *question);
bool carry_get(struct str payload, struct carry_room *room, struct carry *ret) MUST_USE;
void carried_put(struct buf *to, const struct carried *carried);
void carried_get(struct wire *from, struct carried *ret);          /* as part of a message */
bool carried_is(struct str payload, struct carried *ret) MUST_USE; /* as the whole of it */

/* Is it [A-Za-z0-9] and what `also` names, at least one character of it? */
bool carry_consists_of(struct str s, const char *also);
