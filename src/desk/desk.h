/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the handlers of the API share: the desk, a request as they see it, the answer they fill.
 * Nothing here knows libmicrohttpd (http.c does) and no handler checks a token (route.c and access.c do).
 */
#pragma once

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "ipc/process.h"
#include "order/finding.h"
#include "store/store.h"
#include "store/tokens.h"

#define BODY_MAX     (2 * 1024 * 1024)
#define ANSWER_MAX   (8 * 1024 * 1024)
#define PAGE_DEFAULT 50
#define PAGE_MOST    200
#define STORES_MAX   64

struct desk {
	const struct process *process;
	const struct config *config;
	struct channel *reader, *worker;
	pthread_mutex_t lock; /* guards `idle` */
	struct store *idle[STORES_MAX];
	size_t idle_count;
	atomic_uint_fast64_t requests, refused, faults;
};

struct store *desk_take_store(struct desk *desk); /* a handle nobody else has; never NULL: dies if the store cannot be opened */
void desk_put_store(struct desk *desk, struct store *store);

struct answer {
	int status;               /* 0 = none yet */
	const char *type;         /* "application/json" unless set */
	struct buf body;
	char location[128], etag[48], allow[64];
	int retry_after;          /* seconds; 0 = no header */
	bool replayed;
	enum finding_code first;  /* for the log, with `has_first` */
	bool has_first;
};

struct request {
	struct desk *desk;
	struct store *store;      /* this request's handle */
	struct token token;       /* who asks */
	const char *method, *path;
	char ref[256];            /* the {id} or {ref} of the path, percent-decoded; "" when it has none */
	struct str body;
	const char *content_type, *accept, *if_match, *idempotency_key; /* "" when absent */
	const char *(*query)(const struct request *request, const char *name); /* NULL when absent */
	void *connection;         /* query()'s */
};

/* Handlers return 0 when the answer is filled, good or bad; STORE_E_… and negatives become the usual
 * problems in one place (answer_fault). */
typedef int handler_fn(struct request *request, struct answer *answer);

/* Ends the handler's transaction: keeps the answer for its Idempotency-Key, commits. `point` names both failpoints. */
#define request_commit(request, answer, point)                                                     \
	request_commit_at((request), (answer), FAILPOINT_NAME(point ".before"), FAILPOINT_NAME(point ".after"))
int request_commit_at(struct request *request, const struct answer *answer, const char *before, const char *after) MUST_USE;

bool request_is_provider(const struct request *request);
/* The page asked for with ?limit= and ?cursor= (an id); false and the answer filled when they are no such thing. */
bool request_page(const struct request *request, struct answer *answer, struct page *ret);
/* As `Author` in records: the token's name. */
const char *request_author(const struct request *request);
