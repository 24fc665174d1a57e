/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the handlers of the API share: the desk, a request as they see it, the answer they fill.
 * Nothing here knows libmicrohttpd (http.c does) and no handler checks a token (route.c and
 * access.c do). Everything in a request is hostile; its sizes are bounded before it gets here.
 */
#pragma once

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "config/calendar.h"
#include "ipc/process.h"
#include "order/finding.h"
#include "review/market.h"
#include "store/store.h"
#include "store/tokens.h"

#define BODY_MAX     (2 * 1024 * 1024)
#define ANSWER_MAX   (8 * 1024 * 1024)
#define PAGE_DEFAULT 50
#define PAGE_MOST    200
#define STORES_MAX   64
#define QUERIES_MAX  8

struct desk {
	const struct process *process;
	const struct config *config;
	struct calendar *calendars; /* of the balancers of the configuration */
	struct channel *reader, *worker;
	struct market *market;
	pthread_mutex_t lock; /* guards from here to `read` */
	struct store *idle[STORES_MAX];
	size_t idle_count;
	size_t reading, reading_most; /* threads that wait for the reader */
	when patience;                /* how long an answer waits for what the worker fetches */
	pthread_cond_t read;          /* one of them is done */
	atomic_uint_fast64_t requests, refused, faults;
};

/* Opens the database and one handle per thread of the configuration, before the sandbox closes. */
int desk_init(struct desk *desk, const struct process *process) MUST_USE;
void desk_fini(struct desk *desk);
/* A handle nobody else has: every thread of the HTTP server finds one. */
struct store *desk_take_store(struct desk *desk);
void desk_put_store(struct desk *desk, struct store *store);
/* The reader takes one delivery after the other, seconds for a hard one, and who waits for it holds
 * a thread. Half of them may, so that the others go on serving: false when they all do, and none
 * was done within a moment. */
bool desk_begin_reading(struct desk *desk) MUST_USE;
void desk_end_reading(struct desk *desk);

struct answer {
	int status;       /* 0 = none yet */
	const char *type; /* "application/json" unless set */
	const char *code; /* a problem's, for the log; NULL = none */
	struct buf body;
	char location[128], etag[48], allow[64];
	int retry_after; /* seconds; 0 = no header */
	bool replayed;
};

struct query_part {
	char name[32], value[256]; /* percent-decoded */
};

struct request {
	struct desk *desk;
	struct store *store;     /* this request's handle */
	struct token token;      /* who asks */
	const char *credentials; /* the Authorization header; a secret */
	const char *method, *path;
	char ref[256]; /* the {id} or {ref} of the path, percent-decoded; "" when it has none */
	struct query_part query[QUERIES_MAX];
	size_t query_count;
	bool query_overflow; /* more, or longer ones, than fit */
	bool committed;      /* what it changed is durable, and its answer kept */
	struct str body;
	const char *content_type, *accept, *if_match, *idempotency_key; /* "" when absent */
};

/* Handlers return 0 when the answer is filled, good or bad; STORE_E_… and negatives become the
 * usual problems in one place (answer_fault). */
typedef int handler_fn(struct request *request, struct answer *answer);

/* Ends the handler's transaction: keeps the answer for its Idempotency-Key, commits. `point` names
 * both failpoints. */
#define request_commit(request, answer, point) \
	request_commit_at(                     \
	    (request), (answer), FAILPOINT_NAME(point ".before"), FAILPOINT_NAME(point ".after"))
int request_commit_at(struct request *request, const struct answer *answer, const char *before,
    const char *after) MUST_USE;

bool request_is_provider(const struct request *request);
/* As `author` in records: the token's name. */
const char *request_author(const struct request *request);
const char *request_query(const struct request *request, const char *name); /* NULL when absent */
/* The page asked for with ?limit= and ?cursor= (an id); false and the answer filled when they are
 * no such thing. */
bool request_page(const struct request *request, struct answer *answer, struct page *ret);
/* The same where the cursor is a number that counts from 1. */
bool request_sequence(
    const struct request *request, struct answer *answer, int64_t *ret_after, size_t *ret_limit);
/* If-Match: the version it was read at into *version; without it, or "*", that is left as it is. */
bool request_version(
    const struct request *request, struct answer *answer, int64_t *version) MUST_USE;
bool request_limit(const struct request *request, struct answer *answer, size_t *ret);
