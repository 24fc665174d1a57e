/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the desk's tests: the desk as it is, on a unix socket with a database of its own, a client
 * over real HTTP, and a reader and a certdeskd that say what a test wants.
 */
#pragma once

#include "desk/http.h"
#include "ipc/read_delivery.h"
#include "store/customers.h"
#include "store/eligibility.h"
#include "store/orders.h"
#include "store/sites.h"

/* Must hold; says where it did not. */
#define OK(call) lab_must((call) == 0, #call, __FILE__, __LINE__)
void lab_must(bool holds, const char *what, const char *file, int line);

enum reading {
	READING_GOOD,    /* accepts whatever comes */
	READING_LACKS,   /* good, but for an issuer that can be fetched */
	READING_BAD,     /* refuses with CERT_KEY_UNKNOWN */
	READING_REFUSED, /* calls the question malformed */
};

struct lab {
	char folder[64], socket[96];
	struct config config;
	struct process process;
	struct desk desk;
	struct http *http;
	struct store *store; /* the test's own handle */

	/* the reader's end: what it says, what it saw */
	pthread_t thread;
	struct channel *reader, *boss;
	atomic_bool ended;
	enum reading reading;
	bool takes_key;                     /* and says that it took the key that came along */
	uint8_t leaf;                       /* makes the certificate it reads another one */
	bool dies;                          /* its answer cannot be sent any more */
	void (*meanwhile)(struct lab *lab); /* called while it reads, once; NULL = nothing */
	struct delivery_question seen;      /* its borrowed parts are gone */
	size_t seen_bytes;
	char seen_password[64];

	/* what is there from the start: two customers with a service each, a pool of six addresses
	 */
	char provider[TOKEN_SECRET_SIZE];
	struct person {
		struct customer customer;
		struct service service;
		char token[TOKEN_SECRET_SIZE];
	} contoso, fabrikam;
};

int lab_open(void **state) MUST_USE;
int lab_close(void **state) MUST_USE;

struct reply {
	long status;
	char *body;    /* NUL-terminated */
	json_t *json;  /* NULL when it is none */
	char *headers; /* as they came */
};
void reply_fini(struct reply *reply);
CLEAN_DEFINE_FINI(reply_fini, struct reply);

struct ask {
	const char *token; /* NULL = none */
	const char *method, *path;
	const char *body;   /* NULL = none */
	size_t body_size;   /* 0 = strlen */
	const char *type;   /* NULL = application/json */
	const char *header; /* one more; NULL = none */
};
struct reply lab_ask(struct lab *lab, const struct ask *ask);
/* By the provider's token. */
struct reply lab_get(struct lab *lab, const char *path);
struct reply lab_post(struct lab *lab, const char *path, const char *format, ...) PRINTF_LIKE(3, 4);
/* Text at a dotted path, "errors.0.field"; "" when absent. Numbers as text. */
const char *reply_text(const struct reply *reply, const char *path);
bool reply_has_header(const struct reply *reply, const char *line);
/* Is the code among the findings? */
bool reply_found(const struct reply *reply, const char *code);

/* Orders over HTTP; its number. */
int64_t lab_order(struct lab *lab, const struct person *person, const char *host);
/* Key and CSR of an order, as the worker leaves them. */
void lab_key(struct lab *lab, int64_t number);
void lab_event(struct lab *lab, int64_t number, enum order_event event);
